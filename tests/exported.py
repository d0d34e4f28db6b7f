"""Runs exported programs as a person would: in a folder of their own, the data beside them, without our package."""

import json
import pickle
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

LOOP = """
import json, sys
sys.path.append(sys.argv[1])  # The installed packages, without the links that make ours importable.
try:
    import core
except ImportError:
    pass
else:
    raise SystemExit("our package is importable")
import contextlib, io, os, pickle, runpy, traceback
for line in sys.stdin:
    folder, wanted = json.loads(line)
    os.chdir(folder)
    error, said = "", io.StringIO()
    try:
        with contextlib.redirect_stdout(said):
            names = runpy.run_path("program.py")
        with open("result.pickle", "wb") as file:
            pickle.dump({name: names[name] for name in wanted}, file)
    except BaseException:
        error = traceback.format_exc()
    print(json.dumps([error, said.getvalue()]), flush=True)
"""


class PlainPython:
    """A Python without our package, which runs one program after the other, each with names of its own."""

    def __init__(self) -> None:
        command = [sys.executable, "-I", "-S", "-c", LOOP, sysconfig.get_path("purelib")]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )

    def run(self, text: str, folder: Path, *wanted: str, data: dict[str, Path]) -> dict[str, Any]:
        """Run a program and return the values of the names wanted; what it printed under "said"."""
        folder.mkdir()
        for name, path in data.items():
            (folder / name).write_bytes(path.read_bytes())
        (folder / "program.py").write_text(text, encoding="utf-8")
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps([str(folder), wanted]) + "\n")
        self.process.stdin.flush()
        error, said = json.loads(self.process.stdout.readline())
        assert not error, f"{error[-3_000:]}\n{text}"
        with (folder / "result.pickle").open("rb") as file:
            return pickle.load(file) | {"said": said}  # noqa: S301 - written by the lines above

    def close(self) -> None:
        """End it."""
        self.process.kill()
        self.process.communicate()
