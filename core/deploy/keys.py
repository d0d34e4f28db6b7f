"""Keys to the prediction service: made, shown once, listed, revoked. What is stored opens nothing."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

from core.errors import BadInputError
from core.records import ApiKey, Scope, utc_now
from core.store import Store

SECRET_BYTES = 32
BEGINNING = "fc_"
PREFIX_LENGTH = 9
"""Characters of a secret that are shown: 36 of its 256 bits."""
SHORTEST_SECRET = 32
LONGEST_NAME = 60
MOST_PER_MINUTE = 1_000_000
INTERNAL = "service-key"
"""Under this name the secrets folder keeps the key of the dashboard's own questions."""


@dataclass(frozen=True)
class NewKey:
    """A key that was just made, with its secret, which nobody can look up later."""

    key: ApiKey
    secret: str


def digest_secret(secret: str) -> str:
    """Return what is stored of a secret. It is random, so one round of SHA-256 cannot be guessed back."""
    return hashlib.sha256(secret.encode()).hexdigest()


def create_key(
    store: Store, project_id: str | None, *, name: str, scopes: Sequence[Scope], per_minute: int, by: str
) -> NewKey:
    """Make a key; from then on the service wants one for the project.

    Parameters
    ----------
    project_id : str, optional
        The project it opens; None opens all.
    name : str
        What it is for, in words.
    scopes : sequence of {"predict", "label", "admin"}
        What it allows; "admin" allows everything.
    per_minute : int
        How many requests a minute are answered, 1 to 1,000,000.

    Raises
    ------
    BadInputError
        When the name is empty or too long, no scope is chosen, or the rate is out of range.
    """
    name = name.strip()
    if not 0 < len(name) <= LONGEST_NAME:
        raise BadInputError("The key has no name of 1 to 60 characters.", "Say who or what it is for.")
    wanted = tuple(scope for scope in get_args(Scope) if scope in scopes)
    if not wanted or len(wanted) < len(set(scopes)):
        raise BadInputError("It is not said what the key may do.", "Choose predictions, labels or everything.")
    if not 1 <= per_minute <= MOST_PER_MINUTE:
        raise BadInputError(f"{per_minute:,} requests a minute cannot be kept.", "Choose between 1 and 1,000,000.")
    secret = BEGINNING + secrets.token_urlsafe(SECRET_BYTES)
    key = ApiKey(name, secret[:PREFIX_LENGTH], digest_secret(secret), wanted, per_minute, project_id, by)
    return NewKey(store.add(key), secret)


def enter_key(store: Store, secret: str) -> ApiKey:
    """Enter a key to everything whose secret was made elsewhere, for a service without a dashboard; once.

    Raises
    ------
    BadInputError
        When the secret is too short to be a random one of 192 bits or more.
    """
    if len(secret) < SHORTEST_SECRET:
        raise BadInputError(
            f"The key has fewer than {SHORTEST_SECRET} characters, so it could be guessed.",
            'python -c "import secrets; print(secrets.token_urlsafe(32))" makes one.',
        )
    digest = digest_secret(secret)
    entered = store.newest(ApiKey, digest=digest)
    key = ApiKey("Given at the start", secret[:4], digest, ("admin",), MOST_PER_MINUTE, None, "whoever started it")
    return entered or store.add(key)


def list_keys(store: Store, project_id: str) -> list[ApiKey]:
    """Return all keys to a project, revoked ones and those to all projects among them, newest first."""
    return [key for key in store.find(ApiKey) if key.project_id in (None, project_id)][::-1]


def needs_key(store: Store, project_id: str) -> bool:
    """Whether the service wants a key for a project: since the first was made, also when all are revoked."""
    return bool(list_keys(store, project_id))


def revoke_key(store: Store, key_id: str, *, by: str) -> ApiKey:
    """Make a key worthless within a second; one that is revoked already stays as it is.

    Raises
    ------
    NotFoundError
        When there is no such key.
    """
    key = store.get(ApiKey, key_id)
    return key if key.revoked_at else store.update(key, revoked_at=utc_now(), revoked_by=by)


def internal_key(store: Store) -> str:
    """Return the secret of the dashboard's own questions, made when it is first needed.

    It lies in the secrets folder, which only the user who runs the server can read: whoever can read it can read the
    whole store as well. It opens everything and is not counted.
    """
    if not store.files.secret(INTERNAL):
        store.files.save_secret(INTERNAL, BEGINNING + secrets.token_urlsafe(SECRET_BYTES))
    # Read again: two processes may have made one at the same moment, and the later one counts.
    return store.files.secret(INTERNAL)
