"""True values of earlier predictions: read, brought into the form of predictions, stored."""

from typing import Any

from core.prepare import label_text
from core.records import Json, Label, LabelRecord
from core.serve import contract
from core.serve.live_models import ServedModel
from core.serve.refusal import RefusalError
from core.serve.service import Received, Service

FLUSH_TIMEOUT_S = 2.0


def add_labels(service: Service, slug: str, received: Received) -> Json:
    """Store labels of earlier predictions; labels of predictions that are unknown in this project are named.

    Raises
    ------
    RefusalError
        When the request is not a list of ids and labels (422, 413), or nothing is live (404).
    """
    labels = read_labels(service.models.get(slug), received)
    stored, unknown = service.store.log.add_labels(labels)
    if unknown and service.log.flush(FLUSH_TIMEOUT_S):
        # A label can be quicker than the log's batch: what was waiting is written now.
        missed = set(unknown)
        more, unknown = service.store.log.add_labels([label for label in labels if label.id in missed])
        stored += more
    return {"stored": stored, "unknown": list(unknown)}


def read_labels(served: ServedModel, received: Received) -> list[LabelRecord]:
    """Return the labels of a request in the form of the model's predictions.

    Raises
    ------
    RefusalError
        When the request is not a list of ids and labels (422, 413).
    """
    pairs = contract.read_labels(contract.read_body(received.body, contract.LABELS_HINT))
    return [
        LabelRecord(prediction_id, served.project.id, _normalise(label, served), simulated=received.simulated)
        for prediction_id, label in pairs
    ]


def _normalise(label: Label, served: ServedModel) -> Label:
    """Return a label as predictions are: classes as text, amounts as numbers.

    Raises
    ------
    RefusalError
        When the model predicts numbers and the label is none.
    """
    if served.loaded.prototype.classes:
        return _class_text(label)
    if isinstance(label, bool) or not isinstance(label, int | float):
        raise RefusalError(422, "bad_value", "The model predicts numbers; a label is not one.", contract.LABELS_HINT)
    return float(label)


def _class_text(label: Any) -> str:
    return label_text(label) or ""
