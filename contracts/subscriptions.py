"""What the gateway asks of the notification service for a system: one of these, by its inside door."""

from typing import Any

from msgspec import Struct

from contracts.terms import Code


class Ask(Struct, frozen=True, kw_only=True, tag_field="do"):
    """Whose subscription it is: the client of the gateway that asks."""

    owner: Code


class Create(Ask, frozen=True, kw_only=True, tag="create"):
    """A new one, of these sources alone; `types` are whole or short names."""

    name: str
    url: str
    types: list[str]
    grids: list[str]
    sources: list[str]
    hotline: str | None = None


class List(Ask, frozen=True, kw_only=True, tag="list"):
    """All of an owner's."""


class Test(Ask, frozen=True, kw_only=True, tag="test"):
    """Send a message that says nothing."""

    name: str


class Rotate(Ask, frozen=True, kw_only=True, tag="rotate"):
    """Give a new secret."""

    name: str


class Pause(Ask, frozen=True, kw_only=True, tag="pause"):
    """Keep what happens until it is resumed."""

    name: str


class Resume(Ask, frozen=True, kw_only=True, tag="resume"):
    """Go on."""

    name: str


class End(Ask, frozen=True, kw_only=True, tag="end"):
    """For good."""

    name: str


class Log(Ask, frozen=True, kw_only=True, tag="log"):
    """Tries of messages with a number above `after`."""

    name: str
    after: int
    limit: int


class Replay(Ask, frozen=True, kw_only=True, tag="replay"):
    """Send again from a number on."""

    name: str
    since: int


class Vouch(Struct, frozen=True, kw_only=True, tag_field="do", tag="vouch"):
    """Who may enter at the gateway at the moment; subscriptions of all others rest."""

    owners: list[str]


Asked = Create | List | Test | Rotate | Pause | Resume | End | Log | Replay | Vouch


class Told(Struct, frozen=True, kw_only=True):
    """The answer, a struct of `contracts.gateway.webhooks`; or why there is none, as a problem."""

    status: int = 200
    answer: Any = None
    problem: str | None = None
    detail: str = ""
