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
Gaps = list[float | None]


@dataclass(frozen=True)
class Judgement:
    """One stream. Gaps are in points: of 100 answers for classes, in per cent of the true error for numbers."""

    name: str
    metric: str
    tested: float
    windows: tuple[PlayedWindow, ...]
    is_error: bool = False
    still: bool = False
    peer: PeerEstimates | None = None

    @property
    def losses(self) -> list[float]:
        """How much worse than at the test each window truly was, in points; negative when better."""
        if self.is_error:
            return [100 / ERROR_UNITS * (window.truth / self.tested - 1) for window in self.windows]
        return [100 * (self.tested - window.truth) for window in self.windows]

    @property
    def lost(self) -> list[bool]:
        """Which windows have a true loss of over 5 points."""
        return [loss > LOSS_POINTS for loss in self.losses]

    @property
    def openings(self) -> list[int]:
        """The windows at which an alarm opened."""
        alarms = ["", *(window.alarm for window in self.windows)]
        return [place for place in range(len(self.windows)) if alarms[place + 1] and not alarms[place]]

    @property
    def false_alarms(self) -> list[int]:
        """The windows at which an alarm opened with no true loss in it or the two before."""
        return [place for place in self.openings if not any(self.lost[max(0, place - GRACE) : place + 1])]

    @property
    def first_loss(self) -> int | None:
        """The first of two windows in a row that together lost over 5 points (one alone may be chance); None: none."""
        pairs = enumerate(pairwise(self.losses))
        return next((place for place, (one, two) in pairs if (one + two) / 2 > LOSS_POINTS), None)

    @property
    def delay(self) -> int | None:
        """Labelled windows from the beginning of a true loss until an alarm was open (1: at once); None: never.

        0 where nothing was lost.
        """
        first = self.first_loss
        if first is None:
            return 0
        return next((place - first + 1 for place in range(first, len(self.windows)) if self.windows[place].alarm), None)

    def gaps(self, estimates: Sequence[float | None]) -> Gaps:
        """Return how far estimates lie from the truth, in points; None for a window without an estimate."""
        padded = [*estimates, *[None] * (len(self.windows) - len(estimates))]
        return [
            None if said is None else 100 * abs(said - one.truth) / self._unit(one)
            for said, one in zip(padded, self.windows, strict=True)
        ]

    @property
    def own_gaps(self) -> Gaps:
        """Gaps of our estimates."""
        return self.gaps([one.estimated for one in self.windows])

    @property
    def wrong_told(self) -> list[bool]:
        """For each window whose estimate was off by over 5 points (numbers: 25 %): was it said to be unreliable?"""
        limit = LOSS_POINTS * (ERROR_UNITS if self.is_error else 1.0)
        pairs = zip(self.own_gaps, self.windows, strict=True)
        return [not one.trusted for gap, one in pairs if gap is not None and gap > limit]

    @property
    def gap_beyond_chance(self) -> float | None:
        """Root of the mean squared gap less what chance alone makes in windows of so few rows, in points."""
        pairs = zip(self.own_gaps, self.windows, strict=True)
        excess = [gap**2 - (100 * one.chance / self._unit(one)) ** 2 for gap, one in pairs if gap is not None]
        return round(max(0.0, float(np.mean(excess))) ** 0.5, 2) if excess else None

    @property
    def title(self) -> str:
        """The stream's name, and whether it was played without concept change."""
        return f"{self.name} without concept change" if self.still else self.name

    def _unit(self, window: PlayedWindow) -> float:
        return max(abs(window.truth), 1e-12) if self.is_error else 1.0

    def as_json(self) -> Json:
        """Return the figures."""
        peer = self.gaps(self.peer.values) if self.peer else []
        wrong = self.wrong_told
        return {
            "name": self.title,
            "metric": self.metric,
            "tested": round(self.tested, 4),
            "n_windows": len(self.windows),
            "n_lost": sum(self.lost),
            "n_alarms": len(self.openings),
            "n_false_alarms": len(self.false_alarms),
            "windows_to_alarm": self.delay,
            "mean_gap": mean_gap(self.own_gaps),
            "mean_gap_peer": mean_gap(peer),
            "mean_gap_without_loss": mean_gap(self._quiet(self.own_gaps)),
            "mean_gap_without_loss_peer": mean_gap(self._quiet(peer)),
            "gap_beyond_chance": self.gap_beyond_chance,
            "n_estimates_off": len(wrong),
            "n_of_them_told": sum(wrong),
            "peer_problem": self.peer.problem if self.peer else "",
        }

    def _quiet(self, gaps: Gaps) -> Gaps:
        return [gap for gap, lost in zip(gaps, self.lost, strict=False) if not lost]

    def lines(self) -> list[str]:
        """Return the stream in words: its figures, its windows, why each false alarm came, what the peer lacked."""
        told = self.as_json()
        head = ", ".join(f"{key} {value}" for key, value in told.items() if key not in ("name", "peer_problem"))
        values = self.peer.values if self.peer and self.peer.values else [None] * len(self.windows)
        rows = [
            f"  {one.number:3d}  {one.n_rows:5d} rows  true {one.truth:.4g}  estimated {_say(one.estimated)}"
            f"  NannyML {_say(other)}  {'' if one.trusted else 'not to be relied on  '}{'ALARM' if one.alarm else ''}"
            for one, other in zip(self.windows, values, strict=True)
        ]
        false = [
            f"  False alarm at window {place}, where {self.losses[place]:.1f} points were lost. It said: "
            f"{self.windows[place].alarm}"
            for place in self.false_alarms
        ]
        gave_up = [f"  NannyML could not: {self.peer.problem}"] if self.peer and self.peer.problem else []
        return [f"{self.title}: {head}", *rows, *false, *gave_up]


def judge(stream: Stream, peer: PeerEstimates | None, *, still: bool) -> Judgement:
    """Return the judgement of a played stream."""
    windows = tuple(stream.windows)
    return Judgement(stream.file.name, stream.metric, stream.tested, windows, stream.lower_is_better, still, peer)


def mean_gap(gaps: Gaps) -> float | None:
    """Return the mean of the gaps that are known; None without any."""
    known = [gap for gap in gaps if gap is not None]
    return round(float(np.mean(known)), 2) if known else None


def _say(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"
