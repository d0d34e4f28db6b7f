"""A real MQTT broker (amqtt) as a process of its own, for tests: started, killed, and started again on its port."""

import asyncio
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

from tests.running import ROOT, free_port

START_TIMEOUT_S = 30
AUTHENTICATION = "amqtt.plugins.authentication"


class BrokerProcess:
    """A broker on a port of this machine.

    Parameters
    ----------
    folder : Path
        For its password file.
    passwords : dict, optional
        Who may come in, and by which password; None: anybody.
    certificate : Path, optional
        A PEM file with key and certificate; then it speaks TLS.
    """

    def __init__(self, folder: Path, passwords: dict[str, str] | None = None, certificate: Path | None = None) -> None:
        self.port = free_port()
        self.address = f"127.0.0.1:{self.port}"
        listener: dict[str, object] = {"type": "tcp", "bind": self.address}
        if certificate:
            listener |= {"ssl": True, "certfile": str(certificate), "keyfile": str(certificate)}
        plugins: dict[str, object] = {f"{AUTHENTICATION}.AnonymousAuthPlugin": {"allow_anonymous": True}}
        if passwords is not None:
            plugins = {f"{AUTHENTICATION}.FileAuthPlugin": {"password_file": str(_write(folder, passwords))}}
        config = json.dumps({"listeners": {"default": listener}, "plugins": plugins})
        self._command = [sys.executable, "-W", "ignore", "-m", "tests.mqtt_broker", config]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> "BrokerProcess":
        """Start it and wait until it takes connections."""
        self._process = subprocess.Popen(
            self._command,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                time.sleep(0.05)
            else:
                return self
        self.kill()
        raise AssertionError("The broker did not start.")

    def kill(self) -> None:
        """End it at once, as a machine does that loses its power."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()


def _write(folder: Path, passwords: dict[str, str]) -> Path:
    from pwdlib import PasswordHash

    path, hasher = folder / "passwords", PasswordHash.recommended()
    path.write_text("".join(f"{name}:{hasher.hash(password)}\n" for name, password in passwords.items()))
    return path


class Mosquitto(BrokerProcess):
    """The most widely used broker, where it is installed: it keeps messages for those who are away."""

    command = staticmethod(lambda: shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin"))

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        path = folder / "mosquitto.conf"
        path.write_text(f"listener {self.port} 127.0.0.1\nallow_anonymous true\n")
        self._command = [str(self.command()), "-c", str(path)]


async def _serve(config: dict[str, object]) -> None:
    from amqtt.broker import Broker

    await Broker(config).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve(json.loads(sys.argv[1])))
