"""Records of one answer looked at again: all that led to it, and what the model says today."""

from dataclasses import dataclass

from core.records.base import Label
from core.records.live import EarlierLabel, LabelRecord, Prediction
from core.records.model import ModelVersion
from core.records.release import Release
from core.records.rules import Referral, ServingRules
from core.records.threshold import DecisionThreshold


@dataclass(frozen=True)
class Receipt:
    """Everything known about one answer. `release` is the one by which its model answered; None when none is noted.

    `warnings` say what in the question lay outside the training rows; `recipe_steps` are the steps before the model in
    words; `earlier_labels` were replaced by `label`, oldest first; `rules` were in force when it was asked (they reach
    the service within about a second), None when none were ever set; `referral` says what became of a row that the
    model did not answer; `threshold` is what the model answers by, None where none is noted. `table` and `table_sha256`
    name what it learned from, empty when that is gone.
    """

    prediction: Prediction
    model: ModelVersion
    warnings: tuple[str, ...]
    recipe_steps: tuple[str, ...]
    table: str
    table_sha256: str
    target: str
    release: Release | None = None
    label: LabelRecord | None = None
    earlier_labels: tuple[EarlierLabel, ...] = ()
    rules: ServingRules | None = None
    referral: Referral | None = None
    threshold: DecisionThreshold | None = None


@dataclass(frozen=True)
class Effect:
    """What one input did: how far the answer lies from the one with that input at its typical value.

    `change` is of the probability of the class that was answered, in [-1, 1], or of the number predicted.
    """

    column: str
    change: float
    sentence: str


@dataclass(frozen=True)
class Recomputed:
    """The same question put to the same model version again; `effects` of the inputs, the strongest first."""

    equal: bool
    sentence: str
    prediction: Label
    probabilities: dict[str, float] | None
    effects: tuple[Effect, ...] = ()
