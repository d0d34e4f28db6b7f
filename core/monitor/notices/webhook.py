"""A notice as a signed POST, by the Standard Webhooks specification: receivers can check it with its libraries.

Signed is `id.timestamp.body` with HMAC-SHA256; the receiver refuses old timestamps and ids it has seen.
"""

import base64
import hashlib
import hmac
import json

from core.collect.sources.posting import post
from core.records import Channel, Delivery

MAX_SECONDS = 10.0


def send_webhook(channel: Channel, delivery: Delivery, secret: str, timestamp: int) -> None:
    """Post a notice.

    Raises
    ------
    BadInputError
        When the address is refused, does not answer, or answers with anything but success.
    """
    body = json.dumps(delivery.payload, ensure_ascii=False, separators=(",", ":")).encode()
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "full-circle",
        "webhook-id": delivery.id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1,{sign(secret, delivery.id, timestamp, body)}",
    }
    post(channel.settings["url"], body, headers=headers, max_seconds=MAX_SECONDS)


def sign(secret: str, delivery_id: str, timestamp: int, body: bytes) -> str:
    """Return the signature in base64.

    Source
    ------
    Standard Webhooks, "Signature scheme": a secret that begins with `whsec_` is the base64 of the key.
    """
    key = base64.b64decode(secret.removeprefix("whsec_")) if secret.startswith("whsec_") else secret.encode()
    signed = b".".join((delivery_id.encode(), str(timestamp).encode(), body))
    return base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
