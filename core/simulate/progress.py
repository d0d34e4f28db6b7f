"""How far a play is: kept in a file while it lasts, so that it can be taken up again, and in short in its job."""

import json
from dataclasses import asdict, dataclass, field

from core.records import Json, Label
from core.store import JobHandle, Store


@dataclass
class Trace:
    """What a fault has done so far: how many rows or labels it changed, the first and last of them and when (epoch)."""

    n_rows: int = 0
    first_row: int | None = None
    last_row: int | None = None
    began_at: float | None = None
    ended_at: float | None = None

    def add(self, position: int, now: float) -> None:
        """Count one more row that was changed."""
        self.n_rows += 1
        self.last_row, self.ended_at = position, now
        if self.first_row is None:
            self.first_row, self.began_at = position, now


@dataclass
class Sighting:
    """An alarm as it was first seen, or an open one that named more columns: at which row of the play, when (epoch)."""

    alert_id: str
    title: str
    row: int
    at: float
    columns: list[str] = field(default_factory=list)
    was_open: bool = False


@dataclass
class Progress:
    """How far a play is.

    `next_row` is the next row of the stream; `n_copies` were asked once more, `n_silent` not at all. `waiting` are
    labels on their way: when one is due (epoch), prediction id, label. `known` are the columns that each alert has
    named.
    """

    next_row: int
    n_sent: int = 0
    n_failed: int = 0
    n_labels: int = 0
    n_copies: int = 0
    n_silent: int = 0
    elapsed_s: float = 0.0
    traces: list[Trace] = field(default_factory=list)
    sightings: list[Sighting] = field(default_factory=list)
    known: dict[str, list[str]] | None = None
    waiting: list[tuple[float, str, Label]] = field(default_factory=list)

    def summary(self) -> Json:
        """Return what the job shows: everything but the labels on their way, which may be many."""
        shown = asdict(self)
        del shown["waiting"]
        return shown


def load_progress(handle: JobHandle, first_row: int, n_faults: int) -> Progress:
    """Return how far a play was when it was interrupted, or its beginning."""
    path = handle.store.files.play(handle.job.id)
    if not path.exists():
        return Progress(first_row, traces=[Trace() for _ in range(n_faults)])
    saved = json.loads(path.read_text(encoding="utf-8"))
    saved["traces"] = [Trace(**trace) for trace in saved["traces"]]
    saved["sightings"] = [Sighting(**sighting) for sighting in saved["sightings"]]
    saved["waiting"] = [(due, prediction_id, label) for due, prediction_id, label in saved["waiting"]]
    return Progress(**saved)


def save_progress(store: Store, job_id: str, progress: Progress) -> None:
    """Write down how far a play is; the file is always one moment's, whole."""
    with store.files.write_file(store.files.play(job_id)) as temporary:
        temporary.write_text(json.dumps(asdict(progress)), encoding="utf-8")


def forget_progress(store: Store, job_id: str) -> None:
    """Remove the file of a play that has ended."""
    store.files.play(job_id).unlink(missing_ok=True)
