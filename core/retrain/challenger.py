"""Training a challenger, as a job that takes up where it was interrupted: table, recipe, run, test, comparison."""

from dataclasses import replace

from core.deploy import load_model, register_model
from core.errors import BadInputError, NotReadyError
from core.evaluate import ScoredRows, run_evaluation
from core.plan import current_objective, metric
from core.prepare import features_and_target, save_recipe, split_rows
from core.records import (
    Candidate,
    Challenge,
    DecisionThreshold,
    Evaluation,
    Json,
    Metric,
    ModelVersion,
    Recipe,
    Split,
    TrainingRun,
    new_id,
    utc_now,
)
from core.retrain.comparison import answer_rows, compare, recommend
from core.retrain.new_table import find_or_add_table, readable_rows
from core.retrain.settings import MOST_LABELLED, RetrainingSettings, count_compared
from core.store import JobHandle, LabelledPrediction
from core.train import TrainingSettings, train_recipe


def run_retraining(handle: JobHandle) -> Json:
    """Train a challenger for the champion the job names, and compare the two.

    The challenger has the champion's recipe and family and learns from the old rows and the labelled live ones, but
    for the newest of these: on them both are compared. Nothing goes live by itself.

    Returns
    -------
    dict
        Ids: `challenge_id`, `dataset_id`, `run_id`, `evaluation_id`, `model_version_id`.

    Raises
    ------
    NotReadyError
        When too few labels have arrived, or the champion is no longer live.
    StoppedError
        When the person stopped the work.
    """
    return Retraining(handle).run()


class Retraining:
    """One retraining at work. Each step finds what an interrupted attempt has made already."""

    def __init__(self, handle: JobHandle) -> None:
        self.handle = handle
        self.store = handle.store
        self.settings = RetrainingSettings(**handle.job.params)
        self.champion = self.store.get(ModelVersion, self.settings.champion_id)

    def run(self) -> Json:
        """Do all steps and return the ids of what came out."""
        live = self.store.releases.current(self.champion.project_id)
        if live is None or live.model_version_id != self.champion.id:
            raise NotReadyError("Another model has gone live in the meantime.", "Train a new one against that.")
        self._report(0.02, "Collecting the live rows whose label has arrived.")
        recipe = self._find_or_add_recipe()
        run, candidate = self._train(recipe)
        evaluation = self._evaluate(candidate)
        self._report(0.8, "Registering the new model.")
        challenger = register_model(self.store, evaluation.id, by=self.handle.job.created_by)
        self._report(0.92, "Letting both models answer the newest labelled rows.")
        challenge = self._find_or_add_challenge(recipe, evaluation, challenger)
        self._report(1.0, challenge.recommendation)
        return {
            "challenge_id": challenge.id,
            "dataset_id": recipe.dataset_id,
            "run_id": run.id,
            "evaluation_id": evaluation.id,
            "model_version_id": challenger.id,
        }

    def _report(self, progress: float, message: str) -> None:
        self.handle.raise_if_stopped()
        self.handle.report(progress, message)

    def _find_or_add_recipe(self) -> Recipe:
        old = self.store.get(Recipe, self.champion.recipe_id)
        labelled, n_unreadable = self._read_labelled(old)
        n_compared = count_compared(self.champion, labelled)
        dataset = find_or_add_table(self.store, self.handle.job, old, labelled, n_unreadable)
        present = self.store.newest(Recipe, dataset_id=dataset.id)
        if present is not None:
            return present
        copied = replace(
            old,
            dataset_id=dataset.id,
            columns=dataset.columns,
            split=Split("newest", n_newest=n_compared, random_state=old.split.random_state),
            created_by=self.handle.job.created_by,
            id=new_id(),
            created_at=utc_now(),
        )
        return save_recipe(self.store, copied)

    def _read_labelled(self, recipe: Recipe) -> tuple[list[LabelledPrediction], int]:
        """Return the labelled rows, oldest first, and how many more have a label the target's column cannot hold."""
        asked_at = self.handle.job.created_at
        arrived = [
            row
            for row in self.store.log.read(recipe.project_id, labelled_only=True, newest=MOST_LABELLED)
            # Labels that come while the work runs wait for the next lap, so that a second attempt sees the same rows.
            if row.label is not None and row.label.received_at <= asked_at
        ]
        target = next(column for column in recipe.columns if column.name == recipe.target)
        readable = readable_rows(target, arrived)
        return readable, len(arrived) - len(readable)

    def _train(self, recipe: Recipe) -> tuple[TrainingRun, Candidate]:
        before = self.store.get(TrainingRun, self.store.get(Candidate, self.champion.candidate_id).run_id)
        family = self.champion.family
        families = tuple(dict.fromkeys(("dummy", family)))
        settings = TrainingSettings(families, before.metric, before.budget_s, before.n_splits)
        run = train_recipe(PartOfJob(self.handle, 0.05, 0.6), recipe, settings)
        candidate = self.store.newest(Candidate, run_id=run.id, family=family)
        if candidate is None or candidate.status != "done":
            why = candidate.note if candidate else ""
            raise BadInputError(f"The new model could not be trained. {why}".strip(), "Train on Train models instead.")
        return run, candidate

    def _evaluate(self, candidate: Candidate) -> Evaluation:
        present = self.store.newest(Evaluation, candidate_id=candidate.id)
        if present is not None:
            return present
        params: Json = {"candidate_ids": [candidate.id]}
        if threshold := self._find_chosen_threshold(candidate):
            params |= {"threshold": threshold.value, "threshold_by": threshold.chosen_by}
        part = PartOfJob(self.handle, 0.6, 0.8, params)
        return self.store.get(Evaluation, run_evaluation(part)["evaluation_ids"][0])

    def _find_chosen_threshold(self, candidate: Candidate) -> DecisionThreshold | None:
        """Return the champion's decision threshold if a person chose it: retraining does not undo that.

        What costs have chosen, they choose anew.
        """
        tested, chances = self.store.newest(Evaluation, id=self.champion.evaluation_id), candidate.out_of_fold
        threshold = tested.threshold if tested else None
        if threshold is None or chances is None or threshold.positive_label != chances.positive_label:
            return None
        return threshold if threshold.chosen_by else None

    def _find_or_add_challenge(self, recipe: Recipe, evaluation: Evaluation, challenger: ModelVersion) -> Challenge:
        job = self.handle.job
        present = self.store.newest(Challenge, job_id=job.id)
        if present is not None:
            return present
        if not evaluation.metrics:
            raise BadInputError(
                f"The newest {evaluation.n_rows_test:,} labelled rows allow no comparison: they hold too few different "
                "values of the target.",
                "Wait for more labels, then train again.",
            )
        chosen = metric(evaluation.metrics[0].name)
        champion_rows, challenger_rows = (self._answer(model, recipe) for model in (self.champion, challenger))
        found = compare(chosen.name, champion_rows, challenger_rows)
        challenge = Challenge(
            project_id=job.project_id,
            job_id=job.id,
            champion_id=self.champion.id,
            challenger_id=challenger.id,
            dataset_id=recipe.dataset_id,
            n_rows=champion_rows.n_rows,
            metric=chosen.name,
            champion_value=found.champion_value,
            challenger_value=found.challenger_value,
            difference=found.difference,
            low=found.low,
            high=found.high,
            recommendation=recommend(chosen, found, champion_rows.n_rows, self._minimum(chosen)),
            better=found.better,
            reason=self.settings.reason,
        )
        return self.store.add(challenge)

    def _minimum(self, chosen: Metric) -> float | None:
        objective = current_objective(self.store, self.handle.job.project_id)
        return objective.minimum if objective.metric == chosen.name else None

    def _answer(self, model: ModelVersion, recipe: Recipe) -> ScoredRows:
        features, target = features_and_target(split_rows(self.store, recipe).test, recipe)
        positive = current_objective(self.store, recipe.project_id).positive_label if recipe.task == "binary" else None
        return answer_rows(load_model(self.store, model.id), features, target, positive)


class PartOfJob(JobHandle):
    """A stretch of a job handed to another part of the life cycle: its progress runs from `begin` to `end`.

    Parameters
    ----------
    handle : JobHandle
        The whole job's.
    begin, end : float
        Between 0 and 1.
    params : dict, optional
        What the other part looks for in the job's params.
    """

    def __init__(self, handle: JobHandle, begin: float, end: float, params: Json | None = None) -> None:
        super().__init__(handle.store, replace(handle.job, params=params or {}), handle.scheduler_address)
        self.whole, self.begin, self.end = handle, begin, end

    def report(self, progress: float, message: str) -> None:
        """Show progress as that of the whole job."""
        self.whole.report(self.begin + min(max(progress, 0.0), 1.0) * (self.end - self.begin), message)

    @property
    def stop_requested(self) -> bool:
        """Whether the person asked the whole job to stop."""
        return self.whole.stop_requested
