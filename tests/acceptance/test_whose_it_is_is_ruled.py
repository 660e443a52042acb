"""Who should do it is disputed, outcomes are sent back, declines are objected to: told by a running house."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from typer.testing import CliRunner

from chassis.clock import now
from chassis.policy import in_force, set_policy
from cli.main import app
from contracts import intake
from contracts.actor import Actor
from contracts.intake import EventRefused
from contracts.numbering import ticket_number
from contracts.publisher import INSIDE, Publisher
from tests.acceptance.conftest import Fengge, eventually

SOURCE, CHECKED, HURRIED = "/dispute/desk", "/dispute/checked", "/dispute/hurried"
"""Sources with the usual rules; whose outcomes a verifier checks; whose adjudicators have a second."""
JUDGE = Actor(role="adjudicator", id="judge-1")
GRID, CATEGORY = "99010100100201001", "garbage"
BUREAU = "DEP-CG"
WORDS = "住户私人物品，电话13700001111"
POLICIES = {"verifier": (CHECKED, "desk"), "objection": (HURRIED, "1s")}


class Desk:
    """All who speak about the tickets of one source, and what became of them."""

    def __init__(self, fengge: Fengge, url: str, source: str) -> None:
        self.fengge, self._source = fengge, source
        self._line = Publisher(url, source=source, exchange=INSIDE)

    def submit(self, **said: Any) -> str:
        """A request; returns its ticket's number."""
        external_id = str(uuid4())
        told = {"category": CATEGORY, "grid": GRID, **said}
        self._line.submit(
            intake.RequestSubmitted(external_id=external_id, channel="resident", title="楼道堆物", **told)
        )
        return ticket_number(self._source, external_id)

    def say(self, kind: type[intake.Inbound], number: str, **said: Any) -> str:
        """An event about the ticket; returns its id."""
        return self._line.submit(kind(ticket=number, **said))

    def refused(self, kind: type[intake.Inbound], number: str, **said: Any) -> EventRefused:
        """What the answer is to an event that is not taken."""
        said_id = self.say(kind, number, **said)
        return next(reply for reply in self._line.replies(timeout=20) if reply.instance == said_id)

    def life(self, number: str) -> list[tuple[str, dict[str, Any]]]:
        """The facts of a ticket, by plain name, in order."""
        history = self.fengge.json("ticket", "show", number)["history"]
        return [(fact["type"].split(".")[-2], fact["data"]) for fact in history]

    def fact(self, number: str, name: str, times: int = 1) -> dict[str, Any]:
        """The `times`th fact of this name, as soon as it has happened."""

        def found() -> list[dict[str, Any]]:
            if not any(row["id"] == number for row in self.fengge.json("ticket", "list", "--all")):
                return []
            return [data for known, data in self.life(number) if known == name][times - 1 :]

        return dict(eventually(found)[0])

    def give_back(self, number: str, offer: dict[str, Any], **said: Any) -> None:
        """The assignee returns what was offered."""
        told = {"return_code": "not_our_duty", "basis": WORDS, "proposed_unit": BUREAU} | said
        held = {"assignment": offer["assignment"], "assignee": offer["assignee"]}
        self.say(intake.OfferAnswered, number, answer="return", **held, **told)

    def work(self, number: str, held: dict[str, Any], contact: int = 1) -> None:
        """Whoever has it calls the requester and reports."""
        who = {"assignment": held["assignment"], "assignee": held["assignee"]}
        self.say(intake.FirstContactLogged, number, **who)
        self.fact(number, "FirstContactMade", contact)
        self.say(intake.WorkReported, number, **who, resolved="yes", outcome="已清运")

    def close(self) -> None:
        """Hangs up."""
        self._line.close()


@pytest.fixture(scope="module")
def places(fengge: Fengge) -> Iterator[dict[str, Desk]]:
    """A desk for each source; the rules that differ by source are in force."""
    endpoints = json.loads((fengge.run / "endpoints.json").read_text())
    with psycopg.connect(endpoints["database"]["roles"]["ticket"]) as tx:
        tx.execute("SET search_path = ticket")
        for name, (source, value) in POLICIES.items():
            figures = dict(in_force(tx)[name].value) | {"by_source": {source: {"general": value}}}
            set_policy(tx, name, now(), json.dumps(figures))
    url = endpoints["broker"]["users"]["intake"]
    desks = {source: Desk(fengge, url, source) for source in (SOURCE, CHECKED, HURRIED)}
    yield desks
    for desk in desks.values():
        desk.close()


def test_a_second_return_is_ruled_the_ruling_binds_and_is_shown_as_precedent(places: dict[str, Desk]) -> None:
    desk = places[SOURCE]
    number = desk.submit()
    desk.give_back(number, desk.fact(number, "OfferMade"))
    desk.give_back(number, desk.fact(number, "OfferMade", 2))
    assert desk.fact(number, "ObjectionOpened")["cause"] == "second_return"
    running = desk.fengge.json("ticket", "deadline", number)["deadlines"]
    desk.fact(number, "DeadlineSet", 2)
    running = desk.fengge.json("ticket", "deadline", number)["deadlines"]
    assert [(one["kind"], one["span"], one["ended_at"]) for one in running] == [
        ("handling", "15d", None), ("objection", "1wd", None),
    ]  # fmt: skip
    assert "the adjudicator, who rules whose it is" in desk.fengge("ticket", "show", number)

    ruling = {"assignee": BUREAU, "reason_code": "in_their_list"}
    operator = desk.refused(
        intake.ObjectionRuled, number, actor=Actor(role="operator", id="desk-1"), **ruling
    )
    assert operator.detail == "this is not for a operator; it is for: adjudicator"
    nobody = desk.refused(
        intake.ObjectionRuled, number, actor=JUDGE, assignee="nobody", reason_code="in_their_list"
    )
    assert "no assignee or unit nobody" in nobody.detail
    desk.say(intake.ObjectionRuled, number, actor=JUDGE, basis=WORDS, **ruling)
    held = desk.fact(number, "AssignmentAccepted")
    assert (held["unit"], held["hop"]) == (BUREAU, 3)
    binds = desk.refused(
        intake.OfferAnswered, number, assignment=held["assignment"], assignee=held["assignee"],
        answer="return", return_code="not_our_area", basis=WORDS, proposed_unit="DESK-02",
    )  # fmt: skip
    assert "the ruling of" in binds.detail
    assert "binds" in binds.detail
    desk.work(number, held)
    desk.fact(number, "TicketVerified")
    told = [name for name, _ in desk.life(number)]
    assert told.count("OfferMade") == 2, "nobody was asked after the second return"
    assert WORDS not in json.dumps(desk.life(number), ensure_ascii=False)
    ended = desk.fengge.json("ticket", "deadline", number)["deadlines"]
    assert all(one["ended_at"] for one in ended)

    another = desk.fact(desk.submit(), "OfferMade")
    assert another["explanation"]["precedent"]["assignee"] == held["assignee"]


def test_a_unit_disputes_and_a_late_adjudicator_is_told_of_it_level_by_level(places: dict[str, Desk]) -> None:
    desk = places[HURRIED]
    number = desk.submit(category="water_leak")
    offer = desk.fact(number, "OfferMade")
    assert offer["kind"] == "property_company"
    desk.say(
        intake.AssignmentDisputed, number, assignment=offer["assignment"], assignee=offer["assignee"],
        code="not_our_duty", basis=WORDS, proposed_unit=BUREAU,
    )  # fmt: skip
    assert desk.fact(number, "ObjectionOpened")["cause"] == "dispute"
    assert desk.fact(number, "TicketOverdue")["kind"] == "objection"
    assert desk.fact(number, "TicketEscalated")["reason_code"] == "objection_overdue"
    desk.say(intake.RequestCancelled, number, confirmed=True)
    desk.fact(number, "TicketCancelled")
    late = desk.refused(
        intake.ObjectionRuled, number, actor=JUDGE, assignee=BUREAU, reason_code="in_their_list"
    )
    assert late.detail == "no objection is open"


def test_what_a_verifier_sends_back_is_worked_on_again_by_the_same_assignee(places: dict[str, Desk]) -> None:
    desk = places[CHECKED]
    verifier = Actor(role="verifier", id="ver-1")
    number = desk.submit()
    offer = desk.fact(number, "OfferMade")
    held = {"assignment": offer["assignment"], "assignee": offer["assignee"]}
    desk.say(intake.OfferAnswered, number, answer="accept", **held)
    desk.fact(number, "AssignmentAccepted")
    desk.work(number, held)
    desk.fact(number, "TicketHandled")
    desk.say(intake.OutcomeVerified, number, actor=verifier, passed=False, reason_code="no_photo")
    again = desk.fact(number, "AssignmentReopened")
    assert {"assignment": again["assignment"], "assignee": again["assignee"]} == held
    state = desk.fengge.json("ticket", "show", number)["ticket"]
    assert (state["state"], state["assignee"]) == ("in_progress", held["assignee"])
    returned = desk.refused(intake.OfferAnswered, number, answer="return", return_code="capacity", **held)
    assert returned.detail == "the time to return it is over"
    desk.work(number, held, contact=2)
    desk.fact(number, "TicketHandled", 2)
    desk.say(intake.OutcomeVerified, number, actor=verifier, passed=True)
    assert desk.fact(number, "TicketVerified")["by"] == "ver-1"
    desk.fact(number, "RatingRequested")


def test_a_decline_is_objected_to_once_and_the_request_is_accepted_after_all(places: dict[str, Desk]) -> None:
    desk = places[SOURCE]
    requester = Actor(role="requester", id="app-user")
    number = desk.submit(category=None)
    desk.fact(number, "DeadlineSet")
    decline = {"reason_code": "not_ours", "statutory_path": "行政复议", "operator": "desk-1"}
    desk.say(intake.RequestDeclined, number, **decline)
    desk.fact(number, "TicketDeclined")
    desk.say(intake.DeclineObjected, number, actor=requester)
    assert desk.fact(number, "DeadlineSet", 2)["kind"] == "triage"
    desk.say(intake.RequestDeclined, number, **decline)
    desk.fact(number, "TicketDeclined", 2)
    again = desk.refused(intake.DeclineObjected, number, actor=requester)
    assert again.detail == "an objection was made already; one is allowed"


def test_a_graver_ticket_leaves_less_time_for_the_offer(places: dict[str, Desk]) -> None:
    desk = places[SOURCE]
    number = desk.submit()
    offer = desk.fact(number, "OfferMade")
    desk.say(intake.SeverityCorrected, number, actor=Actor(role="operator", id="d"), severity="emergency")
    hastened = desk.fact(number, "ResponseHastened")
    assert hastened["expires_at"] < offer["expires_at"]


def test_the_desk_assigns_reassigns_takes_back_and_is_told_what_it_may_not(places: dict[str, Desk]) -> None:
    desk = places[SOURCE]
    number, by = desk.submit(), ("--by", "desk-07", "--reason", "knows_the_matter")
    desk.fact(number, "OfferMade")
    outside = desk.fengge("dispatch", "assign", number, "--to", "PM-202", *by, status=1)
    assert "Refused: list need, version 1 of garbage, allows no party_member" in outside
    early = desk.fengge("dispatch", "reassign", number, "--to", "GO-202", *by, status=1)
    assert "nobody has accepted it; assign it" in early
    followed = desk.fengge.json("dispatch", "assign", number, "--to", "GO-202", *by)["facts"]
    assert [fact["type"].split(".")[-2] for fact in followed] == ["AssignmentRevoked", "OfferMade"]
    offer = followed[1]["data"]
    assert offer["explanation"]["ordered"]["by"] == {"role": "operator", "id": "desk-07"}
    desk.say(intake.OfferAnswered, number, assignment=offer["assignment"], assignee="GO-202", answer="accept")
    desk.fact(number, "AssignmentAccepted")
    assert "AssignmentRevoked" in desk.fengge("dispatch", "reassign", number, "--to", BUREAU, *by)
    state = desk.fengge.json("ticket", "show", number)["ticket"]
    assert (state["state"], state["assignee"]) == ("dispatching", None)
    taken = desk.fengge.json("dispatch", "withdraw", number, *by, "--role", "supervisor")["facts"]
    assert taken[1]["data"]["assignee"] not in ("GO-202", "DEP-CG-1")
    told = desk.fengge.json("dispatch", "explain", number)
    assert (told["hops"], told["kept"]) == (4, 4)
    assert [hop["ended"] for hop in told["chain"]] == ["revoked", "revoked", "revoked", None]
    assert [hop["by"] for hop in told["chain"]] == [None, "operator/desk-07", "operator/desk-07", None]
    why = told["chain"][0]["explanation"]
    assert (why["list"], why["list_version"], why["best"]) == ("need", 1, told["chain"][0]["assignee"])
    assert {"assignee", "score", "points"} <= why["candidates"][0].keys()
    assert told["dwell_seconds"] > 0
    words = desk.fengge("dispatch", "explain", number)
    assert "named by operator/desk-07: knows_the_matter; the engine would have asked" in words
    assert "knows no ticket" in desk.fengge("dispatch", "explain", "0000-0000-0000-0000", status=1)


def test_an_adjudicator_rules_by_command_and_departments_come_and_are_scored(places: dict[str, Desk]) -> None:
    desk = places[SOURCE]
    number = desk.submit(category="water_leak")
    offer = desk.fact(number, "OfferMade")
    desk.say(
        intake.AssignmentDisputed, number, assignment=offer["assignment"], assignee=offer["assignee"],
        code="not_our_duty", basis=WORDS, proposed_unit="DEP-GS",
    )  # fmt: skip
    desk.fact(number, "ObjectionOpened")
    waiting = desk.fengge.json("dispatch", "objections")
    assert [row["proposed_unit"] for row in waiting if row["ticket"] == number] == ["DEP-GS"]
    ruling = ("--to", "DEP-GS", "--by", "judge-1", "--reason", "in_their_list")
    ruled = desk.fengge.json("dispatch", "adjudicate", number, *ruling, "--basis", WORDS)["facts"]
    assert ruled[0]["data"]["unit"] == "DEP-GS"
    street = ("--by", "street-1", "--reason", "burst_pipe", "--cause", "emergency")
    whistle = ("--department", "DEP-CG", "--department", "DEP-PCS", "--arrive-by")
    late = desk.fengge("dispatch", "whistle", number, *street, *whistle, "2026-01-01T10:00", status=1)
    assert "the time to arrive must lie ahead" in late
    called = desk.fengge("dispatch", "whistle", number, *street, *whistle, "2999-01-01T10:00")
    assert called.count("DepartmentCalled") == 2
    here = desk.fengge.json("dispatch", "arrive", number, "--department", "DEP-CG", "--by", "desk-07")
    assert here["facts"][0]["data"]["in_time"]
    awaited = [row for row in desk.fengge.json("dispatch", "calls") if row["ticket"] == number]
    assert [row["department"] for row in awaited] == ["DEP-PCS-1"]
    score = ("--score", "5", "--rater", "990101001000", "--by", "street-1")
    eventually(lambda: _done(desk.fengge, "score", number, "DEP-CG", *score))
    again = desk.fengge("score", number, "DEP-PCS", *score, status=1)
    assert "the ticket was never with a department DEP-PCS" in again


def test_rules_are_tried_on_past_tickets_before_they_go_live(places: dict[str, Desk], tmp_path: Path) -> None:
    desk, file = places[SOURCE], tmp_path / "rules.csv"
    number = desk.submit(category="noise_construction")
    offer = desk.fact(number, "OfferMade")
    file.write_text(desk.fengge("dispatch", "rules"))
    before = desk.fengge.json("dispatch", "rules")
    same = desk.fengge.json("dispatch", "backtest", str(file), "--since", "2026-01-01")
    assert (same["changed"], same["moved"]) == ({}, 0)
    assert same["tickets"] >= 1
    assert same["hops_before"] == same["hops_after"] >= same["decisions"]
    file.write_text("rule,value\nnear,0\nfree,0\ntimely,0\nover_share,0\n")
    other = desk.fengge.json("dispatch", "backtest", str(file), "--since", "2026-01-01")
    assert other["changed"]["near"] == [10, 0]
    (moved,) = [move for move in other["moves"] if move["ticket"] == number]
    assert moved["before"] == offer["assignee"] != moved["after"]
    words = desk.fengge("dispatch", "backtest", str(file), "--since", "2026-01-01")
    assert "would have gone elsewhere" in words
    assert "near 10 → 0" in words
    file.write_text("rule,value\nfar,1\n")
    wrong = desk.fengge("dispatch", "backtest", str(file), "--since", "2026-01-01", status=1)
    assert "rules.csv, line 2: 'far' is none of near" in wrong
    assert desk.fengge.json("dispatch", "rules") == before
    file.write_text("rule,value\nwarn_percent,21\n")
    assert "warn_percent 20 → 21" in desk.fengge("dispatch", "adopt", str(file), "--by", "judge-1")
    after = desk.fengge.json("dispatch", "rules")
    assert after == {
        "version": before["version"] + 1, "rules": before["rules"] | {"warn_percent": 21}
    }  # fmt: skip
    assert "says nothing else" in desk.fengge("dispatch", "adopt", str(file), status=1)


def _done(fengge: Fengge, *words: str) -> bool:
    """Whether a command ends well; what evaluation has heard by now tells nobody outside."""
    return bool(CliRunner().invoke(app, ["--run", str(fengge.run), *words]).exit_code == 0)
