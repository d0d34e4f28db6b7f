"""The services that are compared: each starts on a free port of this machine, answers, and is stopped again."""

import os
import subprocess
import sys
import time
import venv
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.serving.models import Served
from tests.running import ROOT, free_port

START_TIMEOUT_S = 180
INSTALL_TIMEOUT_S = 900
OURS, MLFLOW, PLAIN, BARE = "Full Circle", "mlflow models serve", "FastAPI + joblib", "bare ONNX Runtime"
SAVE = """import joblib, mlflow.sklearn, sys
mlflow.sklearn.save_model(joblib.load(sys.argv[1]), sys.argv[2], serialization_format="cloudpickle")
"""
PEER_PACKAGES = ("scikit-learn", "numpy", "pandas", "joblib")


@dataclass(frozen=True)
class Service:
    """A running service: where to post, how a body with rows looks there, and its process."""

    name: str
    address: str
    field: str
    process: "subprocess.Popen[bytes]"

    def body(self, rows: list[dict[str, Any]]) -> dict[str, Any]:
        """Return the JSON to send."""
        return {self.field: rows}


@contextmanager
def started(command: list[str], log: Path, **environment: str) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a command until the block ends."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, **environment}, stdout=output, stderr=output, start_new_session=True
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_for(service: Service, log: Path, path: str) -> None:
    """Wait until the service answers at a path."""
    host, port = service.address.split("/")[2].split(":")
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        if service.process.poll() is not None:
            break
        connection = HTTPConnection(host, int(port), timeout=10)
        try:
            connection.request("GET", path)
            if connection.getresponse().status == 200:
                return
        except OSError:
            pass
        finally:
            connection.close()
        time.sleep(0.3)
    raise SystemExit(f"{service.name} did not start. It said:\n{log.read_text(errors='replace')[-2_000:]}")


@contextmanager
def all_running(served: Served, folder: Path, n_workers: int, mlflow: Path | None) -> Iterator[list[Service]]:
    """Start every service with the same number of workers; MLflow only where an environment of its own is given."""
    commands: dict[str, tuple[list[str], str, str, str, Mapping[str, str]]] = {
        OURS: (
            [sys.executable, "-m", "core.serve", "--home", str(served.home), "--workers", str(n_workers)],
            f"/v1/{served.slug}/predict",
            "rows",
            "/ready",
            {},
        ),
        PLAIN: (_uvicorn("plain_joblib", n_workers), "/predict", "rows", "/docs", {"PLAIN_MODEL": str(served.plain)}),
        BARE: (_uvicorn("bare_onnx", n_workers), "/predict", "rows", "/docs", {"BARE_MODEL": str(served.bare)}),
    }
    if mlflow is not None:
        model = folder / "mlflow-model"
        if not model.exists():
            subprocess.run([str(mlflow / "bin/python"), "-c", SAVE, str(served.plain), str(model)], check=True)
        command = [str(mlflow / "bin/mlflow"), "models", "serve", "--model-uri", str(model), "--env-manager", "local"]
        command += ["--workers", str(n_workers)]
        path = {"PATH": f"{mlflow / 'bin'}{os.pathsep}{os.environ['PATH']}"}
        commands[MLFLOW] = (command, "/invocations", "dataframe_records", "/ping", path)
    with ExitStack() as stack:
        services = []
        for name, (command, path, field, ready_at, environment) in commands.items():
            port, log = free_port(), folder / f"{name}.log"
            process = stack.enter_context(started([*command, "--port", str(port)], log, **environment))
            services.append(Service(name, f"http://127.0.0.1:{port}{path}", field, process))
            wait_for(services[-1], log, ready_at)
        yield services


def _uvicorn(module: str, n_workers: int) -> list[str]:
    application = f"benchmarks.serving.{module}:app"
    return [sys.executable, "-m", "uvicorn", application, "--workers", str(n_workers), "--log-level", "warning"]


def make_mlflow_environment(folder: Path) -> Path:
    """Return an environment with MLflow and the same scikit-learn as ours; made unless it is there already."""
    if not (folder / "bin/mlflow").exists():
        venv.create(folder, with_pip=True)
        packages = ["mlflow", *(f"{name}=={version(name)}" for name in PEER_PACKAGES)]
        command = [str(folder / "bin/python"), "-m", "pip", "install", "--quiet", *packages]
        subprocess.run(command, check=True, timeout=INSTALL_TIMEOUT_S)
    return folder


def mlflow_version(folder: Path) -> str:
    """Return the version of MLflow in an environment."""
    command = [str(folder / "bin/python"), "-c", "from importlib.metadata import version; print(version('mlflow'))"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
