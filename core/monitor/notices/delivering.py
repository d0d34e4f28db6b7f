"""Sending what waits in the outbox: each notice until it is taken, with growing pauses, for three days at most.

A receiver may get a notice twice, when the sender dies after it was taken and before that was written down; its id is
the same both times.
"""

import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from core.errors import LifecycleError, NotFoundError
from core.monitor.notices.mail import send_mail
from core.monitor.notices.webhook import send_webhook
from core.records import Channel, Delivery, utc_now
from core.store import Store

LOG = logging.getLogger(__name__)
LEASE = timedelta(seconds=60)
"""Longer than any try takes: what a dead process was sending is tried again after it."""
FIRST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(hours=1)
GIVE_UP_AFTER = timedelta(days=3)
AT_ONCE = 4
MOST_DUE = 500


def deliver_due(store: Store, now: datetime) -> int:
    """Try to send all that is due, to several channels at a time; return how many notices were taken.

    Why a try failed is written down with the notice.
    """
    n_taken = 0
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="deliver") as pool:
        while due := store.outbox.due(now, limit=MOST_DUE):
            claimed = [one for delivery in due if (one := store.outbox.claim(delivery, now, LEASE)) is not None]
            n_taken += sum(pool.map(lambda delivery: _deliver(store, delivery), claimed))
    return n_taken


def pause_after(n_attempts: int) -> timedelta:
    """Return how long to wait after so many failed tries: 5 s, 10 s, 20 s, ..., an hour at most."""
    doublings = min(n_attempts - 1, 12)
    return min(FIRST_PAUSE * int(2**doublings), LONGEST_PAUSE)


def _deliver(store: Store, delivery: Delivery) -> bool:
    try:
        note = _send(store, store.get(Channel, delivery.channel_id), delivery)
    except NotFoundError:
        store.outbox.end(delivery, "dead", utc_now(), "The channel was removed.")
        return False
    except LifecycleError as error:
        _fail(store, delivery, f"{error.message} {error.hint}".strip())
        return False
    except Exception:
        # A thread border: one notice that cannot be sent must not hold up the others.
        LOG.exception("Notice %s could not be sent", delivery.id)
        _fail(store, delivery, f"An unexpected error; it is in the log of the job runner under {delivery.id}.")
        return False
    store.outbox.end(delivery, "delivered", utc_now(), note)
    return True


def _send(store: Store, channel: Channel, delivery: Delivery) -> str:
    """Send a notice, and return what is to be said although it was taken."""
    secret = store.files.secret(channel.id)
    if channel.kind == "mail":
        return send_mail(channel, delivery, secret)
    send_webhook(channel, delivery, secret, int(utc_now().timestamp()))
    return ""


def _fail(store: Store, delivery: Delivery, problem: str) -> None:
    now = utc_now()
    if now - delivery.created_at >= GIVE_UP_AFTER:
        store.outbox.end(delivery, "dead", now, problem)
    else:
        store.outbox.put_off(delivery, problem, now + pause_after(delivery.n_attempts))
