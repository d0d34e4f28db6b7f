"""What is to be played, and may it be? A replay begins where the one before it ended."""

from dataclasses import dataclass

from core.collect import current_stream
from core.deploy import live_model
from core.errors import BadInputError, NoDataError, NotReadyError
from core.records import DatasetVersion, Job
from core.serve import service_address
from core.store import Store

MAX_ROWS_PER_SECOND = 1_000.0
MAX_LABEL_DELAY_S = 3_600.0


@dataclass(frozen=True)
class ReplaySettings:
    """Which rows are played how: `[first_row, last_row)` of the stream, rows a second, seconds until labels come.

    `label_share` in [0, 1] is the share of rows whose label ever arrives; drawn with `random_state`.
    """

    stream_id: str
    first_row: int
    last_row: int
    rows_per_second: float
    label_delay_s: float
    label_share: float
    random_state: int = 0


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
    """Queue a replay of the next `n_rows` kept-back rows and return its job.

    Parameters
    ----------
    rows_per_second : float
        Above 0, at most 1,000.
    n_rows : int
        How many rows to play at most; fewer when the stream ends before.
    label_delay_s : float
        Seconds between an answer and its label, 0 to 3,600.
    label_share : float
        Share of the rows whose label arrives, 0 to 1.

    Raises
    ------
    NotReadyError
        When no model is live, the service does not answer, or a replay is under way.
    NoDataError
        When no rows were kept back, or all have been played.
    BadInputError
        When a setting is out of its range.
    """
    check_ready(store, project_id)
    stream = _stream(store, project_id)
    first = next_row(store, stream)
    settings = ReplaySettings(
        stream.id, first, min(first + n_rows, stream.n_rows), rows_per_second, label_delay_s, label_share
    )
    _check(settings)
    if first >= stream.n_rows:
        raise NoDataError(
            f"All {stream.n_rows:,} kept-back rows have been played.", "Keep more rows back on Collect data."
        )
    return store.add(Job(project_id, "replay", vars(settings), created_by=by))


def check_ready(store: Store, project_id: str) -> None:
    """Raise NotReadyError when there is nobody to answer, or a replay is under way already."""
    if live_model(store, project_id) is None:
        raise NotReadyError("No model is live yet.", "Make one live on Deploy model first.")
    if service_address(store) is None:
        raise NotReadyError("The prediction service is not running.", "Start it on Deploy model.")
    if any(job.active for job in store.find(Job, project_id=project_id, kind="replay")):
        raise NotReadyError("Rows are being played already.", "Wait until they have been, or stop that.")


def next_row(store: Store, stream: DatasetVersion) -> int:
    """Return the position of the first row of a stream that has not been played yet."""
    played = [
        int(job.result.get("next_row", 0))
        for job in store.find(Job, project_id=stream.project_id, kind="replay")
        if job.params.get("stream_id") == stream.id
    ]
    return max(played, default=0)


def _stream(store: Store, project_id: str) -> DatasetVersion:
    stream = current_stream(store, project_id)
    if stream is None:
        raise NoDataError("No rows were kept back to play.", "Keep rows back on Collect data, under 'Live stream'.")
    return stream


def _check(settings: ReplaySettings) -> None:
    if not 0 < settings.rows_per_second <= MAX_ROWS_PER_SECOND:
        raise BadInputError("That speed is not possible.", f"Play up to {MAX_ROWS_PER_SECOND:,.0f} rows a second.")
    if settings.last_row < settings.first_row or settings.last_row == settings.first_row == 0:
        raise BadInputError("There is no row to play.", "Ask for at least one.")
    if not 0 <= settings.label_delay_s <= MAX_LABEL_DELAY_S:
        raise BadInputError("That delay is not possible.", "Let labels arrive within an hour.")
    if not 0 <= settings.label_share <= 1:
        raise BadInputError("The share of labels is not between none and all.", "Choose 0 to 100 %.")
