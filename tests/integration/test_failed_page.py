"""The page *Failed*: what an operator sees of parked messages, and what each role may do about them."""

import json
import re
import time
from collections.abc import Iterator

import psycopg
import pytest

from deploy.local.accounts import OWNER
from deploy.local.endpoints import Endpoints
from services.console.room import Room as App
from tests.integration import rooms
from tests.integration.ledger import Ledger, number_of, offer_expired, submitted
from tests.integration.rooms import Operator, signed_in, text_of
from tests.integration.test_effect import unreadable
from tests.integration.test_many_are_mended import Room, breaks, effected, room, settle

__all__ = ["room"]

QUICK = 1.0
"""Seconds; a page takes a fifth of it, unless the machine is busy with much else."""
PERSON, PHONE = "王小明", "13800138000"
BROKEN = {
    "specversion": "1.0", "id": "event-1", "source": "urn:test:hotline",
    "type": "cn.fengge.intake.RequestSubmitted.v1", "time": "2026-11-21T08:00:00Z",
    "data": {"external_id": "77", "channel": "hotline_12345", "title": f"{PERSON} 电话 {PHONE}", "grid": 7},
}  # fmt: skip


@pytest.fixture
def app(ledger: Ledger, empty: Endpoints) -> Iterator[App]:
    """The pages, and an account for each role."""
    app = rooms.opened(empty)
    yield app
    app.close()


def waiting_facts(ledger: Ledger) -> None:
    """Three tickets, one of them urgent, each with a parked fact and one that waits behind it."""
    breaks(ledger)
    ledger.take(*(submitted(each) for each in "123"))
    ledger.take(*(offer_expired(number_of(each), number, "broken") for each in "123" for number in (1, 2)))
    with ledger.database.transaction() as tx:
        tx.execute("UPDATE ticket SET severity = 'urgent' WHERE id = %s", [number_of("2")])


def group_of(operator: Operator) -> str:
    """The path of the only group."""
    found = re.search(r'href="(/failed/group/[^"]+)"', operator.get("/failed").text)
    assert found
    return found[1]


def test_groups_tell_at_a_glance_what_waits_and_who_is_in_need(ledger: Ledger, app: App) -> None:
    waiting_facts(ledger)
    for language, urgent in (("zh", "1 紧急"), ("en", "1 urgent")):
        viewer = signed_in(app, "viewer", language)
        text = text_of(viewer.get("/failed"))
        assert urgent in text
        assert "cn.fengge.dispatch.OfferExpired.v1" in text
        group = text_of(viewer.get(group_of(viewer)))
        assert all(number_of(each) in group for each in "123")
    assert "/failed/plan" not in viewer.get(group_of(viewer)).text


def test_a_group_is_tried_again_in_two_steps_and_the_job_tells_how_far_it_is(
    ledger: Ledger, app: App, room: Room
) -> None:
    waiting_facts(ledger)
    operator = signed_in(app, "operator", "en")
    key = group_of(operator).removeprefix("/failed/group/").replace("/", ":")
    plan = operator.get(f"/failed/plan?kind=retry&rate=30&group={key}")
    assert "Dry run: retry 3 records of 3 tickets (1 urgent)." in text_of(plan)
    assert len(ledger.parked()) == 3
    form = {"kind": "retry", "rate": "30", "group": key}
    assert operator.act("/failed/begin", **form).status_code == 400  # no reason
    answer = operator.act("/failed/begin", **form, reason="the service is mended")
    assert answer.status_code == 303
    again = operator.act("/failed/begin", **form, reason="the service is mended")
    assert again.headers["Location"] == answer.headers["Location"]  # sent twice, begun once
    ledger.mends()
    job = int(answer.headers["Location"].rpartition("/")[2])
    assert "0 / 3" in text_of(operator.get(f"/failed/job/{job}/part"))
    room.work(job)
    settle(ledger)
    assert effected(ledger) == [[1, 2]] * 3
    page = operator.get(f"/failed/job/{job}").text
    assert "3 / 3" in page
    assert "hx-get" not in page  # nothing more to ask for
    with room.transaction() as tx:
        noted = tx.execute("SELECT what, target, reason FROM console.action WHERE what LIKE 'failed-%'")
        assert noted.fetchall() == [("failed-begin", key, "the service is mended")] * 2


def test_all_are_tried_again_by_supervisors_alone(ledger: Ledger, app: App, room: Room) -> None:
    waiting_facts(ledger)
    operator, supervisor = signed_in(app, "operator"), signed_in(app, "supervisor")
    assert operator.act("/failed/begin-all", rate="50", reason="everything").status_code == 403
    answer = supervisor.act("/failed/begin-all", rate="50", reason="everything")
    job = int(answer.headers["Location"].rpartition("/")[2])
    assert room.work(job).done == 3


def test_a_job_is_stopped_goes_on_and_is_undone(ledger: Ledger, app: App, room: Room) -> None:
    waiting_facts(ledger)
    supervisor = signed_in(app, "supervisor", "en")
    answer = supervisor.act("/failed/begin-all", rate="50", reason="everything")
    path = answer.headers["Location"]
    assert supervisor.act(f"{path}/stop", reason="wait").status_code == 303
    assert supervisor.act(f"{path}/stop", reason="wait").status_code == 409
    assert "stopped" in text_of(supervisor.get(path))
    assert supervisor.act(f"{path}/go-on", reason="now").status_code == 303
    room.work(int(path.rpartition("/")[2]))
    assert "take back 3 records" in text_of(supervisor.get(f"{path}/plan-undo"))
    undone = supervisor.act(f"{path}/undo", reason="too early").headers["Location"]
    assert room.work(int(undone.rpartition("/")[2])).done == 3
    assert len(ledger.parked()) == 3


def test_one_record_is_given_up_and_opened_again(ledger: Ledger, app: App) -> None:
    waiting_facts(ledger)
    no = ledger.parked()[0]["no"]
    path = f"/failed/record/ticket/{no}"
    viewer, operator = signed_in(app, "viewer", "en"), signed_in(app, "operator", "en")
    supervisor = signed_in(app, "supervisor", "en")
    assert '<form method="post" action="/failed' not in viewer.get(path).text
    assert operator.act(f"{path}/decide", kind="archive", reason="hopeless").status_code == 303
    assert operator.act(f"{path}/decide", kind="archive", reason="hopeless").status_code == 409
    assert operator.act(f"{path}/decide", kind="restore", reason="hopeful").status_code == 400
    assert str(no) in text_of(operator.get("/failed/decided/ticket?state=archived"))
    assert supervisor.act(f"{path}/restore", reason="hopeful").status_code == 303
    page = text_of(supervisor.get(path))
    assert all(word in page for word in ("archived", "opened again", "hopeful"))
    assert len(ledger.parked()) == 3


def test_a_body_is_shown_masked_and_for_a_purpose_that_goes_on_record(
    ledger: Ledger, app: App, room: Room
) -> None:
    ledger.take(unreadable(json.dumps(BROKEN).encode()))
    (record,) = ledger.parked()
    path = f"/failed/record/ticket/{record['no']}"
    operator = signed_in(app, "operator", "en")
    masked = text_of(operator.get(path))
    assert PERSON not in masked
    assert PHONE not in masked
    assert "hotline_12345" in masked
    assert operator.act(f"{path}/look").status_code == 400
    assert PERSON in text_of(operator.act(f"{path}/look", reason="to mend it"))
    assert "to mend it" in text_of(operator.get(path))
    with room.transaction() as tx:
        noted = tx.execute("SELECT who, target, outcome, reason FROM console.action WHERE outcome = 'looked'")
        assert noted.fetchall() == [("operator", f"ticket:{record['no']}", "looked", "to mend it")]
    assert signed_in(app, "viewer").act(f"{path}/look", reason="curious").status_code == 403


def test_a_message_is_edited_behind_the_gate_and_both_bodies_are_kept(
    ledger: Ledger, app: App, room: Room
) -> None:
    ledger.take(unreadable(json.dumps(BROKEN).encode()))
    (record,) = ledger.parked()
    path = f"/failed/record/ticket/{record['no']}"
    supervisor = signed_in(app, "supervisor", "en")
    still_bad = supervisor.act(f"{path}/check", body=json.dumps(BROKEN | {"data": {}}))
    assert still_bad.status_code == 422
    assert "/data/" in text_of(still_bad)
    mended = json.dumps(BROKEN | {"data": {**BROKEN["data"], "grid": None}}, indent=1).replace("\n", "\r\n")  # type: ignore[dict-item]
    checked = text_of(supervisor.act(f"{path}/check", body=mended))
    assert "/data/grid" in checked
    assert signed_in(app, "operator").act(f"{path}/edit", body=mended, reason="grid").status_code == 403
    assert supervisor.act(f"{path}/edit", body=mended, reason="no such grid").status_code == 303
    settle(ledger)
    assert ledger.rows("SELECT external_id FROM ticket") == [("77",)]
    bodies = ledger.rows("SELECT length(body) > 0, state, reason FROM parked ORDER BY no")
    assert bodies == [(True, "retried", "data"), (True, "retried", "edited")]
    with room.transaction() as tx:
        noted = tx.execute("SELECT after FROM console.action WHERE what = 'failed-edit' AND outcome = 'done'")
        ((after,),) = noted.fetchall()
    assert after["changed"] == ["/data/grid"]


def test_what_was_sent_before_under_another_form_is_said_to_be_a_repeat(ledger: Ledger, app: App) -> None:
    good = {
        **BROKEN,
        "id": "submit-1",
        "data": {"external_id": "1", "channel": "hotline_12345", "title": "灯"},
    }
    ledger.take(submitted("1"), unreadable(json.dumps({**good, "data": {}}).encode()))
    (record,) = ledger.parked()
    supervisor = signed_in(app, "supervisor", "en")
    page = supervisor.act(f"/failed/record/ticket/{record['no']}/check", body=json.dumps(good))
    assert "dropped as a repeat" in text_of(page)


MANY_RECORDS = """
INSERT INTO ticket.parked (source, id, type, partitionkey, sequence, exchange, body, reason, detail)
SELECT 'urn:fengge:dispatch', 'e' || n, 'cn.fengge.dispatch.OfferExpired.v1', 'T-' || n, 1, 'dispatch.events',
       '{}', 'failing', 'RuntimeError ' || n FROM generate_series(1, 10000) n
"""


def test_pages_are_quick_with_ten_thousand_records(ledger: Ledger, app: App, empty: Endpoints) -> None:
    with psycopg.connect(empty.database_url(OWNER)) as tx:
        tx.execute(MANY_RECORDS)
        tx.execute("ANALYZE ticket.parked")
    supervisor = signed_in(app, "supervisor", "en")
    group = group_of(supervisor)
    for path in ("/failed", group, "/failed/plan-all?rate=50"):
        begun = time.monotonic()
        assert supervisor.get(path).status_code == 200
        took = time.monotonic() - begun
        print(f"{path}: {took:.3f} s")
        assert took < QUICK, path
