"""The connection to an MQTT broker: plain or TLS, to an address the guard has checked, each time anew."""

import socket
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

import certifi
from paho.mqtt import client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from core.collect.sources.guard import open_connection
from core.collect.sources.messages import Received
from core.errors import BadInputError

CONNECT_SECONDS = 5.0
KEEPALIVE_SECONDS = 15
POLL_S = 0.1
PORTS = {"mqtt": 1883, "mqtts": 8883}


class AwayError(BadInputError):
    """The broker does not answer at present; later it may."""


class GuardedClient(mqtt.Client):
    """A client that goes where the guard lets it, at every new connection, and counts what comes."""

    n_bytes = 0
    encrypted = False

    def _create_socket_connection(self) -> socket.socket:
        opened = open_connection(self.host, self.port, CONNECT_SECONDS)
        if not self.encrypted:
            return opened
        # Not left to paho, which forgets to close a connection whose other side does not prove itself.
        context = ssl.create_default_context(cafile=certifi.where())
        return context.wrap_socket(opened, server_hostname=self.host)

    def _sock_recv(self, bufsize: int) -> bytes:
        received = super()._sock_recv(bufsize)
        self.n_bytes += len(received)
        return received


@dataclass
class _Answers:
    """What the broker said to our last questions; None while it has not."""

    connected: Any = None
    session_kept: bool = False
    subscribed: Any = None


class Broker:
    """A broker that messages of one topic filter come from, at least once each.

    Parameters
    ----------
    url : str
        `mqtt://name@host:port` or `mqtts://...`.
    topic : str
        The topic filter.
    secret : str
        The password; empty for none.
    client_id : str
        Names us to the broker, which keeps messages for that name while the connection is away.
    take : function
        Called with each message.
    """

    def __init__(self, url: str, topic: str, secret: str, client_id: str, take: Callable[[Received], None]) -> None:
        self.place, self._topic, self._secret = urlsplit(url), topic, secret
        self.host, self.port = self.place.hostname or "", self.place.port or PORTS[self.place.scheme]
        self._client_id, self._answers = client_id, _Answers()
        self._client = self._make_client(clean=False)
        self._client.on_message = lambda _client, _data, message: take(
            Received(message.mid, message.topic, bytes(message.payload), message.retain, message.dup, message.qos > 0)
        )

    @property
    def n_bytes(self) -> int:
        """Bytes that have come so far."""
        return self._client.n_bytes

    def connect(self) -> bool:
        """Connect and subscribe; return whether the broker kept messages for us since the last connection.

        Raises
        ------
        AwayError
            When it does not answer.
        BadInputError
            When its address is refused, or it does not let us in.
        """
        self._answers = _Answers()
        self._connect(self._client)
        try:
            self._client.subscribe(self._topic, qos=1)
            self._wait_for("subscribed", self._client)
        except ValueError as error:
            raise BadInputError("This is not a topic filter.", "It looks like site/+/temperature or site/#.") from error
        if self._answers.subscribed[0].is_failure:
            raise BadInputError(f"The broker does not let us read '{self._topic}'.", "Check the topic and the name.")
        return self._answers.session_kept

    def loop(self) -> bool:
        """Take in what comes for a moment; return whether the connection still stands."""
        return self._client.loop(POLL_S) == mqtt.MQTT_ERR_SUCCESS

    def close(self, *, come_back: bool = False) -> None:
        """Leave the broker, which keeps nothing for us any more unless we come back."""
        with suppress(OSError, ValueError, BadInputError):
            self._client.disconnect()
            self._client.loop(POLL_S)
            if come_back:
                return
            # A session is forgotten when its name comes again and asks for a clean one.
            parting, self._answers = self._make_client(clean=True), _Answers()
            self._connect(parting)
            parting.disconnect()
            parting.loop(POLL_S)

    def _make_client(self, *, clean: bool) -> GuardedClient:
        client = GuardedClient(
            CallbackAPIVersion.VERSION2, self._client_id, clean_session=clean, reconnect_on_failure=False
        )
        client.encrypted = self.place.scheme == "mqtts"
        if self.place.username or self._secret:
            client.username_pw_set(unquote(self.place.username or ""), self._secret or None)

        def on_connect(_client: object, _data: object, flags: Any, reason: Any, _properties: object) -> None:
            self._answers.connected, self._answers.session_kept = reason, bool(flags.session_present)

        def on_subscribe(_client: object, _data: object, _mid: int, reasons: Any, _properties: object) -> None:
            self._answers.subscribed = reasons

        client.on_connect, client.on_subscribe = on_connect, on_subscribe
        return client

    def _connect(self, client: GuardedClient) -> None:
        where = f"{self.host}, port {self.port}"
        try:
            client.connect(self.host, self.port, KEEPALIVE_SECONDS)
        except ssl.SSLCertVerificationError as error:
            raise BadInputError(f"{self.host} does not prove that it is this host.", "Check the address.") from error
        except OSError as error:
            kind, way = (" that speaks TLS", "try mqtt:// there") if client.encrypted else ("", "try again later")
            raise AwayError(f"No broker{kind} answers at {where}.", f"Check the address, or {way}.") from error
        self._wait_for("connected", client)
        if self._answers.connected.is_failure:
            hint = "Check the name and the password."
            raise BadInputError(f"The broker does not let us in: {self._answers.connected}.", hint)

    def _wait_for(self, answer: str, client: GuardedClient) -> None:
        deadline = time.monotonic() + CONNECT_SECONDS
        while getattr(self._answers, answer) is None:
            lost = client.loop(POLL_S) != mqtt.MQTT_ERR_SUCCESS
            if getattr(self._answers, answer) is not None:
                return
            if lost:
                message = f"{self.host} ends the connection before it lets us in."
                raise AwayError(message, "Check the name and the password, and whether the port is that of MQTT.")
            if time.monotonic() > deadline:
                raise AwayError(f"{self.host} does not answer as a broker does.", "Check address and port.")
