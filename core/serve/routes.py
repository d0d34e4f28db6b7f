"""The addresses of the prediction service: bytes in, bytes out; what takes long is done on other threads."""

import time
from collections.abc import Callable, Coroutine
from typing import Any

from anyio.to_thread import run_sync
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from fastapi.routing import APIRoute

from core.records import Json, Scope
from core.serve.contract import LARGEST_BODY, LONGEST_TEXT, MOST_ROWS
from core.serve.docs_page import Documented, render_docs
from core.serve.live_models import ServedModel
from core.serve.metrics import CONTENT_TYPE
from core.serve.refusal import RefusalError
from core.serve.service import Received, Service
from core.store import record_to_json

SIMULATED_HEADER = "X-Full-Circle-Simulated"
SMALL_BODY = 65_536
"""Bytes; so much is read and checked in about a millisecond."""


class PlainRoute(APIRoute):
    """A documented route whose function takes the request as it is: nothing is looked up or converted for it."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the function itself."""
        return self.endpoint


GENERAL_ROUTES = APIRouter(route_class=PlainRoute)
DEPLOYMENT_ROUTES = APIRouter(route_class=PlainRoute)

ROWS_SCHEMA: Json = {
    "type": "object",
    "required": ["rows"],
    "additionalProperties": False,
    "properties": {
        "rows": {"type": "array", "minItems": 1, "maxItems": MOST_ROWS, "items": {"type": "object"}},
    },
}
LABELS_SCHEMA: Json = {
    "type": "object",
    "required": ["labels"],
    "additionalProperties": False,
    "properties": {
        "labels": {
            "type": "array",
            "minItems": 1,
            "maxItems": MOST_ROWS,
            "items": {
                "type": "object",
                "required": ["id", "label"],
                "additionalProperties": False,
                "properties": {
                    "id": {"type": "string", "minLength": 1, "maxLength": 64},
                    "label": {
                        "oneOf": [
                            {"type": "string", "minLength": 1, "maxLength": LONGEST_TEXT},
                            {"type": "number"},
                            {"type": "boolean"},
                        ]
                    },
                },
            },
        },
    },
}


def _body(schema: Json) -> Json:
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


@GENERAL_ROUTES.get("/ping")
async def ping(request: Request) -> JSONResponse:
    """Say that the service is there, and whether all is well."""
    state = request.app.state
    service = _service(request)
    is_kept = state.parent is None or await run_sync(state.parent.is_there)
    process_id = state.process_id if is_kept else ""
    # What is live is nobody's business without a key; that the service is there is everybody's.
    status = service.status() if _is_permitted(request) else {"status": service.status()["status"]}
    return JSONResponse({**status, "service": "full-circle", "process_id": process_id})


@GENERAL_ROUTES.get("/ready")
async def ready(request: Request) -> JSONResponse:
    """Say whether requests should be sent here: the store answers, and all that is live is loaded."""
    is_ready, sentence = await run_sync(_service(request).readiness)
    if not is_ready:
        sentence = sentence if _is_permitted(request) else "Not everything live is loaded yet."
        raise RefusalError(503, "not_ready", sentence, "Ask again in a few seconds.")
    return JSONResponse({"ready": True, "message": sentence})


@GENERAL_ROUTES.get("/metrics")
async def metrics(request: Request) -> Response:
    """Return the counts of the service in Prometheus' text format."""
    _permit(request, None, "admin")
    return Response(await run_sync(_service(request).measurements), media_type=CONTENT_TYPE)


@GENERAL_ROUTES.get("/docs", include_in_schema=False)
async def docs(request: Request) -> HTMLResponse:
    """Show how to use the service, without loading anything from elsewhere."""
    return HTMLResponse(await run_sync(_render, _service(request), str(request.base_url).rstrip("/")))


def _render(service: Service, address: str) -> str:
    documented = []
    for slug in service.models.live_slugs():
        if service.keys.wants_key(slug):
            documented.append(Documented(slug, None, f"Wants a key. GET /v1/{slug}/prototype shows its fields."))
            continue
        try:
            documented.append(Documented(slug, service.models.get(slug).loaded.prototype))
        except RefusalError as error:
            documented.append(Documented(slug, None, error.message))
    return render_docs(address, documented)


@DEPLOYMENT_ROUTES.post("/predict", openapi_extra=_body(ROWS_SCHEMA))
async def predict(request: Request) -> Response:
    """Answer rows: prediction, probabilities, an id for the label that comes later, and warnings."""
    started_at = time.perf_counter()
    service, slug = _service(request), await _slug(request, "predict")
    served = service.models.loaded_for(slug)
    try:
        received = await _receive(request, started_at)
    except RefusalError:
        await run_sync(service.refuse, slug, Received(b"", started_at))
        raise
    if served is None:
        served = await run_sync(service.models.get, slug)
    return Response(await _answer(request, served, received), media_type="application/json")


async def _answer(request: Request, served: ServedModel, received: Received) -> bytes:
    """Answer at once what takes less time than handing it over; all else on other threads, slow models in batches."""
    service, limiter = _service(request), request.app.state.scoring
    small = len(received.body) <= SMALL_BODY
    rows = service.read(served, received) if small else await run_sync(service.read, served, received, limiter=limiter)
    if small and served.is_quick(len(rows)):
        return service.predict(served, received, rows)
    if served.loaded.engine == "onnx":
        return await run_sync(service.predict, served, received, rows, limiter=limiter)
    try:
        answers = await served.batcher.score(rows)
    except Exception as error:  # a border: whatever a model raises must not end the service
        raise service.fail(served, received, error) from error
    return await run_sync(service.answer, served, received, rows, answers, limiter=limiter)


@DEPLOYMENT_ROUTES.post("/labels", openapi_extra=_body(LABELS_SCHEMA))
async def labels(request: Request) -> JSONResponse:
    """Take the true values of earlier predictions, by prediction id."""
    slug = await _slug(request, "label")
    received = await _receive(request, time.perf_counter())
    return JSONResponse(await run_sync(_service(request).add_labels, slug, received))


@DEPLOYMENT_ROUTES.get("/metadata")
async def metadata(request: Request) -> JSONResponse:
    """Return which model answers, since when, who approved it, and how it computes."""
    slug = await _slug(request, "predict")
    return JSONResponse(await run_sync(_service(request).metadata, slug))


@DEPLOYMENT_ROUTES.get("/prototype")
async def prototype(request: Request) -> JSONResponse:
    """Return what a row must look like: columns, kinds, ranges, categories, examples."""
    slug = await _slug(request, "predict")
    served = await run_sync(_service(request).models.get, slug)
    return JSONResponse(_as_json(served.loaded.prototype))


def _as_json(record: Any) -> Any:
    import json

    return json.loads(record_to_json(record))


def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


async def _slug(request: Request, scope: Scope) -> str:
    """Return the project addressed, named in the path or the only one that is live, if the caller may do that in it."""
    slug: str | None = request.path_params.get("deployment")
    if slug is None:
        slug = await run_sync(_service(request).only_slug)
    _permit(request, slug, scope)
    return slug


def _permit(request: Request, slug: str | None, scope: Scope) -> None:
    _service(request).keys.permit(slug, request.headers, scope)


def _is_permitted(request: Request) -> bool:
    """Whether the caller may know how the service as a whole is."""
    try:
        _permit(request, None, "admin")
    except RefusalError:
        return False
    return True


async def _receive(request: Request, started_at: float) -> Received:
    return Received(await _read_limited(request), started_at, request.headers.get(SIMULATED_HEADER) == "1")


async def _read_limited(request: Request) -> bytes:
    """Return the body, refusing it as soon as it is too large.

    Only JSON is taken: a web page can make a browser send other types to this machine without asking, but not this one.
    """
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind != "application/json":
        raise RefusalError(415, "not_json", "The body is not JSON.", "Send the header Content-Type: application/json.")
    chunks = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > LARGEST_BODY:
            raise RefusalError(
                413, "too_large", f"The body has more than {LARGEST_BODY:,} bytes.", "Send it in several parts."
            )
        chunks.append(chunk)
    return b"".join(chunks)
