"""May a model be trained anew, and on how many of the newest labelled rows is it compared?"""

from dataclasses import asdict, dataclass

from core.deploy import live_model
from core.errors import ConflictError, NotReadyError
from core.records import Challenge, Job, ModelVersion
from core.store import LabelledPrediction, Store

FEWEST_COMPARED = 30
"""Labelled rows to compare both models on; an interval from fewer is itself a guess."""
FEWEST_LEARNED = 10
"""Labelled rows that must be left to learn from, or there would be nothing new to learn."""
SHARE_COMPARED = 0.3
MOST_LABELLED = 100_000
"""Newest labelled rows that are taken along: they are read row by row, and older ones say little about today."""
WAIT = "Send labels, or let the replay on Monitor bring some; then try again."


@dataclass(frozen=True)
class RetrainingSettings:
    """Which model is challenged, and why."""

    champion_id: str
    reason: str


def start_retraining(store: Store, project_id: str, *, reason: str, by: str) -> Job:
    """Queue the training of a challenger for the live model and return the job.

    Parameters
    ----------
    reason : str
        What caused it, such as the title of an alert; kept in the history of laps.
    by : str
        Who asks; somebody else will have to approve the challenger.

    Raises
    ------
    NotReadyError
        When no model is live, or too few labels have arrived; says how many more are needed.
    ConflictError
        When a challenger is being trained already.
    """
    champion = find_champion(store, project_id)
    if any(job.active for job in store.find(Job, project_id=project_id, kind="retrain")):
        raise ConflictError("A new model is being trained already.", "Wait until it is ready, or stop that.")
    count_compared(champion, store.log.read(project_id, labelled_only=True, newest=MOST_LABELLED))
    settings = RetrainingSettings(champion.id, reason.strip() or f"Asked by {by}")
    return store.add(Job(project_id, "retrain", params=asdict(settings), created_by=by))


def find_champion(store: Store, project_id: str) -> ModelVersion:
    """Return the live model version.

    Raises
    ------
    NotReadyError
        When none is live.
    """
    champion = live_model(store, project_id)
    if champion is None:
        raise NotReadyError(
            "No model is live, so there is nothing to train anew.", "Promote one on Deploy model first."
        )
    return champion


def count_compared(champion: ModelVersion, labelled: list[LabelledPrediction]) -> int:
    """Return how many of the newest labelled rows both models are compared on.

    Only rows that came after the champion was made count: it cannot have learned from those.

    Raises
    ------
    NotReadyError
        When too few are labelled; says how many more are needed.
    """
    n_labelled = len(labelled)
    n_unseen = sum(row.prediction.predicted_at > champion.created_at for row in labelled)
    n_missing = max(FEWEST_COMPARED - n_unseen, FEWEST_COMPARED + FEWEST_LEARNED - n_labelled)
    if n_missing > 0:
        raise NotReadyError(
            f"Too few labels to learn from and to compare on: {n_unseen:,} rows that came after version "
            f"{champion.number} was made have one; {n_missing:,} more are needed.",
            WAIT,
        )
    return min(max(round(SHARE_COMPARED * n_labelled), FEWEST_COMPARED), n_unseen, n_labelled - FEWEST_LEARNED)


def current_challenge(store: Store, project_id: str) -> Challenge | None:
    """Return the newest comparison of a challenger with a champion; None when there was none yet."""
    return store.newest(Challenge, project_id=project_id)
