"""What the operators' room asks the ticket service inside: which tickets somebody with this number has."""

from typing import Annotated

from msgspec import Meta, Struct


class Sought(Struct, frozen=True, kw_only=True):
    """Who looks for whom, in which role and what for; it goes on record beside the contacts."""

    phone: Annotated[str, Meta(min_length=3, max_length=64)]
    purpose: Annotated[str, Meta(min_length=1, max_length=500)]
    who: Annotated[str, Meta(min_length=1, max_length=64)]
    role: Annotated[str, Meta(min_length=1, max_length=64)]


class TicketsFound(Struct, frozen=True):
    """Their numbers, and nothing of the person."""

    tickets: list[str]
