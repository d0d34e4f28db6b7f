"""Files of rows over HTTP: taken in while they stream to the disk, answered in the background, fetched when done."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import pydantic_core
from anyio.to_thread import run_sync
from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, JSONResponse, Response
from starlette.requests import ClientDisconnect

from core.errors import BadInputError, ConflictError, LifecycleError, NotFoundError, NotReadyError
from core.records import Job
from core.serve import batches
from core.serve.batch_formats import MEDIA_TYPES
from core.serve.idempotency import check_key, find_kept, find_winner, once, replay
from core.serve.live_models import ServedModel
from core.serve.receiving import SIMULATED_HEADER, PlainRoute, addressed_slug, content_type, service_of
from core.serve.refusal import RefusalError
from core.serve.service import Service

BATCH_ROUTES = APIRouter(route_class=PlainRoute)
Result = TypeVar("Result")
CHUNK_BYTES = 1_000_000
SILENT_S = 30.0
"""A sender that sends nothing for so long is not waited for any more."""
STATUSES = {NotFoundError: (404, "no_batch"), ConflictError: (409, "too_many_files"), NotReadyError: (503, "no_runner")}
TYPES_HINT = f"Send the header Content-Type: {' or '.join(MEDIA_TYPES)}."


@dataclass(frozen=True)
class Sent:
    """A file that has arrived: the work for it, and what tells it from another."""

    job: Job
    digest: str


@BATCH_ROUTES.post("/batches")
async def start(request: Request) -> Response:
    """Take a file and have its rows answered in the background."""
    service, slug = service_of(request), await addressed_slug(request, "predict")
    kind = MEDIA_TYPES.get(content_type(request))
    if kind is None:
        raise RefusalError(415, "no_file_type", "The body is neither CSV nor Parquet.", TYPES_HINT)
    check_key(request.headers)
    served = await run_sync(service.models.get, slug)
    simulated = request.headers.get(SIMULATED_HEADER) == "1"
    key_id = request.state.key_id
    job = batches.new_batch(served.project.id, kind, served.model, by="the service", simulated=simulated, key_id=key_id)
    is_taken = False
    try:
        path = await run_sync(_refusing, batches.begin_file, service.store, job)
        sent = Sent(job, await _save(request, path))
        answer, is_taken = await _take(service, served, request, sent)
    except OSError as error:
        raise RefusalError(503, "no_space", "The file cannot be kept at the moment.", "Try again later.") from error
    finally:
        if not is_taken:
            await run_sync(batches.discard, service.store, job.id)
    return answer


async def _take(service: Service, served: ServedModel, request: Request, sent: Sent) -> tuple[Response, bool]:
    """Queue the work for a file that has arrived, unless it came before; return the answer, and whether it is new."""
    key = once(served.project.id, "batches", request.headers, sent.digest)
    if key and (kept := await run_sync(find_kept, service.store, key)):
        return replay(kept), False
    await run_sync(_refusing, batches.check_file, service.store, sent.job)
    told = batches.describe_batch(service.store, served.project.slug, sent.job)
    content = pydantic_core.to_json(told)
    if key is None:
        await run_sync(service.store.add, sent.job)
    elif not await run_sync(service.store.answers.keep, key.to_answer(202, content), [sent.job]):
        return Response(await run_sync(find_winner, service.store, key), 202, media_type="application/json"), False
    return Response(content, 202, {"Location": told["address"]}, media_type="application/json"), True


async def _save(request: Request, path: Path) -> str:
    """Write the body to the disk as it comes, refusing it as soon as it is too large; return its digest."""
    digest = hashlib.sha256()
    size = 0
    waiting: list[bytes] = []
    n_waiting = 0
    with await run_sync(path.open, "wb") as file:
        async for chunk in _stream(request):
            size += len(chunk)
            if size > batches.LARGEST_FILE:
                raise _too_large()
            waiting.append(chunk)
            n_waiting += len(chunk)
            if n_waiting >= CHUNK_BYTES:
                await run_sync(_write, file, digest, b"".join(waiting))
                waiting, n_waiting = [], 0
        await run_sync(_write, file, digest, b"".join(waiting))
    return digest.hexdigest()


def _write(file: BinaryIO, digest: Any, content: bytes) -> None:
    digest.update(content)
    file.write(content)


async def _stream(request: Request) -> AsyncIterator[bytes]:
    """Yield what is sent, as long as something is."""
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > batches.LARGEST_FILE:
        raise _too_large()
    stream = request.stream()
    while True:
        try:
            yield await asyncio.wait_for(anext(stream), SILENT_S)
        except StopAsyncIteration:
            return
        except TimeoutError as error:
            raise RefusalError(408, "too_slow", "Nothing was sent for half a minute.", "Send it again.") from error
        except ClientDisconnect as error:
            raise RefusalError(422, "cut_off", "The file did not arrive as a whole.", "Send it again.") from error


def _too_large() -> RefusalError:
    message = f"The file has more than {batches.LARGEST_FILE:,} bytes."
    return RefusalError(413, "too_large", message, "Send it in several files.")


def _refusing(function: Callable[..., Result], *arguments: object) -> Result:
    """Call a function, and say its errors as refusals."""
    try:
        return function(*arguments)
    except RefusalError:
        raise
    except LifecycleError as error:
        bad = (422, "bad_file") if isinstance(error, BadInputError) else (500, "failed")
        status, code = STATUSES.get(type(error), bad)
        raise RefusalError(status, code, error.message, error.hint) from error


async def _find(request: Request) -> tuple[Service, str, Job]:
    service, slug = service_of(request), await addressed_slug(request, "predict")
    served = await run_sync(service.models.get, slug)
    job = await run_sync(_refusing, batches.find_batch, service.store, served.project.id, request.path_params["batch"])
    return service, slug, job


@BATCH_ROUTES.get("/batches/{batch}")
async def look(request: Request) -> JSONResponse:
    """Say how far a file is."""
    service, slug, job = await _find(request)
    return JSONResponse(await run_sync(batches.describe_batch, service.store, slug, job))


@BATCH_ROUTES.delete("/batches/{batch}")
async def end(request: Request) -> JSONResponse:
    """Stop the answering of a file; one that is at its end is deleted, with its result."""
    service, slug, job = await _find(request)
    ended = await run_sync(batches.end_batch, service.store, job)
    return JSONResponse(await run_sync(batches.describe_batch, service.store, slug, ended))


@BATCH_ROUTES.get("/batches/{batch}/result")
async def result(request: Request) -> FileResponse:
    """Hand out the file with its answers."""
    service, slug, job = await _find(request)
    path = batches.result_path(service.store, job)
    if job.active or not await run_sync(path.exists):
        message = "There is no result yet." if job.active else "There is no result."
        raise RefusalError(409, "no_result", message, "GET the file's own address to see how far it is.")
    media_type = next(name for name, kind in MEDIA_TYPES.items() if kind == job.params["kind"])
    return FileResponse(path, media_type=media_type, filename=f"{slug}-answers{path.suffix}")
