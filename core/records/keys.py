"""Who may ask the prediction service, and for what."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from core.records.base import new_id, utc_now

Scope = Literal["predict", "label", "admin"]
"""What a key opens: asking for predictions, sending labels, or everything and the counts of the service."""


@dataclass(frozen=True)
class ApiKey:
    """A key to the prediction service. Its secret is nowhere: `digest` is the SHA-256 of it, in hex digits.

    `prefix` is how the secret begins, so that people know which key they hold. `project_id` None is a key to all
    projects. `last_used_at` is written about once a minute.
    """

    name: str
    prefix: str
    digest: str
    scopes: tuple[Scope, ...]
    per_minute: int
    project_id: str | None
    created_by: str
    revoked_at: datetime | None = None
    revoked_by: str | None = None
    last_used_at: datetime | None = None
    id: str = field(default_factory=new_id)
    created_at: datetime = field(default_factory=utc_now)
