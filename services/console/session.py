"""Secrets that browsers hold, what is derived from them, and who is signed in. Pure."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass

from services.console.roles import Role


@dataclass(frozen=True)
class Session:
    """Somebody who is signed in."""

    account: str
    role: Role


def drawn() -> str:
    """A new secret for a cookie."""
    return secrets.token_urlsafe(32)


def digest(token: str) -> bytes:
    """What is kept of a secret."""
    return hashlib.sha256(token.encode()).digest()


def csrf_of(token: str) -> str:
    """What forms must carry that are sent with this cookie; it tells nothing of the cookie itself."""
    return hmac.new(token.encode(), b"fengge.console.csrf", hashlib.sha256).hexdigest()


def fits(given: str, token: str) -> bool:
    """Whether a form's token is the one of this cookie."""
    return bool(token) and hmac.compare_digest(given.encode(), csrf_of(token).encode())
