"""Plan: what a person says about the project is stored, in the words and figures they typed."""

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from core import plan
from core.records import Project
from core.store import Store

Visit = Callable[..., AppTest]
Read = Callable[[AppTest], str]


@pytest.fixture
def wine(store: Store) -> Project:
    return plan.create_project(store, "Wine", by="Anna")


def test_a_plan_is_stored_as_typed(visit: Visit, store: Store, wine: Project) -> None:
    app = visit("plan_project", project="wine", you="Anna")
    app.text_area(key="plan_question").set_value("Which wine is it?")
    app.selectbox(key="plan_task").set_value("multiclass").run()
    app.number_input(key="plan_minimum").set_value(72.0)
    app.number_input(key="plan_cost_error").set_value(3.0)
    app.text_input(key="plan_owner").set_value("Olga")
    app.button(key="plan_save").click().run()
    assert not app.error
    saved = plan.current_objective(store, wine.id)
    assert (saved.question, saved.task, saved.metric, saved.minimum) == (
        "Which wine is it?",
        "multiclass",
        "balanced_accuracy",
        0.72,
    )
    assert (saved.cost_error, saved.owner, saved.created_by) == (3.0, "Olga", "Anna")


def test_a_saved_plan_is_there_again_after_reload(visit: Visit, store: Store, wine: Project) -> None:
    plan.change_objective(
        store, wine.id, by="Anna", question="Which?", task="multiclass", metric="accuracy", minimum=0.9
    )
    app = visit("plan_project", project="wine")
    assert app.text_area(key="plan_question").value == "Which?"
    assert app.selectbox(key="plan_metric").value == plan.metric("accuracy")
    assert app.number_input(key="plan_minimum").value == 90


def test_what_was_typed_for_one_project_does_not_show_for_another(visit: Visit, store: Store, wine: Project) -> None:
    tumours = plan.create_project(store, "Tumours", by="Anna")
    plan.change_objective(store, tumours.id, by="Anna", question="Malignant?")
    app = visit("plan_project", project="wine")
    app.text_area(key="plan_question").set_value("Half typed").run()
    app.selectbox(key="project").set_value("tumours").run()
    assert app.text_area(key="plan_question").value == "Malignant?"


def test_another_metric_forgets_the_least_value(visit: Visit, store: Store, wine: Project) -> None:
    plan.change_objective(store, wine.id, by="Anna", task="regression", metric="r2", minimum=0.5)
    app = visit("plan_project", project="wine")
    app.selectbox(key="plan_metric").set_value(plan.metric("neg_mean_absolute_error")).run()
    assert app.number_input(key="plan_minimum").value is None
    assert "unit of the target" in app.number_input(key="plan_minimum").label


def test_costs_are_asked_by_kind_of_error(visit: Visit, wine: Project) -> None:
    app = visit("plan_project", project="wine")
    app.selectbox(key="plan_task").set_value("binary").run()
    assert {field.key for field in app.number_input} >= {"plan_cost_false_positive", "plan_cost_false_negative"}
    app.selectbox(key="plan_task").set_value("regression").run()
    assert "plan_cost_error" in {field.key for field in app.number_input}


def test_the_least_value_is_said_in_words(visit: Visit, read: Read, wine: Project) -> None:
    app = visit("plan_project", project="wine")
    app.selectbox(key="plan_task").set_value("binary").run()
    app.number_input(key="plan_minimum").set_value(70.0).run()
    assert "it tells which is which 70 times in 100" in read(app)
