"""Webhooks to real endpoints that take, fail, hang, redirect, ask for patience, or want no more."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from standardwebhooks import Webhook, WebhookVerificationError
from typer.testing import CliRunner

from chassis.policy import set_policy
from cli.main import app
from deploy.local.endpoints import Endpoints
from tests.integration.notifying import House, awaited, notifying
from tests.integration.receiver import HANG, Got, Receiver, Reply, receiving

ROOT = "root-of-webhook-secrets-root-of-webhook-secrets"
LOOPBACK = "127.0.0.0/8"
RULES = {"seconds": [0.3, 0.3, 0.3, 0.3, 600], "disable_days": 5, "keep_days": 30}
ACCEPTED = "cn.fengge.ticket.TicketAccepted.v1"


@pytest.fixture(scope="module")
def house(servers: Endpoints, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The service, which may post to the loopback, with quick retries."""
    extra = {"NOTIFY_TOKEN": ROOT, "WEBHOOK_NETWORKS": LOOPBACK, "OUTSIDE_TIMEOUT": "1"}
    folder = tmp_path_factory.mktemp("hooks")
    with notifying(servers, folder, "notification_hooks", **extra) as running, running.mail_server():
        with psycopg.connect(running.database_url) as tx:
            set_policy(tx, "retry_webhook", datetime.now(UTC), json.dumps(RULES))
        yield running


class Subscription:
    """One subscriber, its endpoint and its secret."""

    def __init__(self, house: House, name: str, receiver: Receiver) -> None:
        self.house, self.name, self.receiver = house, name, receiver
        created = fengge(
            house, "create", self.name, f"{receiver.url}/in", "--event", "TicketAccepted", "--json"
        )
        self.secret: str = created["secret"]

    def got(self, number: str) -> list[Got]:
        """What came about a ticket."""
        return self.receiver.about(number)

    def listed(self) -> dict[str, Any]:
        """How `fengge webhook list` shows it."""
        (row,) = [row for row in fengge(self.house, "list", "--json") if row["id"] == self.name]
        return dict(row)

    def tries(self) -> list[tuple[int | None, str | None]]:
        """Status and error of each try, the oldest first."""
        rows = fengge(self.house, "log", self.name, "--json")
        return [(row["status"], row["error"]) for row in reversed(rows)]

    def alarms(self) -> list[str]:
        """The alarms that stand about it."""
        with psycopg.connect(self.house.database_url) as tx:
            query = "SELECT kind FROM alarm WHERE about = %s AND cleared_at IS NULL ORDER BY kind"
            return [kind for (kind,) in tx.execute(query, [self.name])]


Cast = dict[str, Subscription]
ROLES = ("failing", "sound", "rotated", "gone", "moved", "patient", "paused", "hanging")


@pytest.fixture(scope="module")
def cast(house: House) -> Iterator[Cast]:
    """Subscribers of what is accepted, each with a part to play; all of them take what comes at first."""
    with ExitStack() as stack:
        found = {role: Subscription(house, role, stack.enter_context(receiving())) for role in ROLES}
        awaited(lambda: _told(house, found))
        yield found
        found["hanging"].receiver.closing.set()


def _told(house: House, cast: Cast) -> bool:
    """The service looks once a second who subscribes: whether all are told of a fact of this moment."""
    number = accepted(house)
    try:
        return awaited(lambda: all(each.got(number) for each in cast.values()), 2)
    except AssertionError:
        return False


def accepted(house: House) -> str:
    """A ticket is accepted in a cell with a Chinese name; nobody but the subscribers is told."""
    number = house.request()
    house.accept(number, "养老服务")
    return number


def fengge(house: House, *arguments: str, status: int = 0) -> Any:
    """The command's answer: JSON where there is some, else its words."""
    environ = {
        "DATABASE_URL": house.database_url, "NOTIFY_TOKEN": ROOT, "WEBHOOK_NETWORKS": LOOPBACK,
    }  # fmt: skip
    result = CliRunner().invoke(app, ["webhook", *arguments], env=environ)
    assert result.exit_code == status, result.output
    return json.loads(result.output) if "--json" in arguments else result.output


def verified(got: Got, secret: str) -> Any:
    """The body, as the reference library lets it through; None where it does not."""
    headers = {name.lower(): value for name, value in got.headers.items()}
    try:
        return Webhook(secret).verify(got.body, headers)
    except WebhookVerificationError:
        return None


def test_the_failing_one_is_tried_by_the_schedule_and_alarms_and_the_other_is_told_once(
    house: House, cast: Cast
) -> None:
    failing, sound = cast["failing"], cast["sound"]
    failing.receiver.answer = lambda got: Reply(status=400)
    number = accepted(house)
    assert len(awaited(lambda: failing.got(number) if len(failing.got(number)) >= 4 else [])) >= 4
    assert {got.headers["webhook-id"] for got in failing.got(number)} == {
        got.headers["webhook-id"] for got in sound.got(number)
    }
    assert awaited(failing.alarms) == ["webhook"]
    failing.receiver.answer = lambda got: Reply()
    awaited(lambda: failing.alarms() == [])
    assert failing.tries()[-2:] == [(400, "refused"), (200, None)]
    assert len(sound.got(number)) == 1
    assert sound.alarms() == []


def test_what_comes_verifies_with_the_reference_library_and_names_nobody(house: House, cast: Cast) -> None:
    first, second = cast["sound"], cast["paused"]
    number = accepted(house)
    (got,) = awaited(lambda: first.got(number))
    document = verified(got, first.secret)
    assert (document["type"], document["data"]["ticket"]) == (ACCEPTED, number)
    assert "requester_ref" not in got.body.decode()
    assert verified(got, second.secret) is None
    changed = Got(got.path, got.headers, got.body.replace(b"general", b"General"))
    assert verified(changed, first.secret) is None


def test_while_a_secret_is_rotated_both_verify(house: House, cast: Cast) -> None:
    subscriber = cast["rotated"]
    new = fengge(house, "rotate", subscriber.name, "--json")["secret"]
    assert new != subscriber.secret
    assert "not over yet" in fengge(house, "rotate", subscriber.name, status=1)
    number = accepted(house)
    (got,) = awaited(lambda: subscriber.got(number))
    assert verified(got, new) == verified(got, subscriber.secret) != None  # noqa: E711
    assert new not in json.dumps(subscriber.listed(), default=str)


def test_who_answers_410_is_told_no_more_until_somebody_resumes_it(house: House, cast: Cast) -> None:
    gone, sound = cast["gone"], cast["sound"]
    gone.receiver.answer = lambda got: Reply(status=410)
    number = accepted(house)
    awaited(lambda: gone.listed()["state"] == "gone")
    assert awaited(gone.alarms) == ["webhook_ended"]
    assert len(gone.got(number)) == 1
    later = accepted(house)
    awaited(lambda: sound.got(later))
    gone.receiver.answer = lambda got: Reply()
    fengge(house, "resume", gone.name)
    assert gone.alarms() == []
    assert "received" in fengge(house, "test", gone.name)
    assert gone.got(later) == []


def test_no_redirect_is_followed(house: House, cast: Cast) -> None:
    moved, target = cast["moved"], cast["sound"]
    moved.receiver.in_turn(Reply(status=302, headers={"Location": f"{target.receiver.url}/else"}), Reply())
    number = accepted(house)
    awaited(lambda: len(moved.got(number)) == 2)
    awaited(lambda: target.got(number))
    assert [got.path for got in target.got(number)] == ["/in"]
    awaited(lambda: moved.tries()[-2:] == [(302, "redirected"), (200, None)])


def test_who_asks_for_patience_is_not_told_before(house: House, cast: Cast) -> None:
    patient = cast["patient"]
    patient.receiver.in_turn(Reply(status=429, headers={"Retry-After": "600"}), Reply())
    number = accepted(house)
    awaited(lambda: patient.tries()[-1:] == [(429, "throttled")])
    (row,) = fengge(house, "log", patient.name, "--waiting", "--json")
    due = datetime.fromisoformat(row["due_at"])
    assert (due - datetime.now(UTC)).total_seconds() > 500
    assert len(patient.got(number)) == 1


def test_a_paused_system_is_told_nothing(house: House, cast: Cast) -> None:
    paused, sound = cast["paused"], cast["sound"]
    fengge(house, "pause", paused.name, "--reason", "they move house")
    assert paused.listed()["reason"] == "they move house"

    def told_no_more() -> bool:
        number = accepted(house)
        awaited(lambda: sound.got(number))
        return not paused.got(number)

    awaited(told_no_more)
    said = fengge(house, "test", paused.name, "--wait", "0.5", status=1)
    assert "waits for its turn" in said


def test_operators_name_sources_and_cells_and_send_again_from_a_number_on(house: House) -> None:
    with receiving() as near, receiving() as far:
        for name, receiver, *limits in (
            ("narrow", near, "--source", "urn:test", "--grid", "C"), ("distant", far, "--grid", "D"),
            ("strange", far, "--source", "urn:other"),
        ):  # fmt: skip
            fengge(house, "create", name, f"{receiver.url}/in", "--event", "TicketAccepted", *limits)

        def told() -> bool:
            number = accepted(house)
            try:
                return awaited(lambda: bool(near.about(number)), 2)
            except AssertionError:
                return False

        awaited(told)
        last, before = fengge(house, "log", "narrow", "--json")[0]["no"], len(near.got)
        assert "1 messages" in fengge(house, "replay", "narrow", "--from", str(last))
        awaited(lambda: len(near.got) > before)
        assert [got.headers["fengge-sequence"] for got in near.got].count(str(last)) == 2
        assert far.got == []
        assert "either" in fengge(house, "replay", "narrow", status=1)
        for name in ("narrow", "distant", "strange"):
            fengge(house, "pause", name)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://10.0.0.1/in", "forbidden_address"), ("https://169.254.169.254/latest", "forbidden_address"),
        ("https://[::1]/in", "forbidden_address"), ("ftp://x/in", "bad_url"),
    ],
)  # fmt: skip
def test_no_subscriber_leads_into_the_house(house: House, url: str, says: str) -> None:
    assert says in fengge(house, "create", "inside", url, "--event", "TicketClosed", status=1)
    assert says not in fengge(house, "list")


def test_what_cannot_be_subscribed_to_is_said(house: House) -> None:
    url = "http://127.0.0.1:9/in"
    said = fengge(house, "create", "wrong", url, "--event", "RequestSubmitted", status=1)
    assert "no event that can be subscribed to" in said
    assert "not like" in fengge(house, "create", "Wrong!", url, "--event", "TicketClosed", status=1)
    assert "no subscriber nobody" in fengge(house, "log", "nobody", status=1)


def test_who_hangs_delays_neither_other_systems_nor_mail(house: House, cast: Cast) -> None:
    hanging, sound = cast["hanging"], cast["sound"]
    hanging.receiver.answer = lambda got: HANG
    first = accepted(house)
    awaited(lambda: hanging.got(first))  # its lane waits from here on
    for _ in range(3):
        number = house.request("resident@example.org")
        house.accept(number)
        awaited(lambda number=number: sound.got(number) and house.mailbox.of(number))  # type: ignore[misc]
    awaited(lambda: (None, "timeout") in hanging.tries())
