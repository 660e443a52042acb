"""Lets systems in: each new client or secret is told once, and only what verifies it is kept."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from chassis.database import Tx
from services.gateway import client_store
from services.gateway.clients import Kind, new_key, new_password, secret


class Application(Struct, frozen=True, kw_only=True):
    """Who is to be let in, as what and for what; `by` whom."""

    name: str
    kind: Kind
    sources: Sequence[str]
    types: Sequence[str]
    by: str
    subject: str | None = None
    any_ticket: bool = False
    hears: Sequence[str] = ()


class Given(Struct, frozen=True):
    """A secret for its system's eyes: an API key; or a name and its secret, for signing or the broker."""

    key: str
    secret: str | None = None


def enrol(tx: Tx, wanted: Application, root: str) -> Given | None:
    """Adds a client; None if its name or subject is taken. With tokens it gets no secret (an empty key)."""
    subject = (wanted.subject or wanted.name) if wanted.kind == "oauth" else None
    if not client_store.add(tx, wanted.name, wanted.kind, subject, wanted.any_ticket, wanted.by):
        return None
    client_store.allow(tx, wanted.name, wanted.sources, wanted.types)
    client_store.set_hearing(tx, wanted.name, wanted.hears)
    return Given("") if wanted.kind == "oauth" else _give(tx, wanted.name, wanted.kind, 1, root)


def rotate(tx: Tx, name: str, root: str, old_end_at: datetime) -> Given | None:
    """A new secret; the old ones end at a moment. None where there is no such client, or it has no secret."""
    found = client_store.newest(tx, name)
    if found is None or found[0] == "oauth":
        return None
    client_store.end_secrets(tx, name, old_end_at)
    return _give(tx, name, found[0], found[1] + 1, root)


def _give(tx: Tx, name: str, kind: str, number: int, root: str) -> Given:
    if kind == "hmac":
        client_store.give(tx, name, number, None)
        return Given(f"{name}.{number}", secret(root, name, number).hex())
    if kind == "amqp":
        password, hashed = new_password()
        client_store.give(tx, name, number, hashed)
        return Given(name, password)
    key, digest = new_key(name, number)
    client_store.give(tx, name, number, digest)
    return Given(key)
