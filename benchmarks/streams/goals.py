"""The goals of the streams: those of the streams they name, and those of all streams of an index."""

from collections.abc import Sequence

from benchmarks.goals import at_least, at_most
from benchmarks.streams.index import StreamFile
from benchmarks.streams.judging import Judgement
from core.records import Json

WITHOUT_FALSE_ALARM = "occupancy"
QUICKLY_NOTICED = ("cta_ridership", "mta_ridership", "bike_hour")
MOST_WINDOWS_TO_ALARM = 2
MOST_GAP_POINTS = 2.0
FEWEST_TOLD = 0.9
NOT_THERE = "not in this index"
NOT_PLAYED = "could not be played"
NONE_WRONG = "no estimate was wrong"


def judge_goals(files: Sequence[StreamFile], found: Sequence[Judgement]) -> dict[str, Json]:
    """Return the goals.

    A stream that is not in the index makes its goal neither met nor missed (`met` is None); one that is, but could not
    be played, makes it missed.
    """
    real, still = [one for one in found if not one.still], [one for one in found if one.still]
    told: dict[str, Json] = {}
    goal = _of_stream(files, real, WITHOUT_FALSE_ALARM, 0)
    told["occupancy_false_alarms"] = at_most(len(goal.false_alarms), 0) if isinstance(goal, Judgement) else goal
    for name in QUICKLY_NOTICED:
        goal = _of_stream(files, real, name, MOST_WINDOWS_TO_ALARM)
        told[f"{name}_windows_to_alarm"] = _in_time(goal) if isinstance(goal, Judgement) else goal
    told["mean_gap_points_without_concept_change"] = _mean_gap(files, still)
    wrong = [flag for one in real for flag in one.wrong_told]
    told["wrong_estimates_said_to_be_unreliable"] = (
        at_least(round(sum(wrong) / len(wrong), 3), FEWEST_TOLD) if wrong else _unknown(NONE_WRONG, FEWEST_TOLD)
    )
    told["false_alarms_of_all_streams"] = at_most(sum(len(one.false_alarms) for one in found), 0)
    losing = [one for one in real if one.first_loss is not None]
    in_time = sum(_in_time(one)["met"] for one in losing)
    told["streams_with_a_loss_noticed_in_time"] = at_least(in_time, len(losing))
    told["streams_played"] = at_least(len({one.name for one in real}), len(files))
    return told


def _in_time(one: Judgement) -> Json:
    """Return whether a loss was noticed in time."""
    if one.delay is None:
        return {"value": "never", "goal": MOST_WINDOWS_TO_ALARM, "met": False}
    return at_most(one.delay, MOST_WINDOWS_TO_ALARM)


def _mean_gap(files: Sequence[StreamFile], still: Sequence[Judgement]) -> Json:
    """Return the mean gap of all windows without concept change; known of streams of classes only."""
    gaps = [gap for one in still for gap in one.own_gaps if gap is not None]
    if gaps:
        return at_most(round(sum(gaps) / len(gaps), 2), MOST_GAP_POINTS)
    return _without([file for file in files if file.has_classes], MOST_GAP_POINTS)


def _of_stream(files: Sequence[StreamFile], found: Sequence[Judgement], name: str, goal: float) -> Judgement | Json:
    """Return the judgement of the stream that a goal names, or what is to be said of the goal without one."""
    played = next((one for one in found if name in one.name), None)
    return played or _without([file for file in files if name in file.name], goal)


def _without(files: Sequence[StreamFile], goal: float) -> Json:
    """Return a goal none of whose streams was played: missed where there are some, else unknown."""
    return {"value": NOT_PLAYED, "goal": goal, "met": False} if files else _unknown(NOT_THERE, goal)


def _unknown(why: str, goal: float) -> Json:
    return {"value": why, "goal": goal, "met": None}
