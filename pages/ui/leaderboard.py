"""Who is ahead, by how much, and how far each model is: as a sentence, a table and a chart."""

from collections.abc import Sequence

import streamlit as st

from core import charts, plan, train
from core.records import Candidate, Metric
from pages.ui.words import plain

STATES = {
    "waiting": "waiting",
    "running": "learning",
    "done": "done",
    "stopped": "stopped",
    "failed": "failed",
    "left_out": "left out",
}
TITLES = {family.key: family.title for family in train.FAMILIES}


def show_leaderboard(candidates: Sequence[Candidate], metric: Metric) -> None:
    """Draw the candidates of one run in the order given."""
    st.subheader("Leaderboard")
    st.markdown(_say_lead([one for one in candidates if one.score_mean is not None], metric.name))
    st.dataframe(
        [_row(candidate, metric) for candidate in candidates],
        hide_index=True,
        placeholder="",
        alt="Models with their state and score, the best first",
        column_config={
            "Progress": st.column_config.ProgressColumn(format="percent", width="small"),
            "Seconds": st.column_config.NumberColumn(format="%.1f"),
            "Rows": st.column_config.NumberColumn(format="localized"),
        },
    )
    noted = [candidate for candidate in candidates if candidate.note]
    if noted:
        with st.expander(f"What to know about {len(noted)} of them", icon=":material/info:", key="train_notes"):
            for candidate in noted:
                st.markdown(f"**{TITLES[candidate.family]}.** {plain(candidate.note)}")
    if any(candidate.score_mean is not None for candidate in candidates):
        st.plotly_chart(
            charts.leaderboard(candidates, metric, TITLES),
            key="train_leaderboard",
            config={"displayModeBar": False},
            alt="Score of each model, one point for each part of the rows, a diamond at the mean",
        )
        st.caption("Each pale point is one try on other rows: the closer together, the more the mean can be trusted.")


def _row(candidate: Candidate, metric: Metric) -> dict[str, object]:
    return {
        "Model": TITLES[candidate.family],
        metric.label: _say_score(candidate, metric.name),
        "State": STATES[candidate.status],
        "Progress": candidate.progress,
        "Rows": candidate.n_rows_used or None,
        "Seconds": candidate.fit_seconds,
    }


def _say_score(candidate: Candidate, metric: str) -> str:
    if candidate.score_mean is None:
        return ""
    spread = f" ± {plan.format_value(metric, candidate.score_sd)}" if candidate.score_sd is not None else ""
    return f"{plan.format_value(metric, candidate.score_mean)}{spread}"


def _say_lead(scored: Sequence[Candidate], metric: str) -> str:
    """Say who is ahead and what that means, set against the simple guess."""
    if not scored:
        return "The first results appear in a moment."
    best, guess = scored[0], next((one for one in scored if one.family == charts.BASELINE), None)
    if best is guess:
        return "**Nothing beats a simple guess so far.** Perhaps the columns say little about the target."
    told = f"**{TITLES[best.family]} is ahead.** {plan.say_value(metric, best.score_mean)}"
    return f"{told} A simple guess: {plan.format_value(metric, guess.score_mean)}." if guess else told
