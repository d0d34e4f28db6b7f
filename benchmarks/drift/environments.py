"""The peers' own environments, made by pip where they are not there yet, and questions put to them."""

import json
import subprocess
import tempfile
import venv
from pathlib import Path
from typing import Any

PACKAGES = {
    "evidently": ("evidently==0.7.23", "pandas<3", "plotly<6", "pyarrow"),
    "nannyml": ("nannyml", "pandas<3", "pyarrow", "statsmodels"),
}
INSTALL_TIMEOUT_S = 1_200
PEER = Path(__file__).parent / "peer.py"


def make_environment(folder: Path, name: str) -> Path:
    """Return the Python of an environment with a peer; made unless it is there already."""
    python = folder / name / "bin/python"
    if not python.exists():
        venv.create(folder / name, with_pip=True)
        command = [str(python), "-m", "pip", "install", "--quiet", *PACKAGES[name]]
        subprocess.run(command, check=True, timeout=INSTALL_TIMEOUT_S)
    return python


def peer_version(python: Path, name: str) -> str:
    """Return the version of a peer in its environment."""
    code = f"from importlib.metadata import version; print(version('{name}'))"
    return subprocess.run([str(python), "-c", code], check=True, capture_output=True, text=True).stdout.strip()


def ask_peer(python: Path, name: str, **task: Any) -> list[dict[str, Any]]:
    """Return what a peer finds in each window of a task: seconds, columns flagged, the truth."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "task.json"
        path.write_text(json.dumps(task))
        done = subprocess.run([str(python), str(PEER), name, str(path)], check=True, capture_output=True, text=True)
    found: list[dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    return found
