"""The versions of a project's table: where each came from, and how it differs from the one before or any other."""

import pandas as pd
import streamlit as st

from core import charts, collect
from core.records import DatasetVersion, Lineage, VersionDifference
from pages.ui.errors import error_frame
from pages.ui.state import prefill, store
from pages.ui.words import plain, say_moment

SHORT_HASH = 12
FULL_SCALE = 0.5
"""The size of a change that fills its bar: far beyond what is commonly called large (0.2)."""


@st.fragment
def show_versions(project_id: str) -> None:
    """Draw every version of a project's table and live stream, where they come from, and a comparison of two."""
    with error_frame():
        versions = collect.list_datasets(store(), project_id)
        lineage = collect.trace_lineage(store(), project_id)
        st.markdown("No version ever changes: a change makes a new one, and what was made with the old one names it.")
        st.plotly_chart(
            charts.lineage(lineage), width="content", key="collect_lineage", alt="Which version came from which"
        )
        if any(version.role == "stream" for version in versions):
            st.caption("Open diamonds are rows kept back to be played as live traffic.")
        _list(versions, lineage)
        _show_difference(versions)


def _list(versions: list[DatasetVersion], lineage: Lineage) -> None:
    names = {version.id: collect.name_version(version) for version in versions}
    made = {node.dataset_id: node.made for node in lineage.nodes}
    rows = [
        {
            "Version": names[version.id].capitalize(),
            "How it came about": made[version.id],
            "Rows": version.n_rows,
            "Columns": version.n_columns,
            "From": names.get(version.parent_id or "", ""),
            "By": version.created_by,
            "When (UTC)": version.created_at,
            "File": version.filename,
            "Hash (SHA-256)": version.sha256[:SHORT_HASH],
            "Note": version.note,
        }
        for version in reversed(versions)
    ]
    config = {
        "Version": st.column_config.TextColumn(pinned=True, width=100),
        "How it came about": st.column_config.TextColumn(width="large"),
        "Rows": st.column_config.NumberColumn(format="localized"),
        "Columns": st.column_config.NumberColumn(format="localized"),
        "When (UTC)": st.column_config.DatetimeColumn(format="D MMM YYYY, HH:mm"),
        "Hash (SHA-256)": st.column_config.TextColumn(help="Begins so; in full below"),
    }
    st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        column_config=config,
        key="collect_versions",
        alt="All versions of the table, the newest first",
    )


def _show_difference(versions: list[DatasetVersion]) -> None:
    """Draw the chosen version in full, and what is different in it against another one."""
    by_name = {collect.name_version(version).capitalize(): version for version in reversed(versions)}
    newest = next(name for name, version in by_name.items() if version.role == "table")
    st.markdown("#### What changed?")
    with st.container(horizontal=True):
        prefill(versions[-1].id, collect_version=newest)
        chosen = by_name[st.selectbox("Version", by_name, key="collect_version", width=200)]
        others = [name for name, version in by_name.items() if version.id != chosen.id]
        if others:
            before = collect.version_before(store(), chosen)
            start = next((name for name in others if before and by_name[name].id == before.id), others[0])
            prefill(f"{versions[-1].id} {chosen.id}", collect_version_with=start)
            other = by_name[st.selectbox("Against", others, key="collect_version_with", width=200)]
    with st.expander(f"{collect.name_version(chosen).capitalize()} in full"):
        st.markdown(f"{plain(chosen.filename)}, by {plain(chosen.created_by)}, {say_moment(chosen.created_at)}")
        st.caption("SHA-256 of its file: the same bytes have the same one, any change gives another.")
        st.code(chosen.sha256, language=None, wrap_lines=True)
    if others:
        _draw_difference(difference_of(chosen.id, other.id))
    else:
        st.caption("This is the only version so far: with the next one, you see here what changed.")


@st.cache_data(max_entries=32, show_spinner="Comparing the two versions ...")
def difference_of(dataset_id: str, with_id: str) -> VersionDifference:
    """Return what is different in a dataset version against another."""
    return collect.compare_versions(store(), dataset_id, with_id)


def _draw_difference(difference: VersionDifference) -> None:
    for sentence in difference.sentences:
        st.markdown(f"- {plain(sentence)}")
    if not difference.columns:
        return
    rows = [
        {"Column": one.name, "Moved": min(one.size, FULL_SCALE), "What changed": one.sentence}
        for one in difference.columns
    ]
    config = {
        "Column": st.column_config.TextColumn(pinned=True, width=150),
        "Moved": st.column_config.ProgressColumn(
            min_value=0,
            max_value=FULL_SCALE,
            format="%.2f",
            help="Population stability index: above 0.1 is commonly called a moderate, above 0.2 a large shift",
        ),
        "What changed": st.column_config.TextColumn(width="large"),
    }
    st.dataframe(
        pd.DataFrame(rows), hide_index=True, column_config=config, key="collect_moved", alt="What changed, by column"
    )
    names = [one.name for one in difference.columns]
    prefill(f"{difference.dataset_id} {difference.with_id}", collect_moved_column=names[0])
    name = st.selectbox("Look closer at", names, key="collect_moved_column")
    column = difference.columns[names.index(name)]
    st.markdown(plain(column.sentence))
    st.plotly_chart(charts.before_and_after(column), key="collect_moved_chart", alt=f"{column.name} before and now")
