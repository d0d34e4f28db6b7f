"""The addresses of the prediction service: bytes in, bytes out; what takes long is done on other threads."""

import logging
import time
from collections.abc import Callable
from typing import Any

from anyio.to_thread import run_sync
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response

from core.serve.about import describe_served
from core.serve.docs_page import Documented, render_docs
from core.serve.idempotency import HEADER, find_kept, replay
from core.serve.labels import take_labels
from core.serve.live_models import ServedModel
from core.serve.metrics import CONTENT_TYPE
from core.serve.openapi import OpenApi
from core.serve.polls import poll_answer
from core.serve.receiving import (
    PlainRoute,
    addressed_slug,
    is_permitted,
    mark_once,
    may_see,
    permit,
    receive,
    service_of,
)
from core.serve.refusal import RefusalError
from core.serve.routing import ROUTING_HEADER, key_of_body
from core.serve.service import Received, Service
from core.store import record_to_json

SMALL_BODY = 65_536
"""Bytes; so much is read and checked in about a millisecond."""
logger = logging.getLogger(__name__)


GENERAL_ROUTES = APIRouter(route_class=PlainRoute)
DEPLOYMENT_ROUTES = APIRouter(route_class=PlainRoute)


@GENERAL_ROUTES.get("/ping")
async def ping(request: Request) -> JSONResponse:
    """Say that the service is there, and whether all is well."""
    state = request.app.state
    service = service_of(request)
    is_kept = state.parent is None or await run_sync(state.parent.is_there)
    process_id = state.process_id if is_kept else ""
    # What is live is nobody's business without a key; that the service is there is everybody's.
    status = service.status() if is_permitted(request) else {"status": service.status()["status"]}
    return JSONResponse({**status, "service": "full-circle", "process_id": process_id})


@GENERAL_ROUTES.get("/ready")
async def ready(request: Request) -> JSONResponse:
    """Say whether requests should be sent here: the store answers, and all that is live is loaded."""
    is_ready, sentence = await run_sync(service_of(request).readiness)
    if not is_ready:
        sentence = sentence if is_permitted(request) else "Not everything live is loaded yet."
        raise RefusalError(503, "not_ready", sentence, "Ask again in a few seconds.")
    return JSONResponse({"ready": True, "message": sentence})


@GENERAL_ROUTES.get("/metrics")
async def metrics(request: Request) -> Response:
    """Return the counts of the service in Prometheus' text format."""
    permit(request, None, "admin")
    return Response(await run_sync(service_of(request).measurements), media_type=CONTENT_TYPE)


@GENERAL_ROUTES.get("/openapi.json")
async def openapi(request: Request) -> Response:
    """Return what programs need to know of all addresses the caller may use."""
    document: OpenApi = request.app.state.openapi
    made = await run_sync(document.document, lambda slug, scope: may_see(request, slug, scope))
    return Response(made, media_type="application/json")


@GENERAL_ROUTES.get("/docs")
async def docs(request: Request) -> HTMLResponse:
    """Show how to use the service, without loading anything from elsewhere."""
    address = str(request.base_url).rstrip("/")
    return HTMLResponse(await run_sync(_render, service_of(request), address, lambda slug: may_see(request, slug)))


def _render(service: Service, address: str, may_see_it: Callable[[str], bool]) -> str:
    """Return the page; of what the caller may not see, not even the name is there."""
    documented = []
    for slug in filter(may_see_it, service.models.live_slugs()):
        try:
            prototype, with_key = service.models.get(slug).loaded.prototype, service.keys.wants_key(slug)
            documented.append(Documented(slug, prototype, with_key=with_key))
        except RefusalError as error:
            documented.append(Documented(slug, None, error.message))
    return render_docs(address, documented)


@DEPLOYMENT_ROUTES.post("/predict")
async def predict(request: Request) -> Response:
    """Answer rows: prediction, probabilities, an id for the label that comes later, and warnings."""
    started_at = time.perf_counter()
    service, slug = service_of(request), await addressed_slug(request, "predict")
    served = service.models.loaded_for(slug)
    try:
        received = await receive(request, started_at)
    except RefusalError as refusal:
        await run_sync(service.refuse, slug, Received(b"", started_at, key_id=request.state.key_id), refusal)
        raise
    if served is None:
        served = await run_sync(service.models.get, slug)
    if HEADER in request.headers:
        received = mark_once(request, served.project.id, "predict", received)
        if received.once and (kept := await run_sync(find_kept, service.store, received.once)):
            return replay(kept)
    return Response(await _answer(request, served, received), media_type="application/json")


async def _answer(request: Request, served: ServedModel, received: Received) -> bytes:
    """Answer with the canary, where there is one and the request falls into its share, else with what is live."""
    if served.canary is not None and await _is_for_canary(request, served, received):
        try:
            return await _answer_with(request, served.canary, received)
        except RefusalError:
            # It is counted there. A version on trial must not cost anybody an answer.
            logger.warning("The canary did not answer; the live version is asked.")
    return await _answer_with(request, served, received)


async def _is_for_canary(request: Request, served: ServedModel, received: Received) -> bool:
    key = request.headers.get(ROUTING_HEADER)
    if key is None:
        small = len(received.body) <= SMALL_BODY
        key = key_of_body(received.body) if small else await run_sync(key_of_body, received.body)
    return served.takes_canary(key)


async def _answer_with(request: Request, served: ServedModel, received: Received) -> bytes:
    """Answer at once what takes less time than handing it over; all else on other threads, slow models in batches."""
    service, limiter = service_of(request), request.app.state.scoring
    small = len(received.body) <= SMALL_BODY
    rows = service.read(served, received) if small else await run_sync(service.read, served, received, limiter=limiter)
    if small and received.once is None and served.is_quick(len(rows)):
        return service.predict(served, received, rows)
    if served.loaded.engine == "onnx":
        return await run_sync(service.predict, served, received, rows, limiter=limiter)
    try:
        answers = await served.batcher.score(rows)
    except Exception as error:  # a border: whatever a model raises must not end the service
        raise service.fail(served, received, error) from error
    return await run_sync(service.answer, served, received, rows, answers, limiter=limiter)


@DEPLOYMENT_ROUTES.post("/labels")
async def labels(request: Request) -> Response:
    """Take the true values of earlier predictions, by prediction id."""
    service, slug = service_of(request), await addressed_slug(request, "label")
    received = await receive(request, time.perf_counter())
    served = await run_sync(service.models.get, slug)
    received = mark_once(request, served.project.id, "labels", received)
    if received.once and (kept := await run_sync(find_kept, service.store, received.once)):
        return replay(kept)
    return Response(await take_labels(service, served, received), media_type="application/json")


@DEPLOYMENT_ROUTES.get("/answers/{prediction_id}")
async def answers(request: Request) -> JSONResponse:
    """Return what a person said about a row on which the model abstained; 202 while nobody has answered."""
    slug = await addressed_slug(request, "predict")
    polled = await run_sync(poll_answer, service_of(request), slug, request.path_params["prediction_id"])
    return polled.to_response()


@DEPLOYMENT_ROUTES.get("/metadata")
async def metadata(request: Request) -> JSONResponse:
    """Return which model answers, since when, who approved it, and how it computes."""
    slug = await addressed_slug(request, "predict")
    service = service_of(request)
    served = await run_sync(service.models.get, slug)
    return JSONResponse(await run_sync(describe_served, service.store, served))


@DEPLOYMENT_ROUTES.get("/prototype")
async def prototype(request: Request) -> JSONResponse:
    """Return what a row must look like: columns, kinds, ranges, categories, examples."""
    slug = await addressed_slug(request, "predict")
    served = await run_sync(service_of(request).models.get, slug)
    return JSONResponse(_as_json(served.loaded.prototype))


def _as_json(record: Any) -> Any:
    import json

    return json.loads(record_to_json(record))
