"""A notice as mail, by SMTP, through a connection whose address is checked."""

import smtplib
import socket
import ssl
from contextlib import suppress
from email.message import EmailMessage
from types import TracebackType

import certifi

from core.collect.sources.guard import open_connection
from core.errors import BadInputError
from core.records import Channel, Delivery

MAX_SECONDS = 10.0


def send_mail(channel: Channel, delivery: Delivery, secret: str) -> str:
    """Hand a notice to the mail server, and return what is to be said although it took it: who was left out.

    Raises
    ------
    BadInputError
        When the server is refused, does not answer, or does not take it.
    """
    settings = channel.settings
    server = f"{settings['host']}:{settings['port']}"
    try:
        with _connect(channel) as smtp:
            if settings["security"] == "starttls":
                smtp.starttls(context=_trust())
            if settings["user"]:
                smtp.login(settings["user"], secret)
            refused = smtp.send_message(write_mail(channel, delivery))
            return f"The server takes no mail for {', '.join(refused)}." if refused else ""
    except smtplib.SMTPAuthenticationError as error:
        raise BadInputError(f"{server} does not take the password.", "Check user and password.") from error
    except smtplib.SMTPRecipientsRefused as error:
        raise BadInputError(f"{server} takes mail for none of the recipients.", "Check their addresses.") from error
    except smtplib.SMTPNotSupportedError as error:
        raise BadInputError(f"{server} does not offer what is asked of it.", "Check encryption and user.") from error
    except smtplib.SMTPResponseException as error:
        raise BadInputError(f"{server} refuses the mail (code {error.smtp_code}).", "Check the addresses.") from error
    except ssl.SSLError as error:
        raise BadInputError(f"{server} cannot prove who it is.", "Check encryption and port.") from error
    except (smtplib.SMTPException, OSError) as error:
        raise BadInputError(f"{server} does not answer.", "Check host and port, or try again later.") from error


def write_mail(channel: Channel, delivery: Delivery) -> EmailMessage:
    """Return the mail of a notice; its Message-ID is the notice's, so that it is known when it comes twice."""
    settings, message = channel.settings, EmailMessage()
    message["Subject"] = " ".join(delivery.subject.split())
    message["From"] = settings["sender"]
    message["To"] = ", ".join(settings["recipients"])
    message["Date"] = delivery.created_at
    message["Message-ID"] = f"<{delivery.id}@{settings['sender'].partition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(
        f"{delivery.payload['text']}\n\n-- \nFull Circle, project {delivery.payload['project']['name']}\n"
    )
    return message


def _trust() -> ssl.SSLContext:
    return ssl.create_default_context(cafile=certifi.where())


class _Connection(smtplib.SMTP):
    """A connection that goes to the checked address of a host, encrypted from its beginning where that is wanted."""

    def __init__(self, host: str, port: int, *, tls: bool) -> None:
        self._tls = tls
        super().__init__(host, port, timeout=MAX_SECONDS)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        opened = open_connection(host, port, timeout)
        return _trust().wrap_socket(opened, server_hostname=host) if self._tls else opened

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(smtplib.SMTPException, OSError):  # The mail is taken: a rude goodbye takes nothing back.
            super().__exit__(kind, error, trace)


def _connect(channel: Channel) -> _Connection:
    settings = channel.settings
    return _Connection(settings["host"], settings["port"], tls=settings["security"] == "tls")
