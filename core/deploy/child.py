"""Running one of our own modules in a process of its own, for what may take long, crash or must prove itself first."""

import os
import subprocess
import sys
from pathlib import Path

import core
from core.errors import NotReadyError

PROJECT_FOLDER = Path(core.__file__).resolve().parents[1]


def run_module(module: str, *arguments: str, timeout_s: float) -> subprocess.CompletedProcess[str]:
    """Run `python -m module arguments` and return what came of it.

    Raises
    ------
    NotReadyError
        When it does not end in time; it is killed then.
    """
    paths = [str(PROJECT_FOLDER), os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in paths if path), "PYTHONUTF8": "1"}
    command = [sys.executable, "-m", module, *arguments]
    try:
        return subprocess.run(  # noqa: S603 - our own module, in this very interpreter
            command, env=environment, capture_output=True, encoding="utf-8", timeout=timeout_s, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise NotReadyError(
            f"The work took longer than {timeout_s:g} seconds and was ended.",
            "Try again when the machine is less busy.",
        ) from error
