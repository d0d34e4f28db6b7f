"""The one way out: every address people enter is checked here before anything is sent to it.

Private addresses are refused unless whoever runs the server says otherwise, those of the machine's own provider
always. A name is looked up once and the connection goes to the address that was checked, so that a name that changes
its answer leads nowhere.
"""

import ipaddress
import logging
import os
import socket
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import httpx

from core.collect.sources.deadline import Deadline
from core.collect.sources.watch import Watch
from core.errors import BadInputError

MAX_BYTES = 500 << 20
MAX_SECONDS = 120.0
SILENT_SECONDS = 15.0
MAX_REDIRECTS = 5
MAX_DIGITS = 16
NAT64 = ipaddress.ip_network("64:ff9b::/96")
METADATA = frozenset(map(ipaddress.ip_address, ("100.100.100.200", "192.0.0.192", "fd00:ec2::254")))
"""Where cloud providers hand out a machine's passwords, besides the link-local addresses."""
TELLTALES = ("httpx", "httpcore.connection", "httpcore.http11")
"""Loggers that would write down addresses with keys in them, and what servers say about them."""
PRIVATE_HINT = "Whoever runs this server can allow such addresses by FULL_CIRCLE_ALLOW_PRIVATE=1."
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True)
class Fetched:
    """What came back: the address it came from in the end, its media type and its name."""

    url: str
    media_type: str
    filename: str


class BusyError(BadInputError):
    """The server asks us to come back later.

    Parameters
    ----------
    host : str
        Who says so.
    wait_s : float or None
        After how many seconds, where it says that.
    """

    def __init__(self, host: str, wait_s: float | None) -> None:
        self.wait_s = wait_s
        when = "later" if wait_s is None else f"in {wait_s:,.0f} seconds"
        super().__init__(f"{host} is asked too often, and wants to be asked again {when}.", "Refresh it less often.")


def private_allowed() -> bool:
    """Whether whoever runs the server allows addresses in its own network."""
    return os.environ.get("FULL_CIRCLE_ALLOW_PRIVATE") == "1"


def check_host(host: str, port: int) -> str:
    """Return the one address to connect to for a host; every address it has must be allowed.

    Raises
    ------
    BadInputError
        When it has none, or one of them is refused.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError, ValueError) as error:
        raise BadInputError(f"There is no host '{host}'.", "Check the address for typing errors.") from error
    addresses = [str(entry[4][0]) for entry in found]
    for address in addresses:
        check_address(address)
    # Many servers have no way out by IPv6, although names have such addresses.
    return min(addresses, key=lambda address: ":" in address)


def check_address(address: str) -> None:
    """Refuse an address that must not be asked.

    Raises
    ------
    BadInputError
        When it is private and that is not allowed, or no ordinary address at all.
    """
    for each in _meanings(ipaddress.ip_address(address)):
        never = each.is_link_local or each.is_multicast or each.is_unspecified or each in METADATA
        if never or (each.is_reserved and not each.is_loopback):
            raise BadInputError("This address is never asked.", "Use the address of a public server.")
        if not each.is_global and not private_allowed():
            raise BadInputError("This address lies within the server's own network.", PRIVATE_HINT)


def _meanings(address: Address) -> list[Address]:
    """Return an address with those that are wrapped in it."""
    if isinstance(address, ipaddress.IPv4Address):
        return [address]
    if address.ipv4_mapped:
        return [address.ipv4_mapped]
    inner: list[Address] = [address]
    if address.sixtofour:
        inner.append(address.sixtofour)
    if address.teredo:
        inner.extend(address.teredo)
    if address in NAT64:
        inner.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return inner


def open_connection(host: str, port: int, seconds: float) -> socket.socket:
    """Return a connection to a host's checked address, which is checked again once it stands.

    Raises
    ------
    BadInputError
        When the host is refused or does not exist.
    OSError
        When it does not answer within so many seconds.
    """
    opened = socket.create_connection((check_host(host, port), port), timeout=seconds)
    try:
        check_address(opened.getpeername()[0])
    except BadInputError:
        opened.close()
        raise
    return opened


def check_url(url: str) -> httpx.URL:
    """Return an address of the web that is fit to be asked, the host not looked up yet.

    Raises
    ------
    BadInputError
        When it is none: another scheme, no host, a password within.
    """
    try:
        parsed = httpx.URL(url.strip())
    except (httpx.InvalidURL, ValueError, TypeError) as error:
        raise BadInputError("This is not a web address.", "It starts with https:// or http://.") from error
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise BadInputError("This is not a web address.", "It starts with https:// or http://.")
    if parsed.userinfo:
        raise BadInputError("The address holds a name or password.", "Use a header token for that: it is kept secret.")
    return parsed


def fetch(
    url: str,
    target: Path,
    *,
    headers: Mapping[str, str] | None = None,
    max_bytes: int = MAX_BYTES,
    max_seconds: float = MAX_SECONDS,
    watch: Watch | None = None,
) -> Fetched:
    """Write what an address of the web answers to a file.

    Parameters
    ----------
    headers : mapping, optional
        Sent to this host only, not to one it redirects to.
    watch : Watch, optional
        Is told how much has come; a stop ends the connection.

    Raises
    ------
    BadInputError
        When the address is refused, does not answer well, or answers too much or too slowly.
    StoppedError
        When the watch is stopped.
    """
    place, sent, watch = check_url(url), dict(headers or {}), watch or Watch()
    keep_quiet()
    try:
        with (
            Deadline(max_seconds) as deadline,
            watch.interrupting(deadline.end),
            httpx.Client(trust_env=False, timeout=min(SILENT_SECONDS, max_seconds)) as client,
        ):
            for _ in range(MAX_REDIRECTS + 1):
                with closing(client.send(make_request(client, "GET", place, sent, deadline), stream=True)) as response:
                    check_address(response.extensions["network_stream"].get_extra_info("server_addr")[0])
                    if not response.has_redirect_location:
                        _refuse_failure(place, response)
                        _write(response, target, max_bytes, watch)
                        deadline.raise_if_over()
                        media_type = response.headers.get("content-type", "").split(";")[0].strip().lower()
                        return Fetched(str(place), media_type, unquote(place.path.rsplit("/", 1)[-1]) or place.host)
                    following = check_url(str(place.join(response.headers["location"])))
                if origin(following) != origin(place):
                    sent = {}
                place = following
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        watch.raise_if_stopped()
        deadline.raise_if_over()
        if isinstance(error, httpx.RemoteProtocolError | httpx.ReadError | httpx.DecodingError):
            raise BadInputError(f"The answer of {place.host} breaks off.", "Try again later.") from error
        raise BadInputError(f"{place.host} does not answer.", "Try again later, or check the address.") from error
    raise BadInputError("The address leads from one page to another without end.", "Use the address of the file.")


def keep_quiet() -> None:
    """Keep addresses and answers out of the logs of the parts that ask."""
    for name in TELLTALES:
        logging.getLogger(name).addFilter(_is_kept_quiet)


def _is_kept_quiet(_record: logging.LogRecord) -> bool:
    return False


def origin(url: httpx.URL) -> tuple[str, str, int]:
    """Return scheme, host and port: who is told a token."""
    return url.scheme, url.host, url.port or (443 if url.scheme == "https" else 80)


def same_origin(first: str, second: str) -> bool:
    """Whether two addresses belong to the same server."""
    return origin(check_url(first)) == origin(check_url(second))


def make_request(
    client: httpx.Client,
    method: str,
    place: httpx.URL,
    headers: Mapping[str, str],
    deadline: Deadline,
    content: bytes | None = None,
) -> httpx.Request:
    """Return a request to the checked address of a host, which still proves itself by its name."""
    address = check_host(place.host, origin(place)[2])
    return client.build_request(
        method,
        place.copy_with(host=address, fragment=None),
        content=content,
        headers={"Accept-Encoding": "identity", **headers, "Host": place.netloc.decode("ascii")},
        extensions={"sni_hostname": place.raw_host.decode("ascii"), "trace": deadline.watch},
    )


def _refuse_failure(place: httpx.URL, response: httpx.Response) -> None:
    if response.status_code in (429, 503):
        said = response.headers.get("retry-after", "").strip()
        raise BusyError(place.host, float(said) if said.isdecimal() and len(said) < MAX_DIGITS else None)
    if response.status_code in (401, 403):
        raise BadInputError(f"{place.host} does not let us in.", "Check the token, or whether it is open to you.")
    if not response.is_success:
        raise BadInputError(f"{place.host} answers with error {response.status_code}.", "Check the address.")


def _write(response: httpx.Response, target: Path, max_bytes: int, watch: Watch) -> None:
    n_bytes, said = 0, response.headers.get("content-length", "")
    n_expected = int(said) if said.isdecimal() and len(said) < MAX_DIGITS else 0
    with target.open("wb") as file:
        for chunk in response.iter_bytes():
            n_bytes += len(chunk)
            if n_bytes > max_bytes:
                message = f"The answer is larger than {max_bytes / (1 << 20):,.0f} MB, and was not taken in."
                raise BadInputError(message, "Ask for fewer rows.")
            file.write(chunk)
            watch.say(f"{n_bytes / 1e6:,.1f} MB so far", min(n_bytes / n_expected, 1.0) if n_expected else 0.0)
    watch.raise_if_stopped()  # An answer that does not say its length looks complete when it is cut off.
