"""Train: choose kinds of model and how long they may take; watch them learn; see who is ahead and by how much."""

import streamlit as st

from core import plan, prepare, train
from pages import ui
from pages.ui import leaderboard
from pages.ui.checks import say_open_problems

BUDGETS = {30: "30 seconds", 60: "1 minute", 120: "2 minutes", 300: "5 minutes", 900: "15 minutes", 3600: "1 hour"}

store = ui.store()
project = ui.project()
objective = plan.current_objective(store, project.id)
recipe = prepare.current_recipe(store, project.id)
if recipe is None:
    ui.stop_missing(
        "There is nothing to learn from yet.", "First make the table ready on Prepare data.", stage="prepare"
    )

ui.say_version(recipe.dataset_id, "What you train here learns from", stage="prepare")
say_open_problems()
job = ui.newest_job("train")
suited = [family for family in train.FAMILIES if recipe.task in family.tasks]
metrics = [metric.name for metric in plan.metrics_for(recipe.task)]
ui.prefill(
    f"{recipe.id} {objective.id}",
    train_metric=objective.metric if objective.metric in metrics else metrics[0],
)

with st.form("train_form"):
    left, right = st.columns(2)
    metric_name = left.selectbox(
        "What counts as good",
        metrics,
        format_func=lambda name: plan.metric(name).label,
        key="train_metric",
        help="Models are ranked by this. The choice comes from Plan project.",
    )
    budget_s = right.select_slider(
        "Time for all of them together", list(BUDGETS), value=120, format_func=BUDGETS.get, key="train_budget"
    )
    with st.expander(f"Kinds of model: {len(suited)} to choose from", icon=":material/category:"):
        chosen = []
        with st.grid(2, min_column_width=300):
            for family in suited:
                with st.container():
                    if st.checkbox(f"**{family.title}**", value=True, key=f"train_family_{family.key}"):
                        chosen.append(family.key)
                    st.caption(family.sentence)
        n_splits = st.segmented_control(
            "How often each kind is tried, each time on other rows",
            [3, 5, 10],
            default=5,
            required=True,
            key="train_n_splits",
        )
    started = st.form_submit_button(
        "Start training",
        type="primary",
        icon=":material/play_arrow:",
        disabled=job is not None and job.active,
        key="train_start",
    )
if started:
    train.start_training(
        store,
        project.id,
        families=tuple(chosen),
        metric=metric_name,
        budget_s=float(budget_s),
        n_splits=n_splits,
        by=ui.person(),
    )
    st.rerun()

live = ui.show_job(job, title="Training")


@st.fragment(run_every=1.5 if live else None)
def show_results() -> None:
    with ui.error_frame():
        run = train.current_run(store, project.id)
        if run is None:
            st.caption("Nothing has been trained yet. The models and their results will appear here.")
            return
        leaderboard.show_leaderboard(train.leaderboard(store, run.id), plan.metric(run.metric))
        ui.say_version(run.dataset_id, "These models learned from")


show_results()
run = train.current_run(store, project.id)
if run is not None and not live:
    ui.show_code("train", run.dataset_id, lambda own: train.training_script(store, run.id, from_file=own))
