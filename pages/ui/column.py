"""One column of a table, closely: sentences first, then pictures, then the values at its ends."""

import pandas as pd
import streamlit as st

from core import charts
from core.records import ColumnDetail, ColumnProfile, Extreme, TargetRelations, Twins
from pages.ui.tables import detail_of, rows_of
from pages.ui.words import plain

TOO_MUCH = 0.98
"""A picture by group shows nothing where one group holds so much of all rows."""


def show_column(
    dataset_id: str, column: ColumnProfile, relations: TargetRelations | None, twins: tuple[Twins, ...]
) -> None:
    """Draw one column: what stands out, its distribution, how it tells the target, its twins and its ends."""
    detail = detail_of(dataset_id, column.name)
    st.markdown(f"#### {plain(column.name)}")
    st.markdown(plain(" ".join(detail.sentences)))
    if column.kind == "text" and detail.lengths:
        st.caption("Texts hardly repeat: this is how long they are.")
        st.plotly_chart(charts.lengths(detail), key="collect_lengths", alt=f"Lengths of {column.name}")
    elif column.distribution.counts:
        st.plotly_chart(charts.distribution(column), key="collect_chart", alt=f"Distribution of {column.name}")
    _show_relation(column.name, relations)
    for group in twins:
        if column.name in group.columns:
            st.markdown(f":material/content_copy: {plain(group.sentence)}")
    if detail.lengths and column.kind != "text":
        with st.expander("How long they are"):
            chart = charts.lengths(detail)
            st.plotly_chart(chart, key="collect_lengths", alt=f"Lengths of {column.name}")
    _show_gaps(detail)
    _show_ends(dataset_id, detail)


def _show_relation(name: str, relations: TargetRelations | None) -> None:
    relation = relations.relation(name) if relations else None
    if relations is None or relation is None:
        return
    st.markdown(f"**And the target, {plain(relations.target)}?** {plain(relation.sentence)}")
    if relations.n_rows < relations.n_rows_known:
        st.caption(f"Seen on {relations.n_rows:,} of {relations.n_rows_known:,} rows, taken at random.")
    if relation.groups and max(group.n_rows for group in relation.groups) < TOO_MUCH * relations.n_rows:
        chart = charts.target_by_group(relation, relations)
        st.plotly_chart(chart, key="collect_target_chart", alt=f"{relations.target} by {name}")


def _show_gaps(detail: ColumnDetail) -> None:
    if detail.gaps:
        with st.expander("The longest times without a row"):
            st.table(pd.DataFrame([{"From": gap.start, "To": gap.end} for gap in detail.gaps]), hide_index=True)


def _show_ends(dataset_id: str, detail: ColumnDetail) -> None:
    """Draw the values at both ends with the rows they stand in, and these rows in full when asked."""
    if not detail.lowest:
        return
    first, last = {"number": ("Smallest", "Largest"), "date": ("Earliest", "Latest")}.get(
        detail.kind, ("Shortest", "Longest")
    )
    with st.expander(f"{first} and {last.lower()} values", key="collect_ends", on_change="rerun") as ends:
        if not ends.open:
            return
        st.dataframe(
            pd.DataFrame(
                [
                    {first: low.value, "In row": low.row, last: high.value, "In row ": high.row}
                    for low, high in zip(detail.lowest, detail.highest, strict=True)
                ]
            ),
            hide_index=True,
            key="collect_ends_values",
            alt=f"{first} and {last.lower()} values",
        )
        st.caption("These rows in full:")
        rows = _numbers((*detail.lowest, *detail.highest))
        st.dataframe(rows_of(dataset_id, rows), key="collect_ends_rows", alt="The rows of these values")


def _numbers(ends: tuple[Extreme, ...]) -> tuple[int, ...]:
    return tuple(dict.fromkeys(extreme.row for extreme in ends))
