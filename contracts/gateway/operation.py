"""One operation of the HTTP door as other offices read it, and the problems that it may answer with."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field

from contracts.terms import Text

TITLES = {
    "unauthorized": "Nobody knows who asks",
    "forbidden": "This is not yours to send or to see",
    "not-found": "There is nothing here",
    "method": "This cannot be done here",
    "query": "The parameters are not valid",
    "mapping": "The city's file does not say what this means",
    "webhook": "The webhook does not allow this",
    "too-deep": "The JSON is nested too deeply",
    "too-many": "The batch has too many events",
    "rate": "Too much at a time",
    "id-reused": "The id belongs to another event",
    "key-reused": "The idempotency key belongs to another request",
    "in-flight": "A request with this idempotency key is under way",
    "unavailable": "Nothing can be taken at the moment",
    "internal": "Something is wrong here",
}
"""What can be wrong with a request besides its events."""


class Fault(Struct, frozen=True, kw_only=True):
    """One thing that is wrong: where (a JSON pointer, RFC 6901) and why."""

    pointer: Text
    detail: Text


class Problem(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why something was not done (RFC 9457), and the trace under which it is on record."""

    type: Text
    title: Text
    status: int
    detail: Text
    trace: Text
    instance: Text | None = None
    ticket: Text | None = None
    errors: list[Fault] = []


class Form(Struct, frozen=True, kw_only=True):
    """In which content types a protocol answers and refuses, what a refusal is, where else a key may be."""

    answers: tuple[str, ...] = ("application/json",)
    refusals: tuple[str, ...] = ("application/problem+json",)
    refusal: Any = Problem
    key: str | None = None
    """The parameter of the query that may hold an API key."""


PLAIN = Form()


class Operation(Struct, frozen=True, kw_only=True):
    """Method, path, what is asked and what is answered; `bodies` are JSON Schemas by content type.

    An answer is a struct, or a list of one; `steps` are JSON Schemas of what the path names in braces.
    """

    method: str
    path: str
    name: str
    summary: str
    answers: Mapping[int, Any]
    form: Form = PLAIN
    steps: Mapping[str, Any] = field(default_factory=dict)
    query: type[Struct] | None = None
    bodies: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, Any] = field(default_factory=dict)
    problems: tuple[int, ...] = (400, 401, 403, 404, 405, 413, 429, 503)
    anybody: bool = False
    """Whether one need not say who one is."""
