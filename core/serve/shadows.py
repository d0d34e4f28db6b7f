"""Asking challengers silently what live models were asked: `python -m core.serve.shadows`, a process of its own.

Questions are taken from the prediction log, so nobody who waits for an answer ever waits for this, whatever the
challenger does: sleep, fail, or take its process down. Only what is recent is asked: a challenger that is slower than
the traffic answers the newest questions, and the others are not compared.
"""

import argparse
import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta

from sqlalchemy.exc import SQLAlchemyError

from core.deploy import AUTOMATIC, LoadedModel, load_model, prepare_to_run_apart, stop_shadow
from core.deploy.releases import approved_model
from core.errors import LifecycleError, NotReadyError
from core.records import Deployment, Json, Label, Prediction, Shadow, ShadowAnswer, utc_now
from core.serve.contract import Contract
from core.serve.refusal import RefusalError
from core.store import Store, open_store

QUESTIONS_AT_ONCE = 500
RECENT = timedelta(minutes=2)
"""Older questions are not asked any more. It bounds what waits, and how much of the log is looked through."""
LOOK_INTERVAL_S = 0.5
LEAST_PRIORITY = 19
COULD_NOT = "The model failed."
logger = logging.getLogger(__name__)

Load = Callable[[Store, str], LoadedModel]


class ShadowAsker:
    """Asks the shadow of each project what was asked lately.

    Parameters
    ----------
    store : Store
        The open store.
    load : callable
        Loads a model version, after it proved itself.
    """

    def __init__(self, store: Store, load: Load = load_model) -> None:
        self.store = store
        self._load = load
        self._loaded: dict[str, tuple[LoadedModel, Contract]] = {}

    def look(self) -> int:
        """Ask each shadow once what was asked since the last look; return how many answers were stored."""
        shadows = [(live, live.plan.shadow) for live in self.store.releases.all() if live.plan.shadow is not None]
        wanted = {shadow.model_version_id for _, shadow in shadows}
        self._loaded = {version: loaded for version, loaded in self._loaded.items() if version in wanted}
        return sum(self._ask(live, shadow) for live, shadow in shadows)

    def _ask(self, live: Deployment, shadow: Shadow) -> int:
        since = max(shadow.started_at, utc_now() - RECENT)
        asked = self.store.shadows.unanswered(live.id, live.model_version_id, since=since, limit=QUESTIONS_AT_ONCE)
        if not asked:
            return 0
        try:
            loaded, contract = self._open(shadow.model_version_id)
        except NotReadyError as error:
            logger.warning("Not loaded yet: %s", error)
            return 0
        except LifecycleError as error:
            self._give_up(live, error)
            return 0
        answers = answer_apart(asked, shadow.model_version_id, loaded, contract)
        return self.store.shadows.add(answers)

    def _open(self, model_version_id: str) -> tuple[LoadedModel, Contract]:
        if model_version_id not in self._loaded:
            approved_model(self.store, model_version_id)
            loaded = self._load(self.store, model_version_id)
            self._loaded[model_version_id] = (loaded, Contract(loaded.prototype))
        return self._loaded[model_version_id]

    def _give_up(self, live: Deployment, error: LifecycleError) -> None:
        """End a shadow that cannot be loaded, so that its history says why it is silent."""
        # Whoever changed something at this moment has decided anew.
        with suppress(LifecycleError):
            why = f"It cannot be loaded: {error.message}"
            stop_shadow(self.store, live.id, by=AUTOMATIC, seen_generation=live.generation, reason=why)


def answer_apart(
    asked: Sequence[Prediction], model_version_id: str, loaded: LoadedModel, contract: Contract
) -> list[ShadowAnswer]:
    """Return a version's answers to questions of the log; where it cannot answer, why."""
    rows: dict[str, Json] = {}
    failures: dict[str, str] = {}
    names = [column.name for column in loaded.prototype.columns]
    for question in asked:
        try:
            row = {name: question.inputs.get(name) for name in names}
            rows[question.id] = contract.read_rows({"rows": [row]})[0]
        except RefusalError as refusal:
            failures[question.id] = refusal.message.replace("Row 0", "The question", 1)
    said = _answers(loaded, rows, failures)
    return [
        ShadowAnswer(question.id, question.project_id, model_version_id, *said[question.id])
        if question.id in said
        else ShadowAnswer(question.id, question.project_id, model_version_id, None, failure=failures[question.id])
        for question in asked
    ]


def _answers(
    loaded: LoadedModel, rows: dict[str, Json], failures: dict[str, str]
) -> dict[str, tuple[Label, dict[str, float] | None]]:
    """Return the answer to each row; all at once, or one by one when one of them makes the model fail."""
    said: dict[str, tuple[Label, dict[str, float] | None]] = {}
    together = list(rows.items())
    parts = [together] if together else []
    while parts:
        part = parts.pop()
        try:
            answers = loaded.predict_rows([row for _, row in part])
        except Exception as error:
            # A border: whatever a challenger raises is what is to be found out here.
            if len(part) > 1:
                parts += [[one] for one in part]
                continue
            logger.info("A shadow failed", exc_info=error)
            failures[part[0][0]] = COULD_NOT
            continue
        for position, (question_id, _) in enumerate(part):
            probabilities = answers.probabilities[position] if answers.probabilities else None
            said[question_id] = (answers.predictions[position], probabilities)
    return said


def ask_until(stopping: threading.Event, asker: ShadowAsker) -> None:
    """Look again and again until told to end; a store that does not answer is asked again."""
    while not stopping.is_set():
        started_at = time.monotonic()
        try:
            asker.look()
        except (SQLAlchemyError, LifecycleError) as error:
            logger.warning("Shadows could not be asked: %s", error)
        # Never more than half of the time: the machine belongs to those who answer.
        stopping.wait(max(LOOK_INTERVAL_S, time.monotonic() - started_at))


def main() -> None:
    """Ask shadows until the process that started this one is gone: it holds the other end of standard input."""
    parser = argparse.ArgumentParser(prog="core.serve.shadows", description="Ask challengers silently.")
    parser.add_argument("--home", default=None, help="folder of all data (default: FULL_CIRCLE_HOME or .full_circle)")
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    if hasattr(os, "nice"):
        os.nice(LEAST_PRIORITY)
    store = open_store(parser.parse_args().home)
    prepare_to_run_apart()
    stopping = threading.Event()
    thread = threading.Thread(target=ask_until, args=(stopping, ShadowAsker(store)), name="shadows", daemon=True)
    thread.start()
    sys.stdin.buffer.read()
    stopping.set()


if __name__ == "__main__":
    main()
