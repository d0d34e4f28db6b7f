"""A model version's files for people to take: as they were sealed; and what the ONNX graph wants to be fed with."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from core.deploy.answers import GRAPH, OnnxScorer
from core.deploy.apart import run_apart
from core.deploy.graph_inputs import NUMBERS, TEXTS
from core.deploy.loading import VERIFY_TIMEOUT_S, read_prototype
from core.errors import NotFoundError
from core.evaluate.model_folder import check_folder, read_model
from core.records import ModelVersion
from core.store import Store

ModelFile = Literal["model.skops", "model.onnx", "model.joblib"]


@dataclass(frozen=True)
class GraphInput:
    """One input of a graph: a matrix with a row a question. `columns` says what is in its columns, from the left.

    `type` is ONNX's own word: "tensor(float)", "tensor(double)" or "tensor(string)".
    """

    name: str
    type: str
    n_columns: int
    columns: tuple[str, ...]


@dataclass(frozen=True)
class GraphDescription:
    """What an ONNX graph takes and gives; `steps_before` are the steps of the recipe that are not in it."""

    steps_before: tuple[str, ...]
    inputs: tuple[GraphInput, ...]
    outputs: tuple[str, ...]


def model_size(store: Store, model_version_id: str, name: ModelFile) -> int | None:
    """Return how many bytes a file of a model version has; None when the version has no such file."""
    path = store.files.model(model_version_id) / name
    return path.stat().st_size if path.is_file() else None


def read_model_file(store: Store, model_version_id: str, name: ModelFile) -> bytes:
    """Return the bytes of a file of a model version, once all its files were found to be as they were sealed.

    Raises
    ------
    NotFoundError
        When there is no such version, or it has no such file.
    BadInputError
        When a file is not as it was.
    """
    model = store.get(ModelVersion, model_version_id)
    folder = store.files.model(model.id)
    if name not in check_folder(folder, model.digest)["files"]:
        raise NotFoundError(f"Version {model.number} has no file '{name}'.", "Take another form of the model.")
    return (folder / name).read_bytes()


def describe_graph(store: Store, model_version_id: str) -> GraphDescription:
    """Return what the ONNX graph of a model version takes and gives; read in a process of its own.

    Raises
    ------
    NotFoundError, BadInputError
        As `read_model_file`.
    NotReadyError
        When reading takes longer than two minutes.
    """
    read_model_file(store, model_version_id, "model.onnx")
    description: GraphDescription = run_apart(
        _describe, store.files.model(model_version_id), timeout_s=VERIFY_TIMEOUT_S
    )
    return description


def _describe(folder: Path) -> GraphDescription:
    pipeline = read_model(folder)
    scorer = OnnxScorer(pipeline, folder / GRAPH)
    example = {column.name: column.example for column in read_prototype(folder).columns}
    fed = scorer.feed.from_rows([example])
    inputs = [
        GraphInput(one.name, one.type, fed[one.name].shape[1], _columns(scorer, one.name))
        for one in scorer.session.get_inputs()
    ]
    steps = tuple(name for name, _ in scorer.feed.before.steps)
    return GraphDescription(steps, tuple(inputs), tuple(one.name for one in scorer.session.get_outputs()))


def _columns(scorer: OnnxScorer, name: str) -> tuple[str, ...]:
    """Return what is in the columns of an input."""
    blocks = scorer.feed.blocks
    if blocks is not None and name == NUMBERS:
        return (*blocks.numbers, *(f"{column}: its words, counted" for _, _, column in blocks.free_texts))
    if blocks is not None and name == TEXTS:
        return tuple(blocks.texts)
    if scorer.feed.takes_features:
        return ("the numbers that the steps before give",)
    return (name,)
