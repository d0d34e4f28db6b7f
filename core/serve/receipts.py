"""The receipt of an answer: what led to it, whether the model still says the same, and what its inputs did to it."""

import math
from dataclasses import replace
from pathlib import Path

from core.collect import name_version
from core.deploy import Answers
from core.deploy.apart import run_apart
from core.deploy.loading import load_prototype, open_model
from core.errors import NotFoundError
from core.prepare import say_step
from core.records import (
    DatasetVersion,
    EarlierLabel,
    Effect,
    Json,
    LabelRecord,
    ModelVersion,
    Prediction,
    PrototypeColumn,
    Receipt,
    Recipe,
    Recomputed,
    Referral,
    Release,
    ServingRules,
)
from core.serve.contract import Contract
from core.store import Store

TOLERANCE = 1e-6
"""Largest difference that still counts as the same: of a probability, or of a number, relatively."""
SMALLEST_EFFECT = 0.005
"""Changes of a probability below half a case in 100 are not told."""
MOST_EFFECTS = 5
TIMEOUT_S = 120.0


def find_receipt(store: Store, prediction_id: str, *, project_id: str) -> Receipt:
    """Return all that is known about one answer of a project.

    Raises
    ------
    NotFoundError
        When the log of the project has no such prediction, or its model was deleted.
    """
    prediction = store.newest(Prediction, id=prediction_id.strip(), project_id=project_id)
    if prediction is None:
        raise NotFoundError(
            "There is no prediction with this id in this project.",
            "Copy the id from an answer. The newest answers may not be in the log yet; old ones may be deleted.",
        )
    model = store.get(ModelVersion, prediction.model_version_id)
    prototype = load_prototype(store, model.id)
    inputs = {column.name: prediction.inputs.get(column.name) for column in prototype.columns}
    recipe, table = store.newest(Recipe, id=model.recipe_id), store.newest(DatasetVersion, id=model.dataset_id)
    releases = [one for one in store.find(Release, project_id=project_id) if one.lets_answer(model.id)]
    before = [release for release in releases if release.created_at <= prediction.predicted_at]
    referral = store.newest(Referral, id=prediction.id)
    return Receipt(
        replace(prediction, inputs=inputs),
        model,
        tuple(Contract(prototype).find_warnings(inputs)),
        tuple(f"{step.title}: {say_step(step)}" for step in recipe.steps if step.enabled) if recipe else (),
        f"{name_version(table)} ({table.filename})" if table else "",
        table.sha256 if table else "",
        prototype.target,
        before[-1] if before else None,
        store.newest(LabelRecord, id=prediction.id),
        tuple(store.find(EarlierLabel, prediction_id=prediction.id)),
        _rules_of(store, prediction, referral),
        referral,
        prototype.threshold,
    )


def _rules_of(store: Store, prediction: Prediction, referral: Referral | None) -> ServingRules | None:
    """Return the rules by which a row was held back; else those that were the newest when it was asked."""
    if referral is not None:
        return store.newest(ServingRules, id=referral.rules_id)
    set_before = [
        rules
        for rules in store.find(ServingRules, project_id=prediction.project_id)
        if rules.created_at <= prediction.predicted_at
    ]
    return set_before[-1] if set_before else None


def recompute(store: Store, receipt: Receipt) -> Recomputed:
    """Put the question to the very model version again, in a process of its own, and say whether the answer is equal.

    The effect of an input is how far the answer lies from the one the model gives when only that input has the typical
    value of the training rows. Inputs that matter only together are not told apart by this.

    Raises
    ------
    BadInputError
        When the model's files were changed.
    NotReadyError
        When it takes longer than two minutes.
    """
    columns = load_prototype(store, receipt.model.id).columns
    inputs = receipt.prediction.inputs
    moved = [column for column in columns if column.example is not None and inputs[column.name] != column.example]
    rows = [inputs, *({**inputs, column.name: column.example} for column in moved)]
    answers = run_apart(_answer, store.files.model(receipt.model.id), receipt.model.digest, rows, timeout_s=TIMEOUT_S)
    equal = is_equal(receipt.prediction, answers)
    again = "The same model version gives the same answer again."
    other = "Computed again, the answer is another one. Tell whoever looks after this server."
    probabilities = answers.probabilities[0] if answers.probabilities else None
    effects = _effects(moved, answers)
    return Recomputed(equal, again if equal else other, answers.predictions[0], probabilities, effects)


def _answer(folder: Path, digest: str, rows: list[Json]) -> Answers:
    return open_model(folder, digest).predict_rows(rows)


def is_equal(logged: Prediction, answers: Answers) -> bool:
    """Whether the first answer is the logged one: the same class, numbers and probabilities within 1e-6."""
    answer = answers.predictions[0]
    if isinstance(answer, float) and isinstance(logged.prediction, int | float):
        return math.isclose(answer, logged.prediction, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    now = (answers.probabilities[0] if answers.probabilities else None) or {}
    then = logged.probabilities or {}
    same_names = now.keys() == then.keys()
    return answer == logged.prediction and same_names and all(abs(now[name] - then[name]) <= TOLERANCE for name in now)


def _effects(moved: list[PrototypeColumn], answers: Answers) -> tuple[Effect, ...]:
    """Return the strongest effects; none for a model that gives classes without probabilities."""
    answer = answers.predictions[0]
    found = []
    for position, column in enumerate(moved, start=1):
        if answers.probabilities:
            change = answers.probabilities[0][str(answer)] - answers.probabilities[position][str(answer)]
            told = f"the chance of '{answer}' by {abs(change) * 100:.0f} of 100"
            matters = abs(change) >= SMALLEST_EFFECT
        elif isinstance(answer, float):
            change = answer - float(answers.predictions[position])
            told, matters = f"the answer by {abs(change):,.4g}", bool(change)
        else:
            continue
        if matters:
            verb = "raised" if change > 0 else "lowered"
            found.append(Effect(column.name, change, f"'{column.name}' {verb} {told}."))
    return tuple(sorted(found, key=lambda effect: -abs(effect.change))[:MOST_EFFECTS])
