"""The receipt of an answer that a person gave is put together from all its tables: on SQLite and PostgreSQL alike."""

from datetime import UTC, datetime, timedelta

from core import serve
from core.records import (
    Column,
    DatasetVersion,
    LabelRecord,
    ModelVersion,
    Prediction,
    Project,
    Prototype,
    PrototypeColumn,
    Recipe,
    Referral,
    Release,
    ServingRules,
    Split,
    Window,
)
from core.store import Store, record_to_json

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
COLUMNS = (Column("size", "number", "double"), Column("town", "category", "string"))
PROTOTYPE = Prototype(
    "late",
    "binary",
    (
        PrototypeColumn("size", "number", False, 0.0, 9.0, example=2.0),
        PrototypeColumn("town", "category", False, categories=("Oslo",), example="Oslo"),
    ),
    ("no", "yes"),
)


def make_model(store: Store) -> ModelVersion:
    """Return an approved version with the table and the recipe that it came from."""
    store.add(Project("Late", "late", id="p"))
    table = store.add(DatasetVersion("p", 1, "upload", "table.csv", "f" * 64, 9, COLUMNS))
    recipe = store.add(Recipe("p", table.id, "late", "binary", (), Split(), COLUMNS))
    model = store.add(
        ModelVersion("p", 3, "c", "e", table.id, recipe.id, "linear", "d" * 64, "onnx", "", "approved", "Anna", "Bert")
    )
    folder = store.files.model(model.id)
    folder.mkdir(parents=True)
    (folder / "prototype.json").write_text(record_to_json(PROTOTYPE))
    return model


def test_a_whole_receipt_tells_version_release_rules_person_and_both_labels(store: Store) -> None:
    model = make_model(store)
    release = store.add(Release("p", model.id, 1, "promote", "Bert", created_at=NOW - 2 * HOUR))
    rules = store.add(ServingRules("p", needed_columns=("size",), created_by="Olga", created_at=NOW - HOUR))
    store.add(ServingRules("p", created_by="Olga", created_at=NOW + HOUR))
    inputs = {"size": None, "town": "Bergen"}
    asked = Prediction(
        "p", model.id, "request", inputs, "no", {"no": 0.75, "yes": 0.25}, 2.5, abstained=True, predicted_at=NOW
    )
    referral = Referral(asked.id, "p", model.id, rules.id, ("'size' is missing.",), referred_at=NOW)
    store.log.append([asked], [Window("p", model.id, NOW, n_requests=1, n_rows=1, n_abstained=1)], referrals=[referral])
    taken = store.people.take("p", by="Eva", now=NOW)
    assert taken is not None
    store.people.answer(taken, "yes", by="Eva", now=NOW)
    store.log.add_labels([LabelRecord(asked.id, "p", "no")])

    receipt = serve.find_receipt(store, asked.id, project_id="p")
    assert receipt.prediction == asked
    assert (receipt.model, receipt.release, receipt.rules) == (model, release, rules)
    assert (receipt.table, receipt.table_sha256, receipt.target) == ("version 1 (table.csv)", "f" * 64, "late")
    assert [warning for warning in receipt.warnings if "town" in warning]
    assert receipt.referral is not None
    assert (receipt.referral.answer, receipt.referral.closed_by) == ("yes", "Eva")
    assert receipt.label is not None
    assert (receipt.label.value, receipt.label.source) == ("no", "caller")
    assert [(one.value, one.source, one.given_by) for one in receipt.earlier_labels] == [("yes", "person", "Eva")]
