"""What I did to your file: every decision in words, with its count and sample lines, and the way to change it."""

from collections import defaultdict
from collections.abc import Sequence

import pandas as pd
import streamlit as st

from core import collect
from core.records import DatasetVersion, Decision, Reading
from pages.ui.reading_change import change_reading
from pages.ui.state import store
from pages.ui.words import count, plain

MAX_LINES = 8
"""Columns that get a line each; more of them are told in a table."""
SEPARATORS = {
    ",": "comma",
    ";": "semicolon",
    "\t": "tab",
    "|": "bar |",
    ":": "colon",
    " ": "blanks",
    "^": "caret ^",
    "~": "tilde ~",
}
ABOUT_THE_FILE = frozenset(
    [
        *("unpacked", "other_files", "other_tables", "appended"),
        *("encoding", "broken_characters", "nul_characters", "line_ends"),
        *("quoted_lines", "one_column", "sheet", "other_sheets", "page_table", "pages", "cut", "row_cap"),
        *("json_list", "other_lists", "json_rows", "json_columns", "json_entries"),
    ]
)


def show_reading(table: DatasetVersion) -> None:
    """Tell what was decided and changed while a table's file was read, and offer to read it in another way."""
    version = collect.version_with_original(store(), table.id)
    reading = table.reading or (version.reading if version else None)
    if reading is None:
        return
    with st.expander("What I did to your file", icon=":material/fact_check:", expanded=True):
        if version is not None and version.id != table.id:
            st.caption(f"This table was made from version {version.number}, whose file was read like this.")
        _show_decisions(reading)
        if version is None:
            st.caption("The file itself is not kept; bring it again to have it read in another way.")
        elif st.toggle("Change how it was read", key="collect_change_reading"):
            change_reading(version, table)


def _show_decisions(reading: Reading) -> None:
    st.markdown(say_rows(reading))
    about_columns = [decision for decision in reading.decisions if _column(decision)]
    rest = [decision for decision in reading.decisions if not _column(decision)]
    file = [decision for decision in rest if decision.code in ABOUT_THE_FILE]
    rows = [decision for decision in rest if decision.code not in ABOUT_THE_FILE]
    _show_group("The file", [_say_format(reading), *map(_say, file)])
    rows.sort(key=lambda decision: decision.code != "preamble")  # What stands above comes first.
    header = ["The first row names the columns."] if reading.has_header else []
    _show_group("The rows", [*header, *map(_say, rows)])
    if not about_columns:
        _show_group("The columns", ["Every value was taken as it stands."])
    elif len(about_columns) <= MAX_LINES:
        _show_group("The columns", list(map(_say, about_columns)))
    else:
        _show_many(about_columns)


def say_rows(reading: Reading) -> str:
    """Return where all rows of a file went, in a sentence."""
    told = f"**{count(reading.n_rows_in, 'row')} in the file, {count(reading.n_rows_kept, 'row')} in the table"
    lost = reading.n_rows_in - reading.n_rows_kept
    told += f", {count(lost, 'row')} left out.**" if lost else ".**"
    beside = [
        f"{count(n, 'line')} {where}" for n, where in ((reading.n_preamble, "above"), (reading.n_footer, "below")) if n
    ]
    return f"{told} Not counted as rows: {' and '.join(beside)} the table." if beside else told


def _say_format(reading: Reading) -> str:
    told = f"Format: {reading.format}"
    if reading.encoding:
        told += f", written in {reading.encoding}"
    if reading.delimiter:
        told += f", values separated by {SEPARATORS.get(reading.delimiter, repr(reading.delimiter))}"
    return plain(told) + "."


def _say(decision: Decision) -> str:
    number = f" ({decision.count:,})" if decision.count else ""
    told = plain(decision.sentence.rstrip(".") + number) + "."
    if not decision.examples:
        return told
    shown = " · ".join(f"`{_verbatim(example)}`" for example in decision.examples if example.strip())
    return f"{told}  \n  {shown}"


def _verbatim(text: str) -> str:
    """Return text from a file so that a code span shows it on one line."""
    return " ".join(text.replace("`", "'").split())


def _show_group(title: str, lines: Sequence[str]) -> None:
    st.markdown(f"**{title}**\n" + "\n".join(f"- {line}" for line in lines))


def _column(decision: Decision) -> str:
    # Readings stored before decisions named their column have it in the sentence only.
    return decision.column or ("?" if decision.sentence.startswith("Column '") else "")


def _show_many(decisions: Sequence[Decision]) -> None:
    """Tell the same thing done to many columns once, and each column in a table."""
    alike: dict[str, list[Decision]] = defaultdict(list)
    for decision in decisions:
        alike[_without_column(decision)].append(decision)
    lines = [
        f"{plain(words.rstrip('.'))} ({count(len(group), 'column')}, {count(sum(d.count for d in group), 'cell')})."
        for words, group in sorted(alike.items(), key=lambda entry: -len(entry[1]))
    ]
    _show_group("The columns", lines[:MAX_LINES])
    rows = [
        {
            "Column": decision.column,
            "What was done": _without_column(decision),
            "Cells": decision.count,
            "For example": " · ".join(decision.examples),
        }
        for decision in decisions
    ]
    with st.popover("Each column", icon=":material/table_rows:", width="content"):
        st.dataframe(pd.DataFrame(rows), hide_index=True, alt="What was done to each column", key="collect_decisions")


def _without_column(decision: Decision) -> str:
    words = decision.sentence.removeprefix(f"Column '{decision.column}': ")
    return words[:1].upper() + words[1:]
