"""The prediction service: its own process, and how to reach it."""

from core.serve.app import create_app
from core.serve.client import ServiceClient, find_service, service_address
from core.serve.process import start_service, stop_service
from core.serve.receipts import find_receipt, recompute
from core.serve.snippets import curl_snippet, example_row, python_snippet

__all__ = [
    "ServiceClient",
    "create_app",
    "curl_snippet",
    "example_row",
    "find_receipt",
    "find_service",
    "python_snippet",
    "recompute",
    "service_address",
    "start_service",
    "stop_service",
]
