"""Does the service do its work? In a sentence, by model version, and by key."""

import streamlit as st

from core import charts, monitor
from core.records import HealthPart, HealthReport
from pages.ui.errors import error_frame
from pages.ui.live import chosen_since
from pages.ui.state import project, store
from pages.ui.words import count, plain, say_ms

MOST_VERSIONS = 3
MOST_KEYS = 20


def show_health(*, key: str) -> None:
    """Draw how the service did over the time that is chosen on the page. `key` begins the widgets' keys."""
    box = st.expander("Health of the service", icon=":material/monitor_heart:", key=f"{key}_health", on_change="rerun")
    if not box.open:
        return
    with box, error_frame():
        report = monitor.health(store(), project().id, since=chosen_since())
        st.markdown(plain(report.sentence))
        if not report.versions:
            return
        _show_parts(report)
        st.caption("Time within which 95 of 100 requests were answered, in milliseconds, by model version")
        st.plotly_chart(
            charts.health(report),
            key=f"{key}_health_chart",
            config={"displayModeBar": False},
            alt="Time to answer over time, by model version",
        )
        _show_keys(report)


def _show_parts(report: HealthReport) -> None:
    """Draw a line a figure and a column a version: that fits on a telephone, too."""
    shown = report.versions[:MOST_VERSIONS]
    figures = [_figures(part) for part in (shown if len(report.versions) == 1 else (*shown, report.total))]
    st.table(
        [{"": name} | {part["Version"]: part[name] for part in figures} for name in list(figures[0])[1:]],
        alt="Requests, failures and times to answer, by model version",
        hide_index=True,
    )


def _figures(part: HealthPart) -> dict[str, str]:
    times = (part.latency_p50_ms, part.latency_p95_ms, part.latency_p99_ms)
    counts = {
        "Requests": part.n_requests,
        "Refused": part.n_refused,
        "Failed": part.n_errors,
        "Rows left to a person": part.n_abstained,
        "Rows not logged": part.n_dropped,
    }
    named = zip(("Half within", "95 of 100 within", "99 of 100 within"), times, strict=True)
    told = {name: "–" if value is None else say_ms(value) for name, value in named}
    return {"Version": part.name} | {name: f"{value:,}" for name, value in counts.items()} | told


def _show_keys(report: HealthReport) -> None:
    """Draw who asked: only where there are keys; and of each whose requests were refused, why."""
    parts = [key.part for key in report.keys[:MOST_KEYS]]
    if len(report.keys) > 1 or (parts and parts[0].n_requests < report.total.n_requests):
        st.markdown("**Who asks**")
        st.table(
            [_figures_of_key(part) for part in parts],
            alt="Requests, failures and times to answer, by key",
            hide_index=True,
        )
        st.caption("The dashboard's own questions are among those without a key.")
    refused = [key for key in report.keys if key.reasons]
    if not refused:
        st.caption("No request was refused in that time.")
        return
    st.markdown("**Whose requests are refused**")
    for key in refused:
        reasons = ", ".join(f"{plain(reason)}: {n:,}" for reason, n in key.reasons)
        st.markdown(f"- {plain(key.part.name)}: {count(key.part.n_refused, 'request')} ({reasons})")


def _figures_of_key(part: HealthPart) -> dict[str, str]:
    figures = _figures(part)
    shown = ("Requests", "Refused", "Failed", "Rows left to a person", "95 of 100 within")
    return {"Key": part.name, "Rows": f"{part.n_rows:,}"} | {name: figures[name] for name in shown}
