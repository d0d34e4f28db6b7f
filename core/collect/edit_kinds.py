"""The kinds of recorded edits, each as a pure function from a table to SQL: which rows go, what columns become.

Done twice, each does nothing the second time.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import duckdb

from core.collect.conditions import MAIL, as_date, as_number, is_empty_row, meets
from core.collect.words import sql_text
from core.errors import BadInputError
from core.records import Column, Edit

CODE = "#[0-9a-f]{12}"
"""How a value looks that was replaced by a code."""


@dataclass(frozen=True)
class EditedTable:
    """The table an edit is made to, open in DuckDB: `relation` has the columns c0, c1, ... and `n`, the row number."""

    connection: duckdb.DuckDBPyConnection
    relation: str
    columns: tuple[Column, ...]

    def sql(self, name: str) -> str:
        """Return how a column is called in the relation.

        Raises
        ------
        BadInputError
            When the table has none of that name.
        """
        names = [column.name for column in self.columns]
        if name not in names:
            raise BadInputError(f"The table has no column '{name}' (any more).", "Look at its checks again.")
        return f"c{names.index(name)}"

    def count(self, condition: str) -> int:
        """Return for how many rows a condition is true."""
        query = f"SELECT count(*) FROM {self.relation} WHERE {condition}"  # noqa: S608
        return int(self.connection.execute(query).fetchall()[0][0])


@dataclass(frozen=True)
class Change:
    """What an edit does: `dropped` is the condition for rows that go, `cells` what columns become, both in SQL.

    `columns` are those of the table afterwards.
    """

    columns: tuple[Column, ...]
    dropped: str = "false"
    cells: Mapping[str, str] = field(default_factory=dict)


Make = Callable[[EditedTable, Edit], Change]


def _drop_empty_rows(table: EditedTable, _: Edit) -> Change:
    return Change(table.columns, is_empty_row([table.sql(column.name) for column in table.columns]))


def _drop_repeated_rows(table: EditedTable, edit: Edit) -> Change:
    names = [column.name for column in table.columns if column.name not in edit.options.get("ignored", ())]
    values = [table.sql(name) for name in names]
    # Two hashes of 64 bits: a table would need 10^19 rows before two different ones were likely taken for the same.
    key = f"hash({', '.join(values)}), hash(1, {', '.join(values)})"
    again = (
        f"SELECT n FROM (SELECT n, row_number() OVER (PARTITION BY {key} ORDER BY n) AS k "  # noqa: S608
        f"FROM {table.relation} WHERE NOT {is_empty_row(values)}) WHERE k > 1"
    )
    return Change(table.columns, f"n IN ({again})")


def _drop_contradictions(table: EditedTable, edit: Edit) -> Change:
    *inputs, target = (table.sql(name) for name in edit.columns)
    key = f"hash({', '.join(inputs)})"
    groups = (
        f"SELECT {key} FROM {table.relation} WHERE {target} IS NOT NULL "  # noqa: S608
        f"GROUP BY 1 HAVING count(DISTINCT {target}) > 1"
    )
    return Change(table.columns, f"{target} IS NOT NULL AND {key} IN ({groups})")


def _drop_rows_without(table: EditedTable, edit: Edit) -> Change:
    return Change(table.columns, f"{table.sql(edit.columns[0])} IS NULL")


def _drop_rows_with(table: EditedTable, edit: Edit) -> Change:
    return Change(table.columns, meets(table.sql(edit.columns[0]), edit.options))


def _drop_columns(table: EditedTable, edit: Edit) -> Change:
    kept = tuple(column for column in table.columns if column.name not in edit.columns)
    if not kept:
        raise BadInputError("No column would be left.", "Keep at least one.")
    return Change(kept)


def _to_missing(table: EditedTable, edit: Edit) -> Change:
    name = table.sql(edit.columns[0])
    return Change(table.columns, cells={edit.columns[0]: f"CASE WHEN NOT {meets(name, edit.options)} THEN {name} END"})


def _merge_levels(table: EditedTable, edit: Edit) -> Change:
    name = table.sql(edit.columns[0])
    whens = " ".join(f"WHEN {sql_text(a)} THEN {sql_text(b)}" for a, b in edit.options["mapping"].items())
    return Change(table.columns, cells={edit.columns[0]: f"CASE {name} {whens} ELSE {name} END"})


def _to_number(table: EditedTable, edit: Edit) -> Change:
    value = as_number(f"CAST({table.sql(edit.columns[0])} AS VARCHAR)")
    whole = not table.count(f"{value} % 1 <> 0 OR abs({value}) > 9e15")
    column = Column(edit.columns[0], "number", "int64" if whole else "double")
    return _retype(table, column, f"CAST({value} AS BIGINT)" if whole else value)


def _to_date(table: EditedTable, edit: Edit) -> Change:
    return _retype(table, Column(edit.columns[0], "date", "timestamp[us]"), as_date(table.sql(edit.columns[0])))


def _retype(table: EditedTable, column: Column, value: str) -> Change:
    """Return nothing to do for a column that is no text: then it was done before."""
    if next(one for one in table.columns if one.name == column.name).dtype != "string":
        return Change(table.columns)
    return Change(
        tuple(column if one.name == column.name else one for one in table.columns), cells={column.name: value}
    )


def _code_values(table: EditedTable, edit: Edit) -> Change:
    name = f"CAST({table.sql(edit.columns[0])} AS VARCHAR)"
    # Salted, and the salt forgotten: nobody can try names until one gives the code.
    code = f"'#' || sha256({sql_text(edit.options['salt'])} || {name})[:12]"
    value = f"CASE WHEN regexp_full_match({name}, '{CODE}') THEN {name} WHEN {name} IS NOT NULL THEN {code} END"
    column = Column(edit.columns[0], "category", "string")
    columns = tuple(column if one.name == column.name else one for one in table.columns)
    return Change(columns, cells={column.name: value})


def _black_out_mail(table: EditedTable, edit: Edit) -> Change:
    name = table.sql(edit.columns[0])
    value = f"regexp_replace({name}, {sql_text(MAIL)}, '[mail]', 'g')"
    return Change(table.columns, cells={edit.columns[0]: value})


OF_ROWS: Mapping[str, Make] = {
    "drop_empty_rows": _drop_empty_rows,
    "drop_repeated_rows": _drop_repeated_rows,
    "drop_contradictions": _drop_contradictions,
    "drop_rows_without": _drop_rows_without,
    "drop_rows_with": _drop_rows_with,
}
"""Edits that drop rows."""
OF_COLUMNS: Mapping[str, Make] = {
    "drop_columns": _drop_columns,
    "to_missing": _to_missing,
    "merge_levels": _merge_levels,
    "to_number": _to_number,
    "to_date": _to_date,
    "code_values": _code_values,
    "black_out_mail": _black_out_mail,
}
"""Edits that change columns or their values; they are made to rows kept back for live traffic, too."""
EDITS = OF_ROWS | OF_COLUMNS  # type: ignore[operator]


def with_salt(edit: Edit) -> Edit:
    """Return the edit with what it needs besides its record, which is not to be kept."""
    return replace(edit, options=edit.options | {"salt": secrets.token_hex(16)}) if edit.kind == "code_values" else edit


def without_salt(edit: Edit) -> Edit:
    """Return the edit as it is recorded."""
    return replace(edit, options={name: value for name, value in edit.options.items() if name != "salt"})


def selected(table: EditedTable, change: Change) -> Sequence[tuple[str, str]]:
    """Return name and SQL of each column afterwards."""
    return [(column.name, change.cells.get(column.name, table.sql(column.name))) for column in change.columns]
