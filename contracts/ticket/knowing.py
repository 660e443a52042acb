"""How category and place of a ticket became known, and who was surer than a rule or a model."""

from typing import Annotated

from msgspec import Meta, Struct

from contracts.actor import Actor
from contracts.event import Event
from contracts.terms import Code, Label, Percent, PlaceDoubt


class Suggested(Struct, frozen=True, kw_only=True):
    """What a model takes the category for, and how sure it is; the desk decides what is not `taken`."""

    category: Label
    confidence: Percent
    model: Code
    taken: bool


class PlaceUnknown(Event, frozen=True, kw_only=True):
    """An alarm: what was told of the place leads to no cell; the desk has to find out.

    `candidates` are the cells it may be, where there are some.
    """

    reason: PlaceDoubt
    candidates: Annotated[list[Code], Meta(max_length=5)]


class CategoryCorrected(Event, frozen=True, kw_only=True):
    """The desk has set another category than the model had suggested; the next training learns from it."""

    category: Label
    suggested: Label
    confidence: Percent
    model: Code
    by: Actor
