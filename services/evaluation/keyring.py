"""The keys that prove a rating: drawn for the requester, kept as fingerprints alone (docs/adr/0022)."""

import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from contracts.intake import RatingGiven
from services.evaluation.case import Proof

TOKEN_BYTES = 32
CODES = 1_000_000


class Key(Struct, frozen=True, kw_only=True):
    """What a message to a requester carries: the token of a link and a code to type, both for one round."""

    ticket: str
    round: int
    token: str
    code: str
    until: datetime


class Print(Struct, frozen=True):
    """What is kept of a key."""

    round: int
    token: bytes
    code: bytes


def drawn(ticket: str, round_: int, until: datetime) -> Key:
    """A new key that nobody can guess."""
    token, code = secrets.token_urlsafe(TOKEN_BYTES), f"{secrets.randbelow(CODES):06d}"
    return Key(ticket=ticket, round=round_, token=token, code=code, until=until)


def printed(secret: str, key: Key) -> Print:
    """What is kept of `key`: fingerprints that only `secret` makes, so that no list of codes finds them."""
    token = _mac(secret, "token", key.ticket, key.round, key.token)
    return Print(key.round, token, _mac(secret, "code", key.ticket, key.round, key.code))


def shown(secret: str, said: RatingGiven, prints: Sequence[Print]) -> Proof | None:
    """What the rating shows, compared in constant time; a wrong token is not saved by a right code."""
    for each in prints:
        if said.token is not None:
            if hmac.compare_digest(_mac(secret, "token", said.ticket, each.round, said.token), each.token):
                return Proof(way="link", round=each.round)
        elif said.code is not None and hmac.compare_digest(
            _mac(secret, "code", said.ticket, each.round, said.code), each.code
        ):
            return Proof(way="code", round=each.round)
    return None


def _mac(secret: str, what: str, ticket: str, round_: int, value: str) -> bytes:
    return hmac.digest(secret.encode(), f"{what}\0{ticket}\0{round_}\0{value}".encode(), "sha256")
