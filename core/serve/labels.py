"""True values of earlier predictions: read, brought into the form of predictions, stored."""

import asyncio
from typing import Any

import pydantic_core
from anyio.to_thread import run_sync

from core.prepare import label_text
from core.records import Label, LabelRecord
from core.serve import contract
from core.serve.idempotency import find_winner
from core.serve.live_models import ServedModel
from core.serve.on_the_way import Coming, find_coming
from core.serve.refusal import RefusalError
from core.serve.service import Received, Service

LOOK_INTERVALS_S = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.5)
"""Pauses before labels are tried again whose predictions may be on their way: two seconds together."""


async def take_labels(service: Service, served: ServedModel, received: Received) -> bytes:
    """Store labels of earlier predictions; return how many, and which predictions are unknown in this project.

    A label can be quicker than the log, and come to another worker than the prediction did. So what this machine has in
    a journal, or what must have been made within the last minute, is waited for.

    Raises
    ------
    RefusalError
        When the request is not a list of ids and labels (422, 413); 503 when predictions stay on their way.
    """
    labels = await run_sync(read_labels, served, received)
    labels = list({label.id: label for label in labels}.values())
    add = service.store.log.add_labels
    stored, unknown = await run_sync(add, labels)
    coming = Coming()
    for pause_s in LOOK_INTERVALS_S if unknown else ():
        coming = await run_sync(find_coming, service.store, unknown)
        await asyncio.sleep(pause_s if coming.any else 0)
        # Tried once more in any case: what was on its way before the look may have arrived since.
        missed = set(unknown)
        n_more, unknown = await run_sync(add, [label for label in labels if label.id in missed])
        stored += n_more
        if not unknown or not coming.any:
            break
    if coming.journalled.intersection(unknown):
        raise _too_early()
    content = pydantic_core.to_json({"stored": stored, "unknown": unknown})
    return await run_sync(_keep, service, received, content) if received.once else content


def _keep(service: Service, received: Received, content: bytes) -> bytes:
    if received.once is None or service.store.answers.keep(received.once.to_answer(200, content)):
        return content
    return find_winner(service.store, received.once)


def _too_early() -> RefusalError:
    message = "Some of these predictions are not in the log yet; the other labels are stored."
    return RefusalError(503, "not_logged_yet", message, "Send the labels again in a few seconds.")


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
