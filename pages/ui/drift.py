"""Have the questions changed? Which columns that matter, one of them in detail, and whether the rows are in order."""

import streamlit as st

from core import charts, monitor
from core.records import ColumnDrift, DriftReport, QualityReport
from pages.ui.state import store
from pages.ui.words import count, plain

MODEBAR = {"displayModeBar": False}
MOST_LISTED = 8
N_ROWS_SHOWN = 50
ASKED_AT, ANSWER = "Asked at", "Answer"
MEASURES = {
    "psi": "PSI",
    "jensen_shannon": "Jensen-Shannon distance",
    "ks": "Kolmogorov-Smirnov, binned",
    "wasserstein": "Wasserstein, in the column's unit",
    "cramers_v": "Cramér's V",
}
SIGNALS = {
    "values": "how the values are spread",
    "missing": "missing values",
    "outside": "values outside all it learned from",
    "new": "categories never seen",
    "age": "age of the dates when asked about",
}


def show_drift(report: DriftReport) -> None:
    """Draw which columns have moved and matter, and one of them in detail."""
    st.subheader("Have the questions changed?")
    st.markdown(plain(report.sentence))
    if report.n_rows_future:
        st.caption(
            f"{count(report.n_rows_future, 'row')} bear a moment that has not come yet: a clock was wrong. "
            "They are left out until then."
        )
    if all(column.psi is None for column in report.columns):
        return
    left, right = st.columns([3, 2])
    with left:
        _show_overview(report)
    with right:
        _show_list(report)
    _show_rows(report, _show_column(report))


def _show_overview(report: DriftReport) -> None:
    if any(column.importance is not None for column in report.columns):
        st.caption(
            "Upward: how much the model leans on a column. To the right: how much its values changed. What is "
            "top right matters most; left of the dashed line a change is too small to matter."
        )
        figure = charts.drift_quadrant(report, threshold=monitor.PSI_FLOOR)
    else:
        figure = charts.drift_by_column(report, threshold=monitor.PSI_FLOOR)
    alt = f"How much each column changed: {report.n_drifted} of {len(report.columns)} clearly"
    st.plotly_chart(figure, key="monitor_drift", config=MODEBAR, alt=alt)


def _show_list(report: DriftReport) -> None:
    """Say each changed column in a sentence, the ones the model leans on first."""
    watched = [*report.drifted, *(one for one in (report.prediction, report.score) if one and one.outcome == "drifted")]
    for column in watched[:MOST_LISTED]:
        weight = "" if column.importance is None else f" :gray[({column.importance:.0%} of the importance)]"
        st.markdown(f":orange[:material/trending_up:] {plain(column.sentence)}{weight}")
    if len(watched) > MOST_LISTED:
        st.caption(f"And {count(len(watched) - MOST_LISTED, 'more column')}: choose one below.")
    if not watched and report.n_rows_missing:
        st.caption(f"{count(report.n_rows_missing, 'more row')} are needed before anything can be said for certain.")
    elif not watched:
        st.markdown(":green[:material/check_circle:] No column has clearly changed.")


def _show_column(report: DriftReport) -> str:
    """Draw one column: the rows learned from against the live ones; return its name, which the person chooses."""
    columns = {column.name: column for column in _most_changed_first(report)}
    chosen = st.selectbox("Look closer at", list(columns), key="monitor_column")
    column = columns[chosen]
    left, right = st.columns([3, 2])
    with left:
        st.plotly_chart(
            charts.reference_and_current(column),
            key="monitor_column_detail",
            config=MODEBAR,
            alt=f"{chosen}: rows it learned from against live rows",
        )
    with right:
        st.markdown(plain(column.sentence))
        if column.difference:
            st.markdown(plain(column.difference))
        st.caption(f"{count(column.n_rows, 'live row')}. {plain(column.smallest_sentence)}")
        _show_figures(column)
    return chosen


def _show_rows(report: DriftReport, name: str) -> None:
    """Show the newest questions as they came, the chosen column first."""
    box = st.expander("The newest questions", icon=":material/table_rows:", key="monitor_rows", on_change="rerun")
    if not box.open:
        return
    logged = [one.prediction for one in reversed(store().log.read(report.project_id, newest=N_ROWS_SHOWN))]
    asked = [one for one in logged if one.model_version_id == report.model_version_id]
    with box:
        if not asked:
            st.caption("None of them is kept: they are deleted after the time for which this project keeps them.")
            return
        rows = [{ASKED_AT: one.predicted_at, ANSWER: one.prediction, **one.inputs} for one in asked]
        names = sorted(rows[0], key=lambda one: (one != name, one not in (ASKED_AT, ANSWER)))
        st.dataframe(rows, hide_index=True, column_order=names, alt="The newest questions")


def _show_figures(column: ColumnDrift) -> None:
    with st.expander("All figures"):
        rows = [
            {
                "What": SIGNALS[signal.kind],
                "Before": None if signal.before is None else 100 * signal.before,
                "Now": None if signal.now is None else 100 * signal.now,
                "By chance alone": signal.p_value,
                "Changed": signal.drifted,
            }
            for signal in column.signals
        ]
        percent = st.column_config.NumberColumn(format="%.1f %%")
        settings = {"Before": percent, "Now": percent, "By chance alone": st.column_config.NumberColumn(format="%.2g")}
        st.dataframe(rows, hide_index=True, column_config=settings)
        measures = [{"Measure": MEASURES[name], "Value": value} for name, value in column.measures.items()]
        st.dataframe(measures, hide_index=True, column_config={"Value": st.column_config.NumberColumn(format="%.3g")})


def _most_changed_first(report: DriftReport) -> list[ColumnDrift]:
    answers = [one for one in (report.prediction, report.score) if one is not None]
    return sorted((*report.columns, *answers), key=lambda column: column.psi or 0.0, reverse=True)


def show_input_quality(report: QualityReport) -> None:
    """Say what is wrong with the rows that come in, and what was refused, with the data checks' codes."""
    st.subheader("Are the questions in order?")
    st.markdown(plain(report.sentence))
    colors = {"problem": ":red[:material/error:]", "note": ":gray[:material/info:]"}
    for finding in report.findings[:MOST_LISTED]:
        sign = colors.get(finding.outcome, "")
        st.markdown(f"{sign} {plain(finding.sentence)} :gray-badge[{finding.code}]")
    if len(report.findings) > MOST_LISTED:
        st.caption(f"And {count(len(report.findings) - MOST_LISTED, 'more finding')}.")
    if report.refusals:
        rows = [
            {"Requests": one.n_requests, "Why": one.sentence, "Column": one.column, "Key": one.key}
            for one in report.refusals
        ]
        with st.expander(f"Refused: {count(sum(one.n_requests for one in report.refusals), 'request')}"):
            st.dataframe(rows, hide_index=True)
