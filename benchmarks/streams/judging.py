"""What a played stream says: true losses and alarms, estimates and truth, ours and the peer's."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from benchmarks.streams.peer import PeerEstimates
from benchmarks.streams.world import PlayedWindow, Stream
from core.records import Json

LOSS_POINTS = 5.0
"""A loss, in points: of 100 answers, for classes; in per cent of the error at the test, times `ERROR_UNITS`, else."""
ERROR_UNITS = 5.0
"""An error 25 % above that at the test counts as a loss of 5 points."""
GRACE = 2
"""Windows after a loss in which an alarm still belongs to it."""


@dataclass(frozen=True)
class Judgement:
    """One stream. Gaps are in points: of 100 answers for classes, in per cent of the true error for numbers."""

    name: str
    metric: str
    tested: float
    windows: tuple[PlayedWindow, ...]
    losses: tuple[float, ...]
    is_error: bool
    still: bool
    peer: PeerEstimates | None

    @property
    def lost(self) -> list[bool]:
        """Which windows have a true loss of over 5 points."""
        return [loss > LOSS_POINTS for loss in self.losses]

    @property
    def openings(self) -> list[int]:
        """The windows at which an alarm opened."""
        alarms = [False, *(window.alarm for window in self.windows)]
        return [place for place in range(len(self.windows)) if alarms[place + 1] and not alarms[place]]

    @property
    def n_false_alarms(self) -> int:
        """Alarms with no true loss in their window or the two before."""
        return sum(not any(self.lost[max(0, place - GRACE) : place + 1]) for place in self.openings)

    @property
    def delay(self) -> int | None:
        """Labelled windows from the beginning of a true loss until an alarm was open (1: at once); None: never.

        A loss begins with the first of two windows in a row that together lost over 5 points: one alone may be chance.
        """
        pairs = enumerate(pairwise(self.losses))
        first = next((place for place, (one, two) in pairs if (one + two) / 2 > LOSS_POINTS), None)
        if first is None:
            return 0
        return next((place - first + 1 for place in range(first, len(self.windows)) if self.windows[place].alarm), None)

    def gaps(self, estimates: Sequence[float | None]) -> list[float | None]:
        """Return how far estimates lie from the truth, in points."""
        return [
            None if said is None else 100 * abs(said - one.truth) / (abs(one.truth) if self.is_error else 1.0)
            for said, one in zip(estimates, self.windows, strict=True)
        ]

    @property
    def own_gaps(self) -> list[float | None]:
        """Gaps of our estimates."""
        return self.gaps([one.estimated for one in self.windows])

    @property
    def wrong_told(self) -> list[bool]:
        """For each window whose estimate was off by over 5 points (numbers: 25 %): was it said to be unreliable?"""
        limit = LOSS_POINTS * (ERROR_UNITS if self.is_error else 1.0)
        pairs = zip(self.own_gaps, self.windows, strict=True)
        return [not one.trusted_after for gap, one in pairs if gap is not None and gap > limit]

    def as_json(self) -> Json:
        """Return the figures."""
        peer = self.gaps(self.peer.values) if self.peer else []
        wrong = self.wrong_told
        return {
            "name": f"{self.name} without concept change" if self.still else self.name,
            "metric": self.metric,
            "tested": round(self.tested, 4),
            "n_windows": len(self.windows),
            "n_lost": sum(self.lost),
            "n_alarms": len(self.openings),
            "n_false_alarms": self.n_false_alarms,
            "windows_to_alarm": self.delay,
            "mean_gap": _mean(self.own_gaps),
            "mean_gap_peer": _mean(peer),
            "mean_gap_without_loss": _mean(self._quiet(self.own_gaps)),
            "mean_gap_without_loss_peer": _mean(self._quiet(peer)),
            "n_estimates_off": len(wrong),
            "n_of_them_told": sum(wrong),
        }

    def _quiet(self, gaps: Sequence[float | None]) -> list[float | None]:
        return [gap for gap, lost in zip(gaps, self.lost, strict=False) if not lost]

    def lines(self) -> list[str]:
        """Return the stream in words: one line of figures, one a window."""
        told = self.as_json()
        head = ", ".join(f"{key} {value}" for key, value in told.items() if key != "name")
        peer = self.peer.values if self.peer else [float("nan")] * len(self.windows)
        rows = [
            f"  {one.number:3d}  {one.n_rows:5d} rows  true {one.truth:.4g}  estimated {_say(one.estimated)}"
            f"  peer {other:.4g}  {'' if one.trusted_after else 'not to be relied on  '}{'ALARM' if one.alarm else ''}"
            for one, other in zip(self.windows, peer, strict=True)
        ]
        return [f"{told['name']}: {head}", *rows]


def judge(stream: Stream, peer: PeerEstimates | None, *, still: bool) -> Judgement:
    """Return the judgement of a played stream."""
    losses = [
        100 / ERROR_UNITS * (window.truth / stream.tested - 1)
        if stream.lower_is_better
        else 100 * (stream.tested - window.truth)
        for window in stream.windows
    ]
    return Judgement(
        stream.file.name,
        stream.metric,
        stream.tested,
        tuple(stream.windows),
        tuple(losses),
        stream.lower_is_better,
        still,
        peer,
    )


def _mean(gaps: Sequence[float | None]) -> float | None:
    known = [gap for gap in gaps if gap is not None]
    return round(float(np.mean(known)), 2) if known else None


def _say(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"
