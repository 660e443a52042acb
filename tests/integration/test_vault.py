"""The vault in a real database behind a real process: sealed at rest, shown by role, rotated, forgotten."""

import json
import urllib.request
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.error import HTTPError

import psycopg
import pytest

from chassis.clock import now
from chassis.database import Tx
from contracts.numbering import ticket_number
from services.notification import contacts
from services.ticket import erasure_store
from services.ticket.privacy import vault_store
from services.ticket.privacy.vault import Vault
from services.ticket.privacy.vault_store import SHELVES
from tests.integration.process import HOTLINE, VAULT_KEY, Process, Stage, until

WHO = {"name": "王小明", "phone": "138-0013-8000", "email": "wang@example.org"}
SAID = {"requester": WHO, "body": "我住3-201，电话13800138000", "address": "幸福里3-201"}
KEYS = Vault([bytes.fromhex(VAULT_KEY)])
NEWER = Vault([b"n" * 32, bytes.fromhex(VAULT_KEY)])
IN_CLEAR = """
SELECT count(*) FROM contact c JOIN request r ON r.ticket = c.ref
WHERE (c::text || r::text) ~ '王小明|138-?0013|wang@|幸福里|3-201|路灯'
   OR position(convert_to('王小明', 'UTF8') IN c.sealed || r.sealed) > 0
"""
# What a version before the vault wrote.
UNSEAL = """
UPDATE request SET key = NULL, sealed = NULL, recorded_at = NULL,
    title = '路灯不亮', body = '电话13800138000';
UPDATE contact SET key = NULL, sealed = NULL, phone_mark = NULL, name = '王小明', phone = '13800138000';
"""
ONE = ticket_number(HOTLINE, "0")


@pytest.fixture
def process(stage: Stage) -> Process:
    """A service that has taken three requests of one person."""
    process = stage.start()
    stage.submit(range(3), **SAID)
    until(lambda: stage.tickets() == 3)
    return process


@pytest.fixture
def tx(stage: Stage) -> Iterator[Tx]:
    """A transaction with the rights of the service."""
    with psycopg.connect(stage.endpoints.database_url("ticket")) as connection:
        yield connection


def ask(process: Process, role: str, purpose: str, **more: Any) -> tuple[int, Any]:
    """Status and answer of the door."""
    asked = {"refs": [ONE], "role": role, "purpose": purpose, "who": "li", **more}
    headers = {"Authorization": "Bearer secret-of-the-house"}
    request = urllib.request.Request(
        f"http://127.0.0.1:{process.port}/contacts", json.dumps(asked).encode(), headers
    )
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.status, json.load(answer)
    except HTTPError as error:
        with error:
            return error.code, json.load(error)


def walk(tx: Tx, vault: Vault, *, clear: bool = False) -> int:
    """Seals everything anew; returns how many rows."""
    sealed = 0
    for shelf in SHELVES:
        after = ""
        while done := vault_store.reseal(tx, vault, shelf, after, clear=clear):
            after, sealed = done[0], sealed + done[1]
    return sealed


def test_nothing_that_identifies_lies_in_clear(stage: Stage, process: Process) -> None:
    assert stage.query(IN_CLEAR) == [(0,)]
    assert stage.query("SELECT DISTINCT key FROM contact UNION SELECT key FROM request") == [(KEYS.newest,)]
    assert stage.query("SELECT count(*) FROM contact WHERE phone_mark IS NOT NULL") == [(3,)]


def test_a_service_without_keys_does_not_start(stage: Stage) -> None:
    process = stage.launch(VAULT_KEYS="")
    assert process.popen.wait(20) == 2
    assert "needs VAULT_KEYS" in process.log.read_text()


def test_the_desk_sees_all_for_a_purpose_and_a_company_a_relay_number_for_ever(process: Process) -> None:
    status, (told,) = ask(process, "operator", "callback", words=True)
    assert status == 200
    assert {told[key] for key in WHO} == set(WHO.values())
    assert told["words"] == {
        "title": "路灯不亮", "body": SAID["body"], "address": SAID["address"], "location": None,
    }  # fmt: skip
    masked = [
        ask(process, role, "contact", words=True)[1][0]
        for role in ("property_company", "social_organization")
    ]
    assert masked[0] == masked[1]
    assert masked[0]["phone"].startswith("12345,")
    (behind,) = ask(process, "relay", "connect", refs=[masked[0]["phone"]])[1]
    assert (behind["ref"], behind["phone"]) == (ONE, WHO["phone"])
    assert not any(
        text in json.dumps(masked, ensure_ascii=False) for text in (*WHO.values(), "13800138000", "3-201")
    )


@pytest.mark.parametrize(("role", "purpose"), [("grid_officer", "curiosity"), ("passer-by", "callback")])
def test_anybody_else_is_refused_with_a_reason_and_it_is_noted(
    stage: Stage, process: Process, role: str, purpose: str
) -> None:
    status, answer = ask(process, role, purpose)
    assert (status, answer["title"]) == (403, "Forbidden")
    assert "is shown no contacts" in answer["detail"]
    assert stage.query("SELECT who, role, purpose, outcome, refs, reason FROM reveal") == [
        ("li", role, purpose, "refused", [ONE], answer["detail"])
    ]


def test_the_notification_service_is_told_the_addresses(process: Process) -> None:
    url = f"http://127.0.0.1:{process.port}"
    assert contacts.addresses(url, "secret-of-the-house", [ONE, "nobody"], "email") == {ONE: WHO["email"]}


def test_what_is_no_question_is_refused(process: Process) -> None:
    assert ask(process, "operator", "callback", refs=["x"] * 1001)[0] == 400


def test_rows_in_clear_are_read_and_then_sealed(process: Process, tx: Tx) -> None:
    tx.execute(UNSEAL)
    tx.commit()
    assert ask(process, "operator", "callback")[1][0]["phone"] == "13800138000"
    assert vault_store.clear(tx) == 6
    assert walk(tx, KEYS, clear=True) == 6
    tx.commit()
    assert vault_store.clear(tx) == 0
    assert ask(process, "operator", "callback")[1][0]["phone"] == "13800138000"
    assert tx.execute("SELECT count(*) FROM request WHERE recorded_at IS NULL").fetchone() == (0,)


def test_the_service_seals_by_itself_what_an_older_one_left(stage: Stage, process: Process, tx: Tx) -> None:
    process.stop()
    tx.execute(UNSEAL)
    tx.commit()
    stage.start()
    until(lambda: stage.query(IN_CLEAR) == [(0,)] and vault_store.clear(tx) == 0)


def test_a_rotation_goes_on_where_it_was_stopped_and_then_the_old_key_is_not_needed(
    process: Process, tx: Tx
) -> None:
    with tx.transaction():
        assert vault_store.reseal(tx, NEWER, SHELVES[0], "", clear=False) == (max(refs(tx)), 3)
    assert [vault_store.count(tx, NEWER, shelf, clear=False) for shelf in SHELVES] == [0, 3, 0]
    assert erasure_store.refs_of(tx, NEWER, "13800138000") == refs(tx)
    assert walk(tx, NEWER) == 3
    vault_store.retire(tx, NEWER)
    alone = Vault([b"n" * 32])
    assert vault_store.missing(tx, alone) == []
    assert erasure_store.held(tx, alone, [ONE])[0]["contact"].name == "王小明"


def test_a_missing_key_is_an_answer_of_its_own_and_named_in_the_log(stage: Stage, process: Process) -> None:
    process.stop()
    other = stage.start(VAULT_KEYS="ab" * 32)
    assert ask(other, "operator", "callback") == (
        503, {"title": "Service Unavailable", "status": 503, "detail": "the vault does not open"},
    )  # fmt: skip
    assert any(KEYS.newest in line.get("cause", "") for line in other.lines())


def test_a_person_is_told_all_and_erased_and_the_history_stays(process: Process, tx: Tx) -> None:
    found = erasure_store.held(tx, KEYS, erasure_store.refs_of(tx, KEYS, "+86 13800138000"))
    assert [each["request"].body for each in found] == [SAID["body"]] * 3
    assert all(each["history"] for each in found)
    before = tx.execute("SELECT count(*) FROM history").fetchone()
    done = erasure_store.erase(tx, refs(tx), "li", "asked for it")
    assert (done.contacts, done.requests) == (3, 3)
    tx.commit()
    assert ask(process, "operator", "callback") == (200, [])
    assert tx.execute("SELECT count(*) FROM history").fetchone() == before
    assert erasure_store.erasures(tx, 9)[0]["reason"] == "asked for it"
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        tx.execute("DELETE FROM erasure")


def test_who_asked_long_ago_is_forgotten_and_whoever_waits_still_is_not(process: Process, tx: Tx) -> None:
    tx.execute("UPDATE ticket SET state = 'closed', alarm_at = NULL WHERE id <> %s", [ONE])
    assert erasure_store.expire(tx, now() + timedelta(days=29), 30).refs == []
    assert sorted(erasure_store.expire(tx, now() + timedelta(days=31), 30).refs) == [
        ref for ref in refs(tx, "ticket", "id") if ref != ONE
    ]
    assert erasure_store.expire(tx, now() + timedelta(days=31), 30).refs == []
    assert refs(tx) == [ONE]


def test_the_timer_forgets_by_the_policy(stage: Stage, process: Process, tx: Tx) -> None:
    process.stop()
    tx.execute("UPDATE ticket SET state = 'closed', alarm_at = NULL WHERE id <> %s", [ONE])
    tx.commit()
    stage.start(CLOCK_SKEW_SECONDS=str(1100 * 86400))
    until(lambda: stage.query("SELECT ref FROM contact") == [(ONE,)])
    assert stage.query("SELECT who, cardinality(refs) FROM erasure") == [("retention", 2)]


def test_a_parked_message_loses_its_body_once_it_is_decided(stage: Stage, process: Process, tx: Tx) -> None:
    stage.send(b"13900139000 is no JSON")
    until(lambda: stage.query("SELECT count(*) FROM parked") == [(1,)])
    assert len(erasure_store.parked_with(tx, ["13900139000"])) == 1
    assert erasure_store.forget_parked(tx, now(), "13900139000", "li", "asked for it") == 0
    tx.execute("UPDATE parked SET state = 'archived'")
    tx.commit()
    assert erasure_store.forget_parked(tx, now(), "somebody else", "li", "asked for it") == 0
    assert erasure_store.forget_parked(tx, now(), "13900139000", "li", "asked for it") == 1
    ((body, history),) = tx.execute("SELECT body, history FROM parked").fetchall()
    assert (bytes(body), history[-1]["what"], history[-1]["reason"]) == (b"", "body erased", "asked for it")


def refs(tx: Tx, table: str = "contact", column: str = "ref") -> list[str]:
    """The keys of a table, in order."""
    return [ref for (ref,) in tx.execute(f"SELECT {column} FROM {table} ORDER BY 1")]
