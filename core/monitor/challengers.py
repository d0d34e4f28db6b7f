"""How does a challenger do beside the live version? Agreement, accuracy and cost, each with how sure one can be.

A shadow is asked the same questions, so answers are compared one by one. A canary is asked others (its share of the
traffic), so the two are compared as two groups.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core import plan
from core.monitor.intervals import share_interval
from core.monitor.mistake_costs import compare_costs, costs_of
from core.monitor.performance import say_estimate
from core.monitor.realised import Measure, choose_measure
from core.prepare import label_text
from core.records import (
    Canary,
    ChallengerReport,
    CostDifference,
    Deployment,
    MetricEstimate,
    ModelVersion,
    Objective,
    Shadow,
    Share,
)
from core.records.standing import ChallengerRole
from core.store import TRAFFIC_COUNTS, AnswerPair, LabelledAnswer, Store

MOST_COMPARED = 5_000
"""Newest questions that are compared: pages ask every few seconds, the log grows for ever."""
CLOSE = 0.05
"""Two numbers are alike when they differ by no more than this share of the larger one."""
FEWEST_LABELLED = 30
"""Fewer answers with a known truth say nothing about accuracy or cost."""


@dataclass(frozen=True)
class _Sides:
    """What is compared: the answers of both with a known truth, the same questions in the same order if `paired`."""

    role: ChallengerRole
    challenger_id: str
    live: list[LabelledAnswer]
    challenger: list[LabelledAnswer]
    n_asked: int
    n_failed: int
    agreement: Share | None = None

    @property
    def paired(self) -> bool:
        return self.role == "shadow"


def compare_challengers(store: Store, project_id: str) -> tuple[ChallengerReport, ...]:
    """Return how the canary and the shadow of a project do beside the live version, those that there are."""
    live = store.releases.current(project_id)
    if live is None:
        return ()
    objective = plan.current_objective(store, project_id)
    measure = choose_measure(store, store.get(ModelVersion, live.model_version_id), objective)
    return tuple(_report(store, live, objective, measure, one) for one in _read_sides(store, live, measure))


def answers_beside(store: Store, live: Deployment) -> list[tuple[ChallengerRole, str, list[LabelledAnswer]]]:
    """Return for the canary and the shadow that there are: its id, and its newest answers whose truth is known."""
    measure = choose_measure(
        store, store.get(ModelVersion, live.model_version_id), plan.current_objective(store, live.id)
    )
    return [(one.role, one.challenger_id, one.challenger) for one in _read_sides(store, live, measure)]


def _read_sides(store: Store, live: Deployment, measure: Measure) -> list[_Sides]:
    sides = [_read_canary(store, live, live.plan.canary)] if live.plan.canary else []
    return [*sides, _read_shadow(store, live, live.plan.shadow, measure)] if live.plan.shadow else sides


def _read_canary(store: Store, live: Deployment, canary: Canary) -> _Sides:
    def answers(version_id: str) -> list[LabelledAnswer]:
        return store.log.labelled_answers(
            live.id, newest=MOST_COMPARED, model_version_id=version_id, since=canary.started_at
        )

    since = canary.started_at.replace(second=0, microsecond=0)
    windows = store.log.windows(live.id, since=since, model_version_id=canary.model_version_id, only=TRAFFIC_COUNTS)
    n_unanswered = sum(window.n_unanswered for window in windows)
    n_asked = sum(window.n_rows for window in windows) + n_unanswered
    sides = answers(live.model_version_id), answers(canary.model_version_id)
    return _Sides("canary", canary.model_version_id, *sides, n_asked, n_unanswered)


def _read_shadow(store: Store, live: Deployment, shadow: Shadow, measure: Measure) -> _Sides:
    shadow_id = shadow.model_version_id
    pairs = store.shadows.pairs(live.id, live.model_version_id, shadow_id, newest=MOST_COMPARED)
    known = [pair for pair in pairs if pair.label is not None]
    n_failed = sum(store.shadows.failures(live.id, shadow_id).values())
    return _Sides(
        "shadow",
        shadow_id,
        [_answer(live.model_version_id, shadow, pair, pair.prediction, pair.probabilities) for pair in known],
        [_answer(shadow_id, shadow, pair, pair.shadow_prediction, pair.shadow_probabilities) for pair in known],
        store.shadows.count(live.id, shadow_id),
        n_failed,
        _agreement(pairs, measure),
    )


def _answer(
    version_id: str, shadow: Shadow, pair: AnswerPair, said: object, sure: dict[str, float] | None
) -> LabelledAnswer:
    return LabelledAnswer(version_id, shadow.started_at, said, sure, pair.label)  # type: ignore[arg-type]


def _agreement(pairs: Sequence[AnswerPair], measure: Measure) -> Share | None:
    """Return for how many questions two versions answer alike: the same class, or numbers within 5 %."""
    if not pairs:
        return None
    if measure.prototype.task == "regression":
        first = np.array([pair.prediction for pair in pairs], dtype=float)
        second = np.array([pair.shadow_prediction for pair in pairs], dtype=float)
        n_alike = int((np.abs(first - second) <= CLOSE * np.maximum(np.abs(first), np.abs(second))).sum())
    else:
        n_alike = sum(label_text(pair.prediction) == label_text(pair.shadow_prediction) for pair in pairs)
    return share_interval(n_alike, len(pairs))


def _report(store: Store, live: Deployment, objective: Objective, measure: Measure, sides: _Sides) -> ChallengerReport:
    enough = min(len(sides.live), len(sides.challenger)) >= FEWEST_LABELLED
    estimates = tuple(measure.estimate(side) if enough else None for side in (sides.live, sides.challenger))
    cost = _cost(objective, measure, sides) if enough else None
    numbers = {one.id: one.number for one in store.find(ModelVersion, project_id=live.id)}
    names = tuple(f"Version {numbers.get(one, '?')}" for one in (live.model_version_id, sides.challenger_id))
    return ChallengerReport(
        project_id=live.id,
        role=sides.role,
        live_id=live.model_version_id,
        challenger_id=sides.challenger_id,
        metric=measure.metric,
        n_asked=sides.n_asked,
        n_failed=sides.n_failed,
        n_labelled=len(sides.challenger),
        n_labelled_live=len(sides.live),
        sentences=tuple(_sentences(sides, measure, names, estimates, cost)),
        agreement=sides.agreement,
        live=estimates[0],
        challenger=estimates[1],
        cost=cost,
    )


def _cost(objective: Objective, measure: Measure, sides: _Sides) -> CostDifference | None:
    costs = [
        costs_of(objective, measure.prototype, [one.label for one in side], [one.prediction for one in side])
        for side in (sides.live, sides.challenger)
    ]
    if costs[0] is None or costs[1] is None:
        return None
    return compare_costs(costs[0], costs[1], paired=sides.paired)


def _sentences(
    sides: _Sides,
    measure: Measure,
    names: tuple[str, ...],
    estimates: tuple[MetricEstimate | None, ...],
    cost: CostDifference | None,
) -> list[str]:
    """Return what is known, the plainest first."""
    said = [_say_asked(sides, measure, names)]
    if sides.n_failed:
        kept = "; callers got those answers from the live version" if sides.role == "canary" else ""
        said.append(f"{_say_questions(sides.n_failed)} it could not answer{kept}.")
    live, challenger = estimates
    if live is not None and challenger is not None:
        said.append(
            f"Where the truth is known, {names[0]} has {say_estimate(live)}, {names[1]} {say_estimate(challenger)}."
        )
        said.append(_say_lead(live, challenger, measure, names))
    elif sides.n_asked:
        n_known = min(len(sides.live), len(sides.challenger))
        said.append(
            f"Which of them is right more often is not known yet: the truth is known for {n_known:,} of the answers "
            f"to compare, and {FEWEST_LABELLED} are needed at least."
        )
    if cost is not None:
        said.append(_say_cost(cost, names[1]))
    return said


def _say_asked(sides: _Sides, measure: Measure, names: tuple[str, ...]) -> str:
    agreement = sides.agreement
    if sides.role == "canary":
        nothing = "No question has come its way yet."
        return f"{names[1]} was asked {_say_questions(sides.n_asked)} so far." if sides.n_asked else nothing
    if agreement is None:
        return "No question has been put to both yet."
    alike = "within 5 % of each other" if measure.prototype.task == "regression" else "alike"
    return (
        f"Of 100 questions both answer {agreement.value * 100:.0f} {alike} (between {agreement.low * 100:.0f} and "
        f"{agreement.high * 100:.0f}; {agreement.n:,} compared)."
    )


def _say_lead(live: MetricEstimate, challenger: MetricEstimate, measure: Measure, names: tuple[str, ...]) -> str:
    """Say which is better only where the two intervals leave no doubt."""
    greater = plan.metric(measure.metric).greater_is_better
    lower, higher = (live, challenger) if live.value <= challenger.value else (challenger, live)
    if lower.high >= higher.low:
        return "The two ranges overlap: the difference may be chance."
    better = names[1] if (higher is challenger) == greater else names[0]
    return f"{better} is clearly better."


def _say_cost(cost: CostDifference, name: str) -> str:
    if cost.low <= 0 <= cost.high:
        now, then = plan.say_cost(cost.live), plan.say_cost(cost.challenger)
        return f"In 1,000 answers the mistakes cost about {now} now and {then} with {name}: no clear difference."
    word = "less" if cost.difference < 0 else "more"
    ends = sorted((abs(cost.low), abs(cost.high)))
    return (
        f"In 1,000 answers the mistakes of {name} cost about {plan.say_cost(abs(cost.difference))} {word} "
        f"(between {plan.say_cost(ends[0])} and {plan.say_cost(ends[1])})."
    )


def _say_questions(n: int) -> str:
    return f"{n:,} question{'' if n == 1 else 's'}"
