"""Where the records of a JSON document are: in one of its lists, or written column by column, or row by row."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.collect.layout import unique_names
from core.errors import BadInputError
from core.records import Decision

INDEX = "index"
DATA = "data"


@dataclass(frozen=True)
class Found:
    """The records of a document, what was decided, and where there are several lists, their names and which it is."""

    records: list[Any]
    decisions: tuple[Decision, ...] = ()
    name: str | None = None
    all_names: tuple[str, ...] = ()


def find_records(document: Any, chosen: str | None = None) -> Found:
    """Return the records of a document.

    Parameters
    ----------
    chosen : str, optional
        The name of the list, with dots between the names of what it lies in. Without it, records go before rows,
        what is called `data` before the rest (in pandas' "table", fields are described beside), long before short.

    Raises
    ------
    BadInputError
        When there is no list of the chosen name.
    """
    if isinstance(document, list):
        return _from_list(document)
    lists = dict(_find_lists(document))
    if chosen is not None and chosen not in lists:
        raise BadInputError(f"The JSON has no list '{chosen}'.", f"It has: {', '.join(lists) or 'none'}.")
    if not lists:
        return _from_columns(document) or _from_entries(document) or Found([document])
    name = chosen or max(lists, key=lambda name: (isinstance(lists[name][0], dict), name == DATA, len(lists[name])))
    found = _from_list(lists[name], _names_beside(document, lists[name]))
    others = tuple(other for other in lists if other != name)
    told = [Decision("json_list", f"The records under '{name}' were read, nothing else.")]
    if others:
        told.append(Decision("other_lists", "Other lists of records were left out.", len(others), others[:5]))
    return Found(found.records, (*told, *found.decisions), name, tuple(lists) if others else ())


def _find_lists(document: Any, prefix: str = "") -> Iterator[tuple[str, list[Any]]]:
    """Yield the lists of records, or of rows, with their names."""
    if isinstance(document, dict):
        for key, value in document.items():
            if isinstance(value, list) and value and (isinstance(value[0], dict) or _are_rows(value)):
                yield f"{prefix}{key}", value
            else:
                yield from _find_lists(value, f"{prefix}{key}.")


def _from_list(entries: list[Any], names: list[str] | None = None) -> Found:
    """Return a list of records as it is, and rows as records: named by the first row where it holds only names."""
    if not _are_rows(entries):
        return Found(entries)
    width = max(map(len, entries))
    if names and len(names) == width:
        rows, told = entries, "The names of the columns stand beside the rows."
    elif len(entries) > 1 and len(entries[0]) == width and _are_names(entries[0]):
        names, rows, told = unique_names(entries[0]), entries[1:], "The first row holds the names of the columns."
    else:
        names, rows, told = [f"column_{n}" for n in range(1, width + 1)], entries, "The columns were numbered."
    records: list[Any] = [dict(zip(names, row, strict=False)) for row in rows]
    return Found(records, (Decision("json_rows", told),))


def _are_rows(entries: Sequence[Any]) -> bool:
    return bool(entries) and all(isinstance(row, list) and row and all(map(_is_value, row)) for row in entries)


def _are_names(row: Sequence[Any]) -> bool:
    return all(isinstance(name, str) and name.strip() for name in row) and len(set(row)) == len(row)


def _names_beside(document: Mapping[str, Any], rows: list[Any]) -> list[str] | None:
    """Return the list of names that stands beside rows, as pandas writes a table that is split."""
    if document.get(DATA) is rows and isinstance(names := document.get("columns"), list) and _are_names(names):
        return names
    return None


def _from_columns(document: Any) -> Found | None:
    """Return the records of an object whose entries are columns: equally long lists, or values by row number."""
    if not isinstance(document, dict) or not document:
        return None
    columns = list(document.values())
    if all(isinstance(column, dict) and column for column in columns):
        keys = list(columns[0])
        if not all(key.isdigit() for key in keys) or not _are_alike(columns):
            return None
        columns = [[column[key] for key in keys] for column in columns]
    elif not all(isinstance(column, list) and len(column) > 1 and all(map(_is_value, column)) for column in columns):
        return None
    if len(set(map(len, columns))) != 1:
        return None
    records: list[Any] = [dict(zip(document, row, strict=True)) for row in zip(*columns, strict=True)]
    return Found(records, (Decision("json_columns", "Each entry became a column.", len(document)),))


def _from_entries(document: Any) -> Found | None:
    """Return the records of an object of several records with the same fields, each under a name of its own."""
    if not isinstance(document, dict) or len(document) < 2:
        return None
    entries = list(document.values())
    if not all(isinstance(entry, dict) and entry for entry in entries) or not _are_alike(entries):
        return None
    name = INDEX
    while name in entries[0]:
        name += "_2"
    records: list[Any] = [{name: key, **entry} for key, entry in document.items()]
    told = f"Each entry became a row; its name is in '{name}'."
    return Found(records, (Decision("json_entries", told, len(records)),))


def _are_alike(entries: Sequence[Mapping[str, Any]]) -> bool:
    """Return whether objects have the same keys and hold nothing but values."""
    keys = set(entries[0])
    return all(set(entry) == keys and all(map(_is_value, entry.values())) for entry in entries)


def _is_value(value: Any) -> bool:
    return not isinstance(value, dict | list)
