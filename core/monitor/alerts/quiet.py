"""How often would a rule call although nothing happens? Quiet stretches of the past, drawn again and again."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np

from core.monitor.alerts.input_looks import look_for_drift, look_for_missing
from core.monitor.alerts.scene import PastTraffic, Scene
from core.monitor.current_window import CURRENT_ROWS, MINUTE, CurrentWindow
from core.monitor.performance import LATEST_ROWS
from core.records import AlertRule, Window
from core.store import LabelledAnswer, add_windows

N_DRAWS = 200
N_ACCURACY_DRAWS = 40
"""Fewer, since each takes the interval of a thousand labels."""
MONTH = timedelta(days=30)


@dataclass(frozen=True)
class Alarm:
    """An alert that would have opened, from when the matter lasted, and until when; None: to the end.

    `clean_until` is the last moment before it at which the matter was looked for and not there.
    """

    opened_at: datetime
    began_at: datetime
    clean_until: datetime
    ended_at: datetime | None = None

    def covers(self, moment: datetime) -> bool:
        """Whether the matter may have lasted at a moment."""
        return self.clean_until <= moment and (self.ended_at is None or moment <= self.ended_at)


def quiet_inputs_a_month(
    scene: Scene,
    rule: AlertRule,
    windows: Sequence[Window],
    alarms: Sequence[Alarm],
    *,
    report: Callable[[float], object],
) -> float | None:
    """Return the alarms a month if all questions came from the minutes without an alarm; None: too few of them.

    `report` is told which share of the work is done, in [0, 1].
    """
    quiet = [window for window in windows if not any(alarm.covers(window.started_at) for alarm in alarms)]
    if sum(window.n_rows for window in quiet) < CURRENT_ROWS:
        return None
    look = look_for_drift if rule.kind == "drift" else look_for_missing
    draw, n_alarms = np.random.default_rng(0), 0
    for number in range(1, N_DRAWS + 1):
        drawn = _Drawn(_draw_window(quiet, draw), number)
        n_alarms += look(replace(scene, traffic=drawn), rule) is not None
        report(number / N_DRAWS)
    span = max(windows[-1].started_at - windows[0].started_at, MINUTE)
    looks_a_month = sum(window.n_rows for window in windows) / CURRENT_ROWS * (MONTH / span)
    return n_alarms / N_DRAWS * looks_a_month


def quiet_accuracy_a_month(
    answers: Sequence[LabelledAnswer],
    alarms: Sequence[Alarm],
    is_alarm: Callable[[Sequence[LabelledAnswer]], bool],
    *,
    report: Callable[[float], object],
) -> float | None:
    """Return the alarms a month if all labels were drawn from those outside alarms; None: too few of them.

    `report` is told which share of the work is done, in [0, 1].
    """
    quiet = [answer for answer in answers if not any(alarm.covers(answer.predicted_at) for alarm in alarms)]
    if len(quiet) < LATEST_ROWS:
        return None
    draw = np.random.default_rng(0)
    n_alarms = 0
    for number in range(1, N_ACCURACY_DRAWS + 1):
        n_alarms += is_alarm([quiet[place] for place in draw.integers(len(quiet), size=LATEST_ROWS)])
        report(number / N_ACCURACY_DRAWS)
    share = n_alarms / N_ACCURACY_DRAWS
    span = max(answers[-1].predicted_at - answers[0].predicted_at, MINUTE)
    return share * len(answers) / LATEST_ROWS * (MONTH / span)


def _draw_window(quiet: Sequence[Window], draw: np.random.Generator) -> Window:
    """Return the sum of quiet minutes in any order, none twice: a minute counted double would look like a change."""
    chosen: list[Window] = []
    n_rows = 0
    for place in draw.permutation(len(quiet)):
        chosen.append(quiet[int(place)])
        n_rows += chosen[-1].n_rows
        if n_rows >= CURRENT_ROWS:
            break
    return add_windows(*chosen)


class _Drawn(PastTraffic):
    """Traffic whose current window was drawn."""

    def __init__(self, total: Window, n_looks: int) -> None:
        super().__init__([total])
        self._drawn = CurrentWindow(total, n_looks, total.started_at, total.started_at + MINUTE)

    def current(self, now: datetime) -> CurrentWindow:  # noqa: ARG002 - the drawn one
        """Return the drawn window."""
        return self._drawn
