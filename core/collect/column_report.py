"""What was done to the values of each column, said with counts and with examples: what stood there, what it became."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import duckdb

from core.collect.cell_sql import RESPELLED, Proved, state_sql, value_sql
from core.collect.staging import COLUMNS_A_QUERY, NARROW
from core.collect.words import sql_text
from core.records import Decision

MAX_EXAMPLES = 4
ROWS_LOOKED_AT = 500
MAX_LOOKED_AT = 200
MAX_ILLUSTRATED = 300
"""Columns that get examples: of more, nobody reads them."""
MAX_CHARACTERS = 60
CHANGED, MISSING, UNFIT = "changed", "missing", "unfit"
KEPT = {"leading_zeros": "0%", "two_letter_codes": "NA", "open_dates": "%"}
"""Where text was kept as it is, the values for which it was."""
Examples = Mapping[tuple[int, str], tuple[str, ...]]


@dataclass(frozen=True)
class _Cell:
    """A cell: what stands there, what it becomes, and its row, from 1, where that is known."""

    before: str
    after: str | None
    row: int | None = None

    def say(self) -> str:
        """Return the cell as an example: row 3: '1.234,5' → 1234.5."""
        place = f"row {self.row:,}: " if self.row is not None else ""
        after = "missing" if self.after is None else _short(self.after.removesuffix(" 00:00:00"))
        return f"{place}'{_short(self.before)}'" + ("" if self.after == self.before else f" → {after}")


def report_columns(
    connection: duckdb.DuckDBPyConnection, names: Sequence[str], proofs: Sequence[Proved]
) -> list[Decision]:
    """Say what was done to the values of each column of `raw`, where anything was."""
    told = {index: list(_sentences(proof)) for index, proof in enumerate(proofs)}
    told = {index: sentences for index, sentences in told.items() if sentences}
    _count_kept(connection, proofs, told)
    examples = _find_examples(connection, {index: proofs[index] for index in list(told)[:MAX_ILLUSTRATED]}, told)
    return [
        Decision(code, f"Column '{names[index]}': {words}", count, examples.get((index, group), ()), names[index])
        for index, sentences in told.items()
        for code, words, count, group in sentences
    ]


def _count_kept(
    connection: duckdb.DuckDBPyConnection, proofs: Sequence[Proved], told: dict[int, list[tuple[str, str, int, str]]]
) -> None:
    """Put the number of cells that would have been missing in the place of that of all cells: NA among codes."""
    for index, sentences in told.items():
        for place, (code, words, _, group) in enumerate(sentences):
            if code == "two_letter_codes":
                query = f"SELECT count(*) FROM raw WHERE {_filter(index, group, proofs[index])}"  # noqa: S608
                sentences[place] = (code, words, int(connection.execute(query).fetchall()[0][0]), group)


def _sentences(proof: Proved) -> Iterator[tuple[str, str, int, str]]:
    """Yield code, words, number of cells and the group of examples of each thing to say."""
    column_type, kind = proof.column_type, proof.column_type.kind
    respelled = column_type.code == RESPELLED
    told = [
        (column_type.code, column_type.sentence, proof.n_fitting if column_type.code and not respelled else 0, CHANGED),
        ("missing_words", "words that stand for nothing became missing values.", proof.n_missing_words, MISSING),
        ("unfit", f"values that are no {_plural(kind)} became missing.", proof.n_failed * proof.chosen, UNFIT),
        ("stray_words", f"words among {_plural(kind)} became missing.", proof.n_failed * (not proof.chosen), UNFIT),
        ("blanks", "blanks around values were taken off.", 0 if respelled else proof.n_trimmed, CHANGED),
        (RESPELLED, column_type.sentence, proof.n_trimmed if respelled else 0, CHANGED),
    ]
    yield from (entry for entry in told if entry[2])


def _plural(kind: str) -> str:
    return {"category": "words", "text": "text", "boolean": "truth values"}.get(kind, f"{kind}s")


def _find_examples(
    connection: duckdb.DuckDBPyConnection,
    proofs: Mapping[int, Proved],
    told: Mapping[int, Sequence[tuple[str, str, int, str]]],
) -> Examples:
    """Return examples from the first rows; where they show none, one from anywhere."""
    if not proofs:
        return {}
    wanted = [(index, group) for index in proofs for *_, group in told[index]]
    found = {(index, group): _among_first(connection, index, group, proofs[index]) for index, group in wanted}
    return found | _anywhere(connection, proofs, [key for key in wanted if not found[key]])


def _among_first(connection: duckdb.DuckDBPyConnection, index: int, group: str, proof: Proved) -> tuple[str, ...]:
    """Return a few cells that differ in how they are written: that shows more than the first few."""
    rows = connection.execute(
        f"SELECT c{index}, {_after(index, proof)}, rowid + 1 FROM first_rows "  # noqa: S608
        f"WHERE rowid < {ROWS_LOOKED_AT} AND {_filter(index, group, proof)} LIMIT {MAX_LOOKED_AT}"
    ).fetchall()
    shapes: dict[str, _Cell] = {}
    for row in rows:
        cell = _Cell(*row)
        shapes.setdefault(_shape(cell.before) if group == CHANGED else cell.before, cell)
    return tuple(cell.say() for cell in list(shapes.values())[:MAX_EXAMPLES])


def _anywhere(
    connection: duckdb.DuckDBPyConnection, proofs: Mapping[int, Proved], wanted: Sequence[tuple[int, str]]
) -> dict[tuple[int, str], tuple[str, ...]]:
    """Return one example each of what the first rows do not show, with as few looks at the file as can be."""
    found: dict[tuple[int, str], tuple[str, ...]] = {}
    size = NARROW if len(wanted) <= NARROW else COLUMNS_A_QUERY
    for start in range(0, len(wanted), size):
        part = wanted[start : start + size]
        asked = ", ".join(
            f"any_value({{'before': c{index}, 'after': {_after(index, proofs[index])}}}) "
            f"FILTER ({_filter(index, group, proofs[index])})"
            for index, group in part
        )
        answers = connection.execute(f"SELECT {asked} FROM raw").fetchall()[0]  # noqa: S608
        found |= {key: (_Cell(**cell).say(),) for key, cell in zip(part, answers, strict=True) if cell is not None}
    return found


def _after(index: int, proof: Proved) -> str:
    return f"CAST({value_sql(index, proof)} AS VARCHAR)"


def _filter(index: int, group: str, proof: Proved) -> str:
    """Return SQL for the cells that a sentence is about."""
    state = state_sql(index, proof)
    if group != CHANGED:
        return f"{state} = {2 if group == MISSING else 3}"
    kept = KEPT.get(proof.column_type.code) if proof.column_type.dtype == "string" else None
    if kept:
        return f"{state} = 1 AND {value_sql(index, proof)} LIKE {sql_text(kept)}"
    return f"{state} = 1 AND {_after(index, proof)} <> c{index}"


def _shape(text: str) -> str:
    return re.sub(r"[^\W\d_]", "a", re.sub(r"\d+", "9", text))


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= MAX_CHARACTERS else f"{text[:MAX_CHARACTERS]}…"
