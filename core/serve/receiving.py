"""What every address does first: for which project, may the caller do that, and the body within its limits."""

from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

from anyio.to_thread import run_sync
from fastapi import Request
from fastapi.responses import Response
from fastapi.routing import APIRoute

from core.records import Scope
from core.serve.contract import LARGEST_BODY
from core.serve.idempotency import Kind, digest_body, once
from core.serve.refusal import RefusalError
from core.serve.service import Received, Service

SIMULATED_HEADER = "X-Full-Circle-Simulated"


class PlainRoute(APIRoute):
    """A documented route whose function takes the request as it is: nothing is looked up or converted for it."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the function itself."""
        return self.endpoint


def service_of(request: Request) -> Service:
    """Return the service that is asked."""
    service: Service = request.app.state.service
    return service


async def addressed_slug(request: Request, scope: Scope) -> str:
    """Return the project addressed, named in the path or the only one that is live, if the caller may do that in it.

    Raises
    ------
    RefusalError
        As `Keyring.permit` and `Service.only_slug`.
    """
    slug: str | None = request.path_params.get("deployment")
    if slug is None:
        slug = await run_sync(service_of(request).only_slug, lambda one: may_see(request, one, scope))
    request.state.key_id = permit(request, slug, scope)
    return slug


def permit(request: Request, slug: str | None, scope: Scope) -> str:
    """Return by which key the caller may do that in the project; None is the service as a whole (see `Keyring`)."""
    return service_of(request).keys.permit(slug, request.headers, scope)


def may_see(request: Request, slug: str, scope: Scope = "predict") -> bool:
    """Whether the caller may know that a project is live; not counted as a use of the key."""
    return service_of(request).keys.may_see(slug, request.headers, scope)


def is_permitted(request: Request) -> bool:
    """Whether the caller may know how the service as a whole is."""
    try:
        permit(request, None, "admin")
    except RefusalError:
        return False
    return True


async def receive(request: Request, started_at: float) -> Received:
    """Return the body of a request, read within its limits, with what its headers say about it."""
    simulated = request.headers.get(SIMULATED_HEADER) == "1"
    return Received(await _read_limited(request), started_at, simulated, key_id=request.state.key_id)


def mark_once(request: Request, project_id: str, kind: Kind, received: Received) -> Received:
    """Return what was received, to be done once if the caller says so.

    Raises
    ------
    RefusalError
        As `idempotency.check_key`.
    """
    return replace(received, once=once(project_id, kind, request.headers, digest_body(received.body)))


def content_type(request: Request) -> str:
    """Return what the caller says the body is, without its parameters."""
    return request.headers.get("content-type", "").split(";")[0].strip().lower()


async def _read_limited(request: Request) -> bytes:
    """Return the body, refusing it as soon as it is too large.

    Only JSON is taken: a web page can make a browser send other types to this machine without asking, but not this one.
    """
    if content_type(request) != "application/json":
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
