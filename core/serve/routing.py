"""Which of two versions answers a request: the same caller, or the same row, always meets the same one."""

import hashlib
import json
from typing import Any

ROUTING_HEADER = "X-Routing-Key"
"""What a caller sends to be answered by the same version each time: the id of a customer, a session, a machine."""
N_PLACES = 2**64


def is_in_share(key: str, share: float, salt: str) -> bool:
    """Whether a key falls into a share of all keys.


    A key has a place in [0, 1) that depends on nothing but key and salt; it is in the share when its place lies below.
    So who is in a share is in every larger one, and another salt (the model version) takes other keys.
    """
    digest = hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8, key=salt.encode()[:64]).digest()
    return int.from_bytes(digest) < share * N_PLACES


def key_of_body(body: bytes) -> str:
    """Return a key for the rows of a request that came without one.

    The order of fields, blanks, a null instead of a missing field and 3.0 instead of 3 make no other rows. A body that
    cannot be read as JSON is its own key: it is refused soon.
    """
    try:
        content = json.loads(body)
        return json.dumps(_simplest(content.get("rows") if isinstance(content, dict) else None), sort_keys=True)
    except (ValueError, RecursionError):
        return hashlib.blake2b(body, digest_size=16).hexdigest()


def _simplest(value: Any) -> Any:
    if isinstance(value, list):
        return [_simplest(item) for item in value]
    if isinstance(value, dict):
        return {name: _simplest(item) for name, item in value.items() if item is not None}
    return int(value) if isinstance(value, float) and value.is_integer() else value
