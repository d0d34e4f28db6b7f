"""The decision threshold of a tested model of two classes: why it is this one, and the choice of another."""

import streamlit as st

from core import charts, evaluate, plan, report
from core.records import Candidate, DecisionThreshold, Evaluation, Objective
from pages.ui.errors import error_frame
from pages.ui.navigation import link_to
from pages.ui.state import newest_job, person, prefill, project, store
from pages.ui.words import count, plain

KEY = "evaluate_threshold"


def show_threshold(evaluation: Evaluation) -> None:
    """Say by which decision threshold a model was tested, and let the person try another and test by that."""
    if evaluation.roc is None:
        return
    candidate = store().get(Candidate, evaluation.candidate_id)
    threshold = evaluation.threshold
    if threshold is None or candidate.out_of_fold is None:
        st.caption(
            "It gives the likelier class: it was trained before a threshold could be chosen. Train again to choose."
        )
        return
    objective = plan.current_objective(store(), project().id)
    st.subheader(plain(f"When does it say '{threshold.positive_label}'?"))
    st.markdown(plain(f"{threshold.sentence} {threshold.reason}"))
    costs = report.expected_costs(objective, evaluation)
    if costs is not None:
        st.markdown(plain(f"On the test rows: {costs.sentence} {costs.comparison}"))
    else:
        link_to("plan", "Say on Plan project what mistakes cost")
    _say_changed(candidate, threshold, objective)
    prefill(evaluation.id, **{KEY: round(100 * threshold.value, 1)})
    _try_another(candidate, threshold, objective)


def _say_changed(candidate: Candidate, threshold: DecisionThreshold, objective: Objective) -> None:
    """Say so where the costs on Plan would now choose another one."""
    if threshold.chosen_by:
        return
    now = evaluate.choose_threshold(candidate.out_of_fold, objective)
    if now.value != threshold.value:
        st.info(
            plain(f"Tested again, this would hold: {now.sentence} {now.reason}"),
            title="The plan has changed since the test",
            icon=":material/history:",
        )


@st.fragment
def _try_another(candidate: Candidate, threshold: DecisionThreshold, objective: Objective) -> None:
    with error_frame():
        chances = candidate.out_of_fold
        curve = evaluate.cost_curve(chances, objective)
        if curve is not None:
            chart = st.empty()
        value = (
            st.slider(
                plain(f"Another threshold: say '{chances.positive_label}' from a chance of so many % on"),
                0.1,
                99.9,
                step=0.1,
                format="%.1f %%",
                key=KEY,
            )
            / 100
        )
        if curve is not None:
            chart.plotly_chart(
                charts.cost_by_threshold(curve, tested=threshold.value, looked_at=value),
                key=f"{KEY}_chart",
                config={"displayModeBar": False},
                alt="What mistakes cost at each threshold; lower is better",
            )
        seen = evaluate.see_consequences(chances, value, objective)
        st.markdown("\n".join(f"- {plain(sentence)}" for sentence in seen.sentences))
        st.caption(
            f"As cross-validation told of {count(seen.n_rows, 'training row')} while the model had not learned from "
            "them. The rows set aside are not looked at for this; a test by another threshold is one more look at them."
        )
        job = newest_job("evaluate")
        if st.button(
            "Test by this threshold",
            icon=":material/rule:",
            key=f"{KEY}_start",
            disabled=round(value, 3) == threshold.value or (job is not None and job.active),
        ):
            evaluate.start_evaluation(
                store(), project().id, candidate_ids=[candidate.id], by=person(), threshold=round(value, 3)
            )
            st.rerun()
