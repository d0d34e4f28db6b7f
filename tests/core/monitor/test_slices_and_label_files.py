"""Where the live model is less right, and labels that come as a file."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core import monitor
from core.errors import BadInputError, NotFoundError
from core.records import LabelRecord, ModelVersion, Prediction, Reference
from core.store import Store, newest_labelled
from tests.core.monitor.conftest import START, make_reference

MakeLive = Callable[..., ModelVersion]


@pytest.fixture(scope="module")
def reference() -> Reference:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"x": rng.random(600), "shop": rng.choice(["north", "south", "east"], 600)})
    return make_reference(frame, ["no", "yes"] * 300)


def ask(store: Store, model: ModelVersion, n_rows: int, *, right_in: dict[str, float] | None = None) -> list[str]:
    """Log answers; with shares by shop also labels, so many of them right. Return the ids."""
    rng = np.random.default_rng(n_rows)
    predictions, labels = [], []
    for row in range(n_rows):
        shop, said = str(rng.choice(["north", "south", "east"])), str(rng.choice(["no", "yes"]))
        inputs = {"x": float(rng.random()), "shop": shop}
        at = START + timedelta(seconds=row)
        predictions.append(Prediction("p", model.id, "r", inputs, said, {"no": 0.5, "yes": 0.5}, predicted_at=at))
        if right_in is not None:
            truth = said if rng.random() < right_in[shop] else {"no": "yes", "yes": "no"}[said]
            labels.append(LabelRecord(predictions[-1].id, "p", truth))
    store.log.append(predictions, [])
    store.log.add_labels(labels)
    return [one.id for one in predictions]


def test_the_kind_of_row_that_is_answered_worse_is_named(
    store: Store, reference: Reference, make_live: MakeLive
) -> None:
    model = make_live(reference)
    ask(store, model, 900, right_in={"north": 0.95, "south": 0.6, "east": 0.95})
    report = monitor.slice_performance(store, "p", "shop")
    by_name = {one.name: one for one in report.slices}
    assert {name for name, one in by_name.items() if one.is_worse} == {"south"}
    assert by_name["south"].value == pytest.approx(0.6, abs=0.08)
    assert sum(one.n_labelled for one in report.slices) == report.n_labelled == 900
    assert report.sentence.startswith("Where 'shop' is south, it is clearly less right: Accuracy 5")
    assert "no kind of row stands out" in monitor.slice_performance(store, "p", "x").sentence


def test_slices_with_few_labels_have_no_value(store: Store, reference: Reference, make_live: MakeLive) -> None:
    model = make_live(reference)
    assert monitor.slice_performance(store, "p", "shop").slices == ()
    ask(store, model, 40, right_in={"north": 0.0, "south": 1.0, "east": 1.0})
    report = monitor.slice_performance(store, "p", "shop")
    assert {one.value for one in report.slices} == {None}
    with pytest.raises(NotFoundError):
        monitor.slice_performance(store, "p", "colour")


def test_a_file_of_labels_is_stored_and_every_row_is_accounted_for(
    store: Store, reference: Reference, make_live: MakeLive, tmp_path: Path
) -> None:
    model = make_live(reference)
    ids = ask(store, model, 10)
    lines = [f"{one};yes" for one in ids[:6]] + [f"{ids[0]};no", "nobody;yes", f"{ids[7]};", ";no"]
    path = tmp_path / "truth.csv"
    path.write_text("\n".join(["prediction_id;Truth", *lines]) + "\n")
    shares: list[float] = []
    found = monitor.add_label_file(store, "p", path, filename="truth.csv", by="Ada", report=shares.append)
    assert (found.n_rows, found.n_stored, found.n_unknown, found.n_unreadable, found.n_repeated) == (10, 6, 1, 2, 1)
    assert found.unknown == ("nobody",)
    assert shares == [1.0]
    assert found.sentence.startswith("6 of 10 rows are stored as the truth. 1 name a prediction")
    answers = newest_labelled(store, "p", model.id, newest=10)
    assert [one.label for one in answers] == ["no"] + ["yes"] * 5


def test_labels_of_numbers_must_be_numbers(store: Store, make_live: MakeLive, tmp_path: Path) -> None:
    built = make_reference(pd.DataFrame({"x": np.arange(100.0)}), np.arange(100.0).tolist())
    model = make_live(built, task="regression", metric="neg_mean_absolute_error")
    predictions = [Prediction("p", model.id, "r", {"x": 1.0}, 1.0, predicted_at=START) for _ in range(3)]
    store.log.append(predictions, [])
    path = tmp_path / "truth.csv"
    path.write_text(
        "id,y\n" + "".join(f"{one.id},{value}\n" for one, value in zip(predictions, (1.5, 2, ""), strict=True))
    )
    found = monitor.add_label_file(store, "p", path, filename="truth.csv", by="Ada")
    assert (found.n_stored, found.n_unreadable) == (2, 1)


def test_a_file_without_the_two_columns_is_refused_with_what_it_needs(
    store: Store, reference: Reference, make_live: MakeLive, tmp_path: Path
) -> None:
    make_live(reference)
    path = tmp_path / "truth.csv"
    path.write_text("who,label\na,yes\nb,no\n")
    with pytest.raises(BadInputError, match="no column called id or prediction_id") as caught:
        monitor.add_label_file(store, "p", path, filename="truth.csv", by="Ada")
    assert "two columns" in caught.value.hint
