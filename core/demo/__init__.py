"""One project carried all the way round the circle without a browser: `python -m core.demo`."""

from core.demo.runner import job_runner
from core.demo.walk import Walk

__all__ = ["Walk", "job_runner"]
