"""The prediction service: its own process, and how to reach it."""

from core.serve.app import create_app
from core.serve.batch_job import run_batch
from core.serve.batches import (
    describe_batch,
    end_batch,
    find_batch,
    remove_old_batches,
    result_path,
    start_batch,
)
from core.serve.client import ServiceClient, find_service, service_address
from core.serve.process import start_service, stop_service
from core.serve.receipts import find_receipt, recompute
from core.serve.snippets import curl_snippet, example_row, python_snippet

__all__ = [
    "ServiceClient",
    "create_app",
    "curl_snippet",
    "describe_batch",
    "end_batch",
    "example_row",
    "find_batch",
    "find_receipt",
    "find_service",
    "python_snippet",
    "recompute",
    "remove_old_batches",
    "result_path",
    "run_batch",
    "service_address",
    "start_batch",
    "start_service",
    "stop_service",
]
