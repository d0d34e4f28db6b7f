"""What do labels that came teach of the estimates to come?

Two things: where, among rows like which, answers were right more or less often than expected (that comes back when such
rows do), and how all answers have been lately (that follows a change). Which of the two to trust, what was said of
stretches before their labels came tells.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from core.evaluate import ScoredRows
from core.monitor.significance import Floats, Mask
from core.monitor.soft_truth import SoftTruth, join_scored, join_soft, learn_correction, learn_locally, misses

N_LEARNT_FROM = 3
"""Stretches with labels whose truth corrects the estimate of the next one; more where they agree."""
MOST_APART = 2.0
"""Two stretches agree that differ by no more than so many standard errors."""
FEWEST_JUDGED = 3
"""Of fewer stretches, chance decides which way of telling came nearer to their labels."""


@dataclass(frozen=True, eq=False)
class Told:
    """What is expected of a stretch: as the error model tells, corrected where labels of such rows taught something,
    and that corrected once more by what labels taught lately about all rows.
    """

    plain: SoftTruth
    local: SoftTruth
    recent: SoftTruth

    def part(self, mask: Mask) -> "Told":
        """Return some of the answers."""
        return Told(self.plain.part(mask), self.local.part(mask), self.recent.part(mask))


@dataclass(frozen=True, eq=False)
class Checked:
    """The labelled answers of a stretch: what was expected of them before, and what was so."""

    told: Told
    actual: ScoredRows

    @cached_property
    def misses(self) -> Floats:
        """How much less right than expected each answer was, but for what labels taught lately."""
        return misses(self.told.local, self.actual)

    @cached_property
    def recent_misses(self) -> Floats:
        """The same with what labels taught lately."""
        return misses(self.told.recent, self.actual)


def tell(plain: SoftTruth, seen: Sequence[Checked]) -> Told:
    """Return what labels of the stretches before make of the truths of a new one."""
    if not seen:
        return Told(plain, plain, plain)
    places = learn_locally(join_soft([one.told.plain for one in seen]), join_scored([one.actual for one in seen]))
    local = plain.corrected_locally(places)
    recent = _newest_that_agree(seen)
    correction = learn_correction(
        join_soft([one.told.local for one in recent]), join_scored([one.actual for one in recent])
    )
    return Told(plain, local, local.corrected(correction))


def _newest_that_agree(seen: Sequence[Checked]) -> list[Checked]:
    """Return the newest three stretches, and those before while they agree.

    Few labels would correct by chance alone; labels from before a change would hide it.
    """
    recent, older = list(seen[-N_LEARNT_FROM:]), seen[:-N_LEARNT_FROM]
    for one in reversed(older):
        if not _agree([one.misses], [each.misses for each in recent]):
            break
        recent.insert(0, one)
    return recent


def choose(told: Told, seen: Sequence[Checked]) -> SoftTruth:
    """Return the truths with the recent correction where those have come nearer to the labels so far.

    Where nothing but the inputs changes, the recent correction adds chance; where the relation changes, it follows.

    Source
    ------
    Judging by what was said before the truth was known: Dawid, "Present position and potential developments: the
    prequential approach", JRSS A 147, 1984.
    """
    if not told.plain.rows.classes:
        return told.recent
    local = sum(one.misses.mean() ** 2 for one in seen)
    recent = sum(one.recent_misses.mean() ** 2 for one in seen)
    return told.recent if len(seen) >= FEWEST_JUDGED and recent < local else told.local


def _agree(*sides: Sequence[Floats]) -> bool:
    """Whether the means of two sides differ by no more than chance."""
    first, second = (np.concatenate(side) for side in sides)
    error = np.hypot(first.std() / np.sqrt(len(first)), second.std() / np.sqrt(len(second)))
    return bool(abs(first.mean() - second.mean()) <= MOST_APART * error)
