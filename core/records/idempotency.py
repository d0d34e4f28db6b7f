"""What is remembered of a request so that its repetition is answered in the same way."""

from dataclasses import dataclass, field
from datetime import datetime

from core.records.base import utc_now


@dataclass(frozen=True)
class KeptAnswer:
    """The answer to a request that came with an idempotency key.

    `id` is a digest of the project, the address, the caller and the key, `body_digest` one of the body. `content` is
    the body of the answer, compressed by zlib.
    """

    id: str
    project_id: str
    body_digest: str
    status: int
    content: bytes
    created_at: datetime = field(default_factory=utc_now)
