"""Addresses, asked of the ticket service when a message goes out: by reference, with a purpose, not kept."""

import http.client
from collections.abc import Sequence
from typing import Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

Kind = Literal["email", "phone"]

TIMEOUT = 3.0
"""Seconds for each answer of the ticket service."""


class Contact(Struct, frozen=True):
    """Of a contact, only what this service needs."""

    ref: str
    email: str | None = None
    phone: str | None = None


class ContactsUnavailable(Exception):
    """The ticket service did not tell; it may do so later."""


def addresses(url: str, token: str, refs: Sequence[str], kind: Kind = "email") -> dict[str, str]:
    """Addresses of a kind by reference, of those who have one; raises ContactsUnavailable."""
    asked = {"refs": sorted(set(refs)), "purpose": "notify", "who": "notification", "role": "notification"}
    body = _post(f"{url}/contacts", token, msgspec.json.encode(asked))
    try:
        contacts = msgspec.json.decode(body, type=list[Contact])
    except msgspec.DecodeError as error:
        raise ContactsUnavailable("not a list of contacts") from error
    return {contact.ref: address for contact in contacts if (address := getattr(contact, kind))}


def _post(url: str, token: str, body: bytes) -> bytes:
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.netloc, timeout=TIMEOUT)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    try:
        connection.request("POST", parts.path, body, headers)
        response = connection.getresponse()
        answer = response.read()
    except (OSError, http.client.HTTPException) as error:
        raise ContactsUnavailable(type(error).__name__) from error
    finally:
        connection.close()
    if response.status != http.client.OK:
        raise ContactsUnavailable(f"status {response.status}")
    return answer
