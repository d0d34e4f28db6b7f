"""What the service does with a request once its bytes are here; knows nothing of HTTP."""

import logging
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pydantic_core

from core.deploy import Answers
from core.records import Json, new_ids, refusal_key
from core.serve import contract
from core.serve.idempotency import Once, find_winner
from core.serve.keyring import Keyring
from core.serve.live_models import LiveModels, ServedModel, Verify
from core.serve.log_entry import LogEntry, count_entries
from core.serve.metrics import SHARED_FOLDER, LiveVersion, Metrics
from core.serve.recorder import Recorder
from core.serve.refusal import RefusalError
from core.serve.request_ids import current_request_id
from core.serve.rules import NONE_ABSTAINED, Abstained, RowRules, RuleBook
from core.store import Store

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Received:
    """The body of a request, and when it came, in seconds of `time.perf_counter`.

    `simulated`: it is made-up traffic. `once`: it may be sent again, and is to be answered and logged once.
    `key_id`: by which key, empty where none was needed.
    """

    body: bytes
    started_at: float
    simulated: bool = False
    once: Once | None = None
    key_id: str = ""


class Service:
    """Predicts, and says what is live.

    Parameters
    ----------
    store : Store
        The open store.
    verify : callable, optional
        Proves models elsewhere (see `LiveModels`).
    always_keys : bool
        Whether every project wants a key (see `Keyring`).
    """

    def __init__(self, store: Store, verify: Verify | None = None, *, always_keys: bool = False) -> None:
        self.store = store
        self.models = LiveModels(store, verify)
        self.metrics = Metrics()
        shared = os.environ.get(SHARED_FOLDER)
        self.keys = Keyring(store, always=always_keys, folder=Path(shared) if shared else None)
        self.rules = RuleBook(store)
        self.log = Recorder(store, self.metrics.count_dropped, shared=Path(shared) if shared else None)

    def start(self) -> None:
        """Start the threads that follow what is live and write the log."""
        self.keys.start()
        self.rules.start()
        self.models.start()
        self.log.start()

    def stop(self) -> None:
        """Write what waits and end the threads."""
        self.keys.stop()
        self.rules.stop()
        self.models.stop()
        self.log.stop()

    def read(self, served: ServedModel, received: Received) -> list[Json]:
        """Return the rows of a request.

        Raises
        ------
        RefusalError
            When the request is not as the prototype and the rules say (422, 413); it is counted.
        """
        try:
            rows = served.contract.read_rows(contract.read_body(received.body))
            if (rules := self._rules_of(served)) is not None:
                rules.check(rows)
            return rows
        except RefusalError as refusal:
            self._log_unanswered(served, received, "refused", refusal)
            raise

    def _rules_of(self, served: ServedModel) -> RowRules | None:
        return self.rules.of(served.project.id, served.model.id, served.loaded)

    def fail(self, served: ServedModel, received: Received, error: Exception) -> RefusalError:
        """Count a request on which the model failed, and return what to say (500)."""
        self._log_unanswered(served, received, "failed")
        request_id = current_request_id()
        logger.error("Request %s failed", request_id, exc_info=error)
        message = f"The model could not answer (request {request_id})."
        return RefusalError(500, "model_failed", message, "The service's log says more.")

    def predict(self, served: ServedModel, received: Received, rows: list[Json]) -> bytes:
        """Score the rows on this very thread and return the answer as JSON.

        Raises
        ------
        RefusalError
            When the model failed (500).
        """
        try:
            answers = served.loaded.predict_rows(rows)
        except Exception as error:  # a border: whatever a model raises must not end the service
            raise self.fail(served, received, error) from error
        return self.answer(served, received, rows, answers)

    def answer(self, served: ServedModel, received: Received, rows: list[Json], answers: Answers) -> bytes:
        """Hand the answers over to the log and return them as JSON."""
        request_id, ids = current_request_id(), new_ids(len(rows))
        rules = self._rules_of(served)
        abstained = NONE_ABSTAINED if rules is None else rules.find_abstained(rows, answers)
        latency_ms = (time.perf_counter() - received.started_at) * 1000
        counts = self.metrics.of(served.project.slug, served.model.number)
        counts.count("answered", len(rows), latency_ms)
        entry = LogEntry(
            project_id=served.project.id,
            model_version_id=served.model.id,
            reference=served.loaded.reference,
            outcome="answered",
            latency_ms=latency_ms,
            request_id=request_id,
            ids=ids,
            rows=tuple(rows),
            predictions=tuple(answers.predictions),
            probabilities=None if answers.probabilities is None else tuple(answers.probabilities),
            simulated=received.simulated,
            abstained=abstained,
            rules_id=rules.referred_by if rules and abstained else "",
            key_id=received.key_id,
        )
        warnings = served.contract.find_all_warnings(rows)
        predictions = [
            {
                "id": ids[position],
                "prediction": answers.predictions[position],
                "probabilities": answers.probabilities[position] if answers.probabilities else None,
                "warnings": warnings[position],
            }
            for position in range(len(rows))
        ]
        if abstained:
            counts.count_abstained(len(abstained))
            leave_open(predictions, abstained)
            if entry.rules_id:
                say_where_to_ask(predictions, abstained, served.project.slug)
        content = {"request_id": request_id, "model_version": served.model.number, "predictions": predictions}
        return self._log(entry, pydantic_core.to_json(content), received.once)

    def _log(self, entry: LogEntry, content: bytes, once: Once | None) -> bytes:
        """Hand an entry over to the log and return its answer; or that of another process to the same request."""
        if once is None:
            self.log.add(entry)
            return content
        kept = once.to_answer(200, content)
        predictions, referrals = entry.to_predictions(), entry.to_referrals()
        is_new = self.store.log.append(predictions, count_entries([entry]), answer=kept, referrals=referrals)
        return content if is_new else find_winner(self.store, once)

    def refuse(self, slug: str, received: Received, refusal: RefusalError) -> None:
        """Count a request that was refused before its body was read."""
        self._log_unanswered(self.models.get(slug), received, "refused", refusal)

    def _log_unanswered(
        self,
        served: ServedModel,
        received: Received,
        outcome: Literal["refused", "failed"],
        refusal: RefusalError | None = None,
    ) -> None:
        latency_ms = (time.perf_counter() - received.started_at) * 1000
        self.metrics.of(served.project.slug, served.model.number).count(outcome, 0, latency_ms)
        reason = refusal_key(refusal.code, refusal.column, received.key_id) if refusal else ""
        project_id, version_id, reference = served.project.id, served.model.id, served.loaded.reference
        entry = LogEntry(project_id, version_id, reference, outcome, latency_ms, refusal=reason, key_id=received.key_id)
        self.log.add(entry)

    def status(self) -> Json:
        """Return in short whether all is well: what is loaded, what is wrong, what the log had to drop."""
        loaded = self.models.loaded()
        troubles = [f"{served.project.slug}: {served.trouble}" for served in loaded if served.trouble]
        troubles += self.log.troubles
        return {
            "status": "look" if troubles or self.log.n_dropped else "ok",
            "loaded": {served.project.slug: served.model.number for served in loaded},
            "n_dropped": self.log.n_dropped,
            "troubles": troubles,
        }

    def readiness(self) -> tuple[bool, str]:
        """Return whether all that is live is loaded, or known not to be loadable; and in words what is missing.

        Raises
        ------
        SQLAlchemyError
            When the store does not answer.
        """
        waiting = [slug for slug in self.models.live_slugs() if not self.models.is_settled(slug)]
        return not waiting, f"Being loaded: {', '.join(waiting)}." if waiting else "Everything live is loaded."

    def measurements(self) -> bytes:
        """Return the counts of all worker processes for Prometheus."""
        loaded = self.models.loaded()
        live = [LiveVersion(one.project.slug, one.model.number, one.loaded.engine) for one in loaded]
        return self.metrics.render(live)

    def only_slug(self, may_see: Callable[[str], bool]) -> str:
        """Return the one project for which something is live; of several, the refusal names those the caller may see.

        Raises
        ------
        RefusalError
            404 when there is none, 409 when there are several.
        """
        slugs = self.models.live_slugs()
        if len(slugs) == 1:
            return slugs[0]
        if not slugs:
            raise RefusalError(404, "nothing_live", "Nothing is live.", "Promote a model on Deploy model.")
        addresses = ", ".join(f"/v1/{slug}/predict" for slug in slugs if may_see(slug))
        hint = f"Use one of {addresses}." if addresses else "Put /v1/ and the name of the deployment before the path."
        raise RefusalError(409, "several_live", "Several projects are live.", hint)


def leave_open(predictions: list[Json], abstained: Abstained) -> None:
    """Take out of an answer what the model said about rows on which it abstains, and say why."""
    for position, reasons in abstained.items():
        predictions[position].update(prediction=None, probabilities=None, status="abstained", reasons=reasons)


def say_where_to_ask(predictions: list[Json], abstained: Abstained, slug: str) -> None:
    """Add to rows on which the model abstains where the answer of a person will be."""
    for position in abstained:
        said = predictions[position]
        said["poll"] = f"/v1/{slug}/answers/{said['id']}"
