"""A MariaDB or MySQL server of its own for the tests, where one is installed."""

import os
import pwd
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pymysql

from tests.running import free_port

START_TIMEOUT_S = 60
ADMIN_PASSWORD = "admin-of-the-tests"  # noqa: S105


def find_server() -> str | None:
    """Return the path of the server's program, where there is one."""
    places = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])
    return shutil.which("mariadbd", path=places) or shutil.which("mysqld", path=places)


@contextmanager
def mariadb_server(folder: Path) -> Iterator[int]:
    """Start a server with its data in an empty folder, and hand out its port; the user `admin` may do anything.

    The folder's path has to be short (its socket lies there) and open to the user `mysql` where root runs the tests:
    the server refuses to run as root.
    """
    program = find_server()
    assert program is not None
    data, port = folder / "data", free_port()
    data.mkdir()
    as_user: dict[str, object] = {}
    if os.geteuid() == 0:
        mysql = pwd.getpwnam("mysql")
        for path in (folder, data):
            os.chown(path, mysql.pw_uid, mysql.pw_gid)
        as_user = {"user": mysql.pw_uid, "group": mysql.pw_gid, "extra_groups": []}
    first = folder / "first.sql"
    user = f"admin@'%' IDENTIFIED BY '{ADMIN_PASSWORD}'"
    first.write_text(f"CREATE USER {user};\nGRANT ALL ON *.* TO admin@'%' WITH GRANT OPTION;\nCREATE DATABASE ready;\n")
    first.chmod(0o644)
    options = ["--no-defaults", f"--datadir={data}", f"--socket={folder / 's'}", f"--pid-file={folder / 'pid'}"]
    options += [f"--port={port}", "--bind-address=127.0.0.1", "--skip-name-resolve", f"--init-file={first}"]
    _initialize(program, data, as_user)
    log = (folder / "log").open("wb")
    process = subprocess.Popen([program, *options], cwd=folder, stdout=log, stderr=log, **as_user)  # type: ignore[call-overload]
    try:
        _wait_until_ready(port, process, folder / "log")
        yield port
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        log.close()


def connect_as_admin(port: int, name: str | None = None) -> pymysql.Connection:
    """Connect to a database of the server, or to none, as the user who may do anything."""
    return pymysql.connect(host="127.0.0.1", port=port, user="admin", password=ADMIN_PASSWORD, database=name)


def _initialize(program: str, data: Path, as_user: dict[str, object]) -> None:
    install = shutil.which("mariadb-install-db")
    command = [program, "--no-defaults", "--initialize-insecure", f"--datadir={data}"]
    if "mariadb" in program and install:
        command = [
            install,
            "--no-defaults",
            f"--datadir={data}",
            "--skip-test-db",
            "--auth-root-authentication-method=normal",
        ]
    subprocess.run(command, check=True, capture_output=True, cwd=data, **as_user)  # type: ignore[call-overload]


def _wait_until_ready(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            pymysql.connect(
                host="127.0.0.1", port=port, user="admin", password=ADMIN_PASSWORD, database="ready"
            ).close()
        except pymysql.err.OperationalError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError(f"The server did not start: {log.read_text(errors='replace')[-2000:]}")
