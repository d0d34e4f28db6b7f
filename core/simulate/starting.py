"""Starting a play: may it be, and which rows are next?

Kept-back rows go on where the play before ended, until none are left; made ones never end.
"""

from dataclasses import asdict, replace

from core.collect import current_stream
from core.deploy import live_model, load_prototype
from core.errors import ConflictError, NoDataError, NotReadyError
from core.plan import current_objective
from core.records import DatasetVersion, Fault, Job, Label, ModelVersion, Prototype, Recipe
from core.serve import service_address
from core.simulate.catalogue import check_fault
from core.simulate.rows import KeptBackRows, MadeRows, RowSource
from core.simulate.settings import Choices, ReplaySettings, check_choices
from core.store import Store


def start_playing(store: Store, project_id: str, choices: Choices, *, by: str) -> Job:
    """Queue a play of a project's rows against the live model and return its job.

    Raises
    ------
    NotReadyError
        When no model is live, the service does not answer, or a play is under way.
    NoDataError
        When no rows were kept back, or all have been played.
    BadInputError
        When a choice is out of its range, or a fault cannot happen to this model.
    """
    model = check_ready(store, project_id)
    check_choices(choices)
    dataset_id, first, last = _choose_rows(store, project_id, model, choices)
    settings = ReplaySettings(
        dataset_id,
        first,
        last,
        **{name: value for name, value in vars(choices).items() if name != "n_rows"},
    )
    prototype = load_prototype(store, model.id)
    faults = tuple(replace(fault, last_row=min(fault.last_row, settings.n_rows)) for fault in choices.faults)
    for fault in faults:
        check_fault(fault, prototype, settings.n_rows)
    faults = tuple(_settle(store, fault, settings, model, prototype) for fault in faults)
    return store.add(Job(project_id, "replay", asdict(replace(settings, faults=faults)), created_by=by))


def start_replay(  # noqa: PLR0913 - what a person chooses, by name
    store: Store,
    project_id: str,
    *,
    rows_per_second: float,
    n_rows: int,
    label_delay_s: float,
    label_share: float,
    by: str,
) -> Job:
    """Queue a plain, steady play of the next `n_rows` kept-back rows and return its job; raises as `start_playing`."""
    return start_playing(store, project_id, Choices(n_rows, rows_per_second, label_delay_s, label_share), by=by)


def check_ready(store: Store, project_id: str) -> ModelVersion:
    """Return the live model; raise NotReadyError when nobody could answer, or a play is under way already."""
    model = live_model(store, project_id)
    if model is None:
        raise NotReadyError("No model is live yet.", "Make one live on Deploy model first.")
    if service_address(store) is None:
        raise NotReadyError("The prediction service is not running.", "Start it on Deploy model.")
    if any(job.active for job in store.find(Job, project_id=project_id, kind="replay")):
        raise NotReadyError("Rows are being played already.", "Wait until they have been, or stop that.")
    return model


def next_row(store: Store, dataset: DatasetVersion) -> int:
    """Return the position of the first row of a stream, or made from a table, that has not been played yet."""
    played = [
        int(job.result.get("next_row", 0))
        for job in store.find(Job, project_id=dataset.project_id, kind="replay")
        if job.params.get("stream_id") == dataset.id
    ]
    return max(played, default=0)


def open_rows(store: Store, settings: ReplaySettings, model: ModelVersion, prototype: Prototype) -> RowSource:
    """Return where the questions of a play come from."""
    if settings.origin == "made":
        return MadeRows(store, model, prototype, settings.random_state)
    target = current_objective(store, model.project_id).target or prototype.target
    return KeptBackRows(store, settings.stream_id, model, prototype, target)


def reveal_drill(store: Store, job_id: str, *, by: str) -> Job:
    """Tell everybody what happens, or happened, in a hidden drill, and return its job.

    Raises
    ------
    ConflictError
        When somebody else than who started it asks.
    """
    job = store.get(Job, job_id)
    if by != job.created_by:
        raise ConflictError(f"Only {job.created_by}, who started the drill, can reveal it.", "Ask them.")
    return store.update(job, params={**job.params, "revealed": True})


def _choose_rows(store: Store, project_id: str, model: ModelVersion, choices: Choices) -> tuple[str, int, int]:
    """Return the dataset that is played, and the first and last row."""
    if choices.origin == "made":
        table = store.get(DatasetVersion, store.get(Recipe, model.recipe_id).dataset_id)
        first = next_row(store, table)
        return table.id, first, first + choices.n_rows
    stream = current_stream(store, project_id)
    if stream is None:
        raise NoDataError(
            "No rows were kept back to play.", "Keep rows back on Collect data, or play rows made from the table."
        )
    first = next_row(store, stream)
    if first >= stream.n_rows:
        raise NoDataError(
            f"All {stream.n_rows:,} kept-back rows have been played.",
            "Keep more rows back on Collect data, or play rows made from the table.",
        )
    return stream.id, first, min(first + choices.n_rows, stream.n_rows)


def _settle(store: Store, fault: Fault, settings: ReplaySettings, model: ModelVersion, prototype: Prototype) -> Fault:
    """Write down the value that a fault would otherwise have to look up while it plays."""
    if fault.value is not None:
        return fault
    if fault.kind == "new_category":
        return replace(fault, value="something new")
    if not fault.columns or fault.kind not in ("stuck", "concept_change"):
        return fault
    seen: Label | None = None
    if fault.kind == "stuck":
        first = settings.first_row + fault.first_row
        (question,) = open_rows(store, settings, model, prototype).read(first, first + 1)
        seen = question.row.get(fault.columns[0])
    typical = {column.name: column.example for column in prototype.columns}
    return replace(fault, value=typical[fault.columns[0]] if seen is None else seen)
