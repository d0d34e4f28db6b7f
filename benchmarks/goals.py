"""The last line of every benchmark: goals with value, goal, and whether they are met; versions before it."""

import json
import platform
from importlib.metadata import version
from typing import Any


def print_versions(*packages: str) -> None:
    """Print the versions of Python and of the packages a benchmark measures."""
    print(
        "versions:", f"python {platform.python_version()},", ", ".join(f"{name} {version(name)}" for name in packages)
    )


def at_least(value: float, goal: float) -> dict[str, Any]:
    """Return a goal that is met by values from `goal` up."""
    return {"value": value, "goal": goal, "met": value >= goal}


def at_most(value: float, goal: float) -> dict[str, Any]:
    """Return a goal that is met by values up to `goal`."""
    return {"value": value, "goal": goal, "met": value <= goal}


def print_goals(goals: dict[str, dict[str, Any]], **more: Any) -> str:
    """Print the closing line of JSON and return it."""
    line = json.dumps({"goals": goals, **more})
    print(line, flush=True)
    return line
