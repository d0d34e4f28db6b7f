"""Real receivers of notices: a web server that checks the signature and a mail server, both on free ports."""

import json
import random
import ssl
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword

from core.monitor.notices.webhook import sign
from tests.running import free_port

SECRET = "a long and shared secret"  # noqa: S105 - of tests only


class HookReceiver:
    """Takes notices by POST. `notices` holds each once, by its id; `came` counts how often each id came."""

    def __init__(self, secret: str = SECRET, slow_s: float = 0.0) -> None:
        self.secret = secret
        self.slow_s = slow_s
        self.status = 200
        self.headers: dict[str, str] = {}
        self.notices: dict[str, dict[str, Any]] = {}
        self.came: Counter[str] = Counter()
        self.bad_signatures: list[str] = []
        self._lock = threading.Lock()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.take(dict(self.headers), body)
                time.sleep(random.uniform(0.0, receiver.slow_s))
                self.send_response(receiver.status)
                for name, value in receiver.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "0")
                with suppress(ConnectionError):  # Who sent it may be gone by now.
                    self.end_headers()

            def log_message(self, *_: object) -> None:
                """Keep quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/alerts"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def take(self, headers: dict[str, str], body: bytes) -> None:
        """Check and keep a notice, unless this receiver is set to fail."""
        notice_id, timestamp = headers["webhook-id"], int(headers["webhook-timestamp"])
        with self._lock:
            if headers["webhook-signature"] != f"v1,{sign(self.secret, notice_id, timestamp, body)}":
                self.bad_signatures.append(notice_id)
            self.came[notice_id] += 1
            if self.status == 200:
                self.notices.setdefault(notice_id, json.loads(body))

    @contextmanager
    def running(self) -> Iterator["HookReceiver"]:
        self._thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()


class MailReceiver:
    """Takes mail. `mails` holds each once, by its Message-ID; `came` counts how often each came."""

    def __init__(self, *, user: str = "", password: str = "", certificate: Path | None = None) -> None:
        self.mails: dict[str, EmailMessage] = {}
        self.recipients: list[list[str]] = []
        self.came: Counter[str] = Counter()
        self.refused: set[str] = set()
        options: dict[str, Any] = {"hostname": "127.0.0.1", "port": free_port()}
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            options |= {"tls_context": context, "require_starttls": True}
        if user:
            wanted = (user.encode(), password.encode())

            def check(_server: Any, _session: Any, _envelope: Any, _mechanism: str, given: LoginPassword) -> AuthResult:
                return AuthResult(success=(given.login, given.password) == wanted, handled=False)

            options |= {"authenticator": check, "auth_required": True}
        self._controller = Controller(self, **options)
        self.port: int = options["port"]

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: Any, _session: Any, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address in self.refused:
            return "550 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        mail = message_from_bytes(envelope.content, policy=policy.default)
        self.came[mail["Message-ID"]] += 1
        self.mails.setdefault(mail["Message-ID"], mail)
        self.recipients.append(list(envelope.rcpt_tos))
        return "250 OK"

    @contextmanager
    def running(self) -> Iterator["MailReceiver"]:
        self._controller.start()
        try:
            yield self
        finally:
            self._controller.stop()
