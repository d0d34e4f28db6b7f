"""Starts everything a person needs with one command, keeps it running, and stops it again."""

from core.launch.ports import choose_port
from core.launch.supervisor import Child, Supervisor

__all__ = ["Child", "Supervisor", "choose_port"]
