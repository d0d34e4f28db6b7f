"""Requests made from the OpenAPI document, right and wrong ones: each answer is one that the document describes."""

import math
import os
import sys
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, assume, given, settings
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.config import SchemathesisConfig
from schemathesis.generation import GenerationMode

from core.records import Job, ProcessInfo, new_id
from core.serve.idempotency import HEADER as KEY
from tests.service.conftest import Live

WITH_INPUT = (
    "POST predict",
    "POST labels",
    "GET answers/{prediction_id}",
    "POST batches",
    "GET batches/{batch}",
    "DELETE batches/{batch}",
    "GET batches/{batch}/result",
)
WITHOUT_INPUT = ("GET metadata", "GET prototype", "GET /ping", "GET /ready", "GET /metrics")
HOW_MANY = [15, pytest.param(300, marks=pytest.mark.slow)]
"""Requests an address."""
REFUSED = ["404", "405", "409", "413", "415", "422"]
"""How a wrong request may be answered where no key is wanted: never 200, never 500."""
LARGEST = int(sys.float_info.max)
LARGEST_STEP = int(math.ulp(sys.float_info.max)) // 2
NOT_OF_FILES = ("positive_data_acceptance",)
"""A text is not a table: what a file must hold, the document cannot say."""


@pytest.fixture(autouse=True)
def _runner_is_there(live: Live) -> Iterator[None]:
    """Say that a job runner is there, so that files are taken; none is answered."""
    info = live.store.add(ProcessInfo("jobs", os.getpid(), ""))
    yield
    live.store.remove(ProcessInfo, id=info.id)
    for job in live.store.find(Job, kind="batch"):
        live.store.remove(Job, id=job.id)


@pytest.fixture(scope="module")
def operations(live: Live) -> dict[str, Any]:
    """What the document describes, by method and path, without what comes before a deployment's paths."""
    made = httpx.get(f"{live.address}/openapi.json", trust_env=False, timeout=60).json()
    return read_operations(made, f"/v1/{live.slug}/")


def read_operations(made: Any, begin: str) -> dict[str, Any]:
    """Return the operations of a document by method and path."""
    config = SchemathesisConfig.from_dict({"checks": {"negative_data_rejection": {"expected-statuses": REFUSED}}})
    found = [one.ok() for one in schemathesis.openapi.from_dict(made, config=config).get_all_operations()]
    return {f"{one.method.upper()} {one.path.removeprefix(begin)}": one for one in found}


def holds_the_largest_number(body: Any) -> bool:
    """Whether an integer somewhere is rounded to the largest number there is: one more is the same, and no mistake."""
    if isinstance(body, dict):
        return any(map(holds_the_largest_number, body.values()))
    if isinstance(body, list):
        return any(map(holds_the_largest_number, body))
    return isinstance(body, int) and abs(abs(body) - LARGEST) < LARGEST_STEP


def send_made(live: Live, operation: Any, mode: GenerationMode, n_requests: int) -> None:
    """Send requests made for one address, and hold each answer against the document."""
    load_all_checks()
    left_out = NOT_OF_FILES if operation.path.endswith("/batches") else ()
    checks = [
        check for name, check in zip(CHECKS.get_all_names(), CHECKS.get_all(), strict=True) if name not in left_out
    ]

    with requests.Session() as session:
        session.trust_env = False

        @settings(
            max_examples=n_requests,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def send(case: Any) -> None:
            assume(not holds_the_largest_number(case.body))
            if mode is GenerationMode.POSITIVE and KEY in case.headers:
                # The same key with another body is refused, which a document cannot say.
                case.headers[KEY] = new_id()
            case.call_and_validate(base_url=live.address, session=session, checks=checks, timeout=60)

        send()


def test_every_address_of_the_document_is_asked(operations: dict[str, Any]) -> None:
    assert set(operations) == {*WITH_INPUT, *WITHOUT_INPUT}


@pytest.mark.parametrize("address", WITH_INPUT + WITHOUT_INPUT)
@pytest.mark.parametrize("n_requests", HOW_MANY)
def test_right_requests_are_answered_as_the_document_says(
    live: Live, operations: dict[str, Any], n_requests: int, address: str
) -> None:
    send_made(live, operations[address], GenerationMode.POSITIVE, n_requests)


@pytest.mark.parametrize("address", WITH_INPUT)
@pytest.mark.parametrize("n_requests", HOW_MANY)
def test_wrong_requests_are_refused_as_the_document_says(
    live: Live, operations: dict[str, Any], n_requests: int, address: str
) -> None:
    send_made(live, operations[address], GenerationMode.NEGATIVE, n_requests)
