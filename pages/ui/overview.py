"""The first screen of Monitor: how the live model stands, in one sentence; and its life on one axis of time."""

import streamlit as st

from core import charts, monitor, plan, simulate
from core.records import (
    DriftPoint,
    DriftReport,
    Objective,
    Overview,
    OverviewState,
    QualityReport,
    TrafficReport,
    utc_now,
)
from pages.ui.navigation import link_to
from pages.ui.quality import TRUST
from pages.ui.simulate import shade_simulated
from pages.ui.state import store
from pages.ui.words import count, plain, say_ms

MODEBAR = {"displayModeBar": False}
LOOKS: dict[OverviewState, tuple[str, str]] = {
    "good": ("green", ":material/check_circle:"),
    "look": ("orange", ":material/visibility:"),
    "bad": ("red", ":material/error:"),
    "unknown": ("gray", ":material/help:"),
}
HEIGHT, WALL_HEIGHT = 640, 760
"""Of the chart, in pixels."""


Decided = tuple[str, int, str]


def what_is_decided(project_id: str) -> Decided:
    """Return the project, its newest release and its objective, by which recent looks are kept.

    A class of thirty who all watch must not pay for a look every time a page refreshes, so looks are kept for ten
    seconds. What was decided is part of the key: a decision shows at once.
    """
    live, objective = store().releases.current(project_id), store().newest(Objective, project_id=project_id)
    return project_id, live.generation if live else 0, objective.id if objective else ""


def recent_overview(decided: Decided) -> Overview:
    """Return how what is live stands; what is measured of it is at most ten seconds old, alerts are those of now."""
    return monitor.overview(store(), decided[0], _recently_measured(*decided))


@st.cache_data(ttl=10, max_entries=64, show_spinner=False)
def _recently_measured(project_id: str, generation: int, objective_id: str) -> monitor.Measured:
    del generation, objective_id
    return monitor.measure_live(store(), project_id, now=utc_now())


@st.cache_data(ttl=10, max_entries=64, show_spinner=False)
def _recent_past(project_id: str, generation: int) -> tuple[tuple[DriftPoint, ...], TrafficReport]:
    del generation
    return monitor.drift_history(store(), project_id), monitor.traffic(store(), project_id)


def recent_input_quality(decided: Decided) -> QualityReport:
    """Return whether the newest questions are in order, at most ten seconds old."""
    return _recent_quality(*decided[:2])


@st.cache_data(ttl=10, max_entries=64, show_spinner=False)
def _recent_quality(project_id: str, generation: int) -> QualityReport:
    del generation
    return monitor.quality(store(), project_id)


def show_standing(told: Overview, *, large: bool = False) -> None:
    """Say in one sentence whether it is still working and still worth it, and below it why."""
    color, icon = LOOKS[told.state]
    with st.container(border=True, key="monitor_standing"):
        st.markdown(f"{'#' if large else '##'} :{color}[{icon} {plain(told.headline)}]")
        below = f"{told.detail} {told.hint}".strip()
        if below:
            st.markdown(plain(below))
        if not large:
            with st.expander("Why?", key="monitor_reasons"):
                st.markdown("\n".join(f"* {plain(reason)}" for reason in told.reasons))
                link_to("retrain", "Think about retraining")


def show_figures(told: Overview) -> None:
    """Show five figures, each with its name in words."""
    performance, drift, traffic = told.performance, told.drift, told.traffic
    metric = plan.metric(performance.metric)
    newest = performance.latest
    expected = told.estimate.newest
    known = f"{performance.coverage:.0%}" if performance.n_predictions else "–"
    p95 = traffic.latency_p95_ms
    figures = (
        (
            metric.label,
            plan.format_value(metric.name, newest.value) if newest else "not known",
            f"measured by {count(performance.n_latest, 'label')}",
        ),
        (
            "Expected",
            plan.format_value(metric.name, expected.value) if expected and expected.value is not None else "–",
            TRUST[told.estimate.trust][1],
        ),
        ("Truth known", known, f"of {count(performance.n_predictions, 'answer')}"),
        ("Columns changed", *_say_changed(drift)),
        ("Slowest 5 of 100", "–" if p95 is None else say_ms(p95), "or longer, in the last hour"),
    )
    with st.grid(len(figures), min_column_width=140):
        for label, value, words in figures:
            with st.container(border=True, height="stretch"):
                st.metric(label, value)
                st.caption(words)


def _say_changed(drift: DriftReport) -> tuple[str, str]:
    """Return how many columns changed, and out of how many rows that was seen."""
    if drift.n_rows_missing:
        return "–", f"{count(drift.n_rows_missing, 'more row')} needed"
    return f"{drift.n_drifted} of {len(drift.columns)}", count(drift.n_rows, "newest row")


def show_history(told: Overview, decided: Decided, *, large: bool = False) -> None:
    """Draw quality, unknown truth, changed questions, traffic and what happened, on one axis of time."""
    metric = plan.metric(told.performance.metric)
    st.caption(
        f"{charts.name_unit(metric)}, over time, with the range the true value lies in 95 times in 100. Marks on top: "
        "what happened when."
    )
    project_id, generation, _ = decided
    events = (*monitor.live_events(store(), project_id), *simulate.known_faults(store(), project_id))
    shown = charts.History(told.performance, told.estimate, *_recent_past(project_id, generation), events)
    figure = charts.history(shown, metric, height=WALL_HEIGHT if large else HEIGHT)
    figure = shade_simulated(figure)
    words = f"{metric.label}, unknown truth, changed columns and traffic over time. {told.headline}"
    st.plotly_chart(figure, key="monitor_history", config=MODEBAR, alt=words)
