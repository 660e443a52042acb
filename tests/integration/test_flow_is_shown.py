"""*Flow* in the operators' room and on the command line: the same numbers, in both languages."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner

from cli.main import app
from cli.place import Place
from cli.say import width
from deploy.local.endpoints import Endpoints
from services.console.flow.page import PAGE
from services.console.pages import PAGES
from services.console.room import Room
from tests.integration.flowing import (
    ACCEPTED,
    OFFERED,
    RECEIVED,
    counted_to_the_end,
    moment,
    rolling,
    stands,
    told,
)
from tests.integration.rooms import opened, signed_in, text_of

CELLS = """
INSERT INTO dispatch.cell (code, parent, level, name, path) VALUES
    ('F1', NULL, 'subdistrict', '花园街道', '{F1}'), ('F2', 'F1', 'community', '七里塘', '{F1,F2}')
ON CONFLICT DO NOTHING
"""
TABLES = "flow_events, flow_waits, flow_open, flow_heat"
REBUILT = "SELECT who, target, reason, outcome, after FROM console.action WHERE what = 'rebuild'"
WIDTHS = (80, 120)


@pytest.fixture(scope="module")
def house(migrated: Endpoints) -> Iterator[Endpoints]:
    """A house in which two tickets wait, one of them late, and all is counted."""
    with psycopg.connect(migrated.database_url("postgres")) as tx:
        tx.execute("SET search_path = console")
        tx.execute(f"TRUNCATE {TABLES}, ticket.history, ticket.ticket, ticket.seal")
        tx.execute("UPDATE flow_mark SET upto = 0, newest = 0")
        tx.execute(CELLS)
        for number, due in ((1, moment(hours=1)), (2, moment(hours=-9))):
            ticket, begun = f"S-{number}", moment(minutes=7)
            told(tx, ticket, RECEIVED, begun)
            told(tx, ticket, ACCEPTED, begun, 2)
            told(tx, ticket, OFFERED, begun + timedelta(seconds=2), 1, f"{ticket}.ticket.2")
            stands(tx, ticket, "dispatching", grid="F2", received_at=begun, due_at=due)
    with rolling(migrated) as roller, psycopg.connect(migrated.database_url("console")) as room:
        counted_to_the_end(roller, room)
    yield migrated
    with psycopg.connect(migrated.database_url("postgres")) as tx:
        tx.execute("DELETE FROM dispatch.cell WHERE code IN ('F2', 'F1')")


@pytest.fixture(scope="module")
def room(house: Endpoints) -> Iterator[Room]:
    """The operators' room of that house."""
    room = opened(house)
    yield room
    room.close()


def test_it_is_a_page_of_the_room_for_everybody_who_may_look(room: Room) -> None:
    assert PAGE in PAGES
    assert signed_in(room, "viewer").get("/flow").status_code == 200


@pytest.mark.parametrize(
    ("language", "words"),
    [("zh", ["流转", "花园街道", "派单 OfferMade", "工单服务 → 派单服务", "2.0 秒", "（未分类）"]),
     ("en", ["Flow", "花园街道", "offer made OfferMade", "ticket → dispatch", "2.0 s", "(no category yet)"])],
)  # fmt: skip
def test_the_page_tells_events_times_and_heat(room: Room, language: Any, words: list[str]) -> None:
    text = " ".join(text_of(signed_in(room, "viewer", language).get("/flow")).split())
    assert [word for word in words if word not in text] == []


@pytest.mark.parametrize(
    "query", ["period=hour", "period=week", "period=month", "grid=F1", "grid=F2", "grid=-"]
)
def test_every_period_and_grid_has_a_page(room: Room, query: str) -> None:
    answer = signed_in(room, "viewer").get(f"/flow?{query}")
    assert answer.status_code == 200
    if "F" in query:
        assert "七里塘" in answer.text


def test_drawings_speak_to_who_cannot_see_them_and_carry_no_style(room: Room) -> None:
    text = signed_in(room, "viewer").get("/flow").text
    drawings = re.findall(r"<svg.*?</svg>", text, re.DOTALL)
    assert len(drawings) >= 4
    ids = set(re.findall(r' id="([^"]+)"', text))
    for drawing in drawings:
        labels = re.search(r'role="img" aria-labelledby="([^"]+)"', drawing)
        assert labels
        assert set(labels[1].split()) <= ids
        assert re.search(r"<title[^>]*>\S", drawing)
        assert re.search(r"<desc[^>]*>\S", drawing)
    assert " style=" not in text
    assert len(re.findall(r' id="([^"]+)"', text)) == len(ids)


def test_a_cell_that_is_not_there_is_named_and_escaped(room: Room) -> None:
    answer = signed_in(room, "viewer").get("/flow?grid=<script>1</script>")
    assert answer.status_code == 404
    assert "<script>1" not in answer.text
    assert "&lt;script&gt;1" in answer.text


def run(house: Endpoints, monkeypatch: pytest.MonkeyPatch, *arguments: str, columns: int = 80) -> Any:
    @contextmanager
    def connection(place: Place, service: str) -> Iterator[Any]:
        with psycopg.connect(house.database_url(service), autocommit=True) as opened_:
            yield opened_

    monkeypatch.setattr(Place, "connection", connection)
    return CliRunner().invoke(app, ["flow", *arguments], env={"COLUMNS": str(columns)})


@pytest.mark.parametrize("columns", WIDTHS)
@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("what", ["events", "times", "heat"])
def test_the_command_fits_the_terminal(
    house: Endpoints, monkeypatch: pytest.MonkeyPatch, what: str, language: str, columns: int
) -> None:
    done = run(house, monkeypatch, what, "--lang", language, columns=columns)
    assert done.exit_code == 0, done.output
    assert "…" not in done.output
    assert max(width(line) for line in done.output.splitlines()) <= columns


def test_scripts_get_the_numbers(house: Endpoints, monkeypatch: pytest.MonkeyPatch) -> None:
    events = json.loads(run(house, monkeypatch, "events", "--period", "hour", "--json").stdout)
    assert {kind["type"]: kind["total"] for kind in events["kinds"]} == dict.fromkeys(
        (RECEIVED, ACCEPTED, OFFERED), 2
    )
    times = json.loads(run(house, monkeypatch, "times", "--json", "--type", "OfferMade").stdout)
    assert [(one["giver"], one["taker"], one["events"]) for one in times["pairs"]] == [
        ("ticket", "dispatch", 2)
    ]
    assert 2 <= times["pairs"][0]["p50"] <= 2.2
    heat = json.loads(run(house, monkeypatch, "heat", "--json", "--grid", "F1").stdout)
    assert [(spot["cell"], spot["waiting"], spot["late"]) for spot in heat["places"]] == [("F2", 2, 1)]
    days = json.loads(run(house, monkeypatch, "events", "--json", "--grid", "F1", "--period", "week").stdout)
    assert days["received"][-1] + days["received"][-2] == 2


@pytest.mark.parametrize(
    ("wrong", "told_"), [(["--grid", "nowhere"], "nowhere"), (["--type", "Nothing"], "Nothing")]
)
def test_what_is_unknown_is_named(
    house: Endpoints, monkeypatch: pytest.MonkeyPatch, wrong: list[str], told_: str
) -> None:
    done = run(house, monkeypatch, "events", *wrong)
    assert done.exit_code == 1
    assert told_ in done.stderr


def test_counted_anew_from_the_command_it_says_the_same(
    house: Endpoints, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = run(house, monkeypatch, "events", "--json").stdout
    assert run(house, monkeypatch, "rebuild").exit_code == 2
    assert run(house, monkeypatch, "rebuild", "--reason", "对数有疑", "--who", "chen").exit_code == 0
    with psycopg.connect(house.database_url("console")) as tx:
        noted = tx.execute(REBUILT).fetchall()
    assert noted == [("chen", "flow", "对数有疑", "done", {"here": True})]
    assert json.loads(run(house, monkeypatch, "events", "--json").stdout) == json.loads(before)
