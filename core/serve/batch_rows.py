"""Rows of a file on their way: as they came, as a request holds them, and what was answered."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core.records import Json, Label


@dataclass(frozen=True)
class Chunk:
    """Some rows of a file: from which one on, as they came (`cells`), and as a request would hold them (`rows`).

    `trouble` says of a row, in words, why it cannot be read; else it is empty.
    """

    start: int
    cells: Any
    rows: list[Json]
    trouble: Sequence[str]

    @property
    def end(self) -> int:
        """How many rows of the file lie before the next chunk."""
        return self.start + len(self.rows)


@dataclass(frozen=True)
class RowAnswer:
    """What stands beside a row in the result: an answer, or why there is none (`refused`)."""

    prediction: Label | None = None
    probabilities: dict[str, float] | None = None
    prediction_id: str | None = None
    warnings: str = ""
    refused: str = ""


@dataclass(frozen=True)
class Answered:
    """The answers to a chunk, by which version, and how the columns for them are called (see `answer_columns`)."""

    names: Sequence[str]
    classes: Sequence[str]
    model_version: int
    answers: Sequence[RowAnswer]

    def columns(self) -> list[list[Any]]:
        """Return the values, column by column, in the order of the names."""
        found: list[list[Any]] = [[one.prediction for one in self.answers]]
        found += [[(one.probabilities or {}).get(name) for one in self.answers] for name in self.classes]
        found.append([None if one.refused else self.model_version for one in self.answers])
        found.append([one.prediction_id for one in self.answers])
        found.append([one.warnings or None for one in self.answers])
        found.append([one.refused or None for one in self.answers])
        return found
