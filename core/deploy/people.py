"""Rows that a person answers in the model's place: one is taken, shown, answered or handed back."""

import math
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.deploy.loading import load_prototype
from core.errors import BadInputError
from core.prepare import label_text
from core.records import Label, Prediction, Prototype, Referral, ServingRules, utc_now
from core.store import Store

NEWEST_ANSWERED = 10


@dataclass(frozen=True)
class OpenRow:
    """A row that a person has taken: what was asked, and of which form the answer is. What the model said is not here:
    whoever sees it first is apt to agree.
    """

    referral: Referral
    asked: Prediction
    prototype: Prototype


def take_row(store: Store, project_id: str, *, by: str, skipped: Collection[str] = ()) -> OpenRow | None:
    """Return the oldest row that nobody works on, taken by a person for ten minutes; None when there is none."""
    referral = store.people.take(project_id, by=by, now=utc_now(), skipped=skipped)
    return _open(store, referral) if referral else None


def reopen_row(store: Store, referral_id: str, ticket: str) -> OpenRow:
    """Return a row that a person took before, as long as nobody else has it.

    Raises
    ------
    ConflictError
        When somebody else took, answered or closed it since.
    NotFoundError
        When it was deleted.
    """
    return _open(store, store.people.find_taken(referral_id, ticket))


def _open(store: Store, referral: Referral) -> OpenRow:
    return OpenRow(referral, store.get(Prediction, referral.id), load_prototype(store, referral.model_version_id))


def answer_row(store: Store, row: OpenRow, answer: Label | None, *, by: str) -> Referral:
    """Write a person's answer; the caller gets it at the poll address, and it becomes the row's label.

    Raises
    ------
    BadInputError
        When the answer is none of the classes, or no number.
    ConflictError
        When somebody else took or answered the row since.
    """
    return store.people.answer(row.referral, _check(row.prototype, answer), by=by, now=utc_now())


def _check(prototype: Prototype, answer: Label | None) -> Label:
    if prototype.classes:
        classes = {label_text(label) for label in prototype.classes}
        if answer is None or label_text(answer) not in classes:
            raise BadInputError("That is none of the answers.", "Choose one of those offered.")
        return label_text(answer) or ""
    if not isinstance(answer, int | float) or isinstance(answer, bool) or not math.isfinite(answer):
        raise BadInputError("The answer is no number.", "Type a number.")
    return float(answer)


def hand_back_row(store: Store, row: OpenRow, *, by: str) -> Referral:
    """Tell the caller that nobody here can say.

    Raises
    ------
    ConflictError
        When somebody else took or answered the row since.
    """
    return store.people.hand_back(row.referral, by=by, now=utc_now())


def put_back_row(store: Store, row: OpenRow) -> None:
    """Let somebody else have the row."""
    store.people.put_back(row.referral)


def n_waiting(store: Store, project_id: str) -> int:
    """Return how many rows of a project wait for a person."""
    return store.people.count(project_id)


def expire_rows(store: Store, now: datetime) -> int:
    """Close rows that have waited longer than their project's rules say; return how many."""
    newest = {rules.project_id: rules for rules in store.find(ServingRules)}
    return sum(
        store.people.expire(rules.project_id, now - timedelta(hours=rules.expire_after_hours), now)
        for rules in newest.values()
        if rules.expire_after_hours is not None
    )


def answered_rows(store: Store, project_id: str) -> list[tuple[Referral, Prediction]]:
    """Return the rows that people answered last, newest first, each with what the model would have said."""
    found = store.find(Referral, newest=NEWEST_ANSWERED, project_id=project_id, state="answered")
    asked = ((referral, store.newest(Prediction, id=referral.id)) for referral in reversed(found))
    return [(referral, prediction) for referral, prediction in asked if prediction is not None]
