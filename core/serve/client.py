"""Talking to the prediction service over HTTP: the only module that does.

It talks to the address the service itself recorded in the store, never to one a person typed.
"""

import ssl
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Self

import httpx

from core.errors import BadInputError, ConflictError, LifecycleError, NotFoundError, NotReadyError
from core.records import Json, Label, ProcessInfo, utc_now
from core.store import Store

PROCESS_NAME = "serve"
HEARTBEAT_MAX_AGE = timedelta(seconds=60)
TIMEOUT_S = 60.0
PING_TIMEOUT_S = 5.0
KINDS: dict[int, type[LifecycleError]] = {
    404: NotFoundError,
    409: ConflictError,
    413: BadInputError,
    422: BadInputError,
}
HEADERS_SIMULATED = {"X-Full-Circle-Simulated": "1"}


class ServiceClient:
    """A client of the service at an address; may be used from several threads, and as a context manager.

    Every method raises NotReadyError when the service does not answer, BadInputError when it refuses what was sent,
    NotFoundError when nothing is live, ConflictError when it is not clear which project is meant. `key` is the secret
    of a key; `deploy.internal_key` gives the one of this machine's own questions.
    """

    def __init__(self, address: str, *, key: str = "", timeout_s: float = TIMEOUT_S) -> None:
        self.address = address
        # The machine's proxy settings must not send what is meant for this machine elsewhere.
        headers = {"Authorization": f"Bearer {key}"} if key else None
        self._http = httpx.Client(
            base_url=address, timeout=timeout_s, trust_env=False, headers=headers, verify=_trust_nobody()
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def ping(self) -> Json:
        """Return whether all is well with the service."""
        return self._call("GET", "/ping")

    def metadata(self, slug: str) -> Json:
        """Return which model answers for a project, since when, who approved it."""
        return self._call("GET", f"/v1/{slug}/metadata")

    def predict(self, slug: str, rows: list[Json], *, simulated: bool = False, idempotency_key: str = "") -> Json:
        """Return `{"request_id", "model_version", "predictions": [{"id", "prediction", "probabilities", "warnings"}]}`.

        Parameters
        ----------
        slug : str
            The project's.
        rows : list of dict
            At most 1,000 rows of column name -> value, as the prototype says (see `request_rows`).
        simulated : bool
            Whether this is made-up traffic; it is marked as such in the log.
        idempotency_key : str
            Names the question, so that a service that knows such keys answers a repeated one from the first answer
            instead of logging it twice. Empty: each request is a question of its own.
        """
        headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
        return self._call("POST", f"/v1/{slug}/predict", {"rows": rows}, simulated=simulated, headers=headers)

    def send_labels(self, slug: str, labels: list[tuple[str, Label]], *, simulated: bool = False) -> Json:
        """Send the true values of earlier predictions, as (prediction id, value); return `{"stored", "unknown"}`."""
        body = {"labels": [{"id": prediction_id, "label": label} for prediction_id, label in labels]}
        return self._call("POST", f"/v1/{slug}/labels", body, simulated=simulated)

    def poll_answer(self, slug: str, prediction_id: str) -> Json:
        """Return what a person said about a row on which the model abstained: `{"id", "status", "answer", ...}`."""
        return self._call("GET", f"/v1/{slug}/answers/{prediction_id}")

    def _call(
        self,
        method: str,
        path: str,
        body: Json | None = None,
        *,
        simulated: bool = False,
        headers: Mapping[str, str] | None = None,
    ) -> Json:
        sent = {**(headers or {}), **(HEADERS_SIMULATED if simulated else {})}
        try:
            response = self._http.request(method, path, json=body, headers=sent)
            answer: Any = response.json()
        except (httpx.HTTPError, ValueError) as error:
            raise NotReadyError(
                f"The prediction service does not answer at {self.address}.", "Start it on Deploy model."
            ) from error
        if response.is_success:
            content: Json = answer
            return content
        said = answer.get("error", {})
        kind = KINDS.get(response.status_code, NotReadyError)
        raise kind(said.get("message", f"The service answered {response.status_code}."), said.get("hint", ""))


def _trust_nobody() -> ssl.SSLContext:
    """Return what plain HTTP has no need of; reading the usual list of authorities takes longer than many questions."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def find_service(store: Store) -> ProcessInfo | None:
    """Return the newest recorded service of this store that answers; None when there is none."""
    recorded = reversed(store.find(ProcessInfo, name=PROCESS_NAME))
    fresh = [info for info in recorded if utc_now() - info.heartbeat_at <= HEARTBEAT_MAX_AGE]
    # Twice, because a worker that dies at this moment takes the connection with it while the others go on.
    return next((info for info in fresh if _answers(info) or _answers(info)), None)


def _answers(info: ProcessInfo) -> bool:
    try:
        with ServiceClient(info.address, timeout_s=PING_TIMEOUT_S) as client:
            # Another program may have taken the port since.
            return client.ping().get("process_id") == info.id
    except LifecycleError:
        return False


def service_address(store: Store) -> str | None:
    """Return where the prediction service of this store is, if it is recorded and answers; else None."""
    info = find_service(store)
    return info.address if info else None
