"""Models saved under another scikit-learn: proved by their golden rows, or refused, and either way said in words.

The folders under tests/data were registered by this very product under scikit-learn 1.7.2 and 1.8.0.
"""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pandas as pd
import pytest
import sklearn

from core.deploy.loading import open_model, verify_folder
from core.errors import BadInputError
from core.evaluate.model_folder import hash_file, write_manifest
from tests.running import ROOT

DATA = ROOT / "tests" / "data"
REGISTER = """
import sys
from pathlib import Path

import sklearn

from core.evaluate.model_folder import hash_file
from core.store import open_store
from tests.model_worlds import make_world, register

if __name__ == "__main__":
    store = open_store(Path(sys.argv[1]))
    world = make_world(store, "Older")
    for family in sys.argv[2:]:
        model = register(store, world, family)
        print("made", family, sklearn.__version__, store.files.model(model.id))
"""
FAMILIES = ("linear", "random_forest", "hist_gradient_boosting", "k_nearest_neighbors")


def unpack(version: str, folder: Path) -> Path:
    with zipfile.ZipFile(DATA / f"scikit-learn-{version}.zip") as archive:
        archive.extractall(folder)
    return folder


def say(folder: Path) -> str:
    """What loading a folder comes to, in words."""
    digest = hash_file(folder / "manifest.json")
    try:
        verify_folder(folder, digest)
        return open_model(folder, digest).note
    except BadInputError as error:
        return f"{error.message} {error.hint}"


def test_a_model_of_version_1_8_is_proved_by_its_golden_rows(tmp_path: Path) -> None:
    assert say(unpack("1.8.0", tmp_path)) == (
        f"It was saved under scikit-learn 1.8.0; here {sklearn.__version__} is installed. "
        "Its golden rows are answered as they were."
    )


def test_a_model_of_version_1_7_which_this_one_cannot_run_is_refused(tmp_path: Path) -> None:
    said = say(unpack("1.7.2", tmp_path))
    assert f"It was saved under scikit-learn 1.7.2; here {sklearn.__version__} is installed." in said
    assert "Evaluate and register the candidate again." in said


def test_an_older_model_that_answers_otherwise_here_is_refused(tmp_path: Path) -> None:
    folder = unpack("1.8.0", tmp_path)
    golden = pd.read_parquet(folder / "golden.parquet")
    golden["output probability 0"] = golden["output probability 0"] + 1e-3
    golden.to_parquet(folder / "golden.parquet")
    write_manifest(folder, {"engine": "onnx", "libraries": {"scikit-learn": "1.8.0"}})
    said = say(folder)
    assert said.startswith("The model does not give the answers it gave when it was registered. It was saved under")


def test_a_model_of_this_version_has_nothing_to_say(tmp_path: Path) -> None:
    folder = unpack("1.8.0", tmp_path)
    write_manifest(folder, {"engine": "onnx", "libraries": {"scikit-learn": sklearn.__version__}})
    assert say(folder) == ""


@pytest.mark.slow
@pytest.mark.parametrize("version", ["1.7.2", "1.8.0"])
def test_models_registered_under_an_older_version_are_proved_or_refused(version: str, tmp_path: Path) -> None:
    """Install the older version beside everything else, register real models there, and open them here."""
    older = tmp_path / "older"
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(older)]
    installed = subprocess.run([*install, f"scikit-learn=={version}"], check=False, capture_output=True, text=True)
    if installed.returncode:
        pytest.skip(f"scikit-learn {version} cannot be installed here: {installed.stderr.strip().splitlines()[-1]}")
    program = tmp_path / "register.py"
    program.write_text(REGISTER)
    made = subprocess.run(
        [sys.executable, "-W", "ignore", str(program), str(tmp_path / "home"), *FAMILIES],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(older), str(ROOT)])},
        capture_output=True,
        text=True,
        check=False,
    )
    lines = [line.split() for line in made.stdout.splitlines() if line.startswith("made ")]
    assert [line[1] for line in lines] == list(FAMILIES), made.stderr[-2_000:]
    for _, family, saved_under, folder in lines:
        assert saved_under == version
        said = say(Path(folder))
        print(f"{family}, {version}: {said}")
        assert f"saved under scikit-learn {version}" in said
