"""A live world to try a model on: rows played against the real service, faults with known truth, late labels."""

from core.simulate.catalogue import FAULTS, PATTERNS, UNIT_WORDS, FaultInfo, describe_fault
from core.simulate.drill import list_plays, score_drill
from core.simulate.known_faults import known_faults
from core.simulate.replay import run_replay
from core.simulate.settings import Choices, play_seconds, read_settings, rows_between
from core.simulate.starting import next_row, reveal_drill, start_playing, start_replay
from core.simulate.traffic import SHAPES, say_clock

__all__ = [
    "FAULTS",
    "PATTERNS",
    "SHAPES",
    "UNIT_WORDS",
    "Choices",
    "FaultInfo",
    "describe_fault",
    "known_faults",
    "list_plays",
    "next_row",
    "play_seconds",
    "read_settings",
    "reveal_drill",
    "rows_between",
    "run_replay",
    "say_clock",
    "score_drill",
    "start_playing",
    "start_replay",
]
