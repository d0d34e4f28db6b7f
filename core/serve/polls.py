"""What a caller gets who asks for the answer of a person: it waits, it is there, or it will not come."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from fastapi.responses import JSONResponse

from core.records import Json, Prediction, Referral, ReferralState
from core.serve.on_the_way import find_coming
from core.serve.refusal import RefusalError
from core.serve.service import Service

ASK_AGAIN_S = 5
"""Seconds after which it is worth asking again: people are no faster."""
WRITTEN_WITHIN_S = 1.5
"""So long a row may take to the log after the caller was told that it waits: another worker may have to write it."""
LOOK_INTERVAL_S = 0.25
SENTENCES: Mapping[ReferralState, str] = MappingProxyType(
    {
        "waiting": "Nobody has answered this row yet.",
        "answered": "A person answered this row.",
        "handed_back": "A person looked at this row and could not answer it. No answer will come.",
        "expired": "Nobody answered this row in time. No answer will come.",
    }
)


@dataclass(frozen=True)
class Polled:
    """The HTTP status and the content of an answer."""

    status: int
    content: Json

    def to_response(self) -> JSONResponse:
        """Return the HTTP response."""
        headers = {"Retry-After": str(ASK_AGAIN_S)} if self.status == 202 else None
        return JSONResponse(self.content, self.status, headers)


def poll_answer(service: Service, slug: str, prediction_id: str) -> Polled:
    """Return what became of a row on which the model abstained.

    Raises
    ------
    RefusalError
        404 when the project has no such row, 409 when the model did not abstain on it, or nobody answers for it here.
    """
    prediction = _find(service, service.models.get(slug).project.id, prediction_id)
    referral = service.store.newest(Referral, id=prediction.id)
    if referral is None and prediction.abstained:
        hint = "Decide it where you asked, and send what was decided as a label."
        raise RefusalError(409, "nobody_answers", "No person answers rows at this service.", hint)
    if referral is None:
        raise RefusalError(409, "not_abstained", "The model answered this row itself.", "Its answer said what.")
    return Polled(202 if referral.state == "waiting" else 200, _describe(referral))


def _find(service: Service, project_id: str, prediction_id: str) -> Prediction:
    """Return a logged prediction; what was answered just now is waited for, as it may not be in the log yet."""
    deadline = time.monotonic() + WRITTEN_WITHIN_S
    is_coming = True
    while (prediction := service.store.newest(Prediction, id=prediction_id, project_id=project_id)) is None:
        if not is_coming or time.monotonic() > deadline:
            hint = "Send the id of an answer. Old ones may be deleted; new ones are written within about a second."
            raise RefusalError(404, "unknown_id", "There is no answer with this id.", hint)
        # Looked for once more in any case: what was on its way before this may have arrived since.
        is_coming = find_coming(service.store, [prediction_id]).any
        if is_coming:
            service.log.flush(WRITTEN_WITHIN_S)
            time.sleep(LOOK_INTERVAL_S)
    return prediction


def _describe(referral: Referral) -> Json:
    """Tell that a person answered, not who: names are nobody's business outside."""
    answered = referral.state == "answered"
    return {
        "id": referral.id,
        "status": referral.state,
        "answer": referral.answer if answered else None,
        "answered_by": "person" if answered else None,
        "answered_at": referral.closed_at.isoformat() if answered and referral.closed_at else None,
        "message": SENTENCES[referral.state],
    }
