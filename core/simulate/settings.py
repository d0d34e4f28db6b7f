"""What a person chooses to play, and how a job holds it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.errors import BadInputError
from core.records import Fault, Job, LabelTiming, RowOrigin, TrafficShape
from core.simulate.traffic import SHAPES, send_times

MAX_ROWS_PER_SECOND = 1_000.0
MAX_ROWS = 1_000_000
MAX_LABEL_DELAY_S = 3_600.0
MAX_SPEED_UP = 86_400.0
MAX_GRACE_S = 600.0
LONGEST_SPREAD = 5.0
"""A label that is spread in time comes at most so many times the mean delay after its answer."""


@dataclass(frozen=True)
class Choices:
    """What a person chooses to play.

    Attributes
    ----------
    n_rows : int
        How many rows to play at most, 1 to 1,000,000; fewer when kept-back rows end before.
    rows_per_second : float
        Rows in a real second, in the mean; above 0, at most 1,000.
    label_delay_s : float
        Real seconds between an answer and its label, 0 to 3,600.
    label_share : float
        Share of the rows whose label arrives, 0 to 1.
    label_timing : LabelTiming
        "constant", or "spread": as the times between chance events, with `label_delay_s` as their mean.
    origin : RowOrigin
        "kept_back" rows of the stream, or "made" from the rows set aside for the test.
    shape : TrafficShape
        How traffic comes and goes over the simulated day and week.
    speed_up : float
        Simulated seconds in a real one, 1 to 86,400 (60: an hour a minute).
    faults : tuple of Fault
        What goes wrong, and when; the play is then a drill, whose alarms are scored.
    hidden : bool
        Whether the faults are a secret until they are revealed.
    grace_s : float
        Real seconds for which a drill waits for alarms after a fault, 0 to 600, on top of the delay of labels.
    random_state : int
        Seed of all that is drawn.
    """

    n_rows: int
    rows_per_second: float
    label_delay_s: float = 0.0
    label_share: float = 1.0
    label_timing: LabelTiming = "constant"
    origin: RowOrigin = "kept_back"
    shape: TrafficShape = "steady"
    speed_up: float = 1.0
    faults: tuple[Fault, ...] = ()
    hidden: bool = False
    grace_s: float = 45.0
    random_state: int = 0


@dataclass(frozen=True)
class ReplaySettings:
    """A play as its job holds it: rows `[first_row, last_row)` of the stream, or of the made ones, and the choices.

    `stream_id` is the stream, or the table that the model learnt from where rows are made.
    """

    stream_id: str
    first_row: int
    last_row: int
    rows_per_second: float
    label_delay_s: float
    label_share: float
    random_state: int = 0
    label_timing: LabelTiming = "constant"
    origin: RowOrigin = "kept_back"
    shape: TrafficShape = "steady"
    speed_up: float = 1.0
    faults: tuple[Fault, ...] = ()
    hidden: bool = False
    grace_s: float = 45.0
    revealed: bool = False

    @property
    def n_rows(self) -> int:
        """Number of rows to play."""
        return self.last_row - self.first_row

    @property
    def alarm_grace_s(self) -> float:
        """Real seconds after a fault within which an alarm still counts as its own: labels have to come first."""
        return self.grace_s + self.label_delay_s


def read_settings(job: Job) -> ReplaySettings:
    """Return the settings of a play from its job."""
    faults = tuple(
        Fault(**{**fault, "columns": tuple(fault.get("columns", ()))}) for fault in job.params.get("faults", ())
    )
    return ReplaySettings(**{**job.params, "faults": faults})


def play_seconds(choices: Choices) -> float:
    """Return how many real seconds a play lasts until its last row is asked."""
    return float(_times(choices)[-1])


def rows_between(choices: Choices, first_s: float, last_s: float | None) -> tuple[int, int]:
    """Return the rows of a play that are due from some real seconds after its start until some others (None: its end).

    So a fault "after five minutes" becomes rows, which a play that is interrupted and taken up again still meets.
    """
    times = _times(choices)
    last = choices.n_rows if last_s is None else int(np.searchsorted(times, last_s))
    return int(np.searchsorted(times, first_s)), last


def _times(choices: Choices) -> NDArray[np.float64]:
    return send_times(
        choices.shape,
        choices.n_rows,
        rows_per_second=choices.rows_per_second,
        speed_up=choices.speed_up,
        random_state=choices.random_state,
    )


def check_choices(choices: Choices) -> None:
    """Raise BadInputError when a choice is out of its range."""
    bounds: tuple[tuple[bool, str, str], ...] = (
        (
            0 < choices.rows_per_second <= MAX_ROWS_PER_SECOND,
            "That speed is not possible.",
            f"Play up to {MAX_ROWS_PER_SECOND:,.0f} rows a second.",
        ),
        (1 <= choices.n_rows <= MAX_ROWS, "There is no row to play.", f"Ask for one up to {MAX_ROWS:,}."),
        (0 <= choices.label_delay_s <= MAX_LABEL_DELAY_S, "That delay is not possible.", "At most an hour is."),
        (0 <= choices.label_share <= 1, "The share of labels is not between none and all.", "Choose 0 to 100 %."),
        (1 <= choices.speed_up <= MAX_SPEED_UP, "That clock is not possible.", "A day a second is the quickest."),
        (choices.shape in SHAPES, "That shape of traffic is not known.", f"Choose one of: {', '.join(SHAPES)}."),
        (0 <= choices.grace_s <= MAX_GRACE_S, "That time to wait for alarms is not possible.", "At most 10 minutes."),
    )
    for is_fine, message, hint in bounds:
        if not is_fine:
            raise BadInputError(message, hint)
