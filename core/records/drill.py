"""Records of the live world: what is played, what goes wrong in it, and who or what noticed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from core.records.base import Label

FaultKind = Literal[
    "shift",
    "unit_change",
    "stuck",
    "missing",
    "new_category",
    "swapped",
    "duplicated",
    "concept_change",
    "label_noise",
    "outage",
    "malformed",
]
FaultPattern = Literal["sudden", "gradual", "seasonal", "recurring"]
TrafficShape = Literal["steady", "daily", "weekly", "bursts"]
LabelTiming = Literal["constant", "spread"]
RowOrigin = Literal["kept_back", "made"]
AlarmVerdict = Literal["right", "other_column", "false"]


@dataclass(frozen=True)
class Fault:
    """Something that goes wrong on purpose with the rows `[first_row, last_row)` of a play, counted from its start.

    `severity` is in the unit of its kind: standard deviations of a number, or the share of rows in [0, 1] that it
    meets. `period_rows` is the length of one cycle of a seasonal or recurring fault. `value` is what a stuck sensor
    says, the new category, the unit ("fahrenheit", "thousand", "thousandth"), or where a concept changes: a category,
    or the number from which on.
    """

    kind: FaultKind
    first_row: int
    last_row: int
    columns: tuple[str, ...] = ()
    severity: float = 1.0
    pattern: FaultPattern = "sudden"
    period_rows: int = 0
    value: Label | None = None


@dataclass(frozen=True)
class FaultScore:
    """What a fault did, and how it was noticed. Seconds are real ones, from the first row it met to the alarm.

    `n_rows` is how many rows (or labels) it changed; moments are None when it met none. `noticed_after_rows` are rows
    of the play between the first that it met and the first alarm. `named_its_column` tells whether any of its alarms
    named one of its columns; None when it has none, or no alarm named any.
    """

    fault: Fault
    sentence: str
    n_rows: int
    began_at: datetime | None
    ended_at: datetime | None
    noticed_at: datetime | None = None
    noticed_after_s: float | None = None
    noticed_after_rows: int | None = None
    noticed_by: str = ""
    named_its_column: bool | None = None
    acknowledged_by: str | None = None


@dataclass(frozen=True)
class AlarmScore:
    """An alarm that came up during a drill: the numbers of the faults it came from (from 0), none for a false one.

    `columns` are those it named that it had not named before; `was_open` when an earlier alarm only said more.
    """

    alert_id: str
    title: str
    seen_at: datetime
    row: int
    verdict: AlarmVerdict
    faults: tuple[int, ...]
    columns: tuple[str, ...] = ()
    was_open: bool = False
    acknowledged_by: str | None = None


@dataclass(frozen=True)
class DrillReport:
    """How a play with faults went: what was done, what was noticed after how long, which alarms were false.

    `grace_s` are the seconds after a fault within which an alarm still counts as its own. `speed_up` is how many
    simulated seconds went by in a real one.
    """

    job_id: str
    project_id: str
    started_at: datetime
    ended_at: datetime | None
    n_rows: int
    speed_up: float
    grace_s: float
    faults: tuple[FaultScore, ...]
    alarms: tuple[AlarmScore, ...]
    sentences: tuple[str, ...]

    @property
    def n_noticed(self) -> int:
        """Number of faults that an alarm followed."""
        return sum(score.noticed_at is not None for score in self.faults)

    @property
    def n_false(self) -> int:
        """Number of alarms outside every fault."""
        return sum(alarm.verdict == "false" for alarm in self.alarms)


@dataclass(frozen=True)
class PlayedSpan:
    """A stretch of simulated traffic; `ended_at` is None while it lasts."""

    started_at: datetime
    ended_at: datetime | None
