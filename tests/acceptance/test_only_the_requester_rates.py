"""A requester is sent a link and a code and rates with them; nobody else in the house can find either."""

import json
import re
from collections.abc import Iterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import psycopg
import pytest

from chassis.clock import now
from contracts import intake
from contracts.intake import Requester
from contracts.registry import SERVICES
from services.evaluation.tally import month_of
from tests.acceptance.conftest import RATING_LINK, Fengge, eventually
from tests.acceptance.test_whose_it_is_is_ruled import GRID, Desk

SOURCE, ADDRESS = "/rating/desk", "rates@example.org"
TABLES = """
SELECT oid::regclass::text FROM pg_class
WHERE relkind = 'r' AND has_table_privilege(oid, 'SELECT') AND relnamespace::regnamespace::text NOT LIKE 'pg%'
AND relnamespace <> 'information_schema'::regnamespace
"""
ANSWER = {"resolved": "yes", "satisfaction": "very_satisfied"}


@pytest.fixture(scope="module")
def desk(fengge: Fengge) -> Iterator[Desk]:
    """All who speak about the tickets of these tests."""
    endpoints = json.loads((fengge.run / "endpoints.json").read_text())
    desk = Desk(fengge, endpoints["broker"]["users"]["intake"], SOURCE)
    yield desk
    desk.close()


@pytest.fixture(scope="module")
def asked(desk: Desk) -> tuple[str, str, str]:
    """A ticket whose work is done, and the token and the code in the mail to its requester."""
    number = done(desk)
    mail = eventually(lambda: asking(desk.fengge.run, number))
    link = re.escape(RATING_LINK).replace(r"\{ticket\}", number).replace(r"\{token\}", "([0-9A-Za-z_-]{43})")
    (token,) = re.findall(link, mail)
    (code,) = re.findall(r"(?<!\d)\d{6}(?!\d)", mail.replace(token, ""))
    return number, token, code


def done(desk: Desk) -> str:
    """A ticket whose work is done, and whose requester is asked; returns its number."""
    number = desk.submit(requester=Requester(name="赵", email=ADDRESS))
    offer = desk.fact(number, "OfferMade")
    held = {"assignment": offer["assignment"], "assignee": offer["assignee"]}
    desk.say(intake.OfferAnswered, number, answer="accept", **held)
    desk.work(number, desk.fact(number, "AssignmentAccepted"))
    desk.fact(number, "RatingRequested")
    return number


def asking(run: Path, number: str) -> str:
    """What the mail says that asks for a rating, as soon as it is there."""
    for path in (run / "mail").glob("*.eml"):
        mail = message_from_bytes(path.read_bytes(), policy=default)
        assert isinstance(mail, EmailMessage)
        if number in mail["Subject"] and "请评价" in mail["Subject"]:
            return str(mail.get_content())
    return ""


def looks(desk: Desk, number: str) -> Iterator[str]:
    """What the commands show that come near a ticket's messages and ratings."""
    fengge = desk.fengge
    commands = [
        ("ticket", "show", number), ("ticket", "show", number, "--view", "resident"),
        ("notify", "show", number), ("notify", "calls"), ("parked", "list"), ("report",), ("vault", "log"),
        ("template", "list"),
    ]  # fmt: skip
    for words in commands:
        yield fengge.told(*words)
        yield fengge.told(*words, "--json")
    yield fengge.told("audit")
    yield fengge.told("vault", "reveal", number, "--role", "operator", "--purpose", "callback", "--json")


def rows(endpoints: dict[str, Any]) -> Iterator[str]:
    """Every row of every table, as each service's role sees it."""
    for service in SERVICES:
        with psycopg.connect(endpoints["database"]["roles"][service]) as tx:
            for (table,) in tx.execute(TABLES).fetchall():
                yield from (row for (row,) in tx.execute(f"SELECT t::text FROM {table} t"))


def logs(run: Path) -> Iterator[str]:
    """What the processes have logged."""
    yield from (path.read_text(errors="replace") for path in (run / "log").iterdir())


def test_no_table_no_log_and_no_command_shows_the_key(desk: Desk, asked: tuple[str, str, str]) -> None:
    number, token, code = asked
    endpoints = json.loads((desk.fengge.run / "endpoints.json").read_text())
    said = [*rows(endpoints), *logs(desk.fengge.run), *looks(desk, number)]
    assert sum(number in text for text in said) > 10
    # In a table or a log six digits may be part of a time or of a number; a code stands by itself.
    secret = re.compile(rf"{re.escape(token)}|(?<![0-9A-Za-z.:-]){code}(?![0-9A-Za-z.:-])")
    assert [text[:200] for text in said if secret.search(text)] == []


def test_even_the_intake_cannot_rate_with_a_wrong_code(desk: Desk, asked: tuple[str, str, str]) -> None:
    number, _, code = asked
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    refusal = desk.refused(intake.RatingGiven, number, code=wrong, **ANSWER)
    assert (refusal.status, "no key of this round" in refusal.detail) == (403, True)


def test_with_the_code_of_the_mail_the_ticket_closes(desk: Desk, asked: tuple[str, str, str]) -> None:
    number, token, code = asked
    desk.say(intake.RatingGiven, number, code=code, **ANSWER)
    rated = desk.fact(number, "RatingSubmitted")
    assert (rated["way"], rated["satisfaction"]) == ("code", "very_satisfied")
    assert desk.fact(number, "TicketClosed")["rated"]
    again = desk.refused(intake.RatingGiven, number, token=token, **ANSWER)
    assert again.status == 409


def test_who_is_called_rates_and_the_case_is_excluded_by_two_and_counts_again(desk: Desk) -> None:
    number, fengge = done(desk), desk.fengge
    told = fengge("callback", "done", number, "--outcome", "no_answer", "--by", "desk-1")
    assert "call 1 noted, no answer" in told
    answers = ("--resolved", "no", "--satisfaction", "very_dissatisfied")
    assert fengge("callback", "done", number, "--outcome", "reached_rated", "--by", "desk-1", *answers)
    assert desk.fact(number, "RatingSubmitted")["way"] == "callback"
    assert "two other people" in fengge("exclusion", "ask", number, "--ground", "malicious", "--by", "boss")
    assert number in fengge("exclusion", "list")
    assert "another person" in fengge("exclusion", "approve", number, "--by", "boss", status=1)
    assert "one more" in fengge("exclusion", "approve", number, "--by", "one")
    assert "no rate" in fengge("exclusion", "approve", number, "--by", "two")
    assert desk.fact(number, "CaseExcluded")["seconded_by"]["id"] == "one"
    assert fengge("exclusion", "refuse", number, "--by", "three", "--reason", "mistaken")
    assert desk.fact(number, "ExclusionRevoked")["ground"] == "malicious"


def test_the_street_scores_a_department_and_neither_history_nor_report_tells_it(desk: Desk) -> None:
    number, fengge = desk.submit(category="street_light"), desk.fengge
    offer = desk.fact(number, "OfferMade")
    held = {"assignment": offer["assignment"], "assignee": offer["assignee"]}
    desk.say(intake.OfferAnswered, number, answer="accept", **held)
    unit = desk.fact(number, "AssignmentAccepted")["unit"]
    eventually(lambda: heard(desk, number, unit))
    street = ("--rater", GRID[:9] + "000", "--by", "chen")
    assert f"{unit} is scored" in fengge("score", number, unit, "--score", "2", *street)
    assert "is scored" in fengge("score", number, unit, "--score", "4", *street)
    assert "never with" in fengge("score", number, "DEP-NONE", "--score", "4", *street, status=1)
    elsewhere = ("--rater", "990101009000", "--by", "chen")
    assert "in whose area" in fengge("score", number, unit, "--score", "4", *elsewhere, status=1)
    assert not [name for name, _ in desk.life(number) if "Score" in name]
    assert "not over yet" in fengge("report", "departments", month_of(now()), status=1)


def heard(desk: Desk, number: str, unit: str) -> bool:
    """Whether the evaluation service knows that the unit has it."""
    endpoints = json.loads((desk.fengge.run / "endpoints.json").read_text())
    with psycopg.connect(endpoints["database"]["roles"]["evaluation"]) as tx:
        query = "SELECT FROM evaluation.casefile WHERE id = %s AND unit = %s"
        return bool(tx.execute(query, [number, unit]).fetchall())
