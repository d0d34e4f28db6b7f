"""What is wrong with a table, or worth knowing before anything is learned from it? Checks with stable codes."""

from core.collect.checks.registry import CHECKS, Check
from core.collect.checks.run import known_checks, run_checks

__all__ = ["CHECKS", "Check", "known_checks", "run_checks"]
