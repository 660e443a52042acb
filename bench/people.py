"""What requesters and assignees say, for benchmarks and drills: a request, and the answer to each fact."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec

from contracts import dispatch, evaluation, intake
from contracts.event import Event, type_of

GRIDS = [f"99010100100{community}01" for community in range(1, 7)]
CATEGORIES = ["noise_construction", "garbage", "mediation", "street_light", "older_meals", "haircut"]
"""None that is claimed: who claims may have three such tickets open, and these people take all of them."""

OFFER, ACCEPTED = type_of(dispatch.OfferMade), type_of(dispatch.AssignmentAccepted)
CONTACTED, ASKED = type_of(dispatch.FirstContactMade), type_of(evaluation.RatingRequested)


class Heard(msgspec.Struct, frozen=True):
    """What people look at of a fact."""

    id: str
    type: str
    time: datetime
    partitionkey: str
    data: msgspec.Raw


_many = msgspec.json.Decoder(list[Heard])
_one = msgspec.json.Decoder(Heard)


def request(
    external_id: str, number: int, grids: list[str], categories: list[str], email: str | None = None
) -> intake.RequestSubmitted:
    """Request `number` of many: each grid and category has its turn, and none has the words of another."""
    return intake.RequestSubmitted(
        external_id=external_id, channel="hotline_12345", title="楼道灯不亮，晚上老人上下楼不方便",
        body=f"我们楼三层的楼道灯坏了一个多星期，晚上老人上下楼看不清台阶，请尽快来看一看。{external_id}",
        category=categories[number % len(categories)], grid=grids[number % len(grids)],
        requester=intake.Requester(name="王芳", phone="138 0000 0000", email=email),
    )  # fmt: skip


def events_in(body: bytes) -> list[Heard]:
    """The events of one message, with their data still raw."""
    return _many.decode(body) if body.startswith(b"[") else [_one.decode(body)]


def answer(event: Heard) -> Event | None:
    """What the person concerned says to a fact; None where nobody has anything to say."""
    if event.type not in _REACTIONS:
        return None
    decoder, reaction = _REACTIONS[event.type]
    return reaction(event.partitionkey, decoder.decode(event.data))


def _accept(number: str, offer: dispatch.OfferMade) -> Event:
    return intake.OfferAnswered(
        ticket=number, assignment=offer.assignment, assignee=offer.assignee, answer="accept"
    )


def _contact(number: str, taken: dispatch.AssignmentAccepted) -> Event:
    return intake.FirstContactLogged(ticket=number, assignment=taken.assignment, assignee=taken.assignee)


def _report(number: str, contact: dispatch.FirstContactMade) -> Event:
    return intake.WorkReported(
        ticket=number, assignment=contact.assignment, assignee=contact.assignee, resolved="yes",
        outcome="已更换灯泡并检查线路。",
    )  # fmt: skip


def _rate(number: str, _: evaluation.RatingRequested) -> Event:
    return intake.RatingGiven(ticket=number, resolved="yes", satisfaction="very_satisfied")


_REACTIONS: dict[str, tuple[Any, Callable[[str, Any], Event]]] = {
    OFFER: (msgspec.json.Decoder(dispatch.OfferMade), _accept),
    ACCEPTED: (msgspec.json.Decoder(dispatch.AssignmentAccepted), _contact),
    CONTACTED: (msgspec.json.Decoder(dispatch.FirstContactMade), _report),
    ASKED: (msgspec.json.Decoder(evaluation.RatingRequested), _rate),
}
