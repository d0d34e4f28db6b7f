"""A live world to try a model on: rows kept back, played against the real service, labels arriving late."""

from core.simulate.replay import run_replay
from core.simulate.settings import next_row, start_replay

__all__ = ["next_row", "run_replay", "start_replay"]
