"""What requesters and assignees say, for benchmarks and drills: a request, and the answer to each fact."""

import random
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

COMPLAINTS = (
    "楼道灯坏了一个多星期",
    "晚上老人上下楼看不清台阶",
    "垃圾桶满了没人清运",
    "电梯经常停在半层",
    "工地半夜还在打桩",
    "水管漏水淹了地下车库",
    "路面塌陷有一个大坑",
    "井盖松动车一压就响",
    "树枝压到了电线",
    "充电桩被私家车占了",
    "消防通道堆满了杂物",
    "广场上的音响太吵",
    "暖气不热孩子感冒了",
    "小区门禁坏了谁都能进",
    "污水从井口冒出来",
    "楼上装修敲墙裂了缝",
    "流浪狗追着老人跑",
    "快递柜挡住了轮椅坡道",
    "健身器材断了一根杆",
    "公厕没有水也没有灯",
    "路灯白天亮晚上灭",
    "屋顶渗水墙皮掉了",
    "菜场收摊后满地烂叶",
    "公交站牌被风吹倒了",
)
"""What people complain of; a request has six of them, so that it is like no other (docs/adr/0015)."""


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
    complaints = random.Random(external_id).sample(COMPLAINTS, 6)  # noqa: S311
    return intake.RequestSubmitted(
        external_id=external_id, channel="hotline_12345", title="楼道灯不亮，晚上老人上下楼不方便",
        body=f"{'，'.join(complaints)}。{external_id}",
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
