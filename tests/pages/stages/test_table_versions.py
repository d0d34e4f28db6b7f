"""What comes from a table names its version, and says so where there is a newer one, with the way on."""

import pytest

from core import records

PAGES = {
    "train_models": "What you train here learns from version 1 of the table",
    "evaluate_models": "It learned from and was tested on version 1 of the table",
    "deploy_model": "It learned from version 1 of the table",
}


def add_newer(world) -> None:
    columns = world.table.columns
    world.store.add(
        records.DatasetVersion(
            world.id, 2, "upload", "newer.csv", "2" * 64, 6000, columns, parent_id=world.table.id, created_by="Ben"
        )
    )


@pytest.mark.parametrize("page", PAGES)
def test_a_page_names_the_version_and_the_newer_one(world, open_page, text_of, page):
    world.go_live()
    told = text_of(open_page(page))
    assert PAGES[page] in told
    assert "newer" not in told
    add_newer(world)
    opened = open_page(page)
    assert "The table has a newer **version 2**, 6,000 rows." in text_of(opened)
    assert "Take it up on Prepare data" in [link.label for link in opened.page_link]


def test_the_retrain_page_names_the_tables_of_both_models(world, open_page, text_of):
    world.challenge()
    told = text_of(open_page("retrain_model"))
    assert "The live model learned from version 1 of the table" in told
    assert "The new one learned from version 1 of the table" in told


def test_the_review_page_says_which_table_the_model_learned_from(world, open_page, text_of):
    world.go_live()
    told = text_of(open_page("review_project"))
    assert "The model learned from version 1 of the table." in told
    assert "newer version" not in told
    add_newer(world)
    told = text_of(open_page("review_project"))
    assert "5,000 rows with 2 columns, from flights.csv." in told
    assert "There is a newer version 2 that it does not know." in told


def test_releases_and_laps_name_the_table(world, open_page, text_of):
    world.go_live()
    assert "Version 1 learned from version 1 of the table." in text_of(open_page("deploy_model"))
    laps = [frame.value for frame in open_page("retrain_model").dataframe if "Learned from" in frame.value.columns]
    assert laps[0]["Learned from"].tolist() == ["version 1 of the table"]
