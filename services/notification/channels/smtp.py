"""The e-mail channel: one connection a round, each message for itself, repeats known by their Message-ID."""

import logging
import socket
import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as WIRE
from email.utils import formatdate
from smtplib import (
    SMTP,
    SMTP_SSL,
    SMTPNotSupportedError,
    SMTPRecipientsRefused,
    SMTPResponseException,
)
from urllib.parse import unquote, urlsplit

from chassis import failpoints
from chassis.line import Deadline
from chassis.settings import Settings
from services.notification.correspondence import Letter, Outcome
from services.notification.outcomes import BAD_ADDRESS, DEFERRED, POSTPONED, REFUSED, SENT, UNREACHABLE

TIMEOUT = 3.0
"""Seconds for each answer of the server; with the round's deadline it stays below the time to drain."""

log = logging.getLogger(__name__)


def configured(settings: Settings) -> bool:
    """Whether there is a mail server."""
    return bool(settings.smtp_url)


def send(letters: Sequence[Letter], settings: Settings, deadline: Deadline) -> dict[str, Outcome]:
    """Sends each letter; by key what became of it. What `deadline` cuts off is postponed.

    SMTP_URL is smtp:// or smtps://; its user logs in over TLS only.
    """
    outcomes: dict[str, Outcome] = {}
    rest = POSTPONED
    try:
        with _session(settings.smtp_url, deadline.left + TIMEOUT) as session:
            for letter in letters:
                if not deadline.left:
                    break
                outcomes[letter.key] = _send(session, letter, settings.mail_from)
                failpoints.reach("after_send")
    except OSError as error:  # smtplib's own exceptions among them
        log.warning("mail round broken off", extra={"cause": type(error).__name__, "letters": len(letters)})
        rest = UNREACHABLE
    return {letter.key: outcomes.get(letter.key, rest) for letter in letters}


@contextmanager
def _session(url: str, seconds: float) -> Iterator[SMTP]:
    """A session that ends after `seconds`, however slowly the server drips its answers."""
    parts = urlsplit(url)
    host = parts.hostname or "localhost"
    tls = ssl.create_default_context() if parts.username or parts.scheme == "smtps" else None
    secured = parts.scheme == "smtps"
    session = SMTP_SSL(timeout=TIMEOUT, context=tls) if secured else SMTP(timeout=TIMEOUT)
    session._host = host  # type: ignore[attr-defined]  # noqa: SLF001 (what TLS compares the certificate with)
    watch = threading.Timer(seconds, _pull, [session])
    watch.daemon = True
    watch.start()
    try:
        session.connect(host, parts.port or (465 if secured else 25))
        with session:
            if parts.username:
                if not secured:
                    session.starttls(context=tls)
                session.login(unquote(parts.username), unquote(parts.password or ""))
            yield session
    finally:
        watch.cancel()
        session.close()


def _pull(session: SMTP) -> None:
    with suppress(OSError, AttributeError):
        session.sock.shutdown(socket.SHUT_RDWR)  # type: ignore[union-attr]


def _send(session: SMTP, letter: Letter, sender: str) -> Outcome:
    """One message; a refusal is its own, a broken connection is raised."""
    try:
        session.send_message(written(letter, sender), sender, [letter.address])
    except SMTPRecipientsRefused as error:
        code, _ = error.recipients[letter.address]
        return _refusal(code)
    except SMTPResponseException as error:
        return _refusal(error.smtp_code)
    except (SMTPNotSupportedError, HeaderParseError, ValueError, IndexError):
        return BAD_ADDRESS
    return SENT


def _refusal(code: int) -> Outcome:
    """RFC 5321 §4.2.1: 5yz is final, 4yz may be tried again."""
    return REFUSED if code >= 500 else DEFERRED


def written(letter: Letter, sender: str) -> EmailMessage:
    """The message as it goes out; a repeat has the same Message-ID. Raises ValueError for a bad address."""
    message = EmailMessage(policy=WIRE)
    message["Message-ID"] = message_id(letter.key, sender)
    message["Date"] = formatdate()
    message["From"] = sender
    message["To"] = Address(addr_spec=letter.address)
    message["Subject"] = letter.subject
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday notice, please
    message.set_content(letter.body)
    return message


def message_id(key: str, sender: str) -> str:
    """The Message-ID (RFC 5322 §3.6.4) of the message with this idempotency key."""
    return f"<{key}@{sender.rpartition('@')[2]}>"
