"""Who may ask: the keys of the store, kept in memory and looked up again several times a second."""

import hmac
import logging
import math
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from core.deploy import digest_secret, internal_key
from core.errors import LifecycleError
from core.records import ApiKey, Project, Scope, utc_now
from core.serve.rates import Rates
from core.serve.refusal import RefusalError
from core.store import Store

LOOK_INTERVAL_S = 0.25
NOTED_EVERY = timedelta(minutes=1)
KEY_HINT = "Send the header Authorization: Bearer KEY; keys are made on Deploy model."
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Known:
    """What the keys were at the last look: those that open something by digest, and what is closed without one."""

    keys: Mapping[str, ApiKey]
    slugs: Mapping[str, str]
    closed: frozenset[str]
    all_closed: bool
    internal: str

    def opens(self, key: ApiKey, slug: str | None, scope: Scope) -> bool:
        """Whether a key is for a project and for what is to be done there."""
        right_project = key.project_id is None or (slug is not None and self.slugs.get(key.project_id) == slug)
        return right_project and (scope in key.scopes or "admin" in key.scopes)


class Keyring:
    """Lets requests through, or says why not; safe to use from many threads except for `permit`.

    A project is open as long as no key to it was ever made. While the store does not answer, the keys of the last look
    count; before the first look nobody is let in.

    Parameters
    ----------
    store : Store
        Where the keys are.
    always : bool
        Whether a key is wanted for every project, because the service can be reached from other machines.
    folder : Path, optional
        Where worker processes share how often keys were used (see `Rates`).
    """

    def __init__(self, store: Store, *, always: bool = False, folder: Path | None = None) -> None:
        self._store = store
        self._always = always
        self._rates = Rates(folder)
        self._known: Known | None = None
        self._used: dict[str, datetime] = {}
        self._noted: dict[str, datetime] = {}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="keyring", daemon=True)

    def start(self) -> None:
        """Look the keys up and begin to follow them."""
        self._try_to(self.refresh)
        self._thread.start()

    def stop(self) -> None:
        """Stop following."""
        self._stopping.set()
        self._rates.close()

    def wants_key(self, slug: str | None) -> bool:
        """Whether a project is closed to requests without a key; for None, whether anything at all is."""
        known = self._known
        if self._always or known is None or known.all_closed:
            return True
        return bool(known.closed) if slug is None else slug in known.closed

    def permit(self, slug: str | None, headers: Mapping[str, str], scope: Scope) -> str:
        """Return by which key the sender of the headers may do that in the project; None is the service as a whole.

        Returns
        -------
        str
            The id of the key; empty where none was wanted, or it was the dashboard's own.

        Raises
        ------
        RefusalError
            401 without a key that counts, 403 when it is for something else, 429 when it was used too often, 503
            before the keys could be looked up.
        """
        key = self._find(slug, headers, scope) if self.wants_key(slug) else None
        if key is None:
            return ""
        if wait_s := self._rates.take(key.id, key.per_minute):
            raise _too_often(key.per_minute, wait_s)
        self._used[key.id] = utc_now()
        return key.id

    def may_see(self, slug: str | None, headers: Mapping[str, str], scope: Scope) -> bool:
        """Whether the sender of the headers may do that in the project; this is not counted as a use of the key."""
        try:
            if self.wants_key(slug):
                self._find(slug, headers, scope)
        except RefusalError:
            return False
        return True

    def _find(self, slug: str | None, headers: Mapping[str, str], scope: Scope) -> ApiKey | None:
        """Return the key that opens the project, None when it is the dashboard's; RefusalError when none does."""
        known = self._known
        if known is None:
            raise RefusalError(503, "not_ready", "The keys are not known yet.", "Try again in a few seconds.")
        digest = digest_secret(sent_key(headers))
        if hmac.compare_digest(digest, known.internal):
            return None
        key = known.keys.get(digest)
        if key is None or not hmac.compare_digest(digest, key.digest):
            raise _no_key()
        if not known.opens(key, slug, scope):
            raise RefusalError(403, "key_not_for_this", "The key is not for this.", "Ask for one that is.")
        return key

    def refresh(self) -> None:
        """Look up which keys count.

        Raises
        ------
        SQLAlchemyError
            When the store does not answer.
        """
        keys = self._store.find(ApiKey)
        slugs = {project.id: project.slug for project in self._store.find(Project)} if keys else {}
        self._known = Known(
            keys={key.digest: key for key in keys if key.revoked_at is None},
            slugs=slugs,
            closed=frozenset(slugs[key.project_id] for key in keys if key.project_id in slugs),
            all_closed=any(key.project_id is None for key in keys),
            internal=self._internal_digest(),
        )

    def _internal_digest(self) -> str:
        """Return the digest of the dashboard's key; empty, which nothing equals, where no file can be written."""
        try:
            return digest_secret(internal_key(self._store))
        except OSError:
            return ""

    def _note_use(self) -> None:
        """Write when keys were last used, for each about once a minute."""
        known = self._known
        for key in known.keys.values() if known else ():
            used, noted = self._used.get(key.id), self._noted.get(key.id)
            if used and used != noted and (noted is None or used - noted >= NOTED_EVERY):
                self._noted[key.id] = used
                self._store.update(key, last_used_at=used)

    def _follow(self) -> None:
        while not self._stopping.wait(LOOK_INTERVAL_S):
            self._try_to(self.refresh)
            self._try_to(self._note_use)

    def _try_to(self, look: Callable[[], None]) -> None:
        try:
            look()
        except (SQLAlchemyError, LifecycleError, OSError) as error:
            logger.warning("The keys could not be looked up or written: %s", error)


def sent_key(headers: Mapping[str, str]) -> str:
    """Return the key in the headers of a request; empty when there is none."""
    kind, _, sent = headers.get("authorization", "").partition(" ")
    return sent.strip() if kind.lower() == "bearer" else headers.get("x-api-key", "")


def _no_key() -> RefusalError:
    refusal = RefusalError(401, "no_key", "This needs a key, and none that counts was sent.", KEY_HINT)
    return refusal.with_header("WWW-Authenticate", "Bearer")


def _too_often(per_minute: int, wait_s: float) -> RefusalError:
    seconds = max(1, math.ceil(wait_s))
    message = f"The key was used more often than {per_minute:,} times a minute."
    refusal = RefusalError(429, "too_often", message, f"Try again in {seconds} s.")
    return refusal.with_header("Retry-After", str(seconds))
