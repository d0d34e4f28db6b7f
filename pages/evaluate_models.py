"""Evaluate: the untouched test rows decide. Which models take the exam, did they pass, and where do they err?"""

import streamlit as st

from core import charts, evaluate, plan, train
from pages import ui
from pages.ui.evaluation import say_looks, show_mistakes, show_verdict
from pages.ui.threshold import show_threshold

TITLES = {family.key: family.title for family in train.FAMILIES}
MODEBAR = {"displayModeBar": False}

store = ui.store()
project = ui.project()
objective = plan.current_objective(store, project.id)
run = train.current_run(store, project.id)
candidates = [found for found in train.leaderboard(store, run.id) if found.status == "done"] if run else []
if not candidates:
    ui.stop_missing("There is no model to test yet.", "Let some models learn on Train models first.", stage="train")

names = {candidate.id: TITLES[candidate.family] for candidate in candidates}
evaluations = {found.candidate_id: found for found in evaluate.list_evaluations(store, project.id)}
job = ui.newest_job("evaluate")
ui.prefill(run.id, evaluate_candidates=list(names)[:1])

with st.form("evaluate_form", border=True):
    chosen = st.multiselect(
        "Models that take the exam, the best on the leaderboard first",
        list(names),
        format_func=names.get,
        key="evaluate_candidates",
    )
    n_looks = evaluate.count_looks(store, run)
    st.caption(f"Choose few: a test that is repeated until something passes is no test any more. {say_looks(n_looks)}")
    started = st.form_submit_button(
        "Test on the rows set aside",
        type="primary",
        icon=":material/fact_check:",
        disabled=job is not None and job.active,
        key="evaluate_start",
    )
if started:
    evaluate.start_evaluation(store, project.id, candidate_ids=tuple(chosen), by=ui.person())
    st.rerun()
ui.show_job(job, title="Test")

tested = [evaluations[candidate_id] for candidate_id in names if candidate_id in evaluations]
if not tested:
    st.caption("No model of the newest training has been tested yet. Results will appear here.")
    st.stop()

shown_id = tested[0].candidate_id
if len(tested) > 1:
    ui.prefill(run.id, evaluate_shown=shown_id)
    shown_id = st.segmented_control(
        "Result of",
        [found.candidate_id for found in tested],
        required=True,
        format_func=names.get,
        key="evaluate_shown",
    )
shown = evaluations[shown_id]

show_verdict(shown, names[shown.candidate_id])
ui.say_version(shown.dataset_id, "It learned from and was tested on", stage="prepare")
with st.grid(4, min_column_width=170):
    for estimate in shown.metrics:
        st.metric(
            estimate.label,
            plan.format_value(estimate.name, estimate.value),
            border=True,
            height="stretch",
            help=plan.say_value(estimate.name, estimate.value),
            delta=f"between {plan.format_value(estimate.name, estimate.low)}"
            f" and {plan.format_value(estimate.name, estimate.high)}",
            delta_color="off",
            delta_arrow="off",
        )
st.caption(
    f"Measured on {ui.count(shown.n_rows_test, 'row')} that no model learned from. "
    "With other rows of the same kind, 95 times in 100 the value would lie in the range given."
)
show_threshold(shown)
show_mistakes(shown)

if len(tested) > 1:
    st.subheader("Side by side")
    metric = plan.metric(objective.metric or shown.metrics[0].name)
    st.plotly_chart(
        charts.compare(tested, metric, names),
        key="evaluate_compare",
        config=MODEBAR,
        alt=f"{metric.label} of each tested model with its range",
    )
    st.caption("Where the ranges overlap widely, the test cannot tell which model is better.")
ui.show_code(
    "evaluate", shown.dataset_id, lambda own: evaluate.evaluation_script(store, shown.candidate_id, from_file=own)
)
