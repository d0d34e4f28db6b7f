"""Folders that hold a model: a manifest with the sha256 of each file, checked before anything in them is read.

Models are stored with skops, which runs no code from the file; the types it may make are listed here, in code.
"""

import hashlib
import json
from pathlib import Path
from types import MappingProxyType
from typing import Any
from zipfile import BadZipFile

import skops.io
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
        When a listed file is missing or has other bytes than it had.
    """
    try:
        if digest is not None and hash_file(folder / MANIFEST) != digest:
            raise BadInputError("The model's manifest is not the one that was registered.", DAMAGED_HINT)
        manifest: Json = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        hashes: dict[str, str] = manifest["files"]
        found = {name: hash_file(folder / name) for name in hashes if (folder / name).is_file()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadInputError("The model's files cannot be read.", DAMAGED_HINT) from error
    wrong = sorted(name for name, expected in hashes.items() if found.get(name) != expected)
    if wrong:
        raise BadInputError(f"The model's files are not as they were written: {', '.join(wrong)}.", DAMAGED_HINT)
    return manifest


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
        pipeline: Any = skops.io.load(folder / MODEL, trusted=list(TRUSTED_TYPES))
    except UntrustedTypesFoundException as error:
        raise BadInputError("The model file contains something that is no model of ours.", DAMAGED_HINT) from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError, ImportError, BadZipFile) as error:
        raise BadInputError("The model file cannot be read.", DAMAGED_HINT) from error
    if not isinstance(pipeline, Pipeline):
        raise BadInputError("The model file holds no pipeline.", DAMAGED_HINT)
    return pipeline
