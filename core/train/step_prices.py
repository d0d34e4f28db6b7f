"""What is each step of the recipe worth? The whole recipe against the recipe without one step, on the same folds."""

import os
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from statistics import fmean

from distributed import Client, Future

from core.errors import BadInputError, LifecycleError, NotReadyError
from core.plan import current_objective, default_metric, metrics_for, score_to_value
from core.plan import metric as find_metric
from core.prepare import build_pipeline, current_recipe, split_rows, switch_step
from core.records import Job, Json, PriceList, Recipe, StepPrice
from core.store import JobHandle, StoppedError, Store
from core.train.child import WorkStoppedError
from core.train.cluster import connect
from core.train.families import find_family
from core.train.fitting import FitSpec, FoldScore
from core.train.fold_results import fold_results, scatter_rows
from core.train.folds import TrainingData, make_folds
from core.train.planning import (
    MAX_CELLS,
    MIN_SAMPLE,
    NEARLY_ALL,
    PLANNED_PART,
    encoded_width,
    round_down,
    rows_within,
    say_seconds,
)
from core.train.run import MIN_BUDGET_S
from core.train.step_worth import TRAP, price_step

N_SPLITS = 5
WHOLE = ""
"""Stands for the whole recipe where a step's key stands for the recipe without it."""
Places = dict[tuple[str, int], FitSpec]


def start_pricing(
    store: Store, project_id: str, *, family: str, metric: str | None = None, budget_s: float, by: str
) -> Job:
    """Queue the pricing of each step of the saved recipe and return the job.

    Parameters
    ----------
    family : str
        Key of the model family that all recipes are tried with.
    metric : str, optional
        scikit-learn's scoring name; default: the objective's, else the task's usual one.
    budget_s : float
        Time in seconds for the whole work.

    Raises
    ------
    NotReadyError
        When no recipe has been saved, or none of its steps is switched on.
    BadInputError
        When family or metric does not suit the task, or the time is too short.
    """
    recipe = current_recipe(store, project_id)
    if recipe is None:
        raise NotReadyError("There is no recipe yet.", "Save one at Prepare first.")
    if not _blank_prices(recipe):
        raise NotReadyError("No step of the recipe is switched on.", "Switch one on and save the recipe.")
    found = find_family(family)
    if recipe.task not in found.tasks:
        raise BadInputError(f"{found.title} cannot predict numbers.", "Choose another kind of model.")
    suiting = {one.name for one in metrics_for(recipe.task)}
    wanted = metric or current_objective(store, project_id).metric
    if metric is not None and metric not in suiting:
        raise BadInputError(f"{find_metric(metric).label} does not measure a {recipe.task} task.", "Choose another.")
    if not budget_s >= MIN_BUDGET_S:
        raise BadInputError(f"{budget_s:g} s is too short a time.", f"Give at least {MIN_BUDGET_S:g} s.")
    name = wanted if wanted in suiting else default_metric(recipe.task).name
    params = {"recipe_id": recipe.id, "family": family, "metric": name, "budget_s": budget_s}
    return store.add(Job(project_id, "price", params, created_by=by))


def current_prices(store: Store, project_id: str, *, family: str) -> PriceList | None:
    """Return the newest price list of a project made with a family; None when there is none.

    It belongs to one recipe, `recipe_id`: of any other it says nothing certain.
    """
    return store.newest(PriceList, project_id=project_id, family=family)


def run_pricing(handle: JobHandle) -> Json:
    """Do the pricing job held by `handle` and return `{"price_list_id": ...}`; prices appear as they are found.

    Raises
    ------
    StoppedError
        When the person stopped the job; the prices found before stay.
    LifecycleError
        When the whole recipe cannot be learned from, or there is no cluster.
    """
    store, params = handle.store, handle.job.params
    recipe = store.get(Recipe, params["recipe_id"])
    handle.report(0.0, "Reading the table.")
    trials, blanks = _plan_trials(recipe, params["family"])
    widest = _widest(recipe)
    rows = split_rows(store, widest)
    data = make_folds(rows.train, recipe, N_SPLITS, groups=rows.groups)
    n_rows = _rows_for(store, widest, params, len(rows.train), len(trials) * len(data.folds))
    positive = current_objective(store, recipe.project_id).positive_label if recipe.task == "binary" else None
    spec = FitSpec(recipe, params["family"], params["metric"], recipe.split.random_state, positive)
    specs = {key: replace(spec, recipe=trial) for key, trial in trials.items()}
    record = PriceList(
        recipe.project_id,
        recipe.dataset_id,
        recipe.id,
        params["family"],
        params["metric"],
        n_rows,
        (),
        blanks,
        n_rows_train=len(rows.train),
        note=data.note,
        job_id=handle.job.id,
        created_by=handle.job.created_by,
    )
    pricing = _Pricing(handle, _begin(store, record), data, specs)
    pricing.work(params["budget_s"])
    return {"price_list_id": pricing.record.id}


def _begin(store: Store, record: PriceList) -> PriceList:
    """Store an empty price list; when its job was interrupted before, in the place of what that left."""
    left = store.newest(PriceList, job_id=record.job_id)
    if left is not None:
        return store.update(left, fold_scores=(), prices=record.prices, n_rows=record.n_rows, note=record.note)
    return store.add(record)


def _plan_trials(recipe: Recipe, family: str) -> tuple[dict[str, Recipe], tuple[StepPrice, ...]]:
    """Return the recipes to try, the whole one first, and the prices yet to be found, with what stands in the way."""
    build_pipeline(recipe, find_family(family).build(recipe.task, MIN_SAMPLE, 0))
    trials, prices = {WHOLE: recipe}, []
    for blank in _blank_prices(recipe):
        trial = switch_step(recipe, blank.key, False)
        try:
            build_pipeline(trial, find_family(family).build(recipe.task, MIN_SAMPLE, 0))
            trials[blank.key] = trial
        except LifecycleError as error:
            blank = replace(blank, problem=f"It cannot be left out: {error.message[0].lower()}{error.message[1:]}")
        prices.append(blank)
    return trials, tuple(prices)


def _blank_prices(recipe: Recipe) -> list[StepPrice]:
    return [StepPrice(step.key, step.title) for step in recipe.steps if step.enabled and step.columns]


def _widest(recipe: Recipe) -> Recipe:
    """Return the recipe that leaves no column out, whose rows have the columns of every trial."""
    for step in recipe.steps:
        if step.kind == "drop":
            recipe = switch_step(recipe, step.key, False)
    return recipe


def _rows_for(store: Store, widest: Recipe, params: Json, n_rows: int, n_trials: int) -> int:
    """Return how many rows each fit may learn from within the time and the memory."""
    family, n_columns = find_family(params["family"]), encoded_width(store, widest)
    seconds = PLANNED_PART * params["budget_s"] * (os.cpu_count() or 1) / n_trials
    within = rows_within(family, widest.task, (n_rows, n_columns), seconds)
    return _sample(min(within, n_rows if family.sparse else MAX_CELLS // n_columns), n_rows)


def _sample(wanted: int, n_rows: int) -> int:
    """Return a sample worth having of so many rows: nearly all are all, and a few hundred are the least."""
    return n_rows if wanted >= NEARLY_ALL * n_rows else min(max(round_down(wanted), MIN_SAMPLE), n_rows)


def say_sample(n_rows: int, n_rows_train: int, budget_s: float) -> str:
    """Return why the tries learn from a sample, in words; nothing when they do not."""
    if n_rows >= n_rows_train:
        return ""
    return (
        f"Each try learns from at most {n_rows:,} of {n_rows_train:,} rows, drawn at random, so that all tries fit "
        f"into {say_seconds(budget_s)}. With more time, small differences would show more clearly."
    )


@dataclass
class _Pricing:
    """Scores as they come in, and the price list made of them."""

    handle: JobHandle
    record: PriceList
    data: TrainingData
    specs: Mapping[str, FitSpec]
    scores: dict[str, dict[int, float]] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)

    def work(self, budget_s: float) -> None:
        """Score all recipes on all folds and write each price as soon as it is known."""
        left = f"The time of {say_seconds(budget_s)} was used up before it could be tried. Give it more."
        self.handle.report(0.0, "Trying the recipe as it is.")
        ends_at = time.monotonic() + budget_s
        try:
            with connect(self.handle.scheduler_address) as client:
                scattered = scatter_rows(client, self.data)
                places = {(key, fold): spec for key, spec in self.specs.items() for fold in range(len(self.data.folds))}
                self._try_first(client, scattered, places, ends_at)
                self._collect(client, scattered, places, ends_at)
        except StoppedError:
            left = "Stopped before it was tried."
            raise
        finally:
            self._write(left)
        n_tried = sum(price.outcome is not None for price in self.record.prices)
        self.handle.report(1.0, f"{n_tried} of {len(self.record.prices)} steps have a price.")

    def _try_first(self, client: Client, scattered: Future, places: Places, ends_at: float) -> None:
        """Time one fit; where all would take longer than there is time, let them learn from fewer rows."""
        began = time.monotonic()
        first = (WHOLE, 0)
        self._collect(client, scattered, {first: places[first]}, ends_at)
        now = time.monotonic()
        n_at_once = sum(client.nthreads().values()) or 1
        share = PLANNED_PART * (ends_at - now) / max((now - began) * len(places) / n_at_once, 1e-9)
        n_rows, n_learn = self.record.n_rows, len(self.data.folds[0][0])
        fewer = _sample(int(share * min(n_rows, n_learn)), self.record.n_rows_train) if share < 1 else n_rows
        if fewer < min(n_rows, n_learn):
            self.scores.clear()
            self.record = self.handle.store.update(self.record, n_rows=fewer)
        else:
            places.pop(first)
        said = say_sample(self.record.n_rows, self.record.n_rows_train, self.handle.job.params["budget_s"])
        note = " ".join(part for part in (said, self.data.note) if part)
        self.record = self.handle.store.update(self.record, note=note)

    def _collect(self, client: Client, scattered: Future, places: Places, ends_at: float) -> None:
        """Take in what comes of the fits at these places."""
        n_all = len(self.specs) * len(self.data.folds)
        results = fold_results(self.handle, client, scattered, places, n_rows=self.record.n_rows, ends_at=ends_at)
        with closing(results):
            for key, fold, result in results:
                self._take(key, fold, result)
                n_done = sum(len(scores) for scores in self.scores.values())
                self.handle.report(n_done / n_all, f"{n_done} of {n_all} tries done.")

    def _take(self, key: str, fold: int, result: FoldScore | LifecycleError) -> None:
        if isinstance(result, FoldScore):
            self.scores.setdefault(key, {})[fold] = result.score
        elif key == WHOLE:
            raise result
        elif not isinstance(result, WorkStoppedError):
            self.problems[key] = f"Without it the model cannot learn from these rows: {result.message}"
        self._write("")

    def _write(self, left: str) -> None:
        """Write what is known; `left` says why the rest will never be, or is empty while it may."""
        whole = self._complete(WHOLE)
        values = [score_to_value(self.record.metric, score) for score in whole or () if score == score]
        prices = tuple(self._price(price, whole, left) for price in self.record.prices)
        self.record = self.handle.store.update(self.record, fold_scores=tuple(values), prices=prices)

    def _price(self, price: StepPrice, whole: list[float] | None, left: str) -> StepPrice:
        if price.outcome is not None or price.problem:
            return price
        if problem := self.problems.get(price.key, ""):
            return replace(price, problem=problem)
        without = self._complete(price.key)
        if whole is None or without is None:
            return replace(price, problem=left)
        found = price_step(price, whole, without, metric=self.record.metric, overlap=self._overlap())
        leaves_out = any(step.key == price.key and step.kind == "drop" for step in self.specs[WHOLE].recipe.steps)
        return replace(found, sentence=f"{found.sentence} {TRAP}") if found.outcome == "costs" and leaves_out else found

    def _complete(self, key: str) -> list[float] | None:
        scores = self.scores.get(key, {})
        return [scores[fold] for fold in sorted(scores)] if len(scores) == len(self.data.folds) else None

    def _overlap(self) -> float:
        """Return rows scored on by rows learned from; at least that of plain folds, where only some rows are scored."""
        folds = self.data.folds
        return max(1 / max(len(folds) - 1, 1), fmean(len(score) / len(learn) for learn, score in folds))
