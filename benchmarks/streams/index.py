"""Which files of a corpus are streams: rows in the order of their time, with drift."""

import csv
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class StreamFile:
    """One line of the index: the file, its target, the column of its time (empty: the order of the rows)."""

    name: str
    target: str
    task: str
    time: str
    n_rows: int

    @property
    def has_classes(self) -> bool:
        """Whether the target is of two or more classes."""
        return self.task in ("binary", "multiclass")


def read_streams(path: Path) -> list[StreamFile]:
    """Return the files of an index, tab-separated, that its column `stream` says are streams."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    return [
        StreamFile(row["file"], row["target"], row["task"], row["time"], int(row["rows"]))
        for row in rows
        if row["stream"]
    ]
