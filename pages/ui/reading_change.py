"""Changing how a file was read: the fields, at once below them what would come of it, and the button that does it."""

import streamlit as st

from core import collect
from core.records import ColumnKind, DatasetVersion, ReadingChoices
from core.store import record_from_json, record_to_json
from pages.ui.errors import error_frame
from pages.ui.frame import run_again
from pages.ui.reading_choices import KINDS, choose_kinds, choose_reading
from pages.ui.state import person, store
from pages.ui.words import count, plain

MAX_NAMED = 6
N_ROWS = 30


@st.fragment
def change_reading(version: DatasetVersion, table: DatasetVersion) -> None:
    """Draw the choices for a version's file, its first rows as they would be, and what would differ.

    Parameters
    ----------
    version : DatasetVersion
        The version whose file it is.
    table : DatasetVersion
        The table of the project as it is now.
    """
    with error_frame():
        _show_original(version)
        choices = choose_reading(version)
        # The types are asked for the columns that these choices give.
        bare = _preview(version.id, record_to_json(choices))
        choices = choose_kinds(version, choices, bare.columns)
        preview = _preview(version.id, record_to_json(choices)) if choices.kinds else bare
        _show_preview(preview)
        _show_difference(version, preview)
        _offer(version, table, choices)


@st.cache_data(max_entries=40, show_spinner="Reading ...")
def _preview(dataset_id: str, choices: str) -> collect.Preview:
    return collect.preview_reading(store(), dataset_id, record_from_json(ReadingChoices, choices), n_rows=N_ROWS)


def _show_original(version: DatasetVersion) -> None:
    size = collect.original_bytes(store(), version.id)
    shown = f"{size / 1e6:,.1f} MB" if size >= 1e5 else f"{size / 1e3:,.1f} KB"
    st.caption(f"The file as it came ({shown}) is kept with the project and deleted with it.")
    if lines := collect.original_lines(store(), version.id):
        st.code("\n".join(lines), language=None, height=180)


def _show_preview(preview: collect.Preview) -> None:
    st.markdown("**So it would be: the first rows**")
    if preview.is_part:
        st.caption("The file is large: this is judged by its beginning. The whole of it is read when you say so.")
    st.dataframe(
        preview.frame, hide_index=True, height=240, key="collect_preview", alt="The first rows as they would be"
    )


def _show_difference(version: DatasetVersion, preview: collect.Preview) -> None:
    difference = preview.difference
    lines = []
    if difference.n_rows and difference.n_rows[0] != difference.n_rows[1]:
        before, after = difference.n_rows
        lines.append(f"{count(after, 'row')} in place of {before:,}.")
    for words, names in (("New", difference.new_columns), ("Gone", difference.gone_columns)):
        if names:
            lines.append(f"{words}: {count(len(names), 'column')} ({_names(names)}).")
    for name, before_kind, after_kind in difference.kinds[:MAX_NAMED]:
        lines.append(f"'{name}' holds {_kind(after_kind)} in place of {_kind(before_kind)}.")
    for name, n_before, n_after in difference.missing[:MAX_NAMED]:
        lines.append(f"'{name}': {n_after:,} missing in place of {n_before:,}.")
    n_more = max(len(difference.kinds) - MAX_NAMED, 0) + max(len(difference.missing) - MAX_NAMED, 0)
    if n_more:
        lines.append(f"{count(n_more, 'more difference')} of this kind.")
    unfit = [decision for decision in preview.reading.decisions if decision.code in ("unfit", "choice_unused")]
    lines += [f"{one.sentence.rstrip('.')} ({one.count:,}): {' · '.join(one.examples)}" for one in unfit[:MAX_NAMED]]
    if lines:
        st.markdown(
            f"**What would differ from version {version.number}**\n" + "\n".join(f"- {plain(line)}" for line in lines)
        )
    else:
        st.markdown(f"No rows, columns, types or missing values would differ from version {version.number}.")


def _offer(version: DatasetVersion, table: DatasetVersion, choices: ReadingChoices) -> None:
    known = version.reading.choices if version.reading else ReadingChoices()
    if version.id != table.id:
        st.caption("The whole file is read: rows kept back and changes made since would be in the table again.")
    if choices == known:
        st.caption("Nothing is chosen differently yet.")
    if not st.button(
        "Read it this way",
        type="primary",
        icon=":material/autorenew:",
        key="collect_read_again",
        disabled=choices == known,
    ):
        return
    if collect.original_bytes(store(), version.id) >= collect.LARGE_BYTES:
        collect.start_reading_again(store(), version.id, choices, by=person())
        run_again("The file is being read again.")
    with st.spinner("Reading ..."):
        new = collect.read_again(store(), version.id, choices, by=person())
    run_again(f"Version {new.number} holds the file read this way; the versions before it are kept.")


def _names(names: tuple[str, ...]) -> str:
    more = ", ..." if len(names) > MAX_NAMED else ""
    return ", ".join(f"'{name}'" for name in names[:MAX_NAMED]) + more


def _kind(kind: ColumnKind) -> str:
    return KINDS[kind].lower()
