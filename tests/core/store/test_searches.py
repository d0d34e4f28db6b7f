"""What pages and alerts look up in the log goes along an index, so that it takes as long however long the log is."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import event

from core.records import Prediction, utc_now
from core.store import Store, answers_between, label_times, newest_label_at, newest_labelled, open_store

SEARCHES: dict[str, tuple[Callable[[Store], object], str]] = {
    "newest known answers": (lambda store: store.log.labelled_answers("p", newest=9), "label"),
    "newest known answers of a version": (
        lambda store: store.log.labelled_answers("p", newest=9, model_version_id="m"),
        "label",
    ),
    "newest rows with a label": (lambda store: store.log.read("p", labelled_only=True, newest=9), "label"),
    "newest rows": (lambda store: store.log.read("p", newest=9), "prediction"),
    "newest labelled rows of a version": (lambda store: newest_labelled(store, "p", "m", newest=9), "label"),
    "rows of a stretch": (
        lambda store: answers_between(store, "p", "m", [utc_now(), utc_now()], limit=9),
        "prediction",
    ),
    "rows between moments": (lambda store: store.log.count_between("p", utc_now(), utc_now()), "window"),
    "how much was asked": (lambda store: store.log.coverage("p"), "window"),
    "whether anything was asked": (lambda store: store.log.has_answers("p"), "window"),
    "newest label": (lambda store: newest_label_at(store, "p"), "label"),
    "delays of labels": (lambda store: label_times(store, "p", newest=9), "label"),
    "receipt": (lambda store: store.newest(Prediction, id="x", project_id="p"), "prediction"),
}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path / "home")
    yield opened
    opened.engine.dispose()


@pytest.mark.parametrize("what", SEARCHES)
def test_a_search_goes_along_an_index_and_sorts_nothing_but_equal_moments(store: Store, what: str) -> None:
    asked: list[tuple[str, tuple[object, ...]]] = []
    event.listen(store.engine, "before_cursor_execute", lambda *args: asked.append((args[2], args[3])))
    search, along = SEARCHES[what]
    search(store)
    with store.engine.connect() as connection:
        queries = [query for query in asked if query[0].startswith("SELECT")]
        plans = [
            [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)]
            for statement, values in queries
        ]
    assert plans
    assert plans[0][0].startswith(f"SEARCH {along} USING ")
    for step in (step for plan in plans for step in plan):
        assert not step.startswith("SCAN")
        assert step != "USE TEMP B-TREE FOR ORDER BY"
