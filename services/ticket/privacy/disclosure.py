"""Who is told what of a requester, pure: a table of roles and purposes, and what is masked whoever asks."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, structs

from contracts.terms import Code
from services.ticket.privacy.vault import Identity, Words

Outcome = Literal["full", "masked", "refused"]

NEVER_FULL = frozenset({"property_company", "social_organization"})
"""Kinds of assignees that get a relay number whatever the table says (DOMAIN.md §5)."""


class Look(Struct, frozen=True, kw_only=True):
    """Who wants to see which contacts, in which role and what for; `words` asks for what they said, too."""

    refs: Annotated[list[Annotated[str, Meta(max_length=64)]], Meta(max_length=1000)]
    purpose: Code
    who: Code
    role: Code | None = None
    words: bool = False

    @property
    def acting_as(self) -> str:
        """The role; a service that names none asks as itself."""
        return self.role or self.who


class Verdict(Struct, frozen=True):
    """What the table says; `reason` tells why nothing is shown."""

    outcome: Outcome
    reason: str | None = None


def verdict(table: Mapping[str, Mapping[str, str]], role: str, purpose: str) -> Verdict:
    """What `role` may see for `purpose`: `table` says `full` or `masked` of it, or nothing."""
    if role not in table:
        return Verdict("refused", "this role is shown no contacts")
    form = table[role].get(purpose)
    if form not in ("full", "masked"):
        return Verdict("refused", "this role is shown no contacts for this purpose")
    return Verdict("masked" if role in NEVER_FULL or form == "masked" else "full")


def contact(identity: Identity, outcome: Outcome, relay: str | None) -> dict[str, Any]:
    """A contact as it is told: all of it, or the relay number alone."""
    if outcome == "full":
        return {"name": identity.name, "phone": identity.phone, "email": identity.email, "masked": False}
    return {"name": None, "phone": relay if identity.phone else None, "email": None, "masked": True}


def words(said: Words, outcome: Outcome) -> dict[str, Any] | None:
    """What was said, to whoever may know who said it: no mask finds every name and home in free text."""
    return structs.asdict(said) if outcome == "full" else None
