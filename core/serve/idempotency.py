"""Requests that may be sent again: with an `Idempotency-Key`, the first answer is the answer to all of them.

The answer is kept in the store in the same transaction as what it brought about (rows of the log, a job). So whichever
worker a repetition meets, and whenever one of them was killed: both are there, or neither. Two that run at the same
time both compute; one of them is kept, and the other gives its answer, too.
"""

import hashlib
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from fastapi.responses import Response

from core.deploy import digest_secret
from core.records import KeptAnswer, utc_now
from core.serve.keyring import sent_key
from core.serve.refusal import RefusalError
from core.store import Store

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
SANE = re.compile(r"[\x21-\x7e]{1,255}")
KEY_HINT = "Use a new key for each new request, and the same one only to send a request again."
Kind = Literal["predict", "labels", "batches"]


@dataclass(frozen=True)
class Once:
    """A request that is to be done once: under which id its answer is kept, and the digest of its body."""

    id: str
    project_id: str
    body_digest: str

    def to_answer(self, status: int, content: bytes) -> KeptAnswer:
        """Return what is kept of an answer."""
        return KeptAnswer(self.id, self.project_id, self.body_digest, status, zlib.compress(content, 1))


def check_key(headers: Mapping[str, str]) -> str | None:
    """Return the idempotency key of a request, None when it has none.

    Raises
    ------
    RefusalError
        422 when it is not 1 to 255 visible ASCII characters.
    """
    key = headers.get(HEADER)
    if key is None or SANE.fullmatch(key):
        return key
    message = f"The header {HEADER} is not 1 to 255 visible ASCII characters."
    raise RefusalError(422, "bad_idempotency_key", message, KEY_HINT)


def once(project_id: str, kind: Kind, headers: Mapping[str, str], body_digest: str) -> Once | None:
    """Return under what the answer is kept, None for a request without a key. Callers do not share their keys."""
    key = check_key(headers)
    if key is None:
        return None
    parts = (project_id, kind, digest_secret(sent_key(headers)), key)
    return Once(hashlib.sha256("\0".join(parts).encode()).hexdigest(), project_id, body_digest)


def digest_body(body: bytes) -> str:
    """Return what tells one body from another."""
    return hashlib.sha256(body).hexdigest()


def find_kept(store: Store, request: Once) -> KeptAnswer | None:
    """Return the answer that was given to a request before; None when there is none.

    Raises
    ------
    RefusalError
        422 when its key was used with another body.
    """
    kept = store.answers.find(request.id, utc_now())
    if kept is not None and kept.body_digest != request.body_digest:
        message = f"The same {HEADER} came with another body before."
        raise RefusalError(422, "idempotency_key_reused", message, KEY_HINT)
    return kept


def find_winner(store: Store, request: Once) -> bytes:
    """Return the content that another process has just kept for the same request.

    Raises
    ------
    RefusalError
        422 when it came with another body.
    """
    kept = find_kept(store, request)
    if kept is None:  # Deleted in between, with its project.
        raise RefusalError(404, "nothing_live", "Nothing is live under this address.", "Promote a model.")
    return zlib.decompress(kept.content)


def replay(kept: KeptAnswer) -> Response:
    """Return an answer again, as it was; a header says so."""
    headers = {REPLAYED: "true"}
    return Response(zlib.decompress(kept.content), kept.status, headers, media_type="application/json")
