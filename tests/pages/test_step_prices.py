"""Prepare: what each step is worth, from the button to the sentences."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from core import collect, plan, prepare
from core.records import Job, PriceList, Project, Recipe, StepPrice, new_id
from core.store import Store

Visit = Callable[..., AppTest]
Read = Callable[[AppTest], str]
ROWS = "price,kind,bought_on,returned\n" + "".join(
    f"{n % 7}.5,{'abc'[n % 3]},2026-{1 + n % 12:02}-{1 + n % 28:02},{'yes' if n % 4 == 0 else 'no'}\n"
    for n in range(200)
)


@pytest.fixture
def shop(store: Store) -> Project:
    project = plan.create_project(store, "Shop", by="Anna")
    path = store.files.upload("shop")
    path.write_text(ROWS, encoding="utf-8")
    collect.add_dataset(store, project.id, path, filename="shop.csv", by="Anna")
    plan.change_objective(store, project.id, by="Anna", target="returned", task="binary")
    return project


@pytest.fixture
def recipe(store: Store, shop: Project) -> Recipe:
    return prepare.save_recipe(store, prepare.propose_recipe(store, shop.id, by="Anna"))


def add_prices(store: Store, recipe: Recipe, **changes: object) -> PriceList:
    prices = (
        StepPrice(
            "scale", "Bring *numbers* to one scale", (0.03, 0.05), 0.04, 0.01, 0.01, 0.07, "helps", "Worth it: much."
        ),
        StepPrice("encode_few", "Make a column of each level", problem="It cannot be left out: no column is left."),
        StepPrice("dates", "Read parts off dates"),
    )
    known = PriceList(
        recipe.project_id, recipe.dataset_id, recipe.id, "linear", "roc_auc", 100, (0.7, 0.74), prices, 160, "Sampled."
    )
    return store.add(replace(known, **changes))


def test_a_recipe_that_is_not_saved_has_no_prices_yet(visit: Visit, read: Read, shop: Project) -> None:
    app = visit("prepare_data", project="shop")
    assert "Save the recipe first" in read(app)
    assert "prepare_price_start" not in {button.key for button in app.button}


def test_the_button_queues_the_work_with_what_was_chosen(
    visit: Visit, read: Read, store: Store, shop: Project, recipe: Recipe
) -> None:
    app = visit("prepare_data", project="shop", you="Anna")
    assert "Linear model: not tried yet" in read(app)
    app.selectbox(key="prepare_price_family").set_value("hist_gradient_boosting").run()
    app.button(key="prepare_price_start").click().run()
    job = store.newest(Job, project_id=shop.id, kind="price")
    assert (job.params["family"], job.params["budget_s"], job.created_by) == ("hist_gradient_boosting", 60.0, "Anna")
    assert job.params["recipe_id"] == recipe.id
    assert app.button(key="prepare_price_start").disabled
    assert "job_stop_price" in {button.key for button in app.button}


def test_each_price_is_a_sentence_and_the_sample_is_said(
    visit: Visit, read: Read, store: Store, recipe: Recipe
) -> None:
    add_prices(store, recipe)
    app = visit("prepare_data", project="shop")
    text = read(app)
    assert not app.error
    assert "Linear model with the whole recipe.** Shown one case of each kind, it tells which is which 72 times" in text
    assert r"**Bring \*numbers\* to one scale.** Worth it\: much." in text
    assert r"It cannot be left out\: no column is left." in text
    assert "**Read parts off dates.** Not tried yet." in text
    assert "Sampled." in text
    assert "earlier recipe" not in text


def test_prices_of_an_earlier_recipe_say_so(visit: Visit, read: Read, store: Store, recipe: Recipe) -> None:
    add_prices(store, recipe)
    prepare.save_recipe(store, replace(prepare.switch_step(recipe, "scale", False), id=new_id()))
    assert "These prices are of an earlier recipe." in read(visit("prepare_data", project="shop"))


def test_prices_of_another_kind_of_model_are_not_shown_as_this_ones(
    visit: Visit, read: Read, store: Store, recipe: Recipe
) -> None:
    add_prices(store, recipe, family="decision_tree")
    app = visit("prepare_data", project="shop")
    assert "Worth it" not in read(app)
    app.selectbox(key="prepare_price_family").set_value("decision_tree").run()
    assert "Worth it" in read(app)
