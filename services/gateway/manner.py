"""How a protocol is spoken below a path: where a key may stand, how answers and refusals are written."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec import Struct
from werkzeug.wrappers import Request

from contracts.gateway.operation import PLAIN as PLAIN_FORM
from services.gateway.problems import Refused


class Answer(Struct, frozen=True):
    """Status and body of an answer."""

    status: int
    body: Any


@dataclass(frozen=True)
class Manner:
    """The manner of all paths that begin with `under`; `kind` and `write` are told the path."""

    under: str
    credentials: Callable[[Request, bytes], Mapping[str, str]]
    """The headers by which a caller is known, made up where the key stands elsewhere."""
    kind: Callable[[str, int], str]
    """The content type of an answer with this status."""
    write: Callable[[str, Any], bytes]
    refuse: Callable[[Refused, str], Answer]
    """What is told of a refusal, under its trace."""


def _kind(path: str, status: int) -> str:  # noqa: ARG001 (other protocols' paths say how they are answered)
    return (PLAIN_FORM.answers if status < 400 else PLAIN_FORM.refusals)[0]


PLAIN = Manner(
    under="/",
    credentials=lambda request, body: request.headers,  # type: ignore[arg-type, return-value]
    kind=_kind,
    write=lambda path, body: msgspec.json.encode(body),
    refuse=lambda refused, trace: Answer(refused.status, refused.told(trace)),
)
"""JSON, and errors as RFC 9457 says."""


def manner_of(path: str, manners: Mapping[str, Manner]) -> Manner:
    """The manner whose paths this is one of; the longest beginning counts."""
    return max(
        (manner for manner in manners.values() if path.startswith(manner.under)),
        key=lambda manner: len(manner.under), default=PLAIN,
    )  # fmt: skip
