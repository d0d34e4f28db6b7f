"""What a person has changed in a recipe and not saved: kept for them alone, as long as it fits."""

from dataclasses import replace

import pytest

from core import plan, prepare
from core.records import Recipe, new_id, utc_now
from core.store import Store
from tests.visits import MakeRecipe, visits


@pytest.fixture
def recipe(make_recipe: MakeRecipe) -> Recipe:
    return make_recipe(visits(120), "comes")


@pytest.fixture
def changed(store: Store, recipe: Recipe) -> Recipe:
    """What Ada changed in the recipe."""
    changed = prepare.switch_step(recipe, "scale", False)
    changed = prepare.put_step(changed, prepare.make_step(changed, "bin", ["age"]))
    prepare.keep_draft(store, changed, by="Ada")
    return changed


def test_a_draft_comes_back_as_it_was_for_its_person_alone(store: Store, recipe: Recipe, changed: Recipe) -> None:
    found = prepare.find_draft(store, recipe, by="Ada")
    assert (found.steps, found.split) == (changed.steps, changed.split)
    assert prepare.is_changed(found, recipe)
    assert prepare.find_draft(store, recipe, by="Bob") is None


def test_the_newest_draft_counts_and_a_dropped_one_is_gone(store: Store, recipe: Recipe, changed: Recipe) -> None:
    prepare.keep_draft(store, prepare.switch_step(changed, "bin", False), by="Ada")
    steps = prepare.find_draft(store, recipe, by="Ada").steps
    assert next(step for step in steps if step.key == "bin").enabled is False
    prepare.drop_draft(store, recipe.project_id, by="Ada")
    assert prepare.find_draft(store, recipe, by="Ada") is None


def test_a_draft_for_another_target_or_table_does_not_fit(store: Store, recipe: Recipe, changed: Recipe) -> None:
    assert prepare.find_draft(store, replace(recipe, target="spends"), by="Ada") is None
    assert prepare.find_draft(store, replace(recipe, dataset_id=new_id()), by="Ada") is None


def test_a_recipe_that_anyone_saves_later_puts_a_draft_aside(store: Store, recipe: Recipe, changed: Recipe) -> None:
    newer = replace(recipe, id=new_id(), created_by="Bob", created_at=utc_now())
    prepare.save_recipe(store, newer)
    assert prepare.find_draft(store, newer, by="Ada") is None


def test_a_draft_that_cannot_be_read_is_none(store: Store, recipe: Recipe, changed: Recipe) -> None:
    store.files.draft(recipe.project_id, "Ada").write_text('{"steps": 1}', encoding="utf-8")
    assert prepare.find_draft(store, recipe, by="Ada") is None


def test_drafts_are_deleted_with_their_project(store: Store, recipe: Recipe, changed: Recipe) -> None:
    prepare.keep_draft(store, replace(changed, project_id="another"), by="Ada")
    plan.delete_project(store, recipe.project_id)
    assert not store.files.draft(recipe.project_id, "Ada").exists()
    assert store.files.draft("another", "Ada").exists()
