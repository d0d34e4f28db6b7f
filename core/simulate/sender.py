"""Sending questions and labels to the real service over HTTP, and looking for it again while it is away."""

from collections.abc import Callable
from typing import Any

from core.deploy import internal_key
from core.errors import NotReadyError
from core.records import Json, Label
from core.serve import ServiceClient, service_address
from core.store import Store

RETRY_PAUSES_S = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0)
"""Two minutes: a service that keeps dying is started again after half a minute at the latest, which takes its time."""
Wait = Callable[[float], None]


class Sender:
    """The one who asks, marked as simulated.

    Parameters
    ----------
    store : Store
        The open store: it knows where the service is.
    slug : str
        The project's.
    wait : function
        Called with the seconds to wait while the service is away; it may raise to end the work.
    """

    def __init__(self, store: Store, slug: str, wait: Wait) -> None:
        self.store = store
        self.slug = slug
        self.wait = wait
        self.client: ServiceClient | None = None

    def ask(self, rows: list[Json], key: str) -> list[str]:
        """Return the ids of the answers to rows. `key` names the question: asked twice, it is logged once."""
        answer = self._call("predict", rows, idempotency_key=key)
        return [prediction["id"] for prediction in answer["predictions"]]

    def tell(self, labels: list[tuple[str, Label]]) -> int:
        """Send labels as (prediction id, label); return how many were stored."""
        return int(self._call("send_labels", labels)["stored"])

    def close(self) -> None:
        """Close the connection."""
        if self.client is not None:
            self.client.close()
        self.client = None

    def _call(self, method: str, content: Any, **options: str) -> Json:
        """Call the service; when it is away, look for it again for two minutes before giving up."""
        for pause in RETRY_PAUSES_S:
            try:
                return self._call_once(method, content, **options)
            except NotReadyError:
                self.close()
                self.wait(pause)
        return self._call_once(method, content, **options)

    def _call_once(self, method: str, content: Any, **options: str) -> Json:
        if self.client is None:
            address = service_address(self.store)
            if address is None:
                raise NotReadyError("The prediction service is not running.", "Start it on Deploy model.")
            self.client = ServiceClient(address, key=internal_key(self.store))
        answer: Json = getattr(self.client, method)(self.slug, content, simulated=True, **options)
        return answer
