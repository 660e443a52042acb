"""Rating keys, asked of the evaluation service at the moment of sending: put into the message, not kept."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from msgspec import Struct

from chassis.asking import NotAnswered, asked

WHO = "notification"


class RatingKey(Struct, frozen=True):
    """What the message carries: the token of a link (never published) and a code; both hold until then."""

    ticket: str
    token: str
    code: str
    until: datetime


def rating_keys(url: str, token: str, tickets: Sequence[str]) -> dict[str, RatingKey]:
    """A new key for each of these tickets whose requester is asked now; raises NotAnswered.

    A ticket without one was answered meanwhile, or its time is over: its message need not go out.
    """
    body = msgspec.json.encode({"tickets": sorted(set(tickets)), "who": WHO})
    try:
        found = msgspec.json.decode(asked(url, "/rating-keys", token, body), type=list[RatingKey])
    except msgspec.DecodeError as error:
        raise NotAnswered("not a list of rating keys") from error
    return {key.ticket: key for key in found}
