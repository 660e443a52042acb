"""What we ask of the envelope of an event that comes from outside."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from contracts.terms import NO_NUL, Dated, Label, Source, dated


class Envelope(Struct, frozen=True, kw_only=True):
    """What we ask of an outside event's envelope; null means absent (CloudEvents JSON format, clause 2.2)."""

    specversion: Literal["1.0"]
    id: Label
    source: Source
    type: Annotated[str, Meta(min_length=1, max_length=200, pattern=NO_NUL)]
    time: Dated
    datacontenttype: (
        Annotated[str, Meta(pattern=r"^application/([A-Za-z0-9.+-]+\+)?json *(;.*)?\Z")] | None
    ) = None
    subject: Annotated[str, Meta(min_length=1, max_length=200, pattern=NO_NUL)] | None = None
    correlationid: Annotated[str, Meta(min_length=1, max_length=128, pattern=NO_NUL)] | None = None
    traceparent: Annotated[str, Meta(max_length=55, pattern=r"^[0-9a-f-]*\Z")] | None = None

    def __post_init__(self) -> None:
        dated(self.time)
