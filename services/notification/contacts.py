"""Addresses, asked of the ticket service when a message goes out: by reference, with a purpose, not kept."""

from collections.abc import Sequence

import msgspec
from msgspec import Struct

from chassis.asking import NotAnswered, asked
from contracts.terms import ContactKind


class Contact(Struct, frozen=True):
    """Of a contact, only what this service needs."""

    ref: str
    email: str | None = None
    phone: str | None = None


def addresses(url: str, token: str, refs: Sequence[str], kind: ContactKind) -> dict[str, str]:
    """Addresses of a kind by reference, of those who have one; raises NotAnswered."""
    wanted = {"refs": sorted(set(refs)), "purpose": "notify", "who": "notification", "role": "notification"}
    body = asked(url, "/contacts", token, msgspec.json.encode(wanted))
    try:
        contacts = msgspec.json.decode(body, type=list[Contact])
    except msgspec.DecodeError as error:
        raise NotAnswered("not a list of contacts") from error
    return {contact.ref: address for contact in contacts if (address := getattr(contact, kind))}
