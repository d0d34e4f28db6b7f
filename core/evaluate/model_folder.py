"""Folders that hold a model: a manifest with the sha256 of each file, checked before anything in them is read.

Models are stored with skops, which runs no code from the file; the types it may make are listed here, in code.
"""

import hashlib
import io
import json
import re
import warnings
from pathlib import Path
from types import MappingProxyType
from typing import Any
from zipfile import ZIP_STORED, ZipFile

import skops.io
from sklearn.exceptions import InconsistentVersionWarning
from sklearn.pipeline import Pipeline
from skops.io.exceptions import UntrustedTypesFoundException

from core import prepare
from core.errors import BadInputError
from core.records import Json

MANIFEST = "manifest.json"
MODEL = "model.skops"
DAMAGED_HINT = "Nothing was loaded. Evaluate and register the candidate again."

TRUSTED_TYPES = (
    *prepare.TRUSTED_TYPES,
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.metrics._dist_metrics.EuclideanDistance64",
    "sklearn.neighbors._ball_tree.BallTree",
    "sklearn.neighbors._kd_tree.KDTree",
    "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
    "sklearn.tree._tree.Tree",
)
"""What a model file may contain beside what skops trusts by itself."""
PLAIN_NAME = re.compile(r"[A-Za-z0-9_-]+\.[a-z]+")
MOST_EXPANDED = 100
"""How many times its size a matrix within a model file may unpack to."""


def hash_file(path: Path) -> str:
    """Return the sha256 of a file's bytes as hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_manifest(folder: Path, facts: Json = MappingProxyType({})) -> str:  # type: ignore[assignment]
    """Write `manifest.json` with the given facts and the hash of every other file; return the manifest's own sha256."""
    hashes = {path.name: hash_file(path) for path in sorted(folder.iterdir()) if path.name != MANIFEST}
    manifest = {**facts, "files": hashes}
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1, ensure_ascii=False), encoding="utf-8")
    return hash_file(folder / MANIFEST)


def check_folder(folder: Path, digest: str | None = None) -> Json:
    """Return the manifest of a folder whose every listed file is as it was written.

    Files the manifest does not list are never read, and so do not count: MLflow, for one, leaves a note of its own in
    the folder when someone loads the model with it.

    Parameters
    ----------
    folder : Path
        The folder.
    digest : str, optional
        sha256 the manifest itself must have.

    Raises
    ------
    BadInputError
        When a listed file is missing, has other bytes than it had, or does not lie in the folder itself.
    """
    try:
        if digest is not None and hash_file(folder / MANIFEST) != digest:
            raise BadInputError("The model's manifest is not the one that was registered.", DAMAGED_HINT)
        manifest: Json = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        hashes: dict[str, str] = manifest["files"]
        found = {name: hash_file(folder / name) for name in hashes if _is_plain_file(folder, name)}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BadInputError("The model's files cannot be read.", DAMAGED_HINT) from error
    wrong = sorted(name for name, expected in hashes.items() if found.get(name) != expected)
    if wrong:
        raise BadInputError(f"The model's files are not as they were written: {', '.join(wrong)}.", DAMAGED_HINT)
    return manifest


def _is_plain_file(folder: Path, name: str) -> bool:
    """Whether a name stands for a file in the folder itself: no way out of it, no link to elsewhere."""
    path = folder / name
    return Path(name).name == name and path.is_file() and not path.is_symlink()


def write_model(pipeline: Pipeline, folder: Path) -> None:
    """Write a fitted pipeline as `model.skops`.

    Raises
    ------
    BadInputError
        When it contains a type we would refuse to load again.
    """
    skops.io.dump(pipeline, folder / MODEL)
    foreign = set(skops.io.get_untrusted_types(file=folder / MODEL)) - set(TRUSTED_TYPES)
    if foreign:
        raise BadInputError(f"This model cannot be stored safely: {', '.join(sorted(foreign))}.", "Choose another one.")


def read_model(folder: Path) -> Pipeline:
    """Return the fitted pipeline of a folder that `check_folder` found intact.

    Raises
    ------
    BadInputError
        When the file is damaged or contains a type that is not on our list.
    """
    try:
        _check_archive(folder / MODEL)
        with warnings.catch_warnings():
            # Another version of scikit-learn: the golden rows say whether it computes the same.
            warnings.simplefilter("ignore", InconsistentVersionWarning)
            pipeline: Any = skops.io.load(folder / MODEL, trusted=list(TRUSTED_TYPES))
    except UntrustedTypesFoundException as error:
        raise BadInputError("The model file contains something that is no model of ours.", DAMAGED_HINT) from error
    except BadInputError:
        raise
    except Exception as error:  # a border: a damaged or hostile file can make the libraries raise anything
        raise BadInputError("The model file cannot be read.", DAMAGED_HINT) from error
    if not isinstance(pipeline, Pipeline):
        raise BadInputError("The model file holds no pipeline.", DAMAGED_HINT)
    return pipeline


def _check_archive(path: Path) -> None:
    """Raise unless a model file is packed as we pack: plain names, each once, nothing that unpacks to far more.

    Raises
    ------
    BadInputError
        When it is not.
    """
    with ZipFile(path) as archive:
        parts = archive.infolist()
        names = [part.filename for part in parts]
        is_ours = len(set(names)) == len(names) and all(map(PLAIN_NAME.fullmatch, names))
        is_ours = is_ours and all(part.compress_type == ZIP_STORED for part in parts)
        if not is_ours or sum(part.file_size for part in parts) > path.stat().st_size:
            raise BadInputError("The model file is not packed as model files are.", DAMAGED_HINT)
        for part in parts:
            if part.filename.endswith(".npz"):
                _check_matrix(archive.read(part))


def _check_matrix(content: bytes) -> None:
    with ZipFile(io.BytesIO(content)) as matrix:
        if sum(part.file_size for part in matrix.infolist()) > MOST_EXPANDED * len(content):
            raise BadInputError("The model file would unpack to far more than its size.", DAMAGED_HINT)
