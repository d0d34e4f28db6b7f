"""When does an alert open? One rule a kind of alert; each exists by itself, can be switched off and changed."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal

from core.errors import BadInputError
from core.monitor.wording import say_share
from core.records import AlertKind, AlertRule, Objective, Project, new_id, utc_now
from core.store import Store

Unit = Literal["share", "milliseconds", "minutes"]
LONGEST_PATIENCE = 24 * 60


@dataclass(frozen=True)
class RuleKind:
    """What a rule watches, in words, and what it starts with. `sentence` may have a `{limit}` place.

    `unit` None: there is no threshold to choose, since the plan and the test say where it lies.
    """

    kind: AlertKind
    title: str
    sentence: str
    unit: Unit | None = None
    threshold: float | None = None
    lowest: float = 0.0
    highest: float = 1.0
    patience_minutes: int = 0
    sentence_at_zero: str = ""


RULES: Mapping[AlertKind, RuleKind] = MappingProxyType(
    {
        rule.kind: rule
        for rule in (
            RuleKind(
                "accuracy",
                "It is right less often",
                "Calls when the truth shows it clearly: it is worse than the plan wants, or than at its test.",
            ),
            RuleKind(
                "estimate",
                "It is probably right less often",
                "Calls when few labels have come, but the answers themselves say that it is worse than the plan wants, "
                "or than at its test. It keeps silent where such an estimate cannot be relied on.",
            ),
            RuleKind(
                "taken_back",
                "A version was taken back",
                "Calls when a version breaks the rules that it is watched by, so that it is taken back by itself.",
            ),
            RuleKind(
                "beside",
                "A version on trial is not right enough",
                "Calls when the truth shows clearly that a version that answers a share, or is asked silently, is "
                "worse than the plan wants, or than at its test.",
            ),
            RuleKind(
                "drift",
                "The questions have changed",
                "Calls when columns have clearly changed since the model learnt. It is a warning when the model has "
                "{limit} or more of what it knows from them, a mere note otherwise.",
                "share",
                0.05,
            ),
            RuleKind(
                "missing",
                "Values are missing or unknown",
                "Calls when a column has {limit} more missing or unknown values than when the model learnt.",
                "share",
                0.05,
                lowest=0.005,
            ),
            RuleKind(
                "errors",
                "Requests go unanswered",
                "Calls when {limit} or more of the requests of 15 minutes fail or are refused. What your own rules "
                "refuse does not count.",
                "share",
                0.05,
                lowest=0.001,
            ),
            RuleKind(
                "latency",
                "Answers take too long",
                "Calls when of the answers of 15 minutes more than 5 in 100 take longer than {limit}.",
                "milliseconds",
                lowest=0.1,
                highest=5_000.0,
                patience_minutes=2,
            ),
            RuleKind(
                "dropped",
                "Answers are not logged",
                "Calls when more than {limit} of the rows answered in 15 minutes are missing in the log.",
                "share",
                0.0,
                sentence_at_zero="Calls when any row answered in 15 minutes is missing in the log.",
            ),
            RuleKind(
                "traffic",
                "Nobody asks any more",
                "Calls when nothing is asked for {limit}, although something was at this time of most days before.",
                "minutes",
                30.0,
                lowest=5.0,
                highest=7 * 24 * 60.0,
            ),
            RuleKind(
                "labels",
                "The truth stops coming",
                "Calls when no label arrives for {limit} and for three times as long as labels usually keep waiting, "
                "although questions are asked whose truth should be known.",
                "minutes",
                60.0,
                lowest=5.0,
                highest=90 * 24 * 60.0,
            ),
        )
    }
)
"""What is watched, most serious first."""


def list_rules(store: Store, project_id: str) -> tuple[AlertRule, ...]:
    """Return the rules of a project as they hold now, one a kind; where nobody changed one, what it starts with."""
    saved = {rule.kind: rule for rule in store.find(AlertRule, project_id=project_id)}
    return tuple(saved.get(kind) or _starting_rule(project_id, kind) for kind in RULES)


def rule_history(store: Store, project_id: str, kind: AlertKind) -> list[AlertRule]:
    """Return how a rule was changed, newest first: each as it held from then on."""
    return store.find(AlertRule, project_id=project_id, kind=kind)[::-1]


def change_rule(
    store: Store, project_id: str, kind: AlertKind, *, by: str, **changes: float | bool | None
) -> AlertRule:
    """Save a rule with some of `enabled`, `threshold` and `patience_minutes` changed, and return it.

    Raises
    ------
    BadInputError
        When the threshold or the patience is out of range.
    NotFoundError
        When the project is gone.
    """
    store.get(Project, project_id)
    current = next(rule for rule in list_rules(store, project_id) if rule.kind == kind)
    changed = replace(current, **changes, created_by=by, id=new_id(), created_at=utc_now())  # type: ignore[arg-type]
    _check(changed)
    return store.add(changed)


def limit_of(rule: AlertRule, objective: Objective) -> float | None:
    """Return the threshold that holds; that of the latency is the plan's unless the rule has one of its own."""
    if rule.kind == "latency" and rule.threshold is None:
        return objective.latency_limit_ms
    return rule.threshold


def say_rule(rule: AlertRule, objective: Objective) -> str:
    """Return what a rule does, as a sentence."""
    kind, limit = RULES[rule.kind], limit_of(rule, objective)
    if kind.unit is not None and limit is None:
        return "Does nothing yet: neither the plan nor this rule says how long an answer may take."
    sentence = kind.sentence_at_zero if limit == 0 and kind.sentence_at_zero else kind.sentence
    told = sentence.format(limit=say_limit(kind.unit, limit) if kind.unit and limit is not None else "")
    if rule.patience_minutes:
        told += f" It waits until this has lasted {_count(rule.patience_minutes, 'minute')}."
    return told


def say_limit(unit: Unit, limit: float) -> str:
    """Return a threshold in words: "5 %", "120 ms", "30 minutes"."""
    if unit == "share":
        return say_share(limit)
    if unit == "milliseconds":
        return f"{limit:,.4g} ms"
    for name, length in (("day", 1_440), ("hour", 60)):
        if limit >= 2 * length or limit == length:
            return _count(round(limit / length, 1), name)
    return _count(limit, "minute")


def _count(n: float, noun: str) -> str:
    return f"{n:,g} {noun}{'' if n == 1 else 's'}"


def _starting_rule(project_id: str, kind: AlertKind) -> AlertRule:
    starts = RULES[kind]
    return AlertRule(project_id, kind, True, starts.threshold, starts.patience_minutes, "Full Circle")


def _check(rule: AlertRule) -> None:
    kind = RULES[rule.kind]
    if not 0 <= rule.patience_minutes <= LONGEST_PATIENCE:
        raise BadInputError("A rule can wait 0 minutes to a day.", "Choose a time in between.")
    if kind.unit is None or (rule.threshold is None and kind.threshold is None):
        return
    limit = rule.threshold
    if limit is None or not math.isfinite(limit) or not kind.lowest <= limit <= kind.highest:
        low, high = (say_limit(kind.unit, border) for border in (kind.lowest, kind.highest))
        raise BadInputError(f"The rule '{kind.title}' has no such limit.", f"It lies between {low} and {high}.")
