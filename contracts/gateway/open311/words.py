"""What all of Open311 has in common: its paths, its two formats and its errors."""

from typing import Annotated

from msgspec import Meta, Struct

from contracts.gateway.operation import Form
from contracts.terms import Text

ROOT = "/open311/v2"
KINDS = ("application/json", "text/xml")


class Failure(Struct, frozen=True, kw_only=True):
    """One error as GeoReport v2 tells it; `code` is the HTTP status."""

    code: int
    description: Text


FORM = Form(answers=KINDS, refusals=KINDS, refusal=list[Failure], key="api_key")
FORMAT = {"format": {"type": "string", "enum": ["json", "xml"]}}
"""How each path ends."""

ServiceCode = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[0-9A-Za-z\u3400-\u9fff_.:+@-]+\Z")]
"""A category of the catalogue; it stands in paths."""
SenderNo = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[0-9A-Za-z\u3400-\u9fff_.:+@-]+\Z")]
"""The sender's own number of a request: also the id of its event, and its token; it stands in paths."""
