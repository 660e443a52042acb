"""Requests with the same words, in a real database: found, joined, parted, and forgotten with the person."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from chassis.clock import now
from chassis.model import Stimulus
from chassis.tally import Tally
from contracts import intake
from services.ticket import commands, erasure_store, letter_store
from services.ticket.alike import likeness_store, near_store
from services.ticket.alike.comparing import Comparer
from services.ticket.alike.likeness import LOWEST
from services.ticket.privacy import vault
from services.ticket.service import TicketService
from services.ticket.state import OPEN
from tests.integration.ledger import Ledger, from_outside, number_of, submitted
from tests.integration.own_database import OFTEN, plan_is_kept

LONG = "我们楼三层的楼道灯坏了一个多星期，晚上老人上下楼看不清台阶，请尽快安排人来看一看。"
PLACE = {"category": "street_light", "grid": "99010100100101"}
SAID = {"body": LONG, **PLACE}
WANG, LI = {"phone": "13800138000"}, {"phone": "13900139000"}
OPERATOR = {"role": "operator", "id": "desk-07"}
LONG_AGO = timedelta(days=31)


def ask(external_id: str, **said: Any) -> Any:
    return submitted(external_id, **(SAID | {"requester": WANG} | said))


def merge(external_id: str, into: str) -> Any:
    said = {"ticket": number_of(external_id), "primary": number_of(into), "actor": OPERATOR}
    return from_outside(intake.MergeOrdered, f"merge-{external_id}", said)


def unmerge(external_id: str) -> Any:
    said = {"ticket": number_of(external_id), "reason_code": "another_lamp", "actor": OPERATOR}
    return from_outside(intake.UnmergeOrdered, f"unmerge-{external_id}", said)


def effect(ledger: Ledger, *stimuli: Stimulus) -> None:
    with ledger.database.transaction() as tx:
        ledger.worker.effects.of_stimuli(tx, stimuli, now(), Tally())


def deliver(ledger: Ledger) -> int:
    """What the timer does, until all post is read."""
    service, read = TicketService(), 0
    while True:
        with ledger.database.transaction() as tx:
            keys = letter_store.due(tx, now(), 200)
            stimuli = [Stimulus(key, partial(service.read, key)) for key in keys]
            ledger.worker.effects.of_stimuli(tx, stimuli, now(), Tally())
        if not keys:
            return read
        read += len(keys)


def compare(ledger: Ledger) -> list[commands.SuspectDuplicate]:
    """What the errand does."""
    suspected = [*Comparer(ledger.database, vault.in_use()).run(now())]
    effect(ledger, *(Stimulus(each.ticket, lambda _, each=each: each) for each in suspected))  # type: ignore[misc]
    return suspected


def followed(ledger: Ledger) -> dict[str, tuple[str, bool]]:
    """By ticket, which one it follows, and whether the same person asked."""
    query = """SELECT id, desk ->> 'primary', coalesce(desk ->> 'repeat', 'false')::boolean FROM ticket
               WHERE desk ->> 'primary' IS NOT NULL"""
    return {id_: (primary, repeat) for id_, primary, repeat in ledger.rows(query)}


def types(ledger: Ledger, external_id: str) -> list[str]:
    """The names of the facts on record of a ticket."""
    query = "SELECT type FROM history WHERE ticket = %s ORDER BY no"
    return [name.split(".")[-2] for (name,) in ledger.rows(query, number_of(external_id))]


def state(ledger: Ledger, external_id: str) -> str:
    ((found,),) = ledger.rows("SELECT state FROM ticket WHERE id = %s", number_of(external_id))
    return str(found)


def test_the_same_words_at_the_same_place_are_joined_within_a_batch_and_after_it(ledger: Ledger) -> None:
    ledger.take(ask("1"), ask("2", requester=LI))
    ledger.take(ask("3"), ask("4", title="另一个标题", body=LONG.replace("，", " ")))
    one = number_of("1")
    assert followed(ledger) == {
        number_of("2"): (one, False),
        number_of("3"): (one, True),
        number_of("4"): (one, True),
    }
    assert deliver(ledger) == 1
    assert types(ledger, "1")[-3:] == ["FollowerJoined"] * 3
    assert ledger.rows("SELECT count(*) FROM letter") == [(0,)]


@pytest.mark.parametrize(
    "said",
    [
        {"grid": "99010100100102"}, {"category": "noise"}, {"body": LONG + "四层也是"}, {"channel": "system"},
        {"severity": "emergency"}, {"body": "灯不亮"},
    ],
)  # fmt: skip
def test_another_place_category_or_text_a_machine_or_a_graver_case_is_not(
    ledger: Ledger, said: dict[str, Any]
) -> None:
    ledger.take(ask("1"))
    ledger.take(ask("2", **said))
    assert followed(ledger) == {}


def test_what_is_over_or_too_long_ago_is_followed_by_nobody(ledger: Ledger) -> None:
    ledger.take(ask("1"))
    ledger.rows("UPDATE likeness SET recorded_at = recorded_at - %s RETURNING ticket", LONG_AGO)
    ledger.take(ask("2"))
    ledger.rows("UPDATE ticket SET state = 'closed' RETURNING id")
    ledger.take(ask("3"))
    assert followed(ledger) == {}


def test_copies_that_come_at_once_in_two_processes_are_one_ticket_and_a_follower(ledger: Ledger) -> None:
    """The second waits for the first, whose transaction is still open."""
    second = ledger.fellow()
    with ledger.database.transaction() as tx:
        ledger.worker.effects.of_arrivals(tx, [ask("1")], now(), Tally())
        thread = threading.Thread(target=lambda: second.take(ask("2")))
        thread.start()
        thread.join(0.3)
        assert thread.is_alive()
    thread.join()
    assert followed(ledger) == {number_of("2"): (number_of("1"), True)}


def test_a_place_that_only_wants_suggestions_gets_them(ledger: Ledger) -> None:
    with ledger.database.transaction() as tx:
        rule = commands.Rule("duplicates", 2, {"exact": "suggest", "least": 20, "days": 30, "channels": []})
        assert likeness_store.look(tx, vault.in_use(), now(), {}, rule).matches == {}


def test_equal_words_of_one_request_are_not_planned_anew_each_time(ledger: Ledger) -> None:
    with ledger.database.transaction() as tx:
        for _ in range(OFTEN):
            tx.execute(likeness_store.SAME, [[b"mark"], now(), list(OPEN)])
        assert plan_is_kept(tx, "AS asked (mark)")


def test_a_desk_merges_and_parts_and_the_clock_is_the_own_one(ledger: Ledger) -> None:
    ledger.take(ask("1"), ask("2", body=LONG.replace("三层", "四层"), requester=LI))
    ((since, due_at),) = ledger.rows("SELECT since, due_at FROM ticket WHERE id = %s", number_of("2"))
    ledger.take(merge("2", "1"))
    assert deliver(ledger) == 1
    assert [state(ledger, "1"), state(ledger, "2")] == ["accepted", "merged"]
    ledger.take(unmerge("2"))
    assert deliver(ledger) == 1
    assert state(ledger, "2") == "accepted"
    assert ledger.rows("SELECT since, due_at FROM ticket WHERE id = %s", number_of("2")) == [(since, due_at)]
    assert types(ledger, "1")[-2:] == ["FollowerJoined", "FollowerLeft"]


def test_nobody_follows_a_ticket_that_is_not_there(ledger: Ledger) -> None:
    ledger.take(ask("1"))
    ledger.take(merge("1", "9"))
    (reply,) = ledger.published("gov.replies")
    assert "there is no such ticket to follow" in reply.data.detail
    assert ledger.rows("SELECT count(*) FROM letter") == [(0,)]


def test_letters_of_one_sender_are_read_in_order_by_one_process_alone(ledger: Ledger) -> None:
    ledger.take(ask("1"), ask("2", requester=LI))
    ledger.take(unmerge("2"))
    fellow = ledger.fellow()
    with ledger.database.transaction() as tx, fellow.database.transaction() as other:
        assert letter_store.due(tx, now(), 10) == [number_of("1")]
        assert letter_store.due(other, now(), 10) == []
        letters = letter_store.letters_for(tx, [number_of("1")])[number_of("1")]
        assert [type(letter.body).__name__ for letter in letters] == ["Joining", "Leaving"]
    assert deliver(ledger) == 1
    assert types(ledger, "1")[-2:] == ["FollowerJoined", "FollowerLeft"]


def test_similar_words_are_suspected_and_the_desk_is_shown_them(ledger: Ledger) -> None:
    ledger.take(ask("1"))
    ledger.take(ask("2", body=LONG + "谢谢你们。", requester=LI))
    ledger.take(ask("3", body="小区门口的垃圾桶好几天没有人清运，天气热气味很大，希望增加清运。"))
    ledger.take(ask("4", body=LONG + "麻烦了。", grid="99010100100102"))
    (suspected,) = compare(ledger)
    assert suspected.ticket == number_of("2")
    assert [each.ticket for each in suspected.alike] == [number_of("1")]
    assert 60 <= suspected.alike[0].likeness < 100
    with ledger.database.transaction() as tx:
        (row,) = near_store.suspected(tx, ["received", "accepted"], 10)
    assert (row["id"], row["data"]["alike"][0]["ticket"]) == (number_of("2"), number_of("1"))
    assert compare(ledger) == []


def test_of_a_letter_that_very_many_send_only_the_newest_are_compared(ledger: Ledger) -> None:
    many = [str(number) for number in range(1, near_store.COMPARED_WITH + 6)]
    ledger.take(*[ask(number, body=f"{LONG}第{number}户") for number in many])
    while ledger.rows("SELECT FROM likeness WHERE key IS NULL LIMIT 1"):
        compare(ledger)
    before = ledger.rows("SELECT ticket FROM likeness ORDER BY recorded_at DESC, ticket DESC")
    newest, *others = [ticket for (ticket,) in before]
    with ledger.database.transaction() as tx:
        pairs = near_store.near(tx, [newest], now() - LONG_AGO)
    assert [pair["other"] for pair in pairs] == others[: near_store.COMPARED_WITH]


def test_what_thousands_write_about_is_not_read_for_each_of_them(ledger: Ledger) -> None:
    """Of those that share a piece no more rows are read than are looked at, for each of its lowest hashes."""
    ledger.take(ask("1"))
    compare(ledger)
    alike = """INSERT INTO likeness_low (hash, recorded_at, ticket)
               SELECT unnest(lowest), recorded_at - make_interval(secs => n), 'OTHER-' || n
               FROM likeness, generate_series(1, 3000) n"""
    asked = {"tickets": [number_of("1")], "since": now() - LONG_AGO, "open": list(OPEN)}
    with ledger.database.transaction() as tx:
        tx.execute(alike)
        ((found,),) = tx.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {near_store.NEAR}", asked).fetchall()
    read = [part for part in parts(found[0]["Plan"]) if part.get("Relation Name") == "likeness_low"]
    assert {part["Node Type"] for part in read} <= {"Index Scan", "Index Only Scan"}
    assert sum(part["Actual Rows"] * part["Actual Loops"] for part in read) == LOWEST * near_store.LOOKED_AT


def parts(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A node of a plan and all below it."""
    yield plan
    for below in plan.get("Plans", ()):
        yield from parts(below)


def test_no_word_and_no_number_lies_in_what_is_compared(ledger: Ledger) -> None:
    ledger.take(ask("1"))
    compare(ledger)
    ((text, mark, who, pieces),) = ledger.rows(
        "SELECT l::text, length(mark), length(who), cardinality(pieces) FROM likeness l"
    )
    assert not [word for word in ("楼道灯", "13800138000") if word in text]
    assert (mark, who) == (16, 16)
    assert pieces > 20


def test_who_is_erased_is_compared_no_more_and_old_rows_go_by_themselves(ledger: Ledger) -> None:
    ledger.take(ask("1"), ask("2", body=LONG.replace("三层", "四层")))
    compare(ledger)
    with ledger.database.transaction() as tx:
        erasure_store.erase(tx, [number_of("1")], "li", "asked for it")
    assert ledger.rows("SELECT ticket FROM likeness") == [(number_of("2"),)]
    assert ledger.rows("SELECT DISTINCT ticket FROM likeness_low") == [(number_of("2"),)]
    Comparer(ledger.database, vault.in_use()).forget(now())
    assert ledger.rows("SELECT count(*) FROM likeness") == [(1,)]
    Comparer(ledger.database, vault.in_use()).forget(now() + LONG_AGO)
    assert ledger.rows("SELECT count(*) FROM likeness") == [(0,)]
    assert ledger.rows("SELECT count(*) FROM likeness_low") == [(0,)]


def test_words_that_are_gone_before_they_are_compared_hold_nobody_up(ledger: Ledger) -> None:
    ledger.take(ask("1"), ask("2", body=LONG + "谢谢。"))
    ledger.rows("DELETE FROM request RETURNING ticket")
    assert compare(ledger) == []
    assert ledger.rows("SELECT count(*) FROM likeness WHERE key IS NULL") == [(0,)]


@pytest.mark.parametrize("young", [True, False])
@pytest.mark.parametrize("requests", [3, 1000])
def test_what_else_was_asked_lately_is_not_read(ledger: Ledger, requests: int, young: bool) -> None:
    """Also among thousands of others the words are looked up by one index, which knows their time as well."""
    others = """INSERT INTO likeness (ticket, recorded_at, mark)
                SELECT 'OTHER-' || n, now(), sha256(convert_to(n::text, 'UTF8'))
                FROM generate_series(1, 5000) n"""
    with ledger.database.transaction() as tx:
        tx.execute(others)
        if not young:
            tx.execute("ANALYZE likeness")
        marks = [row[0] for row in tx.execute("SELECT mark FROM likeness LIMIT %s", [requests])]
        asked = [marks, now() - LONG_AGO, list(OPEN)]
        plan = repr(tx.execute(f"EXPLAIN {likeness_store.SAME}", asked).fetchall())
    assert "likeness_said" in plan
    assert "likeness_recorded" not in plan
    assert "Seq Scan on likeness" not in plan
    assert "Seq Scan on ticket" not in plan
