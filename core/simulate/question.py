"""One question of the live world: the row asked about, its true answer, and how it is sent. What faults change."""

from dataclasses import dataclass, field

from core.records import Json, Label


@dataclass(frozen=True)
class Question:
    """A row as a request has it, with the label that follows it; None when nobody knows it.

    `sent` is False while there is an outage; `alone` when the service may refuse it, so that its neighbours are asked
    apart from it; `n_copies` is how often it is sent once more.
    """

    row: Json
    label: Label | None
    sent: bool = True
    alone: bool = False
    n_copies: int = 0


@dataclass(frozen=True)
class Facts:
    """What faults have to know about a project's rows.

    `spread` is the standard deviation of each number column; `target_spread` that of the target, for numbers;
    `classes` are the target's classes as text, none for numbers.
    """

    spread: dict[str, float] = field(default_factory=dict)
    target_spread: float = 1.0
    classes: tuple[str, ...] = ()
