"""Who does the long work? The job runner, in its own process, with the compute cluster."""

from core.jobs.handlers import HANDLERS
from core.jobs.runner import JobRunner
from core.train import open_cluster

__all__ = ["HANDLERS", "JobRunner", "open_cluster"]
