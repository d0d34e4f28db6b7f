"""The fields in which a person says how a file is to be read; empty always means: as found."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pandas as pd
import streamlit as st

from core.records import Column, ColumnKind, DatasetVersion, Reading, ReadingChoices
from pages.ui.state import prefill

PREFIX = "collect_reading_"
SEPARATORS = {",": "Comma ,", ";": "Semicolon ;", "\t": "Tab", "|": "Bar |", ":": "Colon :", " ": "Blanks"}
ENCODINGS = (
    *("utf-8", "cp1252", "iso8859-1", "iso8859-15", "mac_roman", "utf-16", "cp437", "cp850", "cp1250", "cp1251"),
    *("cp1253", "cp1254", "cp1255", "cp1256", "koi8_r", "shift_jis", "euc_jp", "cp949", "gb18030", "big5"),
)
HEADER = {True: "It names the columns", False: "It is data"}
DECIMALS = {False: "1.5 (point)", True: "1,5 (comma)"}
DAY_FIRST = {True: "3 April (day first)", False: "March 4 (month first)"}
MISSING = ("-", "?", "none", "unknown", "n/a", "-1", "-99", "-999", "9999")
KEPT = ("NA", "N/A", "NULL", "null", "NaN", "nan", "?")
KINDS: Mapping[ColumnKind, str] = {
    "number": "Number",
    "category": "Category",
    "text": "Free text",
    "date": "Date",
    "boolean": "Yes or no",
}
AS_FOUND = "As found"


def choose_reading(version: DatasetVersion) -> ReadingChoices:
    """Draw the fields that apply to a version's file and return what they say, the kinds of columns apart."""
    reading = version.reading or Reading("CSV")
    known = reading.choices
    file = ("member", "encoding", "delimiter", "sheet", "has_header", "n_preamble", "n_footer")
    values = {f"{PREFIX}{name}": getattr(known, name) for name in (*file, "decimal_comma", "day_first")}
    words = {f"{PREFIX}{name}": list(getattr(known, name)) for name in ("missing_words", "kept_words")}
    prefill(version.id, **values, **words)
    st.caption("Leave a field empty to have it found; what was found stands there in grey.")
    chosen = {**_choose_file(reading), **_choose_rows(reading), **_choose_values(reading)}
    return ReadingChoices(**chosen)


def choose_kinds(version: DatasetVersion, choices: ReadingChoices, columns: Sequence[Column]) -> ReadingChoices:
    """Draw a line for each column with the kind found and one to choose; return the choices with the kinds."""
    known = version.reading.choices.kinds if version.reading else {}
    lines = pd.DataFrame(
        {
            "Column": [column.name for column in columns],
            "Found": [KINDS[column.kind] for column in columns],
            "Type": [KINDS[known[column.name]] if column.name in known else AS_FOUND for column in columns],
        }
    )
    st.caption("The type of each column: click twice on one to change it. What does not fit then is missing.")
    edited = st.data_editor(
        lines,
        hide_index=True,
        disabled=["Column", "Found"],
        height=min(38 + 35 * len(lines), 250),
        column_config={
            "Type": st.column_config.SelectboxColumn(options=[AS_FOUND, *KINDS.values()], required=True),
        },
        # Other columns are other lines: what was chosen for the old ones must not fall on them.
        key=f"{PREFIX}kinds_{version.id}_{abs(hash(tuple(lines['Column'])))}",
    )
    by_words = {words: kind for kind, words in KINDS.items()}
    kinds = {
        name: by_words[words] for name, words in zip(edited["Column"], edited["Type"], strict=True) if words != AS_FOUND
    }
    return replace(choices, kinds=kinds)


def _choose_file(reading: Reading) -> dict[str, object]:
    chosen: dict[str, object] = {}
    if reading.members:
        files = dict(zip(reading.members, reading.members, strict=True))
        found = reading.member or "those that belong together"
        chosen["member"] = _select("File of the archive", "member", files, found)
    if reading.sheets:
        label = "Sheet" if reading.format == "Excel" else "List of records"
        chosen["sheet"] = _select(label, "sheet", dict(zip(reading.sheets, reading.sheets, strict=True)), reading.sheet)
    if reading.format == "CSV":
        left, right = st.columns(2)
        with left:
            chosen["delimiter"] = _select(
                "What separates the values", "delimiter", SEPARATORS, reading.delimiter, another=True
            )
        with right:
            known = dict(zip(ENCODINGS, ENCODINGS, strict=True))
            chosen["encoding"] = _select("Encoding of the letters", "encoding", known, reading.encoding, another=True)
    return chosen


def _choose_rows(reading: Reading) -> dict[str, object]:
    if reading.format not in ("CSV", "Excel"):
        return {}
    first, above, below = st.columns(3)
    with first:
        has_header = _select("The first row", "has_header", HEADER, reading.has_header)
    return {
        "has_header": has_header,
        "n_preamble": _number(above, "Lines above to leave out", "n_preamble", reading.n_preamble),
        "n_footer": _number(below, "Lines below to leave out", "n_footer", reading.n_footer),
    }


def _choose_values(reading: Reading) -> dict[str, object]:
    chosen: dict[str, object] = {}
    left, right = st.columns(2)
    with left:
        missing = st.multiselect(
            "Words that stand for nothing, besides the usual",
            MISSING,
            accept_new_options=True,
            key=f"{PREFIX}missing_words",
            placeholder="Choose or type, for example -999",
        )
    with right:
        kept = st.multiselect(
            "Real words, not to be taken for nothing",
            KEPT,
            accept_new_options=True,
            key=f"{PREFIX}kept_words",
            placeholder="Choose or type, for example NA",
        )
    if reading.format != "Parquet":
        left, right = st.columns(2)
        with left:
            chosen["decimal_comma"] = _select("One and a half is written", "decimal_comma", DECIMALS, None)
        with right:
            chosen["day_first"] = _select("03/04 means", "day_first", DAY_FIRST, None)
    return {**chosen, "missing_words": tuple(missing), "kept_words": tuple(kept)}


def _select(label: str, name: str, options: Mapping[object, str], found: object, *, another: bool = False) -> object:
    """Draw a field that may be empty: as found."""
    shown = options.get(found, str(found)) if found is not None else "each column by itself"
    return st.selectbox(
        label,
        list(options),
        index=None,
        format_func=lambda value: options.get(value, str(value)),
        placeholder=f"{AS_FOUND}: {shown}",
        accept_new_options=another,
        key=f"{PREFIX}{name}",
    )


def _number(place: st.delta_generator.DeltaGenerator, label: str, name: str, found: int) -> int | None:
    value: int | None = place.number_input(
        label, min_value=0, step=1, value=None, placeholder=f"{AS_FOUND}: {found}", key=f"{PREFIX}{name}"
    )
    return value
