"""What is a project for, and when is it good enough? Objectives that become live gates; where a project stands."""

from core.plan.metrics import (
    METRICS,
    default_metric,
    format_value,
    metric,
    metrics_for,
    say_cost,
    say_value,
    score_to_value,
)
from core.plan.objectives import change_objective, current_objective, save_objective
from core.plan.projects import create_project, delete_project, find_project, list_projects
from core.plan.stages import StageState, current_lap, list_laps, next_stage, stage_states
from core.plan.task import recognise_task
from core.plan.verdict import judge_objective

__all__ = [
    "METRICS",
    "StageState",
    "change_objective",
    "create_project",
    "current_lap",
    "current_objective",
    "default_metric",
    "delete_project",
    "find_project",
    "format_value",
    "judge_objective",
    "list_laps",
    "list_projects",
    "metric",
    "metrics_for",
    "next_stage",
    "recognise_task",
    "save_objective",
    "say_cost",
    "say_value",
    "score_to_value",
    "stage_states",
]
