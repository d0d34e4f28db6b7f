"""From a model folder to a model that answers: hashes, our list of types and golden rows first, in another process."""

from collections.abc import Callable
from pathlib import Path

import sklearn

from core.deploy.answers import GRAPH, LoadedModel, OnnxScorer, PipelineScorer, Scorer
from core.deploy.apart import run_apart
from core.deploy.golden import ENGINE_TOLERANCE, GOLDEN, check_golden, check_golden_rows
from core.errors import BadInputError, LifecycleError, NotReadyError
from core.evaluate.model_folder import DAMAGED_HINT, MODEL, check_folder, read_model
from core.records import Engine, ErrorModel, Json, ModelVersion, Prototype, Reference
from core.store import Store, record_from_json

PROTOTYPE = "prototype.json"
REFERENCE = "reference.json"
ERRORS = "errors.json"
VERIFY_TIMEOUT_S = 120.0


def load_model(
    store: Store, model_version_id: str, *, verify: Callable[[Path, str], None] | None = None
) -> LoadedModel:
    """Return a model version, ready to answer, after it proved itself in a process of its own.

    Parameters
    ----------
    store : Store
        The open store.
    model_version_id : str
        Which version.
    verify : callable, optional
        Has it proved elsewhere; by default `verify_folder`.

    Raises
    ------
    NotFoundError
        When there is no such version.
    BadInputError
        When a file was changed, contains what we do not allow, or the answers to the golden rows differ.
    NotReadyError
        When verifying takes longer than two minutes.
    """
    model = store.get(ModelVersion, model_version_id)
    folder = store.files.model(model.id)
    (verify or verify_folder)(folder, model.digest)
    return open_model(folder, model.digest)


def verify_folder(folder: Path, digest: str) -> None:
    """Raise unless the folder can be loaded in a process of its own, which a damaged file may crash.

    Raises
    ------
    BadInputError
        When it cannot.
    NotReadyError
        When that takes longer than two minutes.
    """
    try:
        run_apart(_prove, folder, digest, timeout_s=VERIFY_TIMEOUT_S)
    except (BadInputError, NotReadyError):
        raise
    except LifecycleError as error:
        raise BadInputError(f"The model cannot be loaded: {error.message}", DAMAGED_HINT) from error


def _prove(folder: Path, digest: str) -> None:
    open_model(folder, digest)


def open_model(folder: Path, digest: str | None) -> LoadedModel:
    """Check a folder and load it, all in this process.

    Raises
    ------
    BadInputError
        As `load_model`.
    """
    manifest = check_folder(folder, digest)
    versions = _say_versions(manifest)
    try:
        return _prove_and_open(folder, manifest, versions)
    except LifecycleError as error:
        raise BadInputError(f"{error.message} {versions}".strip(), error.hint) from error
    except Exception as error:  # a border: a damaged or hostile file can make the libraries raise anything
        raise BadInputError(f"The model's files cannot be read. {versions}".strip(), DAMAGED_HINT) from error


def _say_versions(manifest: Json) -> str:
    """Return in words that a model was saved under another version of scikit-learn; empty where it was not."""
    libraries = manifest.get("libraries")
    saved_under = libraries.get("scikit-learn") if isinstance(libraries, dict) else None
    if not isinstance(saved_under, str) or saved_under == sklearn.__version__:
        return ""
    return f"It was saved under scikit-learn {saved_under[:20]}; here {sklearn.__version__} is installed."


def _prove_and_open(folder: Path, manifest: Json, versions: str) -> LoadedModel:
    needed = {MODEL, PROTOTYPE, REFERENCE, GOLDEN} | ({GRAPH} if manifest.get("engine") == "onnx" else set())
    if unlisted := sorted(needed - manifest["files"].keys()):
        raise BadInputError(f"The model's manifest does not list {', '.join(unlisted)}.", DAMAGED_HINT)
    pipeline = read_model(folder)
    prototype = read_prototype(folder)
    proven = PipelineScorer(pipeline)
    check_golden(folder, proven)
    scorer: Scorer = proven
    engine: Engine = "pipeline"
    if manifest.get("engine") == "onnx":
        scorer, engine = OnnxScorer(pipeline, folder / GRAPH), "onnx"
        check_golden(folder, scorer, tolerance=ENGINE_TOLERANCE)
        check_golden_rows(folder, scorer, prototype, tolerance=ENGINE_TOLERANCE)
    note = f"{versions} Its golden rows are answered as they were." if versions else ""
    return LoadedModel(scorer, engine, prototype, read_reference(folder), note)


def read_prototype(folder: Path) -> Prototype:
    """Return the prototype of a folder."""
    return record_from_json(Prototype, (folder / PROTOTYPE).read_text(encoding="utf-8"))


def read_reference(folder: Path) -> Reference:
    """Return the reference of a folder."""
    return record_from_json(Reference, (folder / REFERENCE).read_text(encoding="utf-8"))


def load_prototype(store: Store, model_version_id: str) -> Prototype:
    """Return what a model version expects in a request; NotFoundError when there is no such version."""
    return read_prototype(store.files.model(store.get(ModelVersion, model_version_id).id))


def load_reference(store: Store, model_version_id: str) -> Reference:
    """Return what a model version's live rows are compared with; NotFoundError when there is no such version."""
    return read_reference(store.files.model(store.get(ModelVersion, model_version_id).id))


def load_error_model(store: Store, model_version_id: str) -> ErrorModel | None:
    """Return how wrong a model version is expected to be; None where its test could not teach that."""
    path = store.files.model(store.get(ModelVersion, model_version_id).id) / ERRORS
    return record_from_json(ErrorModel, path.read_text(encoding="utf-8")) if path.exists() else None
