"""A drill in sentences."""

from collections.abc import Sequence

from core.records import AlarmScore, FaultScore

OF_SILENCE = (
    " Silence is only strange after a while, where questions usually come at this time of day: the rule 'Nobody asks "
    "any more' says so."
)


def say_drill(
    faults: Sequence[FaultScore], alarms: Sequence[AlarmScore], *, n_open_before: int, is_over: bool
) -> tuple[str, ...]:
    """Return how a drill went: first all of it in one sentence, then fault by fault, then what was false."""
    sentences = [_say_all(faults, alarms, is_over=is_over)]
    sentences += [_say_fault(score, is_over=is_over) for score in faults]
    sentences += [
        f"False alarm at row {alarm.row:,}, when nothing was wrong: {alarm.title}."
        for alarm in alarms
        if alarm.verdict == "false"
    ]
    if n_open_before:
        were = "1 alarm was" if n_open_before == 1 else f"{n_open_before} alarms were"
        sentences.append(
            f"{were} open already when the drill began. What is open does not open again: it only counts here when it "
            "named a column that it had not named before."
        )
    return tuple(sentences)


def _say_all(faults: Sequence[FaultScore], alarms: Sequence[AlarmScore], *, is_over: bool) -> str:
    n_met = sum(score.n_rows > 0 for score in faults)
    n_noticed = sum(score.noticed_at is not None for score in faults)
    n_false = sum(alarm.verdict == "false" for alarm in alarms)
    if n_met == 0:
        return "Nothing has gone wrong." if is_over else "Nothing has gone wrong yet."
    so_far = "" if is_over else " so far"
    some = "1 was noticed" if n_noticed == 1 else f"{n_noticed} were noticed"
    noticed = {0: "none was noticed", n_met: "all were noticed"}.get(n_noticed, some)
    if n_met == 1:
        noticed = "it was noticed" if n_noticed else "nobody noticed it"
    happened = "1 thing went wrong" if n_met == 1 else f"{n_met} things went wrong"
    no_false = "no alarm was false" if alarms else "there was no alarm"
    false = no_false if not n_false else "1 alarm was false" if n_false == 1 else f"{n_false} alarms were false"
    return f"{happened}{so_far}: {noticed}, and {false}."


def _say_fault(score: FaultScore, *, is_over: bool) -> str:
    what = f"{score.sentence[0].upper()}{score.sentence[1:]}"
    if score.began_at is None:
        return f"{what}: {'it met no row' if is_over else 'has not begun yet'}."
    if score.noticed_after_s is None:
        why = OF_SILENCE if score.fault.kind == "outage" else ""
        return f"{what} ({_count(score.n_rows, 'row')}): {'nobody noticed' if is_over else 'not noticed yet'}.{why}"
    after = f"noticed after {_say_seconds(score.noticed_after_s)} ({_count(score.noticed_after_rows or 0, 'row')})"
    named = {True: "; the right column was named", False: "; only other columns were named", None: ""}
    seen = f" {score.acknowledged_by} acknowledged it." if score.acknowledged_by else " Nobody has acknowledged it."
    return (
        f"{what} ({_count(score.n_rows, 'row')}): {after} by the alarm '{score.noticed_by}'"
        f"{named[score.named_its_column]}.{seen}"
    )


def _say_seconds(seconds: float) -> str:
    return _count(round(seconds), "second") if seconds < 120 else _count(round(seconds / 60), "minute")


def _count(n: int, noun: str) -> str:
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"
