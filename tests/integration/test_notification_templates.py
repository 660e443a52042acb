"""`fengge template` on a real PostgreSQL: new words beside the old ones, checked before anybody gets them."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner

from chassis.database import Tx
from chassis.effect import Effects
from chassis.model import Model, Stimulus
from chassis.tally import Tally
from cli.main import app
from contracts import notification, ticket
from contracts.event import Event
from deploy.local.endpoints import Endpoints
from services.notification import domain, store, template_store, templates
from services.notification.channels import console
from services.notification.commands import Tell
from tests.integration.own_database import own_database

DATABASE = "notification_templates"
NAME = "ticket_accepted.requester.zh"
WORDS = """
["ticket_accepted.requester.zh"]
subject = "受理通知（{number}）"
body = "类别：{category}。{% if category == 'lift' %}请走楼梯。{% endif %}"
"""


@pytest.fixture(scope="module")
def database(servers: Endpoints) -> Iterator[str]:
    """A database of these tests alone, as the notification service sees it."""
    with own_database(servers, "notification", DATABASE) as url:
        yield url
    templates.use({})


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file of templates."""
    path = tmp_path / "words.toml"
    path.write_text(WORDS, encoding="utf-8")
    return path


def fengge(database: str, *arguments: str, status: int = 0) -> Any:
    """The command's answer: JSON where there is some, else its words."""
    result = CliRunner().invoke(app, ["template", *arguments], env={"DATABASE_URL": database})
    assert result.exit_code == status, result.output
    return json.loads(result.output) if "--json" in arguments else result.output


def test_new_words_get_the_next_version_and_the_old_ones_stay(database: str, file: Path) -> None:
    assert fengge(database, "import", str(file), "--who", "li", "--json")["imported"] == {NAME: 1001}
    assert fengge(database, "import", str(file), "--json") == {"imported": {}, "as_before": [NAME]}
    file.write_text(WORDS.replace("楼梯", "消防楼梯"), encoding="utf-8")
    assert fengge(database, "import", str(file), "--json")["imported"] == {NAME: 1002}
    (row,) = [row for row in fengge(database, "list", "--json") if row["name"] == NAME]
    assert (row["version"], row["blanks"]) == (1002, ["category", "number"])
    shown = fengge(database, "preview", NAME, "--set", "category=lift")
    assert shown == "受理通知（‹number›）\n\n类别：lift。请走消防楼梯。\n"
    assert "请走楼梯" in fengge(database, "preview", NAME, "--version", "1001", "--set", "category=lift")
    assert "受理" in fengge(database, "preview", NAME, "--version", "1", "--json")["subject"]


def test_every_process_has_new_words_before_one_writes_with_them(database: str, file: Path) -> None:
    with psycopg.connect(database) as tx:
        before = template_store.look(tx).newest
        text = templates.read(WORDS)[NAME]
        version = template_store.add(tx, NAME, text, "li")
        fresh = template_store.look(tx)
        assert f"{NAME}.v{version}" in fresh.templates
        assert fresh.newest == before
        tx.rollback()
        tx.execute(
            "INSERT INTO template VALUES (%s, 1090, 'neu {number}', 'x', 'li', now() - interval '1 minute')",
            [NAME],
        )
        later = template_store.look(tx)
        assert later.newest[NAME] == 1090
        templates.use(later.templates)
        assert templates.render(f"{NAME}.v1090", {"number": "7"}) == ("neu 7", "x")
        tx.rollback()


def test_words_that_a_release_no_longer_fills_give_way_to_those_of_the_house(database: str) -> None:
    with psycopg.connect(database) as tx:
        tx.execute(
            "INSERT INTO template VALUES (%s, 1092, '{number}', '{gone}', 'li', now() - interval '1 minute')",
            [NAME],
        )
        found = template_store.look(tx)
        assert f"{NAME}.v1092" in found.templates
        assert found.newest.get(NAME) != 1092
        tx.rollback()


def test_what_is_written_from_then_on_says_the_new_words_and_the_rest_keeps_its_own(database: str) -> None:
    template_store.lately._found.clear()
    with psycopg.connect(database) as tx:
        tell(tx, "T1")
        tx.execute(
            "INSERT INTO template VALUES (%s, 1091, '新 {number}', %s, 'li', now() - interval '1 minute')",
            [NAME, "类别 {category}"],
        )
        template_store.lately._found.clear()
        tell(tx, "T2")
        new, old = store.console(tx, 2)
        assert (new["ticket"], new["subject"], new["body"]) == ("T2", "新 T2", "类别 lift")
        assert old["ticket"] == "T1"
        assert "新" not in old["subject"]
        tx.rollback()
    template_store.lately._found.clear()


def tell(tx: Tx, number: str) -> None:
    """A ticket is received and accepted; the requester is told on the console."""
    at = datetime.now(UTC)
    received = ticket.TicketReceived(
        source="urn:test", external_id=number, channel="resident", severity="general", category="lift",
        grid="C1", requester_ref=number,
    )  # fmt: skip
    accepted = ticket.TicketAccepted(
        category="lift", severity="general", grid="C1", channel="resident", source="urn:test"
    )

    def told(known: Any, fact: Event) -> Tell:
        return Tell(
            event=f"{number}.{type(fact).__name__}", fact=fact, channels=["console"], page=console.page,
            at=at, newest=known.newest,
        )  # fmt: skip

    stimuli = [Stimulus(number, partial(told, fact=fact)) for fact in (received, accepted)]
    Effects(Model(notification, domain, store), {}, shards=4, attempts=6).of_stimuli(tx, stimuli, at, Tally())


def test_a_draft_is_tried_out_before_it_is_imported(database: str, file: Path) -> None:
    file.write_text('["offer_made.assignee.en"]\nsubject = "{number}"\nbody = "{grid|upper}"\n')
    shown = fengge(database, "preview", "offer_made.assignee.en", "--file", str(file), "--set", "grid=c1")
    assert shown == "‹number›\n\nC1\n"
    assert "offer_made.assignee.en" not in {
        row["name"] for row in fengge(database, "list", "--json") if row["version"] > 1000
    }


def test_a_file_with_one_fault_changes_nothing(database: str, file: Path) -> None:
    file.write_text(WORDS + '["offer_made.assignee.zh"]\nsubject = "x"\nbody = "{phone}"\n')
    before = fengge(database, "list", "--json")
    said = fengge(database, "import", str(file), status=1)
    assert "offer_made.assignee.zh: nobody fills phone" in said
    assert "Nothing was imported" in said
    assert fengge(database, "list", "--json") == before


def test_what_is_not_there_is_said(database: str, file: Path) -> None:
    assert "no template nope" in fengge(database, "preview", "nope", status=1)
    assert "v77" in fengge(database, "preview", NAME, "--version", "77", status=1)
    assert "like category=lift" in fengge(database, "preview", NAME, "--set", "category", status=2)


def test_words_in_use_are_never_changed_or_deleted(database: str) -> None:
    for statement in ("UPDATE template SET body = 'x'", "DELETE FROM template"):
        with psycopg.connect(database) as tx, pytest.raises(psycopg.errors.InsufficientPrivilege):
            tx.execute(statement)
