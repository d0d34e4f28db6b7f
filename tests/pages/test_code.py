"""Each page shows its work as a program, when asked."""

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from core import collect, plan, prepare
from core.records import Candidate, Project, TrainingRun
from core.store import Store

Visit = Callable[..., AppTest]
Read = Callable[[AppTest], str]
ROWS = "price,kind,returned\n" + "".join(
    f"{n % 7}.5,{'abc'[n % 3]},{'yes' if n % 4 == 0 else 'no'}\n" for n in range(80)
)


@pytest.fixture
def shop(store: Store) -> Project:
    project = plan.create_project(store, "Shop", by="Anna")
    path = store.files.upload("shop")
    path.write_text(ROWS, encoding="utf-8")
    collect.add_dataset(store, project.id, path, filename="shop.csv", by="Anna")
    plan.change_objective(store, project.id, by="Anna", target="returned", task="binary")
    return project


def open_code(app: AppTest, page: str) -> str:
    """Open the expander and return the program in it."""
    app.session_state[f"{page}_code"] = True
    app.run()
    assert not app.exception
    assert not app.error
    return app.code[0].value


def test_collect_shows_how_to_read_the_table(visit: Visit, shop: Project) -> None:
    app = visit("collect_data", project="shop")
    assert not app.code
    assert 'pd.read_parquet("shop_v1.parquet")' in open_code(app, "collect")
    assert {"collect_code_download", "collect_code_table"} <= {one.key for one in app.get("download_button")}


def test_prepare_shows_the_recipe_as_it_stands_on_the_screen(visit: Visit, shop: Project) -> None:
    app = visit("prepare_data", project="shop")
    assert "StandardScaler()" in open_code(app, "prepare")
    app.toggle(key="prepare_step_scale").set_value(False).run()
    assert "StandardScaler()" not in app.code[0].value


def test_train_shows_the_models_that_are_done(visit: Visit, store: Store, shop: Project) -> None:
    recipe = prepare.save_recipe(store, prepare.propose_recipe(store, shop.id, by="Anna"))
    run = store.add(TrainingRun(shop.id, recipe.dataset_id, recipe.id, "roc_auc", ("linear",), status="done"))
    app = visit("train_models", project="shop")
    app.session_state["train_code"] = True
    app.run()
    assert not app.exception
    assert not app.code
    known = {"status": "done", "fold_scores": (0.5, 0.6), "score_mean": 0.55, "n_rows_used": 64}
    store.add(Candidate(run.id, shop.id, "linear", **known))
    assert "LogisticRegression(" in open_code(visit("train_models", project="shop"), "train")


def test_the_program_starts_from_the_persons_own_file_when_asked(visit: Visit, read: Read, shop: Project) -> None:
    app = visit("collect_data", project="shop")
    open_code(app, "collect")
    app.segmented_control(key="collect_code_start").set_value(True).run()
    assert 'read_text("shop.csv", sep=",", header=0)' in app.code[0].value
    assert "collect_code_table" not in {one.key for one in app.get("download_button")}


def test_where_the_own_file_has_no_plain_code_the_reason_is_said(
    visit: Visit, read: Read, store: Store, shop: Project
) -> None:
    collect.keep_back_stream(store, collect.current_dataset(store, shop.id).id, share=0.3, by="Anna")
    app = visit("collect_data", project="shop")
    open_code(app, "collect")
    app.segmented_control(key="collect_code_start").set_value(True).run()
    assert not app.code
    assert "the table was changed since it was read" in read(app)
