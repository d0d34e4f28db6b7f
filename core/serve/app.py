"""The prediction service as an ASGI application."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
from anyio.to_thread import run_sync
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from core.serve.batch_routes import BATCH_ROUTES
from core.serve.memory import give_back_regularly
from core.serve.openapi import OpenApi
from core.serve.refusal import RefusalError
from core.serve.request_ids import HEADER, RequestIds, current_request_id
from core.serve.routes import DEPLOYMENT_ROUTES, GENERAL_ROUTES, predict
from core.serve.service import Service
from core.serve.workers import Parent
from core.store import Store

SCORING_THREADS = 4
"""Requests scored at the same time; more would only make each other wait for the processor."""
DOCS_HINT = "GET /docs lists all addresses."
logger = logging.getLogger(__name__)


def create_app(
    store: Store, process_id: str = "", *, parent: Parent | None = None, always_keys: bool = False
) -> FastAPI:
    """Return the service as an application.

    Parameters
    ----------
    store : Store
        The open store.
    process_id : str
        Id of the `ProcessInfo` that says where this service is; `/ping` repeats it, so that whoever looks for the
        service knows that it is this one.
    parent : Parent, optional
        The process that keeps this worker: it proves models, and when it is gone, `/ping` no longer says that this is
        the service.
    always_keys : bool
        Whether every project wants a key, because other machines can reach the service.
    """
    service = Service(store, parent.verify if parent else None, always_keys=always_keys)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.scoring = anyio.CapacityLimiter(SCORING_THREADS)
        service.start()
        trimming = asyncio.create_task(give_back_regularly())
        yield
        trimming.cancel()
        await run_sync(service.stop)

    # FastAPI's own pages at /docs load scripts from the internet, which not every site has; ours do not.
    # Its telemetry looks for a collector at every request; /metrics and the log are ours.
    app = FastAPI(
        title="Full Circle predictions",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        lifespan=lifespan,
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    # FastAPI looks through all its routers for every request. This one comes thousands of times a second.
    app.router.routes.insert(0, Route("/v1/{deployment}/predict", Predict(), methods=["POST"]))
    app.add_middleware(RequestIds)
    app.state.service = service
    app.state.openapi = OpenApi(service)
    app.state.process_id = process_id
    app.state.parent = parent
    app.include_router(GENERAL_ROUTES)
    for routes in (DEPLOYMENT_ROUTES, BATCH_ROUTES):
        app.include_router(routes, prefix="/v1/{deployment}")
        app.include_router(routes)
    app.add_exception_handler(RefusalError, _refuse)
    app.add_exception_handler(HTTPException, _refuse_http)
    app.add_exception_handler(SQLAlchemyError, _refuse_store)
    app.add_exception_handler(ClientDisconnect, _say_nothing)
    app.add_exception_handler(Exception, _refuse_bug)
    return app


class Predict:
    """`predict` as an application of its own: Starlette wraps each call of a function in several others."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        response = await predict(Request(scope, receive))
        await response(scope, receive, send)


def _refuse(_request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, RefusalError):
        raise error
    return error.to_response()


def _refuse_http(_request: Request, error: Exception) -> JSONResponse:
    """Give the framework's own refusals (unknown address, wrong method) the shape of ours."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    said = {404: "There is nothing at this address.", 405: "This address does not take this method."}
    return RefusalError(status, f"http_{status}", said.get(status, "That did not work."), DOCS_HINT).to_response()


def _refuse_store(_request: Request, error: Exception) -> JSONResponse:
    logger.warning("The store does not answer: %s", error)
    refusal = RefusalError(503, "store_busy", "The store does not answer at the moment.", "Try again in a minute.")
    return refusal.to_response()


def _say_nothing(_request: Request, _error: Exception) -> Response:
    """End a request whose sender is gone before all of it was there; the log has no need of that."""
    return Response(status_code=400)


def _refuse_bug(_request: Request, _error: Exception) -> JSONResponse:
    # Starlette raises the error again after this answer, so that the server logs it.
    # The answer is given outside of what names each request.
    refusal = RefusalError(500, "bug", "Something went wrong in the service.", "Its log says what.")
    return refusal.with_header(HEADER, current_request_id()).to_response()
