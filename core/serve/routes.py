"""The addresses of the prediction service: bytes in, bytes out; the work is done on other threads."""

import time
from collections.abc import Callable
from typing import Any

from anyio.to_thread import run_sync
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse

from core.records import Json
from core.serve.contract import LARGEST_BODY, LONGEST_TEXT, MOST_ROWS
from core.serve.docs_page import Documented, render_docs
from core.serve.refusal import RefusalError
from core.serve.service import Received, Service
from core.store import record_to_json

SIMULATED_HEADER = "X-Full-Circle-Simulated"
GENERAL_ROUTES = APIRouter()
DEPLOYMENT_ROUTES = APIRouter()

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
    status = _service(request).status()
    return JSONResponse({**status, "service": "full-circle", "process_id": request.app.state.process_id})


@GENERAL_ROUTES.get("/docs", include_in_schema=False)
async def docs(request: Request) -> HTMLResponse:
    """Show how to use the service, without loading anything from elsewhere."""
    return HTMLResponse(await run_sync(_render, _service(request), str(request.base_url).rstrip("/")))


def _render(service: Service, address: str) -> str:
    documented = []
    for slug in service.models.live_slugs():
        try:
            documented.append(Documented(slug, service.models.get(slug).loaded.prototype))
        except RefusalError as error:
            documented.append(Documented(slug, None, error.message))
    return render_docs(address, documented)


@DEPLOYMENT_ROUTES.post("/predict", openapi_extra=_body(ROWS_SCHEMA))
async def predict(request: Request) -> JSONResponse:
    """Answer rows: prediction, probabilities, an id for the label that comes later, and warnings."""
    return await _work_on_body(request, _service(request).predict)


@DEPLOYMENT_ROUTES.post("/labels", openapi_extra=_body(LABELS_SCHEMA))
async def labels(request: Request) -> JSONResponse:
    """Take the true values of earlier predictions, by prediction id."""
    return await _work_on_body(request, _service(request).add_labels)


@DEPLOYMENT_ROUTES.get("/metadata")
async def metadata(request: Request) -> JSONResponse:
    """Return which model answers, since when, who approved it, and how it computes."""
    slug = await _slug(request)
    return JSONResponse(await run_sync(_service(request).metadata, slug))


@DEPLOYMENT_ROUTES.get("/prototype")
async def prototype(request: Request) -> JSONResponse:
    """Return what a row must look like: columns, kinds, ranges, categories, examples."""
    slug = await _slug(request)
    served = await run_sync(_service(request).models.get, slug)
    return JSONResponse(_as_json(served.loaded.prototype))


def _as_json(record: Any) -> Any:
    import json

    return json.loads(record_to_json(record))


def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


async def _slug(request: Request) -> str:
    """Return the project addressed: named in the path, or the only one that is live."""
    named: str | None = request.path_params.get("deployment")
    return named if named is not None else await run_sync(_service(request).only_slug)


async def _work_on_body(request: Request, work: Callable[[str, Received], Json]) -> JSONResponse:
    started_at = time.perf_counter()
    slug = await _slug(request)
    simulated = request.headers.get(SIMULATED_HEADER) == "1"
    try:
        body = await _read_limited(request)
    except RefusalError:
        if work == _service(request).predict:
            await run_sync(_service(request).refuse, slug, Received(b"", started_at, simulated))
        raise
    limiter = request.app.state.scoring if work == _service(request).predict else None
    return JSONResponse(await run_sync(work, slug, Received(body, started_at, simulated), limiter=limiter))


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
