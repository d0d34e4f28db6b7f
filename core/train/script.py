"""Cross-validation and fit as a plain scikit-learn program."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any

import pandas as pd

from core.collect.plain_source import PlainSource
from core.collect.program import Program, bracketed, comment, literal
from core.errors import NotReadyError
from core.plan import current_objective, metric
from core.prepare import SplitRows, features_and_target, split_rows
from core.prepare.estimator_code import EstimatorCode
from core.prepare.script import pipeline_code, recipe_program
from core.records import Candidate, Recipe, TrainingRun
from core.store import Store
from core.train.board import leaderboard
from core.train.families import find_family
from core.train.folds import MAX_SCORE_ROWS, Rows, choose_splitter, draw_rows, make_folds

SCORERS: Mapping[str, tuple[str, tuple[str, ...]]] = MappingProxyType(
    {
        name: (f"make_scorer({function}, pos_label={{positive}}, zero_division=0)", ("make_scorer", function))
        for name, function in (("f1", "f1_score"), ("precision", "precision_score"), ("recall", "recall_score"))
    }
    | {
        "average_precision": (
            'make_scorer(\n    average_precision_score, response_method=("decision_function", "predict_proba"), '
            "pos_label={positive}\n)",
            ("make_scorer", "average_precision_score"),
        )
    }
)
"""Scorers that have to know which class counts as positive."""
ROC_AUC_OVR = '''def scoring(model, X, y):
    """Each class against the rest, the mean of the areas under the curves."""
    return roc_auc_score(y, model.predict_proba(X), multi_class="ovr", labels=model.classes_)
'''


def training_script(store: Store, run_id: str, *, from_file: bool = False) -> str:
    """Return a program that goes from the table to the scores of a run's candidates, fold by fold.

    Parameters
    ----------
    from_file : bool
        Whether it starts from the file as the person brought it, see `collect.table_script`.

    Raises
    ------
    NotReadyError
        When no candidate of the run is done yet.
    """
    run = store.get(TrainingRun, run_id)
    done = [candidate for candidate in leaderboard(store, run_id) if candidate.status == "done"]
    if not done:
        raise NotReadyError("No model has been trained yet.", "Wait for the first result.")
    work = _Work(store, run)
    program = training_program(store, run, "From the table to models compared on the same rows", from_file=from_file)
    program = program.then("The folds of cross-validation, and what counts as good", *work.folds_code())
    return program.then("The models, each scored on every fold", *work.scores_code(done)).text()


def training_program(store: Store, run: TrainingRun, title: str, *, from_file: bool = False) -> Program:
    """Return a program with the recipe, and `with_recipe(model)`, which makes a model and the recipe one pipeline."""
    recipe = store.get(Recipe, run.recipe_id)
    program = recipe_program(store, recipe, title, from_file=from_file)
    code, *imports = pipeline_code(recipe)
    return program.then("Recipe and model as one", code, *imports)


def fitted_code(store: Store, candidate: Candidate) -> tuple[str, ...]:
    """Return the code that fits a candidate to all rows it may learn from, as `model`, then the import lines."""
    work = _Work(store, store.get(TrainingRun, candidate.run_id))
    n_train = len(work.target)
    n_rows = candidate.n_rows_used or n_train
    writer = EstimatorCode()
    made = f"model = {work.made(candidate, min(n_rows, n_train), writer)}"
    if n_rows >= n_train:
        return f"{made}\nmodel.fit(X_train, y_train)", *writer.needs()
    drawn = [
        f"# The table is large: it learns from {n_rows:,} of the rows, drawn at random.",
        f"learn = draw_rows(np.arange(len(X_train)), {n_rows}, {work.run.random_state})",
        "model.fit(X_train.iloc[learn], y_train.iloc[learn])",
    ]
    return "\n".join([_draw_source(), "", "", made, *drawn]), *writer.needs(), "import numpy as np"


def _draw_source() -> str:
    source = PlainSource()
    source.add(draw_rows)
    return source.text()


@dataclass(frozen=True)
class _Work:
    """A run with its answers and folds, made anew without loading the other columns."""

    store: Store
    run: TrainingRun

    @cached_property
    def recipe(self) -> Recipe:
        return self.store.get(Recipe, self.run.recipe_id)

    @cached_property
    def rows(self) -> SplitRows:
        return answers(self.store, self.recipe)[0]

    @cached_property
    def target(self) -> "pd.Series[Any]":
        return answers(self.store, self.recipe)[1]

    @cached_property
    def folds(self) -> Sequence[tuple[Rows, Rows]]:
        return make_folds(self.rows.train, _thin(self.recipe), self.run.n_splits, groups=self.rows.groups).folds

    def folds_code(self) -> tuple[str, ...]:
        groups = self.rows.groups
        splitter, note = choose_splitter(self.target, self.recipe, self.run.n_splits, groups)
        writer = EstimatorCode()
        arguments = "X_train, y_train" if groups is None else "X_train, y_train, groups[train]"
        code = [f"# {note}"] if note else []
        code.append(f"folds = list({writer.write(splitter)}.split({arguments}))")
        if self._sampled():
            code = [_draw_source(), "", "", *code]
        if self._capped():
            code += [
                f"# At most {MAX_SCORE_ROWS:,} rows of a fold are scored: enough to tell models apart.",
                f"folds = [(learn, draw_rows(check, {MAX_SCORE_ROWS}, {self.recipe.split.random_state})) "
                "for learn, check in folds]",
            ]
        scoring, imports = self._scoring_code()
        return "\n".join([*code, "", scoring]), "import numpy as np", *writer.needs(), *imports

    def _capped(self) -> bool:
        return any(len(check) == MAX_SCORE_ROWS for _, check in self.folds)

    def _sampled(self) -> bool:
        done = self.store.find(Candidate, run_id=self.run.id, status="done")
        return self._capped() or any(self._n_rows(one, learn) < len(learn) for one in done for learn, _ in self.folds)

    def _n_rows(self, candidate: Candidate, learn: Any) -> int:
        return min(candidate.n_rows_used or len(learn), len(learn))

    def _scoring_code(self) -> tuple[str, tuple[str, ...]]:
        name = self.run.metric
        if name == "roc_auc_ovr":
            return ROC_AUC_OVR, ("from sklearn.metrics import roc_auc_score",)
        if name in SCORERS:
            code, names = SCORERS[name]
            positive = literal(positive_class(self.store, self.recipe))
            return f"scoring = {code.format(positive=positive)}", tuple(
                f"from sklearn.metrics import {one}" for one in names
            )
        why = "  # negated by scikit-learn, so that greater is better" if name.startswith("neg_") else ""
        return f"scoring = {literal(name)}{why}", ()

    def scores_code(self, candidates: Sequence[Candidate]) -> tuple[str, ...]:
        writer = EstimatorCode()
        plain, special = [], []
        for candidate in candidates:
            title, code = literal(find_family(candidate.family).title), self._special_code(candidate, writer)
            if code:
                special += code
            else:
                plain.append(f"{title}: {self.made(candidate, self._sizes(candidate)[0], writer)}")
        code = [
            bracketed("models = {", plain, "}", 0),
            "scores = {",
            "    name: cross_val_score(model, X_train, y_train, cv=folds, scoring=scoring)",
            "    for name, model in models.items()",
            "}",
            *special,
            comment(f"{metric(self.run.metric).label}: one score a fold."),
            "for name, found in scores.items():",
            '    print(f"{name}: {np.nanmean(found):.4f} on average, {np.nanmin(found):.4f} at worst")',
        ]
        needs = ("import numpy as np", "from sklearn.model_selection import cross_val_score")
        return "\n".join(code), *writer.needs(), *needs

    def _sizes(self, candidate: Candidate) -> list[int]:
        """Return how many rows a candidate learns from in each fold."""
        return [self._n_rows(candidate, learn) for learn, _ in self.folds]

    def _special_code(self, candidate: Candidate, writer: EstimatorCode) -> list[str]:
        """Return the lines that score a candidate whose rows or settings differ from fold to fold; none for others."""
        sizes, folds, said = self._sizes(candidate), "folds", []
        if any(size < len(learn) for size, (learn, _) in zip(sizes, self.folds, strict=True)):
            said.append(
                f"The table is large: it learns from {candidate.n_rows_used:,} rows of a fold, drawn at random."
            )
            drawn = f"draw_rows(learn, {candidate.n_rows_used}, {self.run.random_state})"
            folds = f"[({drawn}, check) for learn, check in folds]"
        different = self._different_settings(candidate, sizes)
        if any(different):
            said.append("Its settings depend on how many rows it learns from.")
        if not said:
            return []
        title = literal(find_family(candidate.family).title)
        if not any(different):
            call = [self.made(candidate, sizes[0], writer), "X_train", "y_train", f"cv={folds}", "scoring=scoring"]
            return ["", comment(" ".join(said)), bracketed(f"scores[{title}] = cross_val_score(", call, ")")]
        return [
            "",
            comment(" ".join(said)),
            f"model = {self.made(candidate, sizes[0], writer)}",
            f"settings = {literal(different)}",
            f"scores[{title}] = [",
            "    cross_val_score(model.set_params(**chosen), X_train, y_train, cv=[fold], scoring=scoring)[0]",
            f"    for fold, chosen in zip({folds}, settings)",
            "]",
        ]

    def _different_settings(self, candidate: Candidate, sizes: Sequence[int]) -> list[dict[str, Any]]:
        """Return, fold by fold, the settings in which the estimators for the folds are not all alike."""
        built = [self._build(candidate, size).get_params() for size in sizes]
        names = [name for name in built[0] if len({repr(params[name]) for params in built}) > 1]
        return [{f"model__{name}": params[name] for name in names} for params in built]

    def made(self, candidate: Candidate, n_rows: int, writer: EstimatorCode) -> str:
        """Return the code that makes a candidate's pipeline for so many rows to learn from."""
        model = writer.write(self._build(candidate, n_rows))
        sparse = find_family(candidate.family).sparse
        return bracketed("with_recipe(", [model] if sparse else [model, "sparse_threshold=0"], ")")

    def _build(self, candidate: Candidate, n_rows: int) -> Any:
        return find_family(candidate.family).build(self.recipe.task, n_rows, self.run.random_state)


def answers(store: Store, recipe: Recipe) -> tuple[SplitRows, "pd.Series[Any]"]:
    """Return the divided rows with nothing but the answers, and those to learn from; no other column is read for that,
    except what the rows are divided by.
    """
    thin = _thin(recipe)
    rows = split_rows(store, thin)
    return rows, features_and_target(rows.train, thin)[1]


def _thin(recipe: Recipe) -> Recipe:
    columns = tuple(column for column in recipe.columns if column.name == recipe.target)
    return replace(recipe, columns=columns, steps=())


def positive_class(store: Store, recipe: Recipe) -> str:
    """Return the class that counts as positive: the one the person chose, else the last."""
    classes = sorted(answers(store, recipe)[1].unique())
    chosen = current_objective(store, recipe.project_id).positive_label
    return chosen if chosen is not None and chosen in classes else str(classes[-1])
