"""Open311: what a form becomes, what a state is called, what XML looks like, and where points are kept."""

from datetime import UTC, datetime, timedelta
from typing import Any, get_args
from xml.etree.ElementTree import fromstring

import pytest
from msgspec import Struct

from contracts.gateway.open311.requests import NewRequest, ServiceRequest, Wanted
from contracts.gateway.tickets import TicketState
from contracts.problem import ContractViolation, FieldError
from services.gateway.channels.open311.telling import ENDS, STATES, STEPS, event, notes, span, status
from services.gateway.channels.open311.writing import OPEN311, Written, form, refuse
from services.gateway.domain import FOLLOWED
from services.gateway.places import Places
from services.gateway.problems import Refused, violated

NOW = datetime(2026, 11, 26, 8, 0, tzinfo=UTC)
ROW: dict[str, Any] = {
    "ticket": "7K3M-9QXR-2B4D-T8WZ", "state": "received", "problem": None, "service_code": "x",
    "service_name": "路灯", "requested_at": NOW, "updated_at": NOW, "due_at": None,
}  # fmt: skip


def asked(**said: Any) -> dict[str, Any]:
    wanted = NewRequest(**{"service_code": "x", "address_string": "南园街", **said})
    return event(wanted, "路灯", "1", "urn:s", NOW)


@pytest.mark.parametrize(
    ("first", "last", "name"), [("三", "张", "张三"), ("Ann", "Lee", "Ann Lee"), (None, "Lee", "Lee")]
)
def test_a_name_is_written_as_its_language_does(first: str | None, last: str, name: str) -> None:
    assert asked(first_name=first, last_name=last)["data"]["requester"]["name"] == name


def test_who_says_nothing_of_a_person_names_none() -> None:
    assert asked()["data"]["requester"] is None


def test_without_a_moment_of_its_own_a_request_is_of_now_and_says_so_to_nobody() -> None:
    found = asked()
    assert (found["time"], found["data"]["occurred_at"]) == (NOW, None)


@pytest.mark.parametrize("when", [datetime(1969, 12, 31, tzinfo=UTC), NOW + timedelta(days=1, seconds=1)])
def test_no_request_comes_from_before_all_clocks_or_from_tomorrow(when: datetime) -> None:
    with pytest.raises(Refused, match="requested_datetime"):
        asked(requested_datetime=when)


def test_a_span_is_ninety_days_from_the_end_that_is_told() -> None:
    days = timedelta(days=90)
    assert span(Wanted(), NOW) == (NOW - days, NOW)
    assert span(Wanted(start_date=NOW), NOW) == (NOW, NOW + days)
    assert span(Wanted(end_date=NOW), NOW) == (NOW - days, NOW)
    assert span(Wanted(start_date=NOW, end_date=NOW), NOW) == (NOW, NOW)


def test_every_state_has_a_name_and_is_open_or_closed() -> None:
    assert {*get_args(TicketState), "refused", "parked"} == STATES.keys() > set(ENDS)
    found = {state: status(ROW | {"state": state}, (None, None)).status for state in STATES}
    assert {state for state, word in found.items() if word == "closed"} == set(ENDS)


def test_every_step_is_a_fact_that_the_gateway_hears() -> None:
    assert STEPS.keys() < {fact.__name__ for fact in FOLLOWED}
    (note,) = notes([(NOW, "DeadlineSet"), (NOW, "TicketClosed")])
    assert note.type == "closed"


class Odd(Struct):
    text: str
    yes: bool
    nothing: None
    notes: list[str]


def test_xml_says_what_json_says() -> None:
    odd = Odd(text='<a> & "b" 三', yes=True, nothing=None, notes=["1", "2"])
    root = fromstring(OPEN311.write("/x.xml", Written([odd], "all", "one")))
    (one,) = root
    assert (root.tag, one.tag, one.findtext("text"), one.findtext("yes")) == ("all", "one", odd.text, "true")
    assert (one.findtext("nothing"), [each.text for each in one.findall("notes/note")]) == ("", ["1", "2"])
    assert OPEN311.kind("/x.xml", 200) == "text/xml; charset=utf-8"
    assert OPEN311.kind("/x.json", 404) == "application/json"


def test_what_is_absent_is_left_out() -> None:
    assert b"lat" not in OPEN311.write("/x.json", Written([status(ROW, (None, None))], "a", "b"))
    told = OPEN311.write("/x.json", Written(status(ROW, (1.5, -0.25)), "a"))
    assert isinstance(status(ROW, (None, None)), ServiceRequest)
    assert b'"lat":1.5,"long":-0.25' in told


def test_an_error_has_the_status_of_the_standard_and_names_each_mistake() -> None:
    assert refuse(Refused("unauthorized", 401, "who?"), "t").status == 403
    faults = [FieldError("/data/title", "a"), FieldError("/data/body", "b")]
    found = refuse(violated(ContractViolation("data", 422, "detail", faults)), "t")
    assert found.status == 400
    assert [each.description for each in found.body.content] == ["data/title: a", "data/body: b"]


def test_a_form_is_read_strictly() -> None:
    assert form(b"a=%E4%B8%89&b=&attribute%5Bx%5D=1+2") == {"a": "三", "attribute[x]": "1 2"}
    for body in (b"a=%ff", b"\xff=1", b"a=1&" * 101):
        with pytest.raises(Refused):
            form(body)


def test_a_point_opens_with_the_same_token_for_the_same_ticket_alone() -> None:
    sealed = Places("root").seal("A", 40.74821053178345, -74.00748519439084)
    assert Places("root").open("A", sealed) == (40.74821053178345, -74.00748519439084)
    assert Places("root").open("B", sealed) == Places("other").open("A", sealed) == (None, None)
    assert Places("root").open("A", None) == (None, None)
    assert sealed != Places("root").seal("A", 40.74821053178345, -74.00748519439084)
