"""How strongly a column tells the target, in a sentence."""

from collections.abc import Sequence

from core.records import TargetGroup

NOTHING, LITTLE, MUCH, ALL = 0.005, 0.05, 0.3, 0.95
"""Borders between "nothing", "a little", "something", "much" and "almost everything" on the scale of strengths."""
MIN_GROUP_SHARE = 0.01


def say_classes(
    strength: float, score: float, guessing: float, classes: Sequence[str], groups: Sequence[TargetGroup], by: str
) -> str:
    """Return how a column tells classes: `score` and `guessing` are rows of 100 that are right, with it and without."""
    if strength < NOTHING:
        return "By itself, this column tells nothing about the target."
    how = f"By itself{_by(by)}, this column tells {_degree(strength)} about the target."
    if round(score) > round(guessing):
        return f"{how} Of 100 rows, knowing it alone gets {_whole(score)} right instead of {_whole(guessing)}."
    place = _rarer(classes, groups)
    spread = sorted(_large(groups), key=lambda group: group.shares[place])
    low, high = spread[0], spread[-1]
    return (
        f"{how} '{classes[place]}' are {_hundredth(low.shares[place])} of 100 rows with {low.label}, and "
        f"{_hundredth(high.shares[place])} of 100 with {high.label}."
    )


def say_amount(
    strength: float, score: float, guessing: float, target: str, groups: Sequence[TargetGroup], by: str
) -> str:
    """Return how a column tells an amount: `score` and `guessing` are how far off a guess is, with it and without."""
    if strength < NOTHING:
        return "By itself, this column tells nothing about the target."
    how = f"By itself{_by(by)}, this column tells {_degree(strength)} about the target."
    if score < 0.995 * guessing:
        return (
            f"{how} Knowing it alone, a guess of '{target}' is off by {score:.3g} on average instead of {guessing:.3g}."
        )
    spread = sorted(_large(groups), key=lambda group: group.middle or 0.0)
    low, high = spread[0], spread[-1]
    return (
        f"{how} Half of the rows lie below {low.middle:.4g} with {low.label}, and below {high.middle:.4g} "
        f"with {high.label}."
    )


def _degree(strength: float) -> str:
    if strength >= ALL:
        return "almost everything"
    return "much" if strength >= MUCH else "something" if strength >= LITTLE else "a little"


def _by(by: str) -> str:
    return "" if by in ("value", "time") else f", by its {by}"


def _large(groups: Sequence[TargetGroup]) -> list[TargetGroup]:
    """Return the groups that are large enough to speak of; all when none is."""
    n_rows = sum(group.n_rows for group in groups)
    return [group for group in groups if group.n_rows >= MIN_GROUP_SHARE * n_rows] or list(groups)


def _rarer(classes: Sequence[str], groups: Sequence[TargetGroup]) -> int:
    """Return the class to speak of: of two the rarer one, of several the one that differs most between groups."""
    if len(classes) == 2:
        return 1
    large = _large(groups)
    spread = [
        max(group.shares[place] for group in large) - min(group.shares[place] for group in large)
        for place in range(len(classes))
    ]
    return spread.index(max(spread))


def _whole(score: float) -> str:
    return f"{score:.0f}" if score < 99.5 or score == 100 else f"{min(score, 99.9):.1f}"


def _hundredth(share: float) -> str:
    return f"{100 * share:.0f}" if share == 0 or share >= 0.01 else f"{100 * share:.1g}"
