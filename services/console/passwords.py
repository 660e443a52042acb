"""Passwords of the room's own accounts: argon2id; whoever guesses learns nothing from how long it takes."""

from functools import cache
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

HASHER = PasswordHasher()
"""With the parameters of RFC 9106 for little memory: 64 MiB, three passes, four lanes."""
SHORTEST, LONGEST = 12, 256
AT_ONCE = BoundedSemaphore(2)
"""Each takes 64 MiB and a core for a moment: many guesses at a time wait for one another."""


@cache
def nobody() -> str:
    """The hash that a password is compared with where there is no account; made when first needed."""
    return HASHER.hash("nobody has this password")


def hashed(password: str) -> str:
    """What is kept of a password."""
    with AT_ONCE:
        return HASHER.hash(password)


def right(password: str, kept: str | None) -> bool:
    """Whether it is the password; as slow for an account that does not exist or has none."""
    with AT_ONCE:
        try:
            HASHER.verify(kept or nobody(), password[: LONGEST + 1])
        except (VerificationError, InvalidHashError):
            return False
    return kept is not None


def outdated(kept: str) -> bool:
    """Whether it was made with other parameters than those of today."""
    return HASHER.check_needs_rehash(kept)


def unfit(password: str) -> str | None:
    """Why nobody may have this password; None if they may (NIST SP 800-63B: length counts, not its signs)."""
    if len(password) < SHORTEST:
        return f"a password has at least {SHORTEST} characters"
    return f"a password has at most {LONGEST} characters" if len(password) > LONGEST else None
