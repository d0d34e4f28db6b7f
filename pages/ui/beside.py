"""What goes on beside the live version: a share, a silent challenger, a plan, a watch; and how to end each."""

from collections.abc import Callable
from datetime import datetime

import streamlit as st

from core import deploy, monitor, plan
from core.records import ChallengerReport, Deployment, MetricEstimate, ModelVersion, Objective, WatchReport, utc_now
from pages.ui.errors import error_frame
from pages.ui.release import name_model, promote_button, swap_button
from pages.ui.state import person, project, store
from pages.ui.words import plain, say_ago, say_moment

TITLES = {"canary": "answers a share of the questions", "shadow": "is asked silently"}


def show_beside(live: Deployment) -> None:
    """Draw everything that goes on beside what is live; nothing when nothing does."""
    if live.plan.schedule is not None:
        _show_schedule(live)
    if live.plan.watch is not None:
        _show_watch(live)
    if live.plan.canary is not None or live.plan.shadow is not None:
        show_challengers()


@st.cache_data(ttl=10, max_entries=64, show_spinner=False)
def _compare(project_id: str, generation: int, objective_id: str) -> tuple[ChallengerReport, ...]:
    """Return the comparison, at most ten seconds old: thirty people who watch must not pay for it each time."""
    del generation, objective_id
    return monitor.compare_challengers(store(), project_id)


@st.fragment(run_every=15)
def show_challengers() -> None:
    """Draw challengers beside the live version, looked up again every quarter of a minute."""
    with error_frame():
        live = store().releases.current(project().id)
        objective = store().newest(Objective, project_id=project().id)
        for report in _compare(project().id, live.generation, objective.id if objective else ""):
            _show_challenger(report, live)


def _show_challenger(report: ChallengerReport, live: Deployment) -> None:
    challenger = store().get(ModelVersion, report.challenger_id)
    champion = store().get(ModelVersion, report.live_id)
    with st.container(border=True, key=f"deploy_beside_{report.role}"):
        st.markdown(f"#### {name_model(challenger)} {TITLES[report.role]}")
        st.markdown(_say_since(report, live))
        with st.grid(4, min_column_width=150):
            if report.role == "shadow":
                alike = f"{report.agreement.value * 100:.0f} of 100" if report.agreement else "not known"
                st.metric("Same answer", alike, border=True)
            else:
                st.metric("Questions it was asked", f"{report.n_asked:,}", border=True)
            st.metric(f"Version {champion.number}", _say(report.live), border=True)
            st.metric(f"Version {challenger.number}", _say(report.challenger), border=True)
            if report.cost is not None:
                difference = report.cost.difference
                change = "Costs less by" if difference < 0 else "Costs more by"
                st.metric(change, f"{abs(difference):,.0f}", border=True)
        cost = "; cost of the mistakes in 1,000 answers" if report.cost is not None else ""
        st.caption(f"{plan.metric(report.metric).label} of both, where the truth is known{cost}.")
        for sentence in report.sentences:
            st.markdown(f"- {plain(sentence)}")
        _end_challenger(report, challenger)


def _say_since(report: ChallengerReport, live: Deployment) -> str:
    canary, shadow = live.plan.canary, live.plan.shadow
    if report.role == "canary" and canary is not None:
        said = f"{canary.share * 100:g} of 100 callers meet it"
        return f"{said}, since {say_moment(canary.started_at)}. Started by {plain(canary.started_by)}."
    if shadow is not None:
        return f"Since {say_moment(shadow.started_at)}, started by {plain(shadow.started_by)}. Nobody gets its answers."
    return ""


def _say(estimate: MetricEstimate | None) -> str:
    return plan.format_value(estimate.name, estimate.value) if estimate else "not known"


def _end_challenger(report: ChallengerReport, challenger: ModelVersion) -> None:
    if report.role == "canary":
        promote_button(challenger, key="deploy_canary_all", label="Let it answer everything")
        _end_button("Stop the share", "deploy_stop_canary", deploy.stop_canary)
    else:
        _end_button("Stop asking it", "deploy_stop_shadow", deploy.stop_shadow)


def _end_button(label: str, key: str, end: Callable[..., Deployment]) -> None:
    if swap_button(label, ":material/stop_circle:", key=key, main=False):
        with error_frame():
            end(store(), project().id, by=person(), seen_generation=st.session_state[f"{key}_seen"])
            st.rerun()


def _show_schedule(live: Deployment) -> None:
    planned = live.plan.schedule
    model = store().get(ModelVersion, planned.model_version_id)
    with st.container(border=True, key="deploy_beside_schedule"):
        st.markdown(f"#### {name_model(model)} goes live on {say_moment(planned.at)}")
        late = (
            "It is due and happens within seconds, as long as the job runner runs. " if planned.at < utc_now() else ""
        )
        watched = " It is watched from then on." if planned.rules else ""
        st.markdown(f"{late}Planned by {plain(planned.scheduled_by)}.{watched}")
        _end_button("Take the plan back", "deploy_cancel_schedule", deploy.cancel_schedule)


def _show_watch(live: Deployment) -> None:
    watch = live.plan.watch
    model = store().get(ModelVersion, watch.model_version_id)
    with st.container(border=True, key="deploy_beside_watch"):
        st.markdown(f"#### {name_model(model)} is being watched")
        back = "it stops by itself" if watch.back_to_id is None else f"{_name(watch.back_to_id)} becomes live again"
        st.markdown(f"{_say_until(watch.ends_at)} When it breaks a rule, {back}. Set by {plain(watch.started_by)}.")
        report: WatchReport | None = monitor.report_watch(store(), live)
        for sentence in (*report.broken, *report.measured) if report else ():
            st.markdown(f"- {plain(sentence)}")
        _end_button("End the watch", "deploy_end_watch", deploy.end_watch)


def _name(model_version_id: str) -> str:
    return f"version {store().get(ModelVersion, model_version_id).number}"


def _say_until(ends_at: datetime) -> str:
    return f"Until {say_moment(ends_at)}." if ends_at > utc_now() else f"It was over {say_ago(ends_at)}."
