"""Plan: the question, the target, how to measure success, what is good enough, what errors cost, who owns it."""

import streamlit as st

from core import plan
from core.records import DatasetVersion, Objective
from pages import ui
from pages.ui.objective import TASK_WORDS, choose_costs, choose_latency, choose_metric, choose_target, shown_minimum

store, project = ui.store(), ui.project()
objective = plan.current_objective(store, project.id)
table = store.newest(DatasetVersion, project_id=project.id, role="table")
ui.prefill(
    f"{project.id} {store.count(Objective, project_id=project.id)} {table.id if table else ''}",
    plan_question=objective.question,
    plan_owner=objective.owner,
    plan_target=objective.target if table and objective.target in table.column_names else None,
    plan_task=objective.task,
    plan_metric=plan.metric(objective.metric) if objective.metric else None,
    plan_minimum=shown_minimum(objective),
    plan_positive=objective.positive_label,
    plan_cost_false_positive=objective.cost_false_positive,
    plan_cost_false_negative=objective.cost_false_negative,
    plan_cost_error=objective.cost_error,
    plan_latency_limit_ms=objective.latency_limit_ms,
)

left, right = st.columns(2, gap="large")
changes: dict[str, object] = {}
with left:
    st.markdown("### What do you want to know?")
    changes["question"] = st.text_area(
        "The question, as you would ask a colleague",
        key="plan_question",
        placeholder="For example: Will this customer leave within three months?",
        max_chars=500,
    )
    changes["target"], guess = choose_target(objective, table)
    task = st.selectbox(
        "What the answer looks like",
        list(TASK_WORDS),
        format_func=lambda one: TASK_WORDS[one],
        key="plan_task",
        index=None,
        placeholder="Seen from the column to predict" if guess is None else TASK_WORDS[guess.task],
    )
    changes["task"] = task or (guess.task if guess else None)
    changes["owner"] = st.text_input("Who answers for it", key="plan_owner", placeholder="Name of the owner")
with right:
    st.markdown("### When is it good enough?")
    if changes["task"] is None:
        st.caption("This can be said once it is clear what the answer looks like.")
    else:
        metric, changes["minimum"] = choose_metric(changes["task"])
        changes["metric"] = metric.name
        changes |= choose_costs(changes["task"])
        changes["latency_limit_ms"] = choose_latency()
        if changes["task"] == "binary" and guess is not None:
            words = "Which answer counts as the case to find"
            changes["positive_label"] = st.selectbox(words, guess.classes, index=None, key="plan_positive")

if st.button("Save the plan", type="primary", icon=":material/save:", key="plan_save"):
    plan.change_objective(store, project.id, by=ui.person(), **changes)
    ui.run_again("The plan is saved.")
