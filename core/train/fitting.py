"""What happens in the child process: fit one pipeline, and score it."""

import time
from dataclasses import dataclass

import pandas as pd
from sklearn.pipeline import Pipeline

from core.prepare import build_pipeline, features_and_target
from core.records import OutOfFold, Recipe
from core.train.families import find_family
from core.train.out_of_fold import count_chances
from core.train.scoring import score_model


@dataclass(frozen=True)
class FitSpec:
    """What to fit, and by which metric to score it."""

    recipe: Recipe
    family: str
    metric: str
    random_state: int
    positive_label: str | None = None


@dataclass(frozen=True)
class FoldScore:
    """The score of one fold as scikit-learn gives it (NaN when the fold allows none), and seconds the fit took.

    `out_of_fold` counts the chances its rows were given, see `count_chances`; None where it counts nothing.
    """

    score: float
    fit_seconds: float
    out_of_fold: OutOfFold | None = None


def fit_pipeline(spec: FitSpec, train: pd.DataFrame) -> Pipeline:
    """Return the pipeline of a family, fitted to rows with features and target."""
    family = find_family(spec.family)
    features, target = features_and_target(train, spec.recipe)
    estimator = family.build(spec.recipe.task, len(train), spec.random_state)
    return build_pipeline(spec.recipe, estimator, dense=not family.sparse).fit(features, target)


def score_fold(spec: FitSpec, train: pd.DataFrame, test: pd.DataFrame) -> FoldScore:
    """Fit to one part and score on another."""
    started = time.perf_counter()
    pipeline = fit_pipeline(spec, train)
    fit_seconds = time.perf_counter() - started
    features, target = features_and_target(test, spec.recipe)
    # What comes before the model is done once for both.
    model, ready = pipeline[-1], pipeline[:-1].transform(features)
    score = score_model(model, ready, target, spec.metric, spec.positive_label)
    counted = count_chances(model, ready, target, spec.positive_label) if spec.recipe.task == "binary" else None
    return FoldScore(score, fit_seconds, counted)
