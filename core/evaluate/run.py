"""Evaluating chosen candidates on the untouched test part, as a job."""

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd
from sklearn.pipeline import Pipeline

from core.errors import BadInputError
from core.evaluate import curves
from core.evaluate.answering import answer_rows
from core.evaluate.fitted import fit_and_keep
from core.evaluate.importance import permutation_importance
from core.evaluate.scored_rows import ScoredRows
from core.evaluate.scoring import bootstrap_intervals, score_predictions
from core.evaluate.sentences import describe_quality
from core.evaluate.threshold import apply_threshold, choose_threshold, take_threshold
from core.plan import current_objective, judge_objective, metric, metrics_for
from core.prepare import features_and_target, split_rows
from core.records import (
    Candidate,
    ColumnImportance,
    DecisionThreshold,
    Evaluation,
    Job,
    Json,
    Metric,
    MetricEstimate,
    Objective,
    Recipe,
    TrainingRun,
    Verdict,
)
from core.store import JobHandle, Store


def start_evaluation(
    store: Store, project_id: str, *, candidate_ids: Sequence[str], by: str, threshold: float | None = None
) -> Job:
    """Queue the evaluation of candidates and return the job.

    Parameters
    ----------
    threshold : float, optional
        The decision threshold they answer with, in (0, 1), as `by` has chosen it; default: the costs on Plan choose.

    Raises
    ------
    NotFoundError
        When a candidate does not exist.
    BadInputError
        When none is chosen, one is of another project or did not finish training, or cannot have that threshold.
    """
    if not candidate_ids:
        raise BadInputError("No candidate is chosen.", "Choose at least one of the leaderboard.")
    for candidate in (store.get(Candidate, candidate_id) for candidate_id in candidate_ids):
        if candidate.project_id != project_id:
            raise BadInputError("A chosen candidate belongs to another project.", "Choose again.")
        if candidate.status != "done":
            raise BadInputError(
                f"The candidate '{candidate.family}' has not finished training.", "Choose one that has a score."
            )
        if threshold is not None:
            take_threshold(candidate.out_of_fold, current_objective(store, project_id), value=threshold, by=by)
    params: Json = {"candidate_ids": list(candidate_ids)}
    if threshold is not None:
        params |= {"threshold": threshold, "threshold_by": by}
    return store.add(Job(project_id, "evaluate", params=params, created_by=by))


def run_evaluation(handle: JobHandle) -> Json:
    """Evaluate the candidates the job names; return `{"evaluation_ids": [...]}`, in the same order.

    Raises
    ------
    StoppedError
        When the person stopped the work; what was finished before is kept.
    """
    candidate_ids = handle.job.params["candidate_ids"]
    evaluation_ids = []
    for position, candidate_id in enumerate(candidate_ids):
        share = (position / len(candidate_ids), (position + 1) / len(candidate_ids))
        evaluation_ids.append(_Evaluator(handle, candidate_id, share).evaluate().id)
    handle.report(1.0, "Done.")
    return {"evaluation_ids": evaluation_ids}


def list_evaluations(store: Store, project_id: str) -> list[Evaluation]:
    """Return a project's evaluations, newest first, only the newest of each candidate."""
    newest: dict[str, Evaluation] = {}
    for evaluation in reversed(store.find(Evaluation, project_id=project_id)):
        newest.setdefault(evaluation.candidate_id, evaluation)
    return list(newest.values())


def count_looks(store: Store, run: TrainingRun) -> int:
    """Return how often models have been tested on the rows that a training set aside, in this training or another.

    The rows are the same where table, target and split are.
    """
    recipe = store.get(Recipe, run.recipe_id)
    tested = store.find(Evaluation, project_id=run.project_id, dataset_id=recipe.dataset_id)
    recipes = {run_id: store.get(TrainingRun, run_id).recipe_id for run_id in {one.run_id for one in tested}}
    same = {
        run_id
        for run_id, recipe_id in recipes.items()
        if (found := store.get(Recipe, recipe_id)).split == recipe.split and found.target == recipe.target
    }
    return sum(one.run_id in same for one in tested)


class _Evaluator:
    """The evaluation of one candidate, which takes the share `(begin, end)` of the job's progress."""

    def __init__(self, handle: JobHandle, candidate_id: str, share: tuple[float, float]) -> None:
        self.handle = handle
        self.share = share
        self.candidate = handle.store.get(Candidate, candidate_id)
        self.run = handle.store.get(TrainingRun, self.candidate.run_id)
        self.recipe = handle.store.get(Recipe, self.run.recipe_id)
        self.objective = current_objective(handle.store, self.candidate.project_id)
        positive = self.objective.positive_label if self.objective.target == self.recipe.target else None
        self.positive_label = positive if self.recipe.task == "binary" else None
        self.threshold = self._choose_threshold()

    def evaluate(self) -> Evaluation:
        """Return the stored evaluation."""
        store = self.handle.store
        self._report(0.0, "learning from all training rows")
        fitted = fit_and_keep(
            store,
            self.candidate,
            scheduler_address=self.handle.scheduler_address,
            stop_requested=lambda: self.handle.stop_requested,
        )
        pipeline = apply_threshold(fitted, self.threshold)
        self._report(0.5, "answering the test rows")
        features, target = features_and_target(split_rows(store, self.recipe).test, self.recipe)
        rows = answer_rows(pipeline, features, target, self.positive_label, check_stop=self.handle.raise_if_stopped)
        metrics = _metrics(self.recipe, self.run, self.objective)
        self._report(0.6, "measuring how sure the figures are")
        estimates = _estimate(metrics, rows)
        self._report(0.7, "shuffling columns to see which matter")
        importance = self._importance(pipeline, features, target, metrics[0])
        return store.add(self._record(rows, estimates, importance))

    def _choose_threshold(self) -> DecisionThreshold | None:
        """Return the threshold a person has chosen, else what the costs on Plan choose; None where there is none."""
        chances, params = self.candidate.out_of_fold, self.handle.job.params
        # Costs and class are of the target that Plan names now.
        objective = self.objective if self.objective.target == self.recipe.target else Objective(self.run.project_id)
        if "threshold" in params:
            return take_threshold(chances, objective, value=params["threshold"], by=params["threshold_by"])
        return None if chances is None else choose_threshold(chances, objective)

    def _report(self, part: float, what: str) -> None:
        self.handle.raise_if_stopped()
        begin, end = self.share
        self.handle.report(begin + part * (end - begin), f"{self.candidate.family}: {what}")

    def _importance(
        self, pipeline: Pipeline, features: pd.DataFrame, target: "pd.Series[Any]", wanted: Metric
    ) -> tuple[ColumnImportance, ...]:
        sign = 1 if wanted.greater_is_better else -1

        return permutation_importance(
            features,
            target,
            lambda frame, truth: answer_rows(pipeline, frame, truth, self.positive_label),
            lambda rows: sign * score_predictions(wanted.name, rows),
            check_stop=self.handle.raise_if_stopped,
            random_state=self.run.random_state,
        )

    def _record(
        self, rows: ScoredRows, estimates: tuple[MetricEstimate, ...], importance: tuple[ColumnImportance, ...]
    ) -> Evaluation:
        regression, binary = self.recipe.task == "regression", self.recipe.task == "binary"
        actual, predicted = curves.actual_and_predicted(rows) if regression else ((), ())
        return Evaluation(
            project_id=self.candidate.project_id,
            run_id=self.run.id,
            candidate_id=self.candidate.id,
            dataset_id=self.recipe.dataset_id,
            n_rows_test=rows.n_rows,
            metrics=estimates,
            verdict=_judge(self.objective, estimates, rows.n_rows),
            sentences=describe_quality(self.recipe.task, rows, self.recipe.target),
            confusion=None if regression else curves.confusion_matrix(rows),
            roc=curves.roc(rows) if binary else None,
            precision_recall=curves.precision_recall(rows) if binary else None,
            actual=actual,
            predicted=predicted,
            importance=importance,
            threshold=self.threshold,
        )


def _metrics(recipe: Recipe, run: TrainingRun, objective: Objective) -> tuple[Metric, ...]:
    """Return the task's metrics; the one the project is judged by first, else the one it was trained for."""
    suiting = metrics_for(recipe.task)
    judged = objective.metric if objective.metric in {one.name for one in suiting} else run.metric
    return tuple(sorted(suiting, key=lambda one: one.name != judged))


def _estimate(metrics: Sequence[Metric], rows: ScoredRows) -> tuple[MetricEstimate, ...]:
    """Return value and interval of each metric; those that are not defined for these rows are left out."""
    intervals = bootstrap_intervals([one.name for one in metrics], rows)
    values = [score_predictions(one.name, rows) for one in metrics]
    return tuple(
        MetricEstimate(one.name, one.label, value, low, high)
        for one, value, (low, high) in zip(metrics, values, intervals, strict=True)
        if math.isfinite(value) and math.isfinite(low) and math.isfinite(high)
    )


def _judge(objective: Objective, estimates: Sequence[MetricEstimate], n_rows: int) -> Verdict:
    for estimate in estimates:
        if estimate.name == objective.metric:
            return judge_objective(objective, estimate.value, estimate.low, estimate.high, n_rows)
    if objective.metric is None:
        return Verdict("no_objective", "No metric was chosen on Plan, so there is nothing to hold this against.")
    label = metric(objective.metric).label
    sentence = f"{label} cannot be measured on these {n_rows:,} test rows."
    return Verdict("not_enough_data", sentence, objective.metric, minimum=objective.minimum)
