"""Prepare: the recipe in words, its switches, the split, and real rows before and after."""

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from core import collect, plan, prepare
from core.records import Project, Split
from core.store import Store

Visit = Callable[..., AppTest]
Read = Callable[[AppTest], str]
ROWS = "number,price,kind,always,bought_on,returned\n" + "".join(
    f"{n},{n % 7}.5,{'abc'[n % 3]},x,2026-{1 + n % 12:02}-{1 + n % 28:02},{'yes' if n % 4 == 0 else 'no'}\n"
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


def test_without_a_target_the_page_says_what_to_do(visit: Visit, read: Read, store: Store, shop: Project) -> None:
    plan.change_objective(store, shop.id, by="Anna", target=None, task=None)
    app = visit("prepare_data", project="shop")
    assert "which column to predict" in read(app)
    assert not app.error


def test_each_step_is_told_with_its_reason_and_a_switch(visit: Visit, read: Read, shop: Project) -> None:
    app = visit("prepare_data", project="shop")
    assert not app.error
    labels = " ".join(toggle.label for toggle in app.toggle)
    assert "Leave out columns that never change" in labels
    assert all(toggle.value for toggle in app.toggle)
    assert "the same value in every row" in read(app)


def test_a_saved_recipe_is_the_one_on_the_screen(visit: Visit, read: Read, store: Store, shop: Project) -> None:
    app = visit("prepare_data", project="shop", you="Anna")
    app.toggle(key="prepare_step_drop_constant").set_value(False).run()
    app.multiselect(key="prepare_drop").set_value(["price"]).run()
    app.radio(key="prepare_split").set_value("random").run()
    app.slider(key="prepare_test_share").set_value(30).run()
    app.button(key="prepare_save").click().run()
    assert not app.error
    saved = prepare.current_recipe(store, shop.id)
    assert saved is not None
    inputs = {column.name for column in prepare.feature_columns(saved)}
    assert "always" in inputs
    assert "price" not in inputs
    assert (saved.split.kind, saved.split.test_share, saved.created_by) == ("random", 0.3, "Anna")
    assert "This recipe is saved" in read(app)
    again = visit("prepare_data", project="shop")
    assert again.toggle(key="prepare_step_drop_constant").value is False
    assert again.multiselect(key="prepare_drop").value == ["price"]
    assert "This recipe is saved" in read(again)


def test_a_change_after_saving_is_not_saved_by_itself(visit: Visit, read: Read, store: Store, shop: Project) -> None:
    app = visit("prepare_data", project="shop")
    app.button(key="prepare_save").click().run()
    before = prepare.current_recipe(store, shop.id)
    app.slider(key="prepare_test_share").set_value(50).run()
    assert "the saved one is used until you save" in read(app)
    assert prepare.current_recipe(store, shop.id) == before


def change_everything(app: AppTest) -> AppTest:
    """Change a switch, the columns left out, the split, the steps and an option, and save nothing."""
    app.toggle(key="prepare_step_drop_constant").set_value(False).run()
    app.multiselect(key="prepare_drop").set_value(["kind"]).run()
    app.radio(key="prepare_split").set_value("time").run()
    app.selectbox(key="prepare_time").set_value("bought_on").run()
    app.slider(key="prepare_test_share").set_value(35).run()
    app.selectbox(key="prepare_add_kind").set_value("bin").run()
    app.multiselect(key="prepare_add_columns").set_value(["price"]).run()
    app.button(key="prepare_add_it").click().run()
    assert not app.error
    return app


def test_what_was_changed_and_not_saved_comes_back_when_the_page_is_loaded_again(
    visit: Visit, read: Read, store: Store, shop: Project
) -> None:
    app = change_everything(visit("prepare_data", project="shop", you="Anna"))
    labels = [toggle.label for toggle in app.toggle]
    again = visit("prepare_data", project="shop", you="Anna")
    assert [toggle.label for toggle in again.toggle] == labels
    assert again.toggle(key="prepare_step_drop_constant").value is False
    assert again.multiselect(key="prepare_drop").value == ["kind"]
    assert again.radio(key="prepare_split").value == "time"
    assert again.selectbox(key="prepare_time").value == "bought_on"
    assert again.slider(key="prepare_test_share").value == 35
    assert "Not saved yet. Your changes are kept under your name (Anna)" in read(again)
    assert prepare.current_recipe(store, shop.id) is None
    again.button(key="prepare_save").click().run()
    saved = prepare.current_recipe(store, shop.id)
    assert (saved.split.time_column, saved.split.test_share, saved.created_by) == ("bought_on", 0.35, "Anna")
    assert "bin" in {step.kind for step in saved.steps}
    for page in (again, visit("prepare_data", project="shop", you="Anna")):
        assert "Not saved yet" not in read(page)
        assert "This recipe is saved" in read(page)


def test_what_was_changed_comes_back_when_another_page_was_looked_at(visit: Visit, shop: Project) -> None:
    app = change_everything(visit("prepare_data", project="shop", you="Anna"))
    app.switch_page("pages/collect_data.py").run().switch_page("pages/prepare_data.py").run()
    assert app.toggle(key="prepare_step_drop_constant").value is False
    assert app.slider(key="prepare_test_share").value == 35


def test_changes_are_kept_for_the_person_who_made_them(visit: Visit, read: Read, shop: Project) -> None:
    change_everything(visit("prepare_data", project="shop", you="Anna"))
    other = visit("prepare_data", project="shop", you="Bob")
    assert other.toggle(key="prepare_step_drop_constant").value is True
    assert "Not saved yet" not in read(other)


def test_changes_are_thrown_away_for_good(visit: Visit, read: Read, store: Store, shop: Project) -> None:
    visit("prepare_data", project="shop", you="Anna").button(key="prepare_save").click().run()
    saved = prepare.current_recipe(store, shop.id)
    app = change_everything(visit("prepare_data", project="shop", you="Anna"))
    assert "the saved one is used until you save this one" in read(app)
    app.button(key="prepare_forget").click().run()
    for page in (app, visit("prepare_data", project="shop", you="Anna")):
        assert page.toggle(key="prepare_step_drop_constant").value is True
        assert page.multiselect(key="prepare_drop").value == []
        assert page.radio(key="prepare_split").value == saved.split.kind
        assert "Not saved yet" not in read(page)
        assert "This recipe is saved" in read(page)


def test_a_change_that_is_taken_back_is_no_change(visit: Visit, read: Read, shop: Project) -> None:
    app = visit("prepare_data", project="shop", you="Anna")
    app.toggle(key="prepare_step_scale").set_value(False).run()
    assert "Not saved yet" in read(app)
    app.toggle(key="prepare_step_scale").set_value(True).run()
    for page in (app, visit("prepare_data", project="shop", you="Anna")):
        assert "Not saved yet" not in read(page)


def test_changes_to_the_recipe_of_an_older_table_do_not_come_back(
    visit: Visit, read: Read, store: Store, shop: Project
) -> None:
    change_everything(visit("prepare_data", project="shop", you="Anna"))
    path = store.files.upload("newer")
    path.write_text(ROWS + "200,1.5,a,x,2026-01-01,no\n", encoding="utf-8")
    collect.add_dataset(store, shop.id, path, filename="shop.csv", by="Anna")
    app = visit("prepare_data", project="shop", you="Anna")
    assert app.toggle(key="prepare_step_drop_constant").value is True
    assert "Not saved yet" not in read(app)


def test_columns_left_out_by_hand_come_back(visit: Visit, store: Store, shop: Project) -> None:
    app = visit("prepare_data", project="shop")
    app.multiselect(key="prepare_drop").set_value(["price"]).run()
    app.button(key="prepare_save").click().run()
    app.multiselect(key="prepare_drop").set_value([]).run()
    app.button(key="prepare_save").click().run()
    saved = prepare.current_recipe(store, shop.id)
    assert saved is not None
    assert "price" in {column.name for column in prepare.feature_columns(saved)}


def test_real_rows_are_shown_before_and_after(visit: Visit, shop: Project) -> None:
    app = visit("prepare_data", project="shop")
    before, after = app.dataframe[0].value, app.dataframe[1].value
    assert "returned" in before.columns
    assert "returned" not in after.columns
    assert len(before) == len(after) == 5
    app.multiselect(key="prepare_drop").set_value(["kind"]).run()
    assert len(app.dataframe[1].value.columns) < len(after.columns)


def test_a_split_by_time_needs_its_column(visit: Visit, read: Read, shop: Project) -> None:
    app = visit("prepare_data", project="shop")
    app.selectbox(key="prepare_time").set_value(None) if "prepare_time" in {s.key for s in app.selectbox} else None
    app.radio(key="prepare_split").set_value("time").run()
    app.selectbox(key="prepare_time").set_value("bought_on").run()
    app.button(key="prepare_save").click().run()
    assert not app.error


def test_the_order_of_the_file_can_say_when(visit: Visit, store: Store, shop: Project) -> None:
    app = visit("prepare_data", project="shop")
    app.radio(key="prepare_split").set_value("time").run()
    app.selectbox(key="prepare_time").set_value("").run()
    app.button(key="prepare_save").click().run()
    assert not app.error
    saved = prepare.current_recipe(store, shop.id)
    assert saved is not None
    assert (saved.split.kind, saved.split.time_column) == ("time", None)
    again = visit("prepare_data", project="shop")
    assert again.selectbox(key="prepare_time").value == ""


def test_the_split_that_retraining_chose_is_shown_as_it_is(
    visit: Visit, read: Read, store: Store, shop: Project
) -> None:
    recipe = prepare.propose_recipe(store, shop.id, by="Anna")
    prepare.save_recipe(store, prepare.change_split(recipe, Split("newest", 0.2, n_newest=40)))
    app = visit("prepare_data", project="shop")
    assert app.radio(key="prepare_split").value == "newest"
    text = read(app)
    assert "The last 40 rows of the table" in text
    assert "This recipe is saved" in text


def test_a_split_by_group_needs_its_column(visit: Visit, read: Read, store: Store, shop: Project) -> None:
    app = visit("prepare_data", project="shop")
    app.radio(key="prepare_split").set_value("group").run()
    assert "names the customer, patient or machine" in read(app)
    app.selectbox(key="prepare_group").set_value("price").run()
    app.button(key="prepare_save").click().run()
    assert not app.error
    saved = prepare.current_recipe(store, shop.id)
    assert saved is not None
    assert (saved.split.kind, saved.split.group_column) == ("group", "price")


def test_a_split_that_misleads_is_warned_of_until_another_is_chosen(
    visit: Visit, read: Read, store: Store, shop: Project
) -> None:
    path = store.files.upload("clients")
    rows = (f"{n % 40},{(n % 40) * 3 + n % 2},{'yes' if n % 40 < 15 else 'no'}" for n in range(400))
    path.write_text("client id,size,returned\n" + "\n".join(rows), encoding="utf-8")
    collect.add_dataset(store, shop.id, path, filename="clients.csv", by="Anna")
    app = visit("prepare_data", project="shop")
    assert "Rows with the same 'client id' mostly have the same answer" in read(app)
    app.radio(key="prepare_split").set_value("group").run()
    app.selectbox(key="prepare_group").set_value("client id").run()
    assert "mostly have the same answer" not in read(app)


def open_options(app: AppTest, key: str) -> None:
    app.session_state[f"prepare_options_{key}"] = True
    app.run()


def test_a_step_is_added_changed_and_saved(visit: Visit, read: Read, store: Store, shop: Project) -> None:
    app = visit("prepare_data", project="shop")
    app.selectbox(key="prepare_add_left").set_value("price").run()
    app.selectbox(key="prepare_add_right").set_value("bought_on (day)").run()
    app.button(key="prepare_add_it").click().run()
    assert "Add price / bought\\_on (day)" in " ".join(toggle.label for toggle in app.toggle)
    open_options(app, "combine")
    app.selectbox(key="prepare_combine_operation").set_value("product").run()
    app.button(key="prepare_save").click().run()
    assert not app.error
    saved = prepare.current_recipe(store, shop.id)
    assert saved is not None
    step = next(step for step in saved.steps if step.key == "combine")
    assert (step.title, step.columns) == ("Add price * bought_on (day)", ("price", "bought_on (day)"))
    assert "This recipe is saved" in read(app)


def test_a_step_is_removed_and_the_proposed_recipe_comes_back(visit: Visit, read: Read, shop: Project) -> None:
    app = visit("prepare_data", project="shop")
    proposed = [toggle.label for toggle in app.toggle]
    app.selectbox(key="prepare_add_kind").set_value("bin").run()
    app.multiselect(key="prepare_add_columns").set_value(["price"]).run()
    app.button(key="prepare_add_it").click().run()
    app.button(key="prepare_save").click().run()
    open_options(app, "bin")
    app.button(key="prepare_remove_bin").click().run()
    assert [toggle.label for toggle in app.toggle] == proposed
    app.toggle(key="prepare_step_scale").set_value(False).run()
    app.button(key="prepare_proposal").click().run()
    assert [toggle.label for toggle in app.toggle] == proposed
    assert app.toggle(key="prepare_step_scale").value is True
    assert "This recipe is saved" not in read(app)


def test_options_are_told_in_words_and_what_cannot_be_is_refused(visit: Visit, read: Read, shop: Project) -> None:
    app = visit("prepare_data", project="shop")
    open_options(app, "impute_numbers")
    app.selectbox(key="prepare_impute_numbers_strategy").set_value("constant").run()
    app.number_input(key="prepare_impute_numbers_fill_value").set_value(-1.0).run()
    assert "-1 stands in for a missing number" in read(app)
    app.session_state["prepare_options_impute_numbers"] = False
    app.run()
    assert "-1 stands in for a missing number" in read(app)
    open_options(app, "impute_numbers")
    assert app.number_input(key="prepare_impute_numbers_fill_value").value == -1
    app.selectbox(key="prepare_add_kind").set_value("bin").run()
    app.multiselect(key="prepare_add_columns").set_value(["price"]).run()
    app.button(key="prepare_add_it").click().run()
    open_options(app, "bin")
    app.selectbox(key="prepare_bin_method").set_value("borders").run()
    app.text_input(key="prepare_bin_borders").set_value("1, many").run()
    assert "not all numbers" in read(app)
    app.text_input(key="prepare_bin_borders").set_value("1, 3").run()
    assert not app.error
    assert "between 1, 3" in read(app)


def test_looking_back_is_offered_with_a_split_by_time_only(
    visit: Visit, read: Read, store: Store, shop: Project
) -> None:
    app = visit("prepare_data", project="shop")
    app.selectbox(key="prepare_add_kind").set_value("look_back").run()
    assert "First split the rows by time" in read(app)
    app.radio(key="prepare_split").set_value("time").run()
    app.selectbox(key="prepare_time").set_value("bought_on").run()
    app.multiselect(key="prepare_add_earlier").set_value(["price", "returned"]).run()
    app.button(key="prepare_add_it").click().run()
    app.button(key="prepare_save").click().run()
    assert not app.error
    saved = prepare.current_recipe(store, shop.id)
    assert saved is not None
    assert {"price (1 before)", "returned (1 before)"} <= {one.name for one in prepare.feature_columns(saved)}
    assert saved.split.time_column == "bought_on"


def test_opening_the_options_changes_nothing(visit: Visit, read: Read, store: Store, shop: Project) -> None:
    recipe = prepare.propose_recipe(store, shop.id, by="Anna")
    recipe = prepare.change_split(recipe, Split("time", time_column="bought_on"))
    for kind, columns in (
        ("cap", ["price"]),
        ("bin", ["price"]),
        ("remove_rows", ["price"]),
        ("look_back", ["returned"]),
    ):
        recipe = prepare.put_step(recipe, prepare.make_step(recipe, kind, columns))
    recipe = prepare.put_step(recipe, prepare.make_step(recipe, "combine", ["price", "bought_on (day)"]))
    recipe = prepare.save_recipe(store, recipe)
    app = visit("prepare_data", project="shop")
    for step in recipe.steps:
        open_options(app, step.key)
    assert not app.error
    assert "This recipe is saved and will be used" in read(app)
