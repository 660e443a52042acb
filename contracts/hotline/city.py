"""One city's file: which of its fields are ours, what its words mean, and what it is told in return."""

from collections.abc import Mapping
from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from contracts.hotline.members import Fact
from contracts.terms import CallOutcome, Code, Label, Resolved, Satisfaction, Severity, Source

Kind = Literal[
    "order", "remind", "supervise", "escalate", "split", "reassign", "withdraw", "insist", "rework",
    "callback", "extension", "information", "comment",
]  # fmt: skip
"""What a hotline can say; `insist`: a return is not agreed to, `rework`: the outcome is not accepted."""
Field = Annotated[str, Meta(min_length=1, max_length=64)]
"""What a field is called there, e.g. 工单编号."""
Words = Annotated[str, Meta(min_length=1, max_length=64)]


class Strict(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the file: a name that is not ours is a mistake of whoever wrote it."""


class Fields(Strict, frozen=True, kw_only=True):
    """What the city calls what we read; `kept` are added to the words of the request as they are."""

    message: Field
    number: Field
    title: Field
    body: Field | None = None
    id: Field | None = None
    time: Field | None = None
    category: list[Field] = []
    place: list[Field] = []
    caller: Field | None = None
    phone: Field | None = None
    severity: Field | None = None
    lon: Field | None = None
    lat: Field | None = None
    units: Field | None = None
    reason: Field | None = None
    words: Field | None = None
    outcome: Field | None = None
    resolved: Field | None = None
    satisfaction: Field | None = None
    approved: Field | None = None
    kept: list[Field] = []


class Unit(Strict, frozen=True, kw_only=True):
    """A unit as the city calls it: what its part of the work is and where, and who it is in our directory."""

    category: Label | None = None
    grid: Code | None = None
    assignee: Code | None = None


class Told(Strict, frozen=True, kw_only=True):
    """What a fact is called there; `fields` are the city's, each with the member of ours that fills it."""

    says: Words
    fields: dict[Field, str] = {}


class Out(Strict, frozen=True, kw_only=True):
    """What goes back: the fields that every message has, and the facts of which the city wants to hear."""

    message: Field
    number: Field
    ticket: Field | None = None
    time: Field | None = None
    facts: dict[Fact, Told]


class City(Strict, frozen=True, kw_only=True):
    """A city's hotline: its source, as whom it speaks, and its words, which are read in both directions."""

    source: Source
    title: Label
    speaker: Code = "hotline"
    datum: Literal["wgs84", "gcj02"] | None = None
    times: Annotated[list[str], Meta(min_length=1)]
    fields: Fields
    messages: Annotated[dict[Words, Kind], Meta(min_length=1)]
    severity: dict[Words, Severity] = {}
    resolved: dict[Words, Resolved] = {}
    satisfaction: dict[Words, Satisfaction] = {}
    outcomes: dict[Words, CallOutcome] = {}
    approved: dict[Words, bool] = {}
    truth: dict[Words, bool] = field(default_factory=lambda: {"是": True, "否": False})
    reasons: dict[Words, Code] = {}
    categories: dict[str, Label] = {}
    grids: dict[str, Code] = {}
    units: dict[Words, Unit] = {}
    out: Out | None = None


Cities = Mapping[str, City]
"""Cities by name, which is that of their file."""
