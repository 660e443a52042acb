"""Operators sign in with accounts of the room: lock-out, ends of a session, what is on record."""

from collections.abc import Iterator
from datetime import timedelta

import argon2
import psycopg
import pytest

from deploy.local.endpoints import Endpoints
from services.console import account_store, passwords
from services.console.lockout import OF_ACCOUNT, OF_ADDRESS
from services.console.room import Room, behind_proxies
from tests.integration import rooms
from tests.integration.rooms import PASSWORD, Operator, signed_in


@pytest.fixture
def ledger(migrated: Endpoints, room: Room) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """What the room keeps."""
    with psycopg.connect(migrated.database_url("console"), autocommit=True) as tx:
        yield tx


def test_who_is_in_is_greeted_in_chinese_and_goes_where_they_wanted(room: Room) -> None:
    operator = Operator(room)
    page = operator.get("/audit?who=me")
    assert page.headers["Location"] == "/sign-in?next=/audit%3Fwho%3Dme"
    answer = operator.sign_in("supervisor", next="/audit?who=me")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/audit?who=me")
    page = operator.get("/audit?who=me")
    assert page.status_code == 200
    assert '<html lang="zh-Hans">' in page.text
    assert "主管" in page.text


def test_english_is_a_switch_that_stays(room: Room) -> None:
    operator = signed_in(room, "supervisor")
    assert operator.get("/language/en?next=/audit").headers["Location"] == "/audit"
    page = operator.get("/audit")
    assert '<html lang="en">' in page.text
    assert "supervisor" in page.text


@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/a\r\nb: c"],
)
def test_nobody_is_sent_to_another_site(room: Room, target: str) -> None:
    assert Operator(room).sign_in("viewer", next=target).headers["Location"] == "/"


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(room: Room) -> None:
    operator = Operator(room)
    cookies = operator.sign_in("viewer").headers.getlist("Set-Cookie")
    assert len(cookies) == 1
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookies[0].split("; "))


def test_with_https_the_cookie_is_secure_and_of_this_host_alone(migrated: Endpoints) -> None:
    room = rooms.opened(migrated, console_url="https://room.example.org")
    answer = Operator(room).client.get("/sign-in", base_url="https://room.example.org")
    assert answer.headers["Set-Cookie"].startswith("__Host-fengge=")
    assert "Secure" in answer.headers["Set-Cookie"].split("; ")
    assert answer.headers["Strict-Transport-Security"]
    room.close()


def test_only_a_digest_of_the_secret_is_kept(room: Room, ledger: psycopg.Connection) -> None:
    operator = signed_in(room, "viewer")
    dump = repr(ledger.execute("SELECT * FROM session").fetchall())
    assert operator.secret not in dump


@pytest.mark.parametrize(
    ("column", "age"), [("seen_at", timedelta(minutes=31)), ("ends_at", timedelta(hours=10, seconds=1))]
)
def test_a_session_ends_by_idleness_and_in_any_case(
    room: Room, ledger: psycopg.Connection, column: str, age: timedelta
) -> None:
    operator = signed_in(room, "supervisor")
    assert operator.get("/audit").status_code == 200
    ledger.execute(f"UPDATE session SET {column} = {column} - %s", [age])
    assert operator.get("/audit").status_code == 303


def test_a_role_that_is_taken_away_is_gone_at_once(room: Room, ledger: psycopg.Connection) -> None:
    operator = signed_in(room, "supervisor")
    account_store.set_role(ledger, "supervisor", "viewer")
    assert operator.get("/audit").status_code == 403
    account_store.set_locked(ledger, "supervisor", True)
    assert operator.get("/audit").status_code == 303


def test_a_locked_account_does_not_get_in(room: Room, ledger: psycopg.Connection) -> None:
    account_store.set_locked(ledger, "viewer", True)
    assert Operator(room).sign_in("viewer").status_code == 403


def test_unknown_names_and_wrong_passwords_are_told_the_same(room: Room) -> None:
    unknown = Operator(room).sign_in("nobody", "wrong password")
    wrong = Operator(room).sign_in("viewer", "wrong password")
    assert unknown.status_code == wrong.status_code == 403
    assert "账号或密码不对" in unknown.text
    assert unknown.text.count("nobody") == 0


def test_after_five_failures_even_the_right_password_has_to_wait(
    room: Room, ledger: psycopg.Connection
) -> None:
    operator = Operator(room)
    for _ in range(OF_ACCOUNT.most):
        operator.sign_in("viewer", "wrong password")
    assert operator.sign_in("viewer").status_code == 403
    ledger.execute("UPDATE failure SET until = until - %s, since = since - %s", [OF_ACCOUNT.lock] * 2)
    assert operator.sign_in("viewer").status_code == 303
    assert ledger.execute("SELECT count(*) FROM failure WHERE kind = 'account'").fetchone() == (0,)


def test_an_administrator_ends_a_lock_out(room: Room, ledger: psycopg.Connection) -> None:
    operator = Operator(room)
    for _ in range(OF_ACCOUNT.most + 1):
        operator.sign_in("viewer", "wrong password")
    account_store.forget(ledger, "viewer")
    assert operator.sign_in("viewer").status_code == 303


def test_an_address_that_tries_many_names_has_to_wait_too(room: Room, ledger: psycopg.Connection) -> None:
    for number in range(OF_ADDRESS.most):
        assert account_store.tried(ledger, "address", "127.0.0.1", OF_ADDRESS), number
    assert Operator(room).sign_in("viewer").status_code == 403


def test_behind_a_proxy_it_is_the_operators_address_that_counts(
    room: Room, ledger: psycopg.Connection
) -> None:
    operator = Operator(room)
    operator.client.application = behind_proxies(room, 1)
    token = operator.csrf()
    told = {**rooms.OURS, "X-Forwarded-For": "198.51.100.7, 203.0.113.9"}
    operator.post("/sign-in", {"csrf": token, "name": "viewer", "password": PASSWORD}, told)
    row = ledger.execute("SELECT address FROM action WHERE what = 'sign-in' AND outcome = 'done'").fetchone()
    assert row == ("203.0.113.9",)


def test_a_password_of_older_parameters_is_hashed_anew(room: Room, ledger: psycopg.Connection) -> None:
    old = argon2.PasswordHasher(time_cost=1, memory_cost=8192).hash(PASSWORD)
    account_store.set_password(ledger, "viewer", old)
    signed_in(room, "viewer")
    found = account_store.find(ledger, "viewer")
    assert found
    assert found.password
    assert not passwords.outdated(found.password)
    signed_in(room, "viewer")


def test_sign_ins_and_failures_are_on_record(room: Room, ledger: psycopg.Connection) -> None:
    Operator(room).sign_in("viewer", "wrong password")
    operator = signed_in(room, "viewer")
    operator.act("/sign-out")
    rows = ledger.execute("SELECT who, what, outcome FROM action ORDER BY no").fetchall()
    assert rows == [
        ("viewer", "sign-in", "failed"),
        ("viewer", "sign-in", "done"),
        ("viewer", "sign-out", "done"),
    ]
    assert PASSWORD not in repr(ledger.execute("SELECT * FROM action").fetchall())


def test_the_record_can_only_grow(room: Room, ledger: psycopg.Connection) -> None:
    signed_in(room, "viewer")
    for attempt in ("UPDATE action SET who = 'x'", "DELETE FROM action", "TRUNCATE action"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            ledger.execute(attempt)


def test_supervisors_filter_the_record(room: Room) -> None:
    signed_in(room, "viewer")
    supervisor = signed_in(room, "supervisor")
    page = supervisor.get("/audit?who=viewer")
    assert page.text.count("<tr>") == 2
    assert "没有符合条件的记录" in supervisor.get("/audit?who=no-such-name").text


def test_a_request_that_is_too_large_is_not_read(room: Room) -> None:
    operator = Operator(room)
    answer = operator.post("/sign-in", {"csrf": operator.csrf(), "name": "x" * 2_000_000})
    assert answer.status_code == 413


def test_what_is_not_there_is_said_in_both_languages(room: Room) -> None:
    assert "没有这个页面" in Operator(room).get("/no/such/page").text
    assert "There is no such page" in Operator(room, "en").get("/no/such/page").text


def test_while_the_database_is_away_the_room_says_so(migrated: Endpoints) -> None:
    room = rooms.opened(migrated)
    operator = signed_in(room, "viewer")
    room.close()
    url = migrated.database_url("console")
    gone = url.replace(f":{migrated.ports['postgres']}/", ":1/")
    room._means.database._url = gone
    for path in ("/", "/audit"):
        page = operator.get(path)
        assert page.status_code == 503
        assert "数据库暂时无法访问" in page.text
        assert page.headers["Retry-After"] == "5"
    assert operator.get("/static/room.css").status_code == 200
