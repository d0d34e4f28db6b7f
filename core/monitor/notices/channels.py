"""Channels: where alerts are sent, what for, with a secret that lies in a file of its own."""

from collections.abc import Sequence
from dataclasses import replace
from email.utils import parseaddr
from typing import get_args

from core.collect.sources.guard import check_url, same_origin
from core.collect.sources.keys import take_out_key
from core.errors import BadInputError
from core.monitor.alerts.rules import RULES
from core.monitor.notices.outgoing import write_test
from core.records import AlertKind, Channel, ChannelKind, Delivery, Json, Project, Severity
from core.store import Store

LONGEST_NAME = 60
MOST_RECIPIENTS = 20
SECURITY = ("starttls", "tls", "none")
SHORTEST_SECRET = 16
"""Characters of a webhook's secret at least: it signs what is sent."""


def save_channel(  # noqa: PLR0913 - what a channel is, each part named
    store: Store,
    project_id: str,
    *,
    kind: ChannelKind,
    name: str,
    settings: Json,
    secret: str = "",
    severities: Sequence[Severity] = ("warning", "critical"),
    kinds: Sequence[AlertKind] = (),
    by: str,
) -> Channel:
    """Save a channel and keep its secret apart.

    Parameters
    ----------
    settings : dict
        Webhook: `url`. Mail: `host`, `port`, `security` (starttls, tls or none), `user`, `sender`, `recipients`.
    secret : str
        Webhook: what signs the notices, 16 characters or more. Mail: the password, where there is a user.
    kinds : sequence of AlertKind
        Empty: all.

    Raises
    ------
    BadInputError
        When something does not fit.
    NotFoundError
        When the project is gone.
    """
    store.get(Project, project_id)
    channel = Channel(project_id, kind, _check_name(name), {}, created_by=by)
    channel = replace(channel, settings=_check_settings(kind, settings), **_check_wishes(severities, kinds))
    _check_secret(channel, secret)
    if secret:
        store.files.save_secret(channel.id, secret)
    return store.add(channel)


def change_channel(  # noqa: PLR0913 - what may change, each part named
    store: Store,
    channel_id: str,
    *,
    settings: Json | None = None,
    secret: str = "",
    severities: Sequence[Severity] | None = None,
    kinds: Sequence[AlertKind] | None = None,
    enabled: bool | None = None,
) -> Channel:
    """Change some of what a channel is; its secret stays where none is given and the server is the same.

    Raises
    ------
    BadInputError
        When something does not fit, or the secret would go to another server.
    NotFoundError
        When the channel is gone.
    """
    channel = store.get(Channel, channel_id)
    wishes = _check_wishes(
        channel.severities if severities is None else severities, channel.kinds if kinds is None else kinds
    )
    changed = replace(channel, **wishes, enabled=channel.enabled if enabled is None else enabled)
    if settings is not None:
        changed = replace(changed, settings=_check_settings(channel.kind, settings))
    if secret:
        _check_secret(changed, secret)
        store.files.save_secret(channel.id, secret)
    elif store.files.secret(channel.id) and not _is_same_server(channel, changed):
        # Else whoever may change an address could have the secret used at a server of their own.
        raise BadInputError("The address leads to another server.", "Type the secret or password for it.")
    names = ("settings", "severities", "kinds", "enabled")
    return store.update(channel, **{name: getattr(changed, name) for name in names})


def list_channels(store: Store, project_id: str) -> list[Channel]:
    """Return the channels of a project, oldest first."""
    return store.find(Channel, project_id=project_id)


def remove_channel(store: Store, channel_id: str) -> None:
    """Forget a channel and its secret; what still waits to be sent there is given up."""
    store.files.remove_secret(channel_id)
    store.remove(Channel, id=channel_id)


def try_channel(store: Store, channel_id: str, *, by: str) -> Delivery:
    """Put a test notice into the outbox, on the way that alerts take, and return it.

    Raises
    ------
    NotFoundError
        When the channel is gone.
    """
    return store.outbox.add(write_test(store, store.get(Channel, channel_id), by))


def list_deliveries(store: Store, channel_id: str, *, newest: int = 10) -> list[Delivery]:
    """Return what was sent to a channel or waits to be, newest first."""
    return store.find(Delivery, newest=newest, channel_id=channel_id)[::-1]


def _check_name(name: str) -> str:
    name = " ".join(name.split())
    if not 0 < len(name) <= LONGEST_NAME:
        raise BadInputError("The channel has no name of 1 to 60 characters.", "Say who is reached by it.")
    return name


def _check_wishes(severities: Sequence[Severity], kinds: Sequence[AlertKind]) -> Json:
    wanted = tuple(each for each in get_args(Severity) if each in severities)
    if not wanted or len(wanted) < len(set(severities)) or not set(kinds) <= set(RULES):
        raise BadInputError("It is not said what the channel is for.", "Choose which alerts it is told of.")
    return {"severities": wanted, "kinds": tuple(kind for kind in RULES if kind in kinds)}


def _check_settings(kind: ChannelKind, settings: Json) -> Json:
    return _check_webhook(settings) if kind == "webhook" else _check_mail(settings)


def _check_webhook(settings: Json) -> Json:
    url = str(check_url(str(settings.get("url", ""))))
    if take_out_key(url)[1]:
        raise BadInputError("The address holds a secret, which would be shown on pages.", "Use one without.")
    return {"url": url}


def _check_mail(settings: Json) -> Json:
    host, user = (str(settings.get(name, "")).strip() for name in ("host", "user"))
    port, security = settings.get("port"), settings.get("security", SECURITY[0])
    if not host or any(letter.isspace() or letter in "/@:" for letter in host):
        raise BadInputError("This is not the name of a mail server.", "For example: smtp.example.org")
    if not isinstance(port, int) or not 0 < port < 1 << 16 or security not in SECURITY:
        raise BadInputError(
            "Port or encryption are none of a mail server.", "Usual are 587 with STARTTLS, 465 with TLS."
        )
    if user and security == "none":
        raise BadInputError("The password would be sent for all to read.", "Choose STARTTLS or TLS, or no user.")
    sender = _check_address(str(settings.get("sender", "")))
    recipients = [_check_address(each) for each in settings.get("recipients", ())]
    if not 0 < len(recipients) <= MOST_RECIPIENTS:
        raise BadInputError("There is nobody to send to.", f"Give 1 to {MOST_RECIPIENTS} mail addresses.")
    return {
        "host": host,
        "port": port,
        "security": security,
        "user": user,
        "sender": sender,
        "recipients": recipients,
    }


def _check_address(text: str) -> str:
    text = text.strip()
    _, address = parseaddr(text)
    before, _, after = address.partition("@")
    if address != text or not before or "." not in after.strip(".") or not text.isascii() or " " in text:
        raise BadInputError(f"'{text}' is not a mail address.", "For example: anna@example.org")
    return address


def _check_secret(channel: Channel, secret: str) -> None:
    if secret and not (secret.isascii() and secret.isprintable()):
        raise BadInputError("The secret has characters that cannot be sent.", "Type it again.")
    if channel.kind == "webhook" and len(secret) < SHORTEST_SECRET:
        raise BadInputError(
            f"The secret has fewer than {SHORTEST_SECRET} characters.",
            "It shows the receiver that a notice is from here; make it long and keep it there, too.",
        )
    if channel.kind == "mail" and bool(channel.settings["user"]) != bool(secret):
        raise BadInputError("User and password belong together.", "Give both, or neither.")


def _is_same_server(before: Channel, after: Channel) -> bool:
    if before.kind == "webhook":
        return same_origin(before.settings["url"], after.settings["url"])
    return all(before.settings[name] == after.settings[name] for name in ("host", "port", "security", "user"))
