"""The e-mail channel: one connection a round, each message for itself, repeats known by their Message-ID."""

import logging
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
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
from services.notification.correspondence import Delivery, Outcome
from services.notification.templates import MissingText, render

TIMEOUT = 3.0
"""Seconds for each answer of the server; with the round's deadline it stays below the time to drain."""

log = logging.getLogger(__name__)

SENT = Outcome()
REFUSED = Outcome(error="refused")
DEFERRED = Outcome(error="deferred", again=True)
UNREACHABLE = Outcome(error="unreachable", again=True)
POSTPONED = Outcome(error="postponed", again=True, counted=False)
NO_ADDRESS = Outcome(error="no_address")
BAD_ADDRESS = Outcome(error="bad_address")
NO_TEXT = Outcome(error="template")
NOT_CONFIGURED = Outcome(error="not_configured")


def send(
    deliveries: Sequence[Delivery], addresses: Mapping[str, str], url: str, sender: str, deadline: Deadline
) -> dict[str, Outcome]:
    """Sends each message to the address of its destination; by key what became of it.

    `url` is smtp:// or smtps://; its user logs in over TLS only. What `deadline` cuts off is postponed.
    """
    letters = [delivery for delivery in deliveries if delivery.destination in addresses]
    outcomes = dict.fromkeys((delivery.key for delivery in deliveries), NO_ADDRESS)
    return outcomes | (_round(letters, addresses, url, sender, deadline) if letters else {})


def _round(
    letters: Sequence[Delivery], addresses: Mapping[str, str], url: str, sender: str, deadline: Deadline
) -> dict[str, Outcome]:
    outcomes: dict[str, Outcome] = {}
    rest = POSTPONED
    try:
        with _session(url) as session:
            for letter in letters:
                if not deadline.left:
                    break
                outcomes[letter.key] = _send(session, letter, addresses[letter.destination], sender)
                failpoints.reach("after_send")
    except OSError as error:  # smtplib's own exceptions among them
        log.warning("mail round broken off", extra={"cause": type(error).__name__, "letters": len(letters)})
        rest = UNREACHABLE
    return {letter.key: outcomes.get(letter.key, rest) for letter in letters}


@contextmanager
def _session(url: str) -> Iterator[SMTP]:
    parts = urlsplit(url)
    host = parts.hostname or "localhost"
    tls = ssl.create_default_context() if parts.username or parts.scheme == "smtps" else None
    if parts.scheme == "smtps":
        session: SMTP = SMTP_SSL(host, parts.port or 465, timeout=TIMEOUT, context=tls)
    else:
        session = SMTP(host, parts.port or 25, timeout=TIMEOUT)
    with session:
        if parts.username:
            if parts.scheme != "smtps":
                session.starttls(context=tls)
            session.login(unquote(parts.username), unquote(parts.password or ""))
        yield session


def _send(session: SMTP, letter: Delivery, address: str, sender: str) -> Outcome:
    """One message; a refusal is its own, a broken connection is raised."""
    try:
        session.send_message(written(letter, address, sender), sender, [address])
    except SMTPRecipientsRefused as error:
        code, _ = error.recipients[address]
        return _refusal(code)
    except SMTPResponseException as error:
        return _refusal(error.smtp_code)
    except MissingText:
        return NO_TEXT
    except (SMTPNotSupportedError, HeaderParseError, ValueError, IndexError):
        return BAD_ADDRESS
    return SENT


def _refusal(code: int) -> Outcome:
    """RFC 5321 §4.2.1: 5yz is final, 4yz may be tried again."""
    return REFUSED if code >= 500 else DEFERRED


def written(letter: Delivery, address: str, sender: str) -> EmailMessage:
    """The message as it goes out; a repeat has the same Message-ID. Raises ValueError for a bad address."""
    subject, body = render(letter.template, letter.fields)
    message = EmailMessage(policy=WIRE)
    message["Message-ID"] = message_id(letter.key, sender)
    message["Date"] = formatdate()
    message["From"] = sender
    message["To"] = Address(addr_spec=address)
    message["Subject"] = subject
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday notice, please
    message.set_content(body)
    return message


def message_id(key: str, sender: str) -> str:
    """The Message-ID (RFC 5322 §3.6.4) of the message with this idempotency key."""
    return f"<{key}@{sender.rpartition('@')[2]}>"
