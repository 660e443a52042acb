"""Systems of other offices: what each may send and see, and by what it is known."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from typing import Literal

from msgspec import Struct

from contracts.broker import password_hash

NAME = re.compile(r"[a-z][a-z0-9-]{1,40}")
ANY = "*"
"""Every event type."""
Kind = Literal["api-key", "hmac", "oauth", "amqp"]
"""By what a system is known; `amqp`: by its user at the broker, and not by HTTP at all."""
OVERLAP = timedelta(hours=24)
"""How long the old secret is good beside the new one after a rotation."""
PREFIX = "fgk"


class Credential(Struct, frozen=True, kw_only=True):
    """The `number`-th secret of a client; `digest` where it is an API key."""

    number: int
    digest: str | None = None
    ends_at: datetime | None = None

    def good(self, now: datetime) -> bool:
        """Whether it still opens the door."""
        return self.ends_at is None or now < self.ends_at


class Client(Struct, frozen=True, kw_only=True, dict=True):
    """One system; `any_ticket`: it works on others' tickets too, as a desk or an assignee's system does."""

    id: str
    kind: Kind
    subject: str | None = None
    any_ticket: bool = False
    scopes: Sequence[tuple[str, str]] = ()
    credentials: Sequence[Credential] = ()

    @cached_property
    def sources(self) -> frozenset[str]:
        """The sources that are its own."""
        return frozenset(source for source, _ in self.scopes)

    def may(self, source: str, event_type: str) -> bool:
        """Whether it may send such an event of such a source."""
        return (source, event_type) in self._pairs or (source, ANY) in self._pairs

    @cached_property
    def _pairs(self) -> frozenset[tuple[str, str]]:
        return frozenset((source, type_) for source, type_ in self.scopes)


class Register(Struct, frozen=True):
    """All active clients, by name and by the subject of their tokens."""

    by_name: Mapping[str, Client]
    by_subject: Mapping[str, Client]


def register(clients: Sequence[Client]) -> Register:
    """The clients, to be looked up."""
    return Register(
        {client.id: client for client in clients},
        {client.subject: client for client in clients if client.subject},
    )


def new_key(client: str, number: int) -> tuple[str, str]:
    """A new API key, and what of it is kept: 256 random bits need no slow hash."""
    key = f"{PREFIX}.{client}.{number}.{secrets.token_urlsafe(32)}"
    return key, digest(key)


def digest(key: str) -> str:
    """What of an API key stands in the table."""
    return hashlib.sha256(key.encode()).hexdigest()


def secret(root: str, client: str, number: int) -> bytes:
    """The `number`-th secret of a system that signs: derived, so that no table and no back-up holds it."""
    return hmac.digest(root.encode(), f"gateway {client} {number}".encode(), "sha256")


class Outsider(Struct, frozen=True, kw_only=True):
    """A system with a user at the broker: the hash of its password there, what it may send, what it hears."""

    id: str
    active: bool
    hashed: str | None = None
    types: Sequence[str] = ()
    hears: Sequence[str] = ()

    @property
    def sends(self) -> bool:
        """Whether it may send anything."""
        return bool(self.types)


def new_password() -> tuple[str, str]:
    """A new password for the broker, and the hash of it that the broker keeps, too."""
    password = secrets.token_urlsafe(32)
    return password, password_hash(password)
