"""The index of a corpus of real tables: what is in each file, and how that compares with what was read."""

import ast
import csv
import json
from dataclasses import dataclass
from pathlib import Path

from core.records import DatasetVersion


@dataclass(frozen=True)
class CorpusFile:
    """One line of the index. `uncertain`: the careful parse behind it could not be confirmed by hand."""

    name: str
    target: str
    task: str
    n_rows: int
    n_columns: int
    delimiter: str
    has_header: bool
    uncertain: bool = False


def read_index(path: Path) -> list[CorpusFile]:
    """Read an index, tab-separated; of a file `open.tsv`, `open-truth.json` beside it marks the uncertain lines."""
    beside = path.with_name(f"{path.stem}-truth.json")
    truth = json.loads(beside.read_text(encoding="utf-8")) if beside.exists() else {}
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    return [
        CorpusFile(
            name=row["file"],
            target=row["target"],
            task=row["task"],
            n_rows=int(row["rows"]),
            n_columns=int(row["cols"]),
            delimiter=_unquote(row["delimiter"]),
            has_header=row["header"] == "1",
            uncertain=bool(truth.get(row["file"], {}).get("uncertain")),
        )
        for row in rows
    ]


def _unquote(text: str) -> str:
    return str(ast.literal_eval(text)) if text.startswith("'") else text


def find_target(dataset: DatasetVersion, target: str) -> str | None:
    """Return the column the index means: `#k` is the k-th, from 0; None when there is none."""
    names = dataset.column_names
    if target.startswith("#") and target[1:].isdigit() and target not in names:
        position = int(target[1:])
        return names[position] if position < len(names) else None
    plain = " ".join(target.split())
    return plain if plain in names else None


def shape_problem(expected: CorpusFile, dataset: DatasetVersion) -> str:
    """Return in words how the table that was read differs from the index; empty when it does not."""
    reading = dataset.reading
    has_header = reading.has_header if reading else True
    problems = []
    if (dataset.n_rows, dataset.n_columns) != (expected.n_rows, expected.n_columns):
        wanted = f"{expected.n_rows} x {expected.n_columns}"
        problems.append(f"{dataset.n_rows} x {dataset.n_columns} in place of {wanted}")
    if has_header != expected.has_header:
        problems.append("took a header for data" if expected.has_header else "took data for a header")
    if expected.n_columns > 1 and reading and reading.delimiter != expected.delimiter:
        problems.append(f"delimiter {reading.delimiter!r} in place of {expected.delimiter!r}")
    return ", ".join(problems)
