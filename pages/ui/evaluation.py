"""One evaluation on the screen: the verdict in words, and where the model errs."""

import streamlit as st

from core import charts, plan
from core.records import Evaluation, Verdict
from pages.ui.navigation import link_to
from pages.ui.words import plain

VERDICTS = {
    "met": ":green[:material/verified: Good enough]",
    "not_met": ":red[:material/cancel: Not good enough]",
    "not_enough_data": ":orange[:material/help: Cannot tell yet]",
    "no_objective": ":gray[:material/flag: Nobody has said what is good enough]",
}
MODEBAR = {"displayModeBar": False}
MANY_LOOKS = 10


def show_verdict(evaluation: Evaluation, name: str) -> None:
    """Say in large words whether the plan is met, what the plan asks for, and what the model can and cannot do."""
    with st.container(border=True, key="evaluate_verdict"):
        st.markdown(f"## {VERDICTS[evaluation.verdict.outcome]}")
        st.markdown(f"**{name}.** {plain(evaluation.verdict.sentence)}")
        if evaluation.verdict.outcome == "no_objective":
            link_to("plan", "Say it on Plan project")
        st.markdown("\n".join(f"- {plain(sentence)}" for sentence in evaluation.sentences))
        st.caption(say_wanted(evaluation.verdict))


def say_wanted(verdict: Verdict) -> str:
    """Return what the plan asks for, in words; empty without an objective."""
    if verdict.metric is None or verdict.minimum is None:
        return ""
    metric = plan.metric(verdict.metric)
    bound = "at least" if metric.greater_is_better else "at most"
    return f"The plan asks for {bound} this: {plan.say_value(metric.name, verdict.minimum)}"


def show_mistakes(evaluation: Evaluation) -> None:
    """Draw where the model is right and wrong, and which columns it relies on."""
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("Where it is right and wrong")
        _show_answers(evaluation)
    if evaluation.roc is None and evaluation.precision_recall is None:
        with right:
            _show_importance(evaluation)
        return
    with right:
        _show_trade_off(evaluation)
    _show_importance(evaluation)


def _show_answers(evaluation: Evaluation) -> None:
    """Draw the answers against the truth: counts for classes, points for amounts."""
    if evaluation.confusion is not None:
        st.plotly_chart(
            charts.confusion(evaluation.confusion),
            key="evaluate_confusion",
            config=MODEBAR,
            alt="How many rows of each true class were given which answer",
        )
    if evaluation.actual:
        st.plotly_chart(
            charts.predicted_against_actual(evaluation),
            key="evaluate_actual",
            config=MODEBAR,
            alt="True values against the model's answers; on the line they agree",
        )


def _show_trade_off(evaluation: Evaluation) -> None:
    """Draw the two curves of a two-class model behind one switch."""
    curves = {
        "Found against false alarms": (evaluation.roc, charts.roc),
        "Found against right flags": (evaluation.precision_recall, charts.precision_recall),
    }
    drawn = {title: (curve, draw) for title, (curve, draw) in curves.items() if curve is not None}
    title = st.segmented_control(
        "Trade-off", list(drawn), default=next(iter(drawn)), required=True, key="evaluate_curve"
    )
    curve, draw = drawn[title]
    st.plotly_chart(draw(curve), key="evaluate_curve_chart", config=MODEBAR, alt=f"Trade-off: {title.lower()}")


def _show_importance(evaluation: Evaluation) -> None:
    if not evaluation.importance:
        return
    metric = plan.metric(evaluation.metrics[0].name)
    st.subheader("What it relies on")
    st.caption(
        f"Each column is shuffled in turn: the more is lost ({charts.name_unit(metric)}), "
        "the more the model relies on it."
    )
    st.plotly_chart(
        charts.importance(evaluation.importance, metric),
        key="evaluate_importance",
        config=MODEBAR,
        alt="Columns by how much the model relies on them",
    )


def say_looks(n_looks: int) -> str:
    """Return in words how often the rows set aside have been used for a test, and from many on what that means."""
    if not n_looks:
        return "These rows have not been looked at yet."
    said = f"These rows have been looked at {'once' if n_looks == 1 else f'{n_looks:,} times'}."
    if n_looks < MANY_LOOKS:
        return said
    return f"{said} The best of so many results flatters: before you rely on it, test on fresh rows."
