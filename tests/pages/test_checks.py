"""Checks on Collect: problems first, fixes that say what they do, undo, and what is right so."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from streamlit.testing.v1 import AppTest

from core import collect, plan, prepare
from core.records import Project
from core.store import Store

Visit = Callable[..., AppTest]
Read = Callable[[AppTest], str]


def members(n_rows: int = 600) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    left = rng.choice(["yes", "no"], n_rows)
    frame = pd.DataFrame(
        {
            "years*": rng.uniform(18, 80, n_rows).round(2),
            "town": rng.choice(["Rome", "Oslo"], n_rows),
            "reason": np.where(left == "yes", rng.choice(["moved", "price"], n_rows), None),
            "mail": [f"m{n}@example.org" for n in range(n_rows)],
            "left": left,
        }
    )
    return pd.concat([frame, frame.iloc[:20]], ignore_index=True)


@pytest.fixture
def club(store: Store) -> Project:
    project = plan.create_project(store, "Club", by="Anna")
    data = pa.Table.from_pandas(members(), preserve_index=False)
    collect.add_table(store, project.id, data, filename="members.csv", by="Anna", source="upload")
    return project


def look(visit: Visit) -> AppTest:
    """Open Collect with the tab of the checks in front."""
    app = visit("collect_data", project="club", you="Ben")
    app.session_state["collect_tabs"] = "Checks"
    return app.run()


def buttons(app: AppTest) -> dict[str, str]:
    return {button.key: button.label for button in app.button if button.key}


def with_target(store: Store, club: Project) -> None:
    plan.change_objective(store, club.id, by="Anna", target="left", task="binary")


def test_problems_come_first_with_what_they_matter_and_what_shows_them(visit: Visit, read: Read, club: Project) -> None:
    app = look(visit)
    text = read(app)
    assert "2 problems" in text
    assert text.index("Repeated rows") < text.index("Columns that")
    assert "20 rows of 620 repeat an earlier row" in text
    assert "whose answer was told beforehand" in text
    assert "Rows that show it" in [panel.label for panel in app.expander]
    assert any(panel.label.startswith("Passed") for panel in app.expander)
    assert any(panel.label.startswith("Not applicable") for panel in app.expander)


def test_before_a_target_is_chosen_a_fix_of_the_recipe_says_that_first(visit: Visit, read: Read, club: Project) -> None:
    app = look(visit)
    fix = next(
        button for button in app.button if button.key == "collect_fix_FC204_0" or button.label.startswith("Leave out")
    )
    assert fix.disabled
    assert "First choose above which column to predict" in read(app)


def test_an_edit_is_made_said_and_undone(visit: Visit, read: Read, store: Store, club: Project) -> None:
    app = look(visit)
    assert buttons(app)["collect_fix_FC102_0"] == "Drop 20 repeated rows"
    app.button(key="collect_fix_FC102_0").click().run()
    assert collect.current_dataset(store, club.id).n_rows == 600
    text = read(app)
    assert "Rows that repeat an earlier one were dropped: 20 of 620, 600 are left." in text
    assert "What was done, by Ben" in text
    assert "collect_fix_FC102_0" not in buttons(app)
    app.button(key="collect_undo").click().run()
    assert collect.current_dataset(store, club.id).n_rows == 620
    assert "collect_fix_FC102_0" in buttons(app)
    assert "collect_undo" not in buttons(app)


def test_a_leak_is_left_out_of_the_recipe_with_one_click(visit: Visit, read: Read, store: Store, club: Project) -> None:
    with_target(store, club)
    app = look(visit)
    assert "Columns that give the answer away" in read(app)
    app.button(key="collect_fix_FC406_0").click().run()
    recipe = prepare.current_recipe(store, club.id)
    assert recipe is not None
    assert "reason" not in {column.name for column in prepare.feature_columns(recipe)}
    assert recipe.created_by == "Ben"
    assert "FC406" in " ".join(step.reason for step in recipe.steps)
    assert any(panel.label.startswith("Settled by the recipe") for panel in app.expander)
    assert "collect_fix_FC406_0" not in buttons(app)


def test_what_was_chosen_for_the_recipe_outlives_an_edit(visit: Visit, store: Store, club: Project) -> None:
    with_target(store, club)
    app = look(visit)
    app.button(key="collect_fix_FC406_0").click().run()
    app.button(key="collect_fix_FC102_0").click().run()
    recipe = prepare.current_recipe(store, club.id)
    assert recipe is not None
    assert recipe.dataset_id == collect.current_dataset(store, club.id).id
    assert "reason" not in {column.name for column in prepare.feature_columns(recipe)}
    app.button(key="collect_fix_FC601_0").click().run()
    recipe = prepare.current_recipe(store, club.id)
    assert recipe is not None
    assert "mail" not in {column.name for column in recipe.columns}
    assert "reason" not in {column.name for column in prepare.feature_columns(recipe)}
    prepare.preview_recipe(store, recipe)


def test_what_is_right_so_is_not_spoken_of_again_until_somebody_wishes(
    visit: Visit, read: Read, store: Store, club: Project
) -> None:
    app = look(visit)
    app.button(key="collect_accept_FC601").click().run()
    assert "1 problem," in read(app)
    assert "It is right so, says Ben." in read(app)
    app.button(key="collect_again_FC601").click().run()
    assert "2 problems" in read(app)


def test_other_pages_say_in_one_line_that_problems_are_open(
    visit: Visit, read: Read, store: Store, club: Project
) -> None:
    with_target(store, club)
    assert "of the data" not in read(visit("prepare_data", project="club"))  # nobody has looked yet
    look(visit)
    app = visit("prepare_data", project="club")
    assert "3 problems of the data are open" in read(app)
    assert "repeated rows" in read(app)
    assert "3 problems of the data are open" in read(visit("review_project", project="club"))
    prepare.save_recipe(store, prepare.propose_recipe(store, club.id, by="Anna"))
    assert "problems of the data are open" in read(visit("train_models", project="club"))


def test_a_clean_table_has_nothing_open(visit: Visit, read: Read, store: Store) -> None:
    project = plan.create_project(store, "Club", by="Anna")
    data = pa.Table.from_pandas(members().drop(columns=["mail", "reason"]).iloc[:600], preserve_index=False)
    collect.add_table(store, project.id, data, filename="members.csv", by="Anna", source="upload")
    assert "0 problems, 0 things to know" in read(look(visit))
