"""Whoever owns the database can rewrite the history; `fengge audit --chain` names what he did, and where."""

import json
from pathlib import Path
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner

from cli.main import app
from deploy.local.accounts import SUPERUSER
from deploy.local.endpoints import Endpoints
from services.ticket.audit import seals
from services.ticket.audit.sealing import Sealer
from tests.integration.ledger import Ledger
from tests.integration.sealed import recorded, sealed_to_the_end, sealer

ROUNDS = 4
TICKETS = [f"T-{number}" for number in range(40)]
VICTIM = "T-7"
SECOND_ROUND = "(SELECT generate_series(after + 1, upto) FROM seal WHERE number = 2)"
LAST_ROW = f"(SELECT max(no) FROM history WHERE ticket = '{VICTIM}')"


class Auditor:
    """The command and the tampering superuser, on a history of some sealed rounds."""

    def __init__(self, endpoints: Endpoints, ledger: Ledger, folder: Path) -> None:
        self.endpoints, self.ledger, self.sealing = endpoints, ledger, sealer(ledger)
        self.run = folder
        document = {"database": {"roles": dict(endpoints.database)}}
        (folder / "endpoints.json").write_text(json.dumps(document))
        for _ in range(ROUNDS):
            self.write_a_round(self.sealing)

    def write_a_round(self, sealing: Sealer) -> None:
        """A row for each ticket, under one seal."""
        with self.ledger.database.transaction() as tx:
            recorded(tx, *TICKETS)
        sealed_to_the_end(sealing, self.ledger)

    def tamper(self, statement: str) -> None:
        """What only a superuser can do."""
        with psycopg.connect(self.endpoints.database_url(SUPERUSER)) as tx:
            tx.execute("SET search_path = ticket")
            assert tx.execute(statement.encode()).rowcount > 0

    def __call__(self, *words: str, status: int) -> dict[str, Any]:
        """What `fengge audit --chain` says to scripts."""
        done = CliRunner().invoke(app, ["--run", str(self.run), "audit", "--chain", "--json", *words])
        assert done.exit_code == status, f"{done.output}\n{done.exception!r}"
        said: dict[str, Any] = json.loads(done.output)
        return said

    def faults(self, *words: str) -> list[tuple[str, int | None, str | None]]:
        """(what, block, ticket) of everything it finds."""
        return [(each["what"], each["block"], each["ticket"]) for each in self(*words, status=1)["faults"]]


@pytest.fixture
def auditor(empty: Endpoints, ledger: Ledger, tmp_path: Path) -> Auditor:
    """A history that nobody has touched."""
    return Auditor(empty, ledger, tmp_path)


def test_an_untouched_history_is_whole_and_says_what_is_not_sealed_yet(auditor: Auditor) -> None:
    with auditor.ledger.database.transaction() as tx:
        recorded(tx, "T-0", "T-1")
    said = auditor(status=0)
    assert said["whole"]
    assert (said["blocks"], said["rows"], said["unsealed"]) == (4 * ROUNDS, len(TICKETS) * ROUNDS, 2)
    assert [head["number"] for head in said["heads"]] == [ROUNDS] * 4


def test_an_altered_row_is_found_whatever_was_altered(auditor: Auditor) -> None:
    changes = ("data = '{\"a\": 2}'", "data = '{\"a\":1}'", "type = 'x'", "source = 'x'", "sequence = 9",
               "causationid = 'x'", "time = time + interval '1 microsecond'")  # fmt: skip
    for ticket, change in zip(TICKETS, changes, strict=False):
        auditor.tamper(f"UPDATE history SET {change} WHERE ticket = '{ticket}' AND no IN {SECOND_ROUND}")
    assert sorted(auditor.faults()) == [("altered", 2, ticket) for ticket in TICKETS[: len(changes)]]


def test_a_removed_row_is_found(auditor: Auditor) -> None:
    auditor.tamper(f"DELETE FROM history WHERE no = (SELECT min(no) FROM history WHERE ticket = '{VICTIM}')")
    assert auditor.faults() == [("removed", 1, VICTIM)]


def test_a_row_that_was_given_to_another_ticket_is_missed_here_and_found_there(auditor: Auditor) -> None:
    auditor.tamper(f"UPDATE history SET ticket = 'T-8' WHERE no = {LAST_ROW}")
    assert sorted(auditor.faults()) == [("inserted", ROUNDS, "T-8"), ("removed", ROUNDS, VICTIM)]


@pytest.mark.parametrize("number", ["(SELECT min(no) FROM history) - 1", "-5"])
def test_a_row_slipped_in_is_found(auditor: Auditor, number: str) -> None:
    auditor.tamper(
        "INSERT INTO history (no, ticket, source, sequence, type, time, causationid, data) "
        f"SELECT {number}, '{VICTIM}', 's', 1, 't', now(), '', '{{}}'"
    )
    (fault,) = auditor.faults()
    assert fault in {("inserted", 1, VICTIM), ("uncovered", None, None)}


def test_the_last_sealed_rows_are_missed_too(auditor: Auditor) -> None:
    auditor.tamper("DELETE FROM history WHERE no > (SELECT max(after) FROM seal)")
    faults = auditor.faults()
    assert {(what, block) for what, block, _ in faults} == {("removed", ROUNDS)}
    assert sorted(ticket for _, _, ticket in faults if ticket) == sorted(TICKETS)


def test_a_removed_block_is_found_with_the_tickets_it_covered(auditor: Auditor) -> None:
    auditor.tamper("DELETE FROM seal WHERE shard = 1 AND number = 2")
    faults = auditor.faults()
    assert faults[0] == ("block-missing", 3, None)
    assert {what for what, *_ in faults[1:]} == {"uncovered"}


def test_a_removed_round_is_found(auditor: Auditor) -> None:
    auditor.tamper("DELETE FROM seal WHERE number = 2")
    assert {what for what, *_ in auditor.faults()} == {"block-missing", "uncovered"}


def test_the_removed_last_block_of_one_shard_is_found(auditor: Auditor) -> None:
    auditor.tamper(f"DELETE FROM seal WHERE shard = 1 AND number = {ROUNDS}")
    assert {what for what, *_ in auditor.faults()} == {"uncovered"}


def test_a_rewritten_block_is_found_whatever_was_rewritten(auditor: Auditor) -> None:
    changes = ("sealed_at = sealed_at - interval '1 hour'", "digests = sha256('x') || digests",
               "rows = rows || 1", "tickets = tickets || 'T-99'::text")  # fmt: skip
    for shard, change in enumerate(changes):
        auditor.tamper(f"UPDATE seal SET {change} WHERE shard = {shard} AND number = 2")
    auditor.tamper("UPDATE seal SET hash = sha256('x') WHERE shard = 0 AND number = 3")
    rewritten = [fault for fault in auditor.faults() if fault[0] == "block-rewritten"]
    assert rewritten == [("block-rewritten", 2, None)] * 4 + [("block-rewritten", 3, None)]


def test_a_block_sealed_again_over_an_altered_row_does_not_hold_with_the_next(auditor: Auditor) -> None:
    ((first, second),) = auditor.ledger.rows(
        "SELECT min(upto), min(upto) FILTER (WHERE number = 2) FROM seal"
    )
    with psycopg.connect(auditor.endpoints.database_url(SUPERUSER)) as tx:
        tx.execute("SET search_path = ticket")
        tx.execute("CREATE TEMP TABLE later AS SELECT * FROM seal WHERE number > 2")
        tx.execute("DELETE FROM seal WHERE number >= 2")
        tx.execute("UPDATE history SET data = '{}' WHERE ticket = %s AND no > %s", [VICTIM, first])
        assert seals.seal(tx, second) == second
        tx.execute("INSERT INTO seal SELECT * FROM later")
        tx.execute("UPDATE history SET data = '{\"a\": 1}' WHERE ticket = %s AND no > %s", [VICTIM, second])
    assert set(auditor.faults()) == {("block-unlinked", 3, None)}


def test_a_chain_that_was_rewritten_as_a_whole_is_found_by_the_heads_kept_elsewhere(
    auditor: Auditor, tmp_path: Path
) -> None:
    kept = tmp_path / "heads.json"
    kept.write_text(json.dumps(auditor(status=0)))
    auditor.write_a_round(auditor.sealing)
    assert auditor("--heads", str(kept), status=0)["whole"]
    auditor.tamper(f"UPDATE history SET data = '{{}}' WHERE ticket = '{VICTIM}'")
    auditor.tamper("DELETE FROM seal")
    sealed_to_the_end(auditor.sealing, auditor.ledger)
    assert auditor(status=0)["whole"]
    assert {what for what, *_ in auditor.faults("--heads", str(kept))} == {"head-contradicted"}


def test_since_checks_the_later_blocks_alone_and_what_they_follow_from(auditor: Auditor) -> None:
    ((moment,),) = auditor.ledger.rows("SELECT min(sealed_at)::text FROM seal WHERE number = 3")
    since = ["--since", moment.partition("+")[0].replace(" ", "T").partition(".")[0]]
    auditor.tamper(f"DELETE FROM history WHERE ticket = '{VICTIM}' AND no > (SELECT max(after) FROM seal)")
    assert auditor.faults(*since) == [("removed", ROUNDS, VICTIM)]


def test_people_are_told_in_words(auditor: Auditor) -> None:
    auditor.tamper(f"DELETE FROM history WHERE no = (SELECT min(no) FROM history WHERE ticket = '{VICTIM}')")
    said = CliRunner().invoke(app, ["--run", str(auditor.run), "audit", "--chain"]).output
    for words in (VICTIM, "行被删除", "1 rows were sealed, 0 are there", "the chain is broken"):
        assert words in said
