"""Lists, contracts and volunteers at the command line, against a real PostgreSQL."""

import json
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from typer.testing import CliRunner

from chassis.clock import now
from chassis.migrate import migrate
from cli.main import app
from contracts.terms import CHINA
from deploy.local.accounts import OWNER
from deploy.local.endpoints import Endpoints
from services.dispatch.directory.importing import gather, import_files
from services.dispatch.directory.rows import Table, read_table
from services.dispatch.directory.schemas import FILE_KINDS
from tests.integration.own_database import own_database, untouched

SAMPLE = Path(__file__).parents[2] / "directory"
TODAY = now().astimezone(CHINA).date()
SOON, BEFORE = TODAY + timedelta(days=5), TODAY + timedelta(days=4)


class Desk:
    """The command `fengge` on one database of the dispatch service."""

    def __init__(self, url: str) -> None:
        self.url = url

    def __call__(self, *words: str, status: int = 0) -> str:
        """What a command says; it must end with `status`."""
        done = CliRunner().invoke(app, [*words], env={"DATABASE_URL": self.url})
        assert done.exit_code == status, f"{words}: {done.output}\n{done.exception!r}"
        return done.output

    def json(self, *words: str) -> Any:
        """What a command says to scripts."""
        return json.loads(self(*words, "--json"))

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """What the database has."""
        with psycopg.connect(self.url) as tx:
            return tx.execute(statement.encode()).fetchall()


@pytest.fixture(scope="module")
def desk(servers: Endpoints) -> Iterator[Desk]:
    """A database of these tests alone with the sample directory; the gateway's tables are there as well."""
    with own_database(servers, "dispatch", "desk_directory") as url:
        with psycopg.connect(url) as tx:
            assert import_files(tx, [SAMPLE], who="first").ok
        owner = urlsplit(servers.database_url(OWNER))._replace(path="/desk_directory")
        with psycopg.connect(owner.geturl()) as tx:
            tx.execute("CREATE SCHEMA gateway")
        migrate(owner.geturl(), ["gateway"])
        yield Desk(owner._replace(query="options=-csearch_path%3Ddispatch").geturl())


def in_order(table: Table) -> list[dict[str, Any]]:
    """The rows by their key."""
    key = table.kind.key
    return sorted((dict(row.values) for row in table.rows), key=lambda row: [str(row[name]) for name in key])


def test_what_is_exported_reads_as_what_was_imported_and_changes_nothing(desk: Desk, tmp_path: Path) -> None:
    said = desk("export", str(tmp_path / "out"))
    assert said.count(" rows") == len(FILE_KINDS)
    for path, kind in gather([SAMPLE])[0]:
        theirs = read_table(path.name, path.read_bytes(), kind)
        ours = read_table(path.name, (tmp_path / "out" / path.name).read_bytes(), kind)
        assert in_order(ours) == in_order(theirs)
    with untouched(desk.url) as tx:
        report = import_files(tx, [tmp_path / "out"])
        assert report.ok
        assert {(file.added, file.changed) for file in report.files} == {(0, 0)}
    assert (tmp_path / "out" / "people.csv").stat().st_mode & 0o077 == 0
    assert "catalogue.csv is there already" in desk(
        "export", str(tmp_path / "out"), "--only", "catalogue", status=1
    )
    assert "known are grids" in desk("export", str(tmp_path), "--only", "grid", status=1)


def test_a_category_is_adjusted_from_a_day_on_and_it_is_known_who_did_it(desk: Desk) -> None:
    before = desk.json("catalogue", "list")["edition"]
    said = desk("catalogue", "adjust", "parking_disorder", "--from", str(SOON), "--set", "mode=direct",
                "--set", "接单顺序=grid_officer;department", "--reason", "trial", "--by", "chen")  # fmt: skip
    assert f"parking_disorder version 2: {SOON} on" in said
    here = {row["category"]: row for row in desk.json("catalogue", "list", "--on", str(SOON))["categories"]}
    assert (here["parking_disorder"]["version"], here["parking_disorder"]["mode"]) == (2, "direct")
    today = {row["category"]: row for row in desk.json("catalogue", "list")["categories"]}
    assert (today["parking_disorder"]["version"], today["parking_disorder"]["valid_to"]) == (1, str(BEFORE))
    added, ended, new = desk.json("catalogue", "history", "parking_disorder")
    assert (added["who"], added["changes"], added["edition"]) == ("first", {}, before)
    assert (ended["changes"], ended["who"], ended["reason"]) == (
        {"valid_to": [None, str(BEFORE)]}, "chen", "trial"
    )  # fmt: skip
    assert (new["valid_from"], new["edition"] > before) == (str(SOON), True)
    assert new["changes"]["kinds"][1] == ["grid_officer", "department"]
    assert "mode: sequential → direct" in desk("catalogue", "history", "parking_disorder")


def test_a_category_is_taken_off_the_lists(desk: Desk) -> None:
    desk("catalogue", "end", "trees", "--last", str(SOON), "--reason", "moved", "--by", "chen")
    gone = desk.json("catalogue", "list", "--on", str(SOON + timedelta(days=1)))["categories"]
    assert "trees" not in {row["category"] for row in gone}
    assert "trees" in {row["category"] for row in desk.json("catalogue", "list")["categories"]}
    offered = "SELECT valid_to FROM gateway.service WHERE code = 'trees'"
    assert desk.rows(offered) == [(SOON,)]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--from", "2024-05-01", "--set", "mode=direct"), "is over; the past is not adjusted"),
        (("--set", "mode=shout"), "is not one of: direct, sequential, claim"),
        (("--set", "colour=red"), "columns are category"),
        (("--set", "mode"), "write COLUMN=VALUE"),
        (("--from", "soon", "--set", "mode=direct"), "is no day"),
        (("--set", "aliases=施工噪音"), "already leads to"),
    ],
)
def test_a_wrong_adjustment_changes_nothing_and_says_why(
    desk: Desk, words: tuple[str, ...], why: str
) -> None:
    before = desk.rows("SELECT max(no) FROM catalogue_change")
    assert why in desk("catalogue", "adjust", "haircut", *words, "--reason", "r", "--by", "b", status=1)
    assert desk.rows("SELECT max(no) FROM catalogue_change") == before


def test_what_is_left_of_a_contract_is_shown_and_more_can_be_allowed(desk: Desk) -> None:
    desk("contract", "approve", "HT-2026-004", "--units", "5", "--reason", "winter", "--by", "chen")
    month = f"{TODAY:%Y-%m}"
    desk("contract", "approve", "HT-2026-004", "--units", "2", "--month", month, "--reason", "w", "--by", "c")
    listed = {row["code"]: row for row in desk.json("contract", "list")}
    assert (listed["HT-2026-004"]["quota"], listed["HT-2026-004"]["approved"]) == (120, 5)
    assert listed["HT-2026-004"]["remains"] == 125
    assert listed["HT-2026-004"]["state"] == "in force"
    kept = desk.rows("SELECT units, by, reason FROM approval WHERE month IS NULL")
    assert kept == [(5, "chen", "winter")]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("HT-NONE", "--units", "5"), "There is no contract HT-NONE"),
        (("HT-2026-003", "--units", "0"), "allows nothing"),
        (("HT-2026-003", "--units", "-9"), "used or reserved already"),
        (("HT-2026-003", "--units", "1", "--month", "May"), "is no month"),
    ],
)
def test_an_approval_that_cannot_be_is_refused(desk: Desk, words: tuple[str, ...], why: str) -> None:
    assert why in desk("contract", "approve", *words, "--reason", "r", "--by", "b", status=1)


def test_the_settlement_counts_what_was_done_and_names_the_tickets(desk: Desk) -> None:
    with psycopg.connect(desk.url) as tx:
        tx.execute("""INSERT INTO contract_month (contract, month, committed)
            VALUES ('HT-2026-001', '2026-10-01', 1)""")
        tx.execute("""INSERT INTO quota_entry (contract, month, ticket, what, at)
            SELECT 'HT-2026-001', '2026-10-01', 'T-1', what, '2026-10-05Z'
            FROM unnest('{reserved,committed}'::text[]) AS what""")  # fmt: skip
    told = desk.json("contract", "settlement", "HT-2026-001", "--month", "2026-10")
    (row,) = told["settlement"]
    assert (row["committed"], row["entries"], row["differs"]) == (1, 1, False)
    assert [each["ticket"] for each in told["tickets"]] == ["T-1"]
    assert "T-1" in desk("contract", "settlement", "HT-2026-001", "--month", "2026-10")
    assert desk("contract", "settlement", "--format", "csv").splitlines()[0].endswith("differs")
    assert "nothing was offered" in desk("contract", "settlement", "--month", "2020-01")
    assert "is no month" in desk("contract", "settlement", "--month", "October", status=1)


def test_a_volunteer_is_left_in_peace_and_asked_again_and_his_hours_count(desk: Desk) -> None:
    ((member,), *_) = desk.rows("SELECT code FROM assignee WHERE kind = 'party_member' ORDER BY code")
    assert "nobody has reported hours yet" in desk("member", "hours")
    assert "is not asked until 2026-12-31" in desk("member", "opt-out", member, "--until", "2026-12-31",
                                                   "--by", "chen")  # fmt: skip
    until = f"SELECT opted_out_until AT TIME ZONE 'Asia/Shanghai' FROM assignee WHERE code = '{member}'"
    assert str(desk.rows(until)[0][0])[:16] == "2026-12-31 23:59"
    assert "is not asked any more" in desk("member", "opt-out", member, "--by", "chen")
    assert "is asked again" in desk("member", "opt-in", member, "--by", "chen")
    assert desk.rows(until) == [(None,)]
    assert len(desk.rows(f"SELECT FROM opt_out WHERE assignee = '{member}'")) == 3
    with psycopg.connect(desk.url) as tx:
        tx.execute(
            """INSERT INTO hours (assignee, ticket, assignment, minutes, at)
            SELECT %s, 'T', 'T.' || n, 45, '2026-10-05Z' FROM generate_series(1, 2) n""",
            [member],
        )
    (row,) = desk.json("member", "hours", "--month", "2026-10")
    assert (row["assignee"], row["assignments"], row["minutes"]) == (member, 2, 90)
    assert "nobody has reported" in desk("member", "hours", member, "--month", "2026-09")
    assert "nobody with the code X" in desk("member", "opt-out", "X", "--by", "chen", status=1)
    assert "is no day" in desk("member", "opt-out", member, "--until", "May", "--by", "chen", status=1)


def test_who_is_on_duty_is_shown_and_gaps_ahead_are_listed(desk: Desk) -> None:
    there = desk.json("rota", "show", "990101001000", "--at", "2026-11-16T12:00")
    assert there[0]["role"] == "duty"
    assert {row["role"] for row in there} == {"duty", "substitute", "leader"}
    assert "no gap in 14 days" in desk("rota", "gaps")
    last = TODAY + timedelta(days=3)
    with psycopg.connect(desk.url) as tx:
        tx.execute("UPDATE rota SET valid_to = %s WHERE cell = '990101001000'", [last])
    listed = json.loads(desk("rota", "gaps", "--json", status=1))
    ends = datetime.combine(last + timedelta(days=1), time(), CHINA)
    assert ("990101001000", ends, None) in [
        (row["cell"], datetime.fromisoformat(row["from"]), row["until"]) for row in listed
    ]
    assert "no gap in 2 days" in desk("rota", "gaps", "--days", "2")
    assert "is no time" in desk("rota", "show", "--at", "noon", status=1)


def test_the_hand_over_list_names_what_passes_at_the_end_of_the_shift(desk: Desk) -> None:
    assert "no rota holds any ticket" in desk("rota", "handover")
    (holder, *_) = desk.json("rota", "show", "990101001000")
    with psycopg.connect(desk.url) as tx:
        tx.execute("""INSERT INTO "case"
            (id, sequence, state, category, grid, severity, hop, kind, assignee, tried)
            VALUES ('T-9', 2, 'accepted', 'gas_alarm', '990101001001', 'urgent', 1, 'rota', %s, '{}')""",
                   [holder["assignee"]])  # fmt: skip
    (row,) = desk.json("rota", "handover")
    assert (row["ticket"], row["from"], row["at"]) == ("T-9", holder["assignee"], holder["until"])
    assert desk.json("rota", "handover", "RO-NONE") == []
