"""The parts of the plan's form: target, metric, least acceptable value, costs, all in words."""

import streamlit as st

from core import plan
from core.records import DatasetVersion, Metric, Objective, Task, TaskGuess
from pages.ui.tables import task_of
from pages.ui.words import plain

TASK_WORDS = {"binary": "Yes or no (one of two)", "multiclass": "Which kind (one of several)", "regression": "How much"}


def shown_minimum(objective: Objective) -> float | None:
    """Return the least acceptable value as people type it: 72 rather than 0.72."""
    if objective.minimum is None or objective.metric is None:
        return None
    return round(objective.minimum * _scale(plan.metric(objective.metric)), 6)


def _scale(metric: Metric) -> int:
    return 100 if metric.highest == 1.0 else 1


def _forget_minimum() -> None:
    """A value of one metric means nothing for another."""
    st.session_state["plan_minimum"] = None


def choose_target(objective: Objective, table: DatasetVersion | None) -> tuple[str | None, TaskGuess | None]:
    """Draw the choice of the column to predict; return it with what it asks for, as far as that can be seen."""
    if table is None:
        st.caption("The column to predict is chosen on Collect data, when there is a table.")
        return objective.target, None
    target = st.selectbox("Column to predict", table.column_names, index=None, key="plan_target", placeholder="Choose")
    if target is None:
        return None, None
    guess = task_of(table.id, target)
    st.caption(plain(guess.reason))
    return target, guess


def choose_metric(task: Task) -> tuple[Metric, float | None]:
    """Draw the choice of the metric and of the least acceptable value, both in words."""
    metrics = plan.metrics_for(task)
    if st.session_state.get("plan_metric") not in metrics:
        st.session_state["plan_metric"] = metrics[0]
    metric = st.selectbox(
        "How to measure how good it is",
        metrics,
        format_func=lambda one: one.label,
        key="plan_metric",
        on_change=_forget_minimum,
    )
    words = "The least value you accept" if metric.greater_is_better else "The largest error you accept"
    scale = _scale(metric)
    lowest = None if metric.lowest is None else metric.lowest * scale
    number = st.number_input(
        f"{words} (out of 100)" if scale == 100 else f"{words} (in the unit of the target)",
        min_value=lowest,
        max_value=100.0 if scale == 100 else None,
        value=None,
        step=1.0 if scale == 100 else None,
        key="plan_minimum",
        format="%g",
        placeholder="Not decided yet",
    )
    minimum = None if number is None else round(number / scale, 8)
    st.caption(plan.say_value(metric.name, minimum) if minimum is not None else metric.sentence.format(value="so many"))
    return metric, minimum


def choose_costs(task: Task) -> dict[str, float | None]:
    """Draw what each kind of error costs; the names are those of the objective's fields."""
    fields = {"cost_error": "A wrong answer costs" if task == "multiclass" else "Each unit of error costs"}
    if task == "binary":
        fields = {"cost_false_positive": "A false alarm costs", "cost_false_negative": "A missed case costs"}
    costs: dict[str, float | None] = {}
    for column, (name, words) in zip(st.columns(len(fields)), fields.items(), strict=True):
        costs[name] = column.number_input(
            words, min_value=0.0, value=None, key=f"plan_{name}", format="%g", placeholder="Not known"
        )
    chosen = " Both together choose from which chance on a model says it has found one." if task == "binary" else ""
    st.caption(f"In whatever unit you count in: money, minutes, complaints. It may stay empty.{chosen}")
    return costs


def choose_latency() -> float | None:
    """Draw how long an answer may take, in milliseconds; it may stay open."""
    limit: float | None = st.number_input(
        "An answer may take at most, in milliseconds (95 of 100 answers)",
        min_value=0.1,
        value=None,
        key="plan_latency_limit_ms",
        format="%g",
        placeholder="Not decided yet",
    )
    return limit
