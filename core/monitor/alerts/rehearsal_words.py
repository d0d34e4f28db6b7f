"""A rehearsal in a few plain sentences."""

from datetime import timedelta

from core.records import Rehearsal

ON_TRUTH = frozenset({"drift", "missing", "accuracy"})
"""Kinds whose alarms can be false: of the others the alarm is about the very thing that was counted."""
HARDLY = 0.05


def say_rehearsal(rehearsal: Rehearsal) -> str:
    """Return what a rule would have done, how much of it for nothing, and how late."""
    if not rehearsal.moments:
        return "There is no past to try it on yet: nothing was asked, or no label has come."
    span = rehearsal.moments[-1] - rehearsal.moments[0]
    told = [f"Over the last {_say_span(span)} with traffic it would have called {_say_times(len(rehearsal.alarms))}"]
    told[0] += f", about {_say_number(rehearsal.a_month)} a month." if rehearsal.a_month else "."
    told += [_say_false(rehearsal), _say_delay(rehearsal), _say_quiet(rehearsal)]
    if rehearsal.a_month is None:
        told.append("So short a past says little of a month.")
    return " ".join(part for part in told if part)


def _say_false(rehearsal: Rehearsal) -> str:
    n, n_false, n_unknown = map(len, (rehearsal.alarms, rehearsal.false_alarms, rehearsal.unknown))
    if not n or rehearsal.kind not in ON_TRUTH:
        return ""
    if n_unknown == n:
        return "Whether it would have been for nothing is not known: too few labels have come."
    told = "As far as labels tell, it would never have called for nothing."
    if n_false:
        told = f"As far as labels tell, {n_false:,} of {n - n_unknown:,} calls would have been for nothing: "
        told += "no accuracy was lost."
    return f"{told} Of {n_unknown:,} it is not known." if n_unknown else told


def _say_delay(rehearsal: Rehearsal) -> str:
    if rehearsal.delay_minutes is None:
        return ""
    if rehearsal.delay_minutes < 1:
        return "It would have called at once."
    delay = _say_span(timedelta(minutes=rehearsal.delay_minutes))
    return f"It would have called {delay} after the matter began (the median)."


def _say_quiet(rehearsal: Rehearsal) -> str:
    if rehearsal.quiet_a_month is None:
        return ""
    if rehearsal.quiet_a_month < HARDLY:
        return "With quiet traffic drawn again and again, it would have called practically never."
    often = _say_number(rehearsal.quiet_a_month)
    return f"With quiet traffic drawn again, it would call {often} times a month for nothing."


def _say_times(n: int) -> str:
    return {0: "never", 1: "once", 2: "twice"}.get(n, f"{n:,} times")


def _say_number(n: float | None) -> str:
    return f"{n or 0.0:.2g}" if (n or 0.0) < 10 else f"{n:,.0f}"


def _say_span(span: timedelta) -> str:
    for name, length in (("day", timedelta(days=1)), ("hour", timedelta(hours=1)), ("minute", timedelta(minutes=1))):
        n = round(span / length, 1)
        if n >= 1:
            n = round(n) if n >= 10 else n
            return f"{n:,g} {name}{'' if n == 1 else 's'}"
    return "minute"
