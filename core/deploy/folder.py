"""Taking a model away: a folder that serves it by itself, on any machine with Python."""

import json
import platform
import shutil
import tempfile
from pathlib import Path
from string import Template

import core
from core.deploy.handover import write_handover
from core.deploy.loading import load_prototype, read_prototype
from core.deploy.requirements import pinned_requirements
from core.deploy.rules import current_rules, say_rules
from core.errors import ConflictError, NotReadyError
from core.evaluate.model_folder import check_folder
from core.records import ModelVersion, Project, ServingRules
from core.store import Store

PACKAGE = Path(core.__file__).resolve().parent
SERVING_PARTS = ("records", "store", "plan", "collect", "prepare", "train", "evaluate", "deploy", "serve")
"""`serve` and what it stands on; copied as they are, so that what answers there is what answers here."""
TEMPLATES = PACKAGE / "deploy" / "taken"
FILLED_IN = ("Dockerfile", "README.md", "kubernetes.yaml")
NOT_COPIED = shutil.ignore_patterns("__pycache__")


def name_folder(store: Store, model: ModelVersion) -> str:
    """Return what the folder of a model version is called: "late-flights-version-3"."""
    return f"{store.get(Project, model.project_id).slug}-version-{model.number}"


def export_folder(store: Store, model_version_id: str, target: Path) -> Path:
    """Write a folder that serves a model version by itself, and return its path inside `target`.

    It holds the model, the owner's rules, the parts of Full Circle that serve, as they are, the packages they need,
    pinned, and a README with the two commands. Nothing else of the store goes with it but the names of the project.

    Parameters
    ----------
    target : Path
        The folder to put it into; made when it is not there.

    Raises
    ------
    NotFoundError
        When there is no such version.
    NotReadyError
        When nobody has approved it.
    BadInputError
        When its files are not those that were registered.
    ConflictError
        When there is such a folder already.
    """
    model = store.get(ModelVersion, model_version_id)
    if model.status != "approved":
        raise NotReadyError(
            f"Version {model.number} has not been approved.", "Ask a second person to approve it first."
        )
    source = store.files.model(model.id)
    check_folder(source, model.digest)
    folder = target / name_folder(store, model)
    try:
        folder.mkdir(parents=True)
    except FileExistsError as error:
        raise ConflictError(
            f"There is a folder '{folder.name}' already.", "Move it away, then export again."
        ) from error
    shutil.copytree(source, folder / "home" / "models" / model.id)
    _copy_package(folder / "core")
    write_handover(store, model, folder / "release.json")
    (folder / "requirements.txt").write_text("\n".join(pinned_requirements()) + "\n", encoding="utf-8")
    _write_example(folder, source)
    _fill_in(store, model, folder)
    return folder


def zip_folder(store: Store, model_version_id: str) -> bytes:
    """Return the folder of `export_folder` as a zip archive; with the same errors."""
    with tempfile.TemporaryDirectory(prefix="full-circle-export-") as made:
        folder = export_folder(store, model_version_id, Path(made))
        archive = shutil.make_archive(str(folder), "zip", root_dir=made, base_dir=folder.name)
        return Path(archive).read_bytes()


def client_program() -> str:
    """Return the Python client, one file that needs nothing but Python."""
    return (TEMPLATES / "client.py").read_text(encoding="utf-8")


def _copy_package(target: Path) -> None:
    target.mkdir()
    for path in PACKAGE.glob("*.py"):
        shutil.copyfile(path, target / path.name)
    for part in SERVING_PARTS:
        shutil.copytree(PACKAGE / part, target / part, ignore=NOT_COPIED)


def _write_example(folder: Path, source: Path) -> None:
    row = {column.name: column.example for column in read_prototype(source).columns}
    (folder / "example.json").write_text(json.dumps({"rows": [row]}, indent=1, ensure_ascii=False), encoding="utf-8")


def _fill_in(store: Store, model: ModelVersion, folder: Path) -> None:
    project = store.get(Project, model.project_id)
    words = {
        "name": project.name,
        "slug": project.slug,
        "number": str(model.number),
        "approved_by": model.approved_by or "nobody",
        "decides": say_threshold(store, model.id),
        "rules": _say_all_rules(current_rules(store, model.project_id)),
        "python": ".".join(platform.python_version_tuple()[:2]),
    }
    for name in FILLED_IN:
        text = Template((TEMPLATES / name).read_text(encoding="utf-8")).substitute(words)
        (folder / name).write_text(text, encoding="utf-8")
    (folder / ".dockerignore").write_text("venv/\n**/__pycache__/\n", encoding="utf-8")
    (folder / "client.py").write_text(client_program(), encoding="utf-8")


def say_threshold(store: Store, model_version_id: str) -> str:
    """Return how a model version gets from chances to an answer, in words; empty for numbers."""
    prototype = load_prototype(store, model_version_id)
    if prototype.threshold is None:
        return "Its answer is the class with the highest chance." if prototype.classes else ""
    if prototype.threshold.is_likelier_class:
        return prototype.threshold.sentence
    return (
        f"{prototype.threshold.sentence} The threshold is built into each form of the model (ONNX, skops, joblib): "
        "whatever asks it for classes gets them by it, and chances are as they were."
    )


def _say_all_rules(rules: ServingRules) -> str:
    said = say_rules(rules, held_back="It does not answer")
    if not said:
        return "The owner has set no rules: it answers every row that it can read."
    return "\n".join(f"- {sentence}" for sentence in said)
