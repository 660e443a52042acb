"""A ticket's life on one line of time: what is said of it, what is stuck, who was asked and why."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from contracts.registry import EVENTS
from services.console.render import Renderer, in_china
from services.console.ticket.domain import as_number
from services.console.ticket.event_words import CHINESE, words_of
from services.console.ticket.facts import LEFT_OUT, plain
from services.console.ticket.field_words import FIELDS
from services.console.ticket.holder import holder
from services.console.ticket.moments import PRIVATE, line
from services.console.ticket.offers import offers
from services.console.ticket.stuck import Parked, Waiting, stuck
from services.console.ticket.words import WORDS

NOON = datetime(2026, 11, 16, 4, 0, tzinfo=UTC)


def fact(name: str, publisher: str = "dispatch", at: int = 0, **data: Any) -> dict[str, Any]:
    return {
        "time": NOON + timedelta(seconds=at), "source": f"urn:fengge:{publisher}", "sequence": 1,
        "type": f"cn.fengge.{publisher}.{name}.v1", "data": data,
    }  # fmt: skip


OFFER = fact(
    "OfferMade", assignment="A.1", assignee="GO-1", kind="grid_officer", hop=1,
    expires_at="2026-11-16T12:30:00+08:00",
    explanation={
        "place": "G1", "kinds": ["grid_officer", "department"],
        "candidates": [{"assignee": "GO-1", "kind": "grid_officer", "score": 71, "points": {"near": 40}}],
        "excluded": [{"assignee": "GO-2", "reason": "off_duty"}],
    },
)  # fmt: skip


def test_every_fact_of_a_ticket_has_a_name_in_chinese() -> None:
    published = {
        plain(name) for name in EVENTS
        if name.split(".")[2] in ("ticket", "dispatch", "evaluation", "notification")
    }  # fmt: skip
    assert published - CHINESE.keys() == set()


def test_every_member_of_such_a_fact_has_a_name_in_chinese() -> None:
    events = [each for name, each in EVENTS.items() if plain(name) in CHINESE and "intake" not in name]
    members = {member.name for each in events for member in msgspec.structs.fields(each)}
    assert members - FIELDS.keys() - LEFT_OUT - PRIVATE == set()


def test_what_a_fact_tells_of_a_person_is_not_shown() -> None:
    (moment,) = line([fact("TicketReceived", "ticket", lives_alone=True, channel="resident")], [])
    assert moment.said == [("channel", "resident")]


def test_a_fact_is_named_in_both_languages() -> None:
    assert words_of("OfferMade") == ("派单", "Offer made")
    assert words_of("SomethingNew") == ("SomethingNew", "Something new")


def test_what_happened_in_all_services_stands_on_one_line() -> None:
    taken = {"received_at": NOON - timedelta(seconds=1), "type": "cn.fengge.intake.RequestSubmitted.v1",
             "client": "hotline", "problem": None}  # fmt: skip
    later = fact("NotificationFailed", "notification", at=5, key="k", reason="no_address")
    told = line([OFFER, later], [taken])
    assert [(m.service, m.name[1], m.tone) for m in told] == [
        ("gateway", "Request submitted", ""), ("dispatch", "Offer made", ""),
        ("notification", "Notification failed", "bad"),
    ]  # fmt: skip
    assert dict(told[1].said) == {
        "assignee": "GO-1", "kind": "grid_officer", "hop": 1,
        "expires_at": datetime.fromisoformat("2026-11-16T12:30:00+08:00"),
    }  # fmt: skip


def test_an_offer_tells_who_was_looked_at_and_how_it_ended() -> None:
    other = fact("OfferExpired", assignment="A.9")
    expired = fact("OfferExpired", at=60, assignment="A.1", assignee="GO-1", kind="grid_officer", hop=1)
    (offer,) = offers([OFFER, other, expired])
    assert (offer.assignee, offer.place, offer.ended) == ("GO-1", "G1", ("派单超时", "Offer expired"))
    assert [(each.assignee, each.score, each.points) for each in offer.candidates] == [
        ("GO-1", 71, {"near": 40})
    ]
    assert offer.excluded == [("GO-2", "off_duty")]


def waiting(due: datetime | None, sequence: int = 3) -> Waiting:
    return Waiting("dispatch", "cn.fengge.ticket.TicketAccepted.v1", "urn:fengge:ticket", sequence, 1, due,
                   "it failed for 13800138000", NOON)  # fmt: skip


def test_what_is_stuck_says_where_why_and_until_when() -> None:
    parked = Parked(
        "evaluation", 12, "cn.fengge.ticket.TicketClosed.v1", "urn:fengge:ticket", 6, "bug", 6, NOON
    )
    found = stuck(
        [waiting(NOON), waiting(None, 4)], [parked], {"ticket": 6},
        {("dispatch", "ticket"): 2, ("evaluation", "ticket"): 5, ("notification", "ticket"): 6},
    )  # fmt: skip
    assert [(each.service, each.how, each.sequence, each.record) for each in found] == [
        ("evaluation", "parked", 6, "evaluation:12"),
        ("dispatch", "retry", 3, ""),
        ("dispatch", "gap", 4, ""),
        ("dispatch", "behind", 5, ""),
    ]
    assert found[1].detail == "it failed for ***"
    assert found[3].name == ("第 5–6 个事件", "fact 5–6")


def test_a_parked_event_leads_to_where_somebody_decides_about_it() -> None:
    closed = "cn.fengge.ticket.TicketClosed.v1"
    parked = Parked("evaluation", 12, closed, "urn:fengge:ticket", 6, "bug", 6, NOON)
    visit = SimpleNamespace(language="en", role=None, csrf="", may=lambda role: False)
    values = {"stuck": stuck([], [parked], {}, {})}
    page = Renderer([]).rendered("ticket/templates/stuck.html", visit, WORDS, values)
    assert 'href="/failed/record/evaluation/12"' in page
    assert "a person has to decide" in page


def test_nothing_is_stuck_where_everybody_has_caught_up() -> None:
    assert stuck([], [], {"ticket": 6}, {("dispatch", "ticket"): 6, ("dispatch", "intake"): 9}) == []


@pytest.mark.parametrize(
    ("state", "zh", "en"),
    [
        ("received", "社区工作台（受理）", "the community desk, which triages it"),
        ("closed", "无：已结束", "nobody: it has ended"),
        (
            "dispatching",
            "GO-1（网格员），第 1 次派单，有效至 2026-11-16 12:30:00",
            "GO-1 (grid officer), offer 1, which stands until 2026-11-16 12:30:00",
        ),
    ],
)
def test_who_has_to_move_next_is_said_in_both_languages(state: str, zh: str, en: str) -> None:
    assert holder({"state": state}, [OFFER], in_china) == (zh, en)


@pytest.mark.parametrize("typed", ["7K3M-9QXR-2B4D-T8WZ", " 7k3m9qxr2b4dt8wz ", "7k3m 9qxr 2b4d t8wz"])
def test_a_number_may_be_typed_as_it_is_said(typed: str) -> None:
    assert as_number(typed) == "7K3M-9QXR-2B4D-T8WZ"


@pytest.mark.parametrize("typed", ["", "GW-1", "7K3M-9QXR-2B4D-T8WI", "990101001002"])
def test_what_is_no_number_is_none(typed: str) -> None:
    assert as_number(typed) is None
