"""Open311 GeoReport v2 at the gateway: asking and looking, JSON and XML, by the schemas of the standard."""

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from xml.etree.ElementTree import Element, fromstring

import psycopg
import pytest
from jsonschema import Draft4Validator, FormatChecker
from referencing import Registry
from referencing.jsonschema import DRAFT4

from contracts.actor import Actor
from contracts.gate import admit
from contracts.intake import EventRefused
from contracts.numbering import ticket_number
from contracts.ticket import InfoProvided, InfoRequested, TicketAccepted, TicketClosed, TicketMerged
from deploy.local.endpoints import Endpoints
from tests.integration import gatehouse
from tests.integration.gatehouse import HOTLINE, Gate, Reply, service
from tests.integration.process import until

BESIDE = Path(__file__).parents[3] / "shared" / "data" / "open311"
SCHEMAS = Path(os.environ.get("OPEN311_SCHEMAS", BESIDE))
DATABASE = "gateway_open311"
OTHER = "urn:gate:other"
V2 = "/open311/v2"
END = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
MINUTE = timedelta(minutes=1)


@pytest.fixture(scope="module")
def gate(servers: Endpoints, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gate]:
    with gatehouse.opened(servers, tmp_path_factory.mktemp("gate"), DATABASE) as opened:
        past = service("old", valid_to=datetime(2024, 12, 31, tzinfo=UTC).date())
        now = service("street_light"), service("pothole", "路面坑洼", keywords=["坑洞", "路坑"])
        assert [opened.offer(*now, past), opened.offer(past, *now)] == [True, False]
        opened.let_in("other", OTHER)
        yield opened


@pytest.fixture(scope="module")
def published() -> Registry[Any]:
    """The JSON Schemas of GeoReport v2, as their authors publish them."""
    if not SCHEMAS.is_dir():
        pytest.skip("the published schemas are not here; OPEN311_SCHEMAS=folder names them")
    every = {path.name: json.loads(path.read_text()) for path in SCHEMAS.glob("schema_*.json")}
    return Registry().with_resources(
        (name.removeprefix("schema_"), DRAFT4.create_resource(found)) for name, found in every.items()
    )


def valid(registry: Registry[Any], schema: str, document: Any) -> Any:
    """The document, which the published schema finds nothing wrong with."""
    contents = registry.contents(f"{schema}.json")
    Draft4Validator(contents, registry=registry, format_checker=FormatChecker()).validate(document)
    return document


def ask(gate: Gate, key: str | None = "hotline", end: str = "json", **said: Any) -> Reply:
    """A request by form, with the key of a client in the form."""
    attributes = {"external_id", "requested_datetime", "severity"}
    fields = {f"attribute[{name}]" if name in attributes else name: value for name, value in said.items()}
    fields |= {"api_key": gate.keys[key].key} if key else {}
    fields = {"service_code": "street_light", "address_string": "南园街9号"} | fields
    body = urlencode({name: value for name, value in fields.items() if value is not None}).encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    return gate.raw("POST", f"{V2}/requests.{end}", body, headers)


def number(reply: Reply) -> str:
    """The ticket's number on a receipt."""
    assert reply.status == 200, reply
    (receipt,) = json.loads(reply.body)
    return str(receipt["service_request_id"])


def look(gate: Gate, where: str, client: str | None = "hotline", **query: str) -> Reply:
    """One GET, with the key of a client in the query."""
    if client:
        query["api_key"] = gate.keys[client].key
    return gate.raw("GET", f"{V2}/{where}?{urlencode(query)}", b"", {})


def listed(gate: Gate, client: str = "hotline", **query: str) -> list[dict[str, Any]]:
    reply = look(gate, "requests.json", client, **query)
    assert reply.status == 200, reply
    found: list[dict[str, Any]] = json.loads(reply.body)
    return found


def shown(gate: Gate, ticket: str, **query: str) -> dict[str, Any]:
    reply = look(gate, f"requests/{ticket}.json", **query)
    assert reply.status == 200, reply
    (found,) = json.loads(reply.body)
    return dict(found)


def errors(reply: Reply) -> list[tuple[int, str]]:
    """Errors in the form of the standard, in JSON or XML; each says the status."""
    if reply.headers["content-type"] == "application/json":
        found = [(each["code"], each["description"]) for each in json.loads(reply.body)]
    else:
        assert reply.headers["content-type"] == "text/xml; charset=utf-8"
        root = fromstring(reply.body)
        assert root.tag == "errors"
        found = [(int(str(each.findtext("code"))), str(each.findtext("description"))) for each in root]
    assert found
    assert {code for code, _ in found} == {reply.status}
    return found


def xml(reply: Reply) -> Element:
    assert reply.headers["content-type"] == "text/xml; charset=utf-8"
    assert reply.body.startswith(b"<?xml version='1.0' encoding='utf-8'?>")
    return fromstring(reply.body)


def test_discovery_says_where_it_is_spoken_and_in_which_formats(gate: Gate) -> None:
    found = json.loads(look(gate, "discovery.json", None).body)
    (endpoint,) = found["endpoints"]
    assert endpoint["url"] == f"http://127.0.0.1:{gate.port}{V2}"
    assert endpoint["formats"] == ["application/json", "text/xml"]
    root = xml(look(gate, "discovery.xml", None))
    assert root.findtext("endpoints/endpoint/url") == endpoint["url"]
    assert [each.text for each in root.findall("endpoints/endpoint/formats/format")] == endpoint["formats"]


def test_services_of_the_catalogue_in_force_are_offered_to_everybody(
    gate: Gate, published: Registry[Any]
) -> None:
    found = valid(published, "services", json.loads(look(gate, "services.json", None).body))
    for each in found:
        valid(published, "service", each)
    assert [each["service_code"] for each in found] == ["pothole", "street_light"]
    assert (found[0]["service_name"], found[0]["group"]) == ("路面坑洼", "城乡建设")
    root = xml(look(gate, "services.xml", None))
    assert [each.findtext("keywords") for each in root.findall("service")] == ["坑洞, 路坑", "路灯"]
    assert root.findtext("service/metadata") == "true"


def test_a_service_says_what_it_wants_to_know(gate: Gate, published: Registry[Any]) -> None:
    found = json.loads(look(gate, "services/pothole.json", None).body)
    valid(published, "service-definition", found)
    assert [each["code"] for each in found["attributes"]] == ["external_id", "requested_datetime", "severity"]
    root = xml(look(gate, "services/pothole.xml", None))
    assert [each.text for each in root.findall("attributes/attribute/values/value/key")] == [
        "general", "urgent", "emergency",
    ]  # fmt: skip
    for code in ("old", "nothing", "%00"):
        assert errors(look(gate, f"services/{code}.json", None))[0][0] == 404


def test_a_request_is_kept_answered_and_goes_to_the_intake_as_an_event(gate: Gate) -> None:
    reply = ask(
        gate, external_id="one", lat="30.25", long="120.165432149", description="路灯三天不亮",
        first_name="三", last_name="张", phone="13800138000", email="a@b.example", severity="urgent",
        requested_datetime="2026-11-20T08:12:05+08:00", media_url="https://a.example/1.jpg",
    )  # fmt: skip
    ticket = ticket_number(HOTLINE, "one")
    (receipt,) = json.loads(reply.body)
    assert (receipt["service_request_id"], receipt["token"]) == (ticket, "one")
    _, event, key = gate.received()
    assert key == f"request.{ticket}"
    admitted = admit("application/cloudevents+json", json.dumps(event).encode())
    assert (admitted.id, admitted.source, event["time"]) == ("one", HOTLINE, "2026-11-20T08:12:05+08:00")
    assert event["data"] == {
        "external_id": "one", "channel": "resident", "title": "路灯照明", "category": "street_light",
        "severity": "urgent", "address": "南园街9号", "body": "路灯三天不亮\n\nhttps://a.example/1.jpg",
        "location": {"lon": 120165432, "lat": 30250000, "datum": "wgs84"}, "grid": None,
        "occurred_at": "2026-11-20T08:12:05+08:00", "lives_alone": False,
        "requester": {"name": "张三", "phone": "13800138000", "email": "a@b.example", "language": "zh"},
    }  # fmt: skip
    row = "SELECT client, method, path, status, events FROM access WHERE trace = %s"
    trace = reply.headers["x-trace-id"]
    assert gate.query(row, trace) == [("hotline", "POST", f"{V2}/requests.json", 200, 1)]


def test_what_was_said_and_where_it_is_stands_in_no_table(gate: Gate) -> None:
    key = gate.keys["hotline"].key
    ask(gate, external_id="quiet", lat="30.123456", long="120.654321", description="张三住在三号楼",
        first_name="三", last_name="张", phone="13800138001")  # fmt: skip
    gate.received()
    assert gate.nothing_more()
    tables = ("intake", "access", "answer", "refusal", "service_request", "note", "outbox")
    kept = [row for table in tables for row in gate.query(f"SELECT t::text FROM {table} t")]
    for secret in ("张三", "13800138001", "30.123456", "30123456", "120654321", key.rpartition(".")[2]):
        assert not any(secret in text for (text,) in kept)
        assert secret not in gate.log.read_text()


def test_a_request_reads_back_as_it_was_sent(gate: Gate, published: Registry[Any]) -> None:
    said = "2026-11-20T07:00:00-05:00"
    ticket = number(
        ask(gate, external_id="back", lat="40.74821053178345", long="-74.00748519439084",
            requested_datetime=said, service_code="pothole")
    )  # fmt: skip
    gate.received()
    found = shown(gate, ticket)
    valid(published, "request", found)
    assert (found["lat"], found["long"]) == (40.74821053178345, -74.00748519439084)
    assert found["requested_datetime"] == "2026-11-20T12:00:00Z"
    assert (found["status"], found["service_code"], found["service_name"]) == ("open", "pothole", "路面坑洼")
    root = xml(look(gate, f"requests/{ticket}.xml"))
    assert root.tag == "service_requests"
    assert root.findtext("request/lat") == "40.74821053178345"
    (token,) = json.loads(look(gate, "tokens/back.json").body)
    assert token == {"service_request_id": ticket, "token": "back"}
    assert xml(look(gate, "tokens/back.xml")).findtext("request/service_request_id") == ticket


def test_the_same_number_again_changes_nothing_and_cannot_say_something_else(gate: Gate) -> None:
    first = ask(gate, external_id="again", description="路灯不亮")
    again = ask(gate, external_id="again", description="路灯不亮")
    assert (again.status, again.body) == (first.status, first.body)
    before = shown(gate, number(first))
    other = ask(gate, external_id="again", description="另一件事")
    assert errors(other) == [(409, "this id says something else already")]
    assert shown(gate, number(first)) == before
    gate.received()
    assert gate.nothing_more()


def test_without_a_number_of_its_own_each_request_is_new_but_for_an_idempotency_key(gate: Gate) -> None:
    assert number(ask(gate)) != number(ask(gate))
    body = urlencode({"service_code": "pothole", "address_string": "x"}).encode()
    headers = {
        "Content-Type": "application/x-www-form-urlencoded", "X-API-Key": gate.keys["hotline"].key,
        "Idempotency-Key": "once",
    }  # fmt: skip
    replies = [gate.raw("POST", f"{V2}/requests.xml", body, headers) for _ in range(2)]
    assert replies[0].body == replies[1].body
    assert xml(replies[1]).findtext("request/service_request_id")
    assert [gate.received()[1]["type"] for _ in range(3)]
    assert gate.nothing_more()


def test_the_history_of_a_request_is_told_to_who_wants_it(gate: Gate) -> None:
    ticket = number(ask(gate, external_id="steps"))
    gate.received()
    actor, moment = Actor(role="operator", id="d"), datetime(2026, 11, 21, tzinfo=UTC)
    gate.received_by_desk("steps")
    gate.tell(
        ticket,
        InfoRequested(missing=["where"], by=actor, at=moment, until=moment),
        InfoProvided(by=actor, paused_at=moment, at=moment, due_at=moment),
        TicketAccepted(
            category="street_light", severity="urgent", grid="9901", channel="resident", source=HOTLINE
        ),
        TicketClosed(rated=True, resolved="yes", satisfaction="satisfied"),
    )
    until(lambda: shown(gate, ticket)["status"] == "closed")
    found = shown(gate, ticket, extensions="true")
    assert [note["type"] for note in found["notes"]] == [
        "received", "information_requested", "information_given", "accepted", "closed",
    ]  # fmt: skip
    assert all(note["summary"] for note in found["notes"])
    assert found["extended_attributes"] == {
        "external_id": "steps", "source": HOTLINE, "state": "closed", "severity": "urgent", "resolved": "yes",
    }  # fmt: skip
    assert "notes" not in shown(gate, ticket)
    root = xml(look(gate, f"requests/{ticket}.xml", extensions="true"))
    assert [each.text for each in root.findall("request/notes/note/type")][-1] == "closed"


def test_of_tickets_that_nobody_asked_for_here_no_step_is_noted(gate: Gate) -> None:
    elsewhere = gate.received_by_desk("by-amqp")
    until(lambda: gate.query("SELECT count(*) FROM standing WHERE id = %s", elsewhere) == [(1,)])
    assert gate.query("SELECT count(*) FROM note WHERE ticket = %s", elsewhere) == [(0,)]


def state(gate: Gate, ticket: str) -> tuple[str, str]:
    found = shown(gate, ticket, extensions="true")
    return found["status"], found["extended_attributes"]["state"]


def test_what_a_service_does_not_take_is_closed_and_what_follows_another_is_open(gate: Gate) -> None:
    refused, merged = (number(ask(gate, external_id=name)) for name in ("refused", "merged"))
    gate.refuse(
        EventRefused(
            problem="urn:fengge:problem:data", title="t", status=422, detail="d", instance="refused",
            source=HOTLINE,
        )
    )  # fmt: skip
    until(lambda: state(gate, refused) == ("closed", "refused"))
    assert shown(gate, refused)["status_notes"].endswith("(data)")
    gate.received_by_desk("merged")
    gate.tell(merged, TicketMerged(primary=ticket_number("urn:x", "1"), reason_code="x"))
    until(lambda: state(gate, merged) == ("open", "merged"))
    for _ in range(2):
        gate.received()


def test_requests_are_found_by_number_service_date_and_status(gate: Gate) -> None:
    begin = datetime(2026, 3, 1, tzinfo=UTC)
    tickets = [
        number(
            ask(gate, external_id=f"found-{n}", requested_datetime=(begin + n * MINUTE).isoformat(),
                service_code="pothole" if n % 2 else "street_light")
        )
        for n in range(4)
    ]  # fmt: skip
    for n in range(4):
        gate.received()
        if n == 3:
            gate.tell(gate.received_by_desk(f"found-{n}"), TicketClosed(rated=False))
    until(lambda: shown(gate, tickets[3])["status"] == "closed")
    span = {"start_date": "2026-03-01T00:00:00Z", "end_date": "2026-03-01T08:03:00+08:00"}

    def ids(**query: str) -> list[str]:
        return [each["service_request_id"] for each in listed(gate, **query)]

    assert ids(**span) == tickets[::-1]
    assert ids(**span, status="open") == [tickets[2], tickets[1], tickets[0]]
    assert ids(**span, status="closed", service_code="pothole") == [tickets[3]]
    assert ids(**span, status="open,closed", service_code="pothole,street_light") == tickets[::-1]
    assert ids(**span, page="2", page_size="3") == [tickets[0]]
    assert ids(end_date="2026-03-01T00:01:00Z") == [tickets[1], tickets[0]]
    assert ids(start_date="2026-03-01T00:02:00Z", end_date="2026-03-01T00:02:00Z") == [tickets[2]]
    assert ids(service_request_id=f"{tickets[0]},{tickets[2]},nobody", status="closed") == [
        tickets[2], tickets[0],
    ]  # fmt: skip
    assert not set(ids()) & set(tickets)  # of the last 90 days alone


BAD_LOOKS: dict[str, dict[str, str]] = {
    "more than 90 days": {"start_date": "2026-01-01T00:00:00Z", "end_date": "2026-04-02T00:00:00Z"},
    "backwards": {"start_date": "2026-01-02T00:00:00Z", "end_date": "2026-01-01T00:00:00Z"},
    "no zone": {"start_date": "2026-01-01T00:00:00"},
    "the end of the calendar": {"start_date": "9999-12-31T00:00:00Z"},
    "before the calendar": {"end_date": "0001-01-01T00:00:00Z"},
    "a status that is none": {"status": "pending"},
    "a page that is none": {"page": "0"},
    "too many at once": {"page_size": "1001"},
    "too many numbers": {"service_request_id": ",".join(["x"] * 1001)},
    "NUL": {"service_code": "\0"},
}


@pytest.mark.parametrize("what", BAD_LOOKS)
def test_what_cannot_be_looked_for_is_told_why(gate: Gate, what: str) -> None:
    for end in ("json", "xml"):
        reply = look(gate, f"requests.{end}", **BAD_LOOKS[what])
        assert errors(reply)[0][0] == 400


BAD_ASKS: dict[str, tuple[dict[str, Any], int, str]] = {
    "no service": ({"service_code": None}, 400, "service_code"),
    "a service that is not offered": ({"service_code": "old"}, 404, "service_code"),
    "nowhere": ({"address_string": None}, 400, "say where"),
    "half a point": ({"lat": "30.1"}, 400, "lat, long"),
    "a point that is none": ({"lat": "91", "long": "0"}, 400, "lat"),
    "no number": ({"lat": "nan", "long": "0"}, 400, "lat"),
    "an address of mail that is none": ({"email": "nobody"}, 400, "email"),
    "too many words": ({"description": "x" * 4001}, 400, "description"),
    "an attribute that is none": ({"attribute[colour]": "red"}, 400, "attribute"),
    "a number with a slash": ({"external_id": "a/b"}, 400, "external_id"),
    "a time without a zone": ({"requested_datetime": "2026-11-20T08:00:00"}, 400, "requested_datetime"),
    "a time before all clocks": ({"requested_datetime": "0001-01-01T00:00:00+08:00"}, 400, "requested_"),
    "another's source": ({"jurisdiction_id": OTHER}, 404, "jurisdiction_id"),
    "NUL": ({"description": "\0"}, 400, "description"),
}


@pytest.mark.parametrize("what", BAD_ASKS)
def test_what_cannot_be_asked_is_told_why(gate: Gate, what: str) -> None:
    said, status, word = BAD_ASKS[what]
    for end in ("json", "xml"):
        ((code, told),) = errors(ask(gate, end=end, external_id=said.get("external_id", "bad"),
                                     **{k: v for k, v in said.items() if k != "external_id"}))  # fmt: skip
        assert code == status
        assert word in told


def test_what_is_no_form_is_told_so(gate: Gate) -> None:
    key = {"X-API-Key": gate.keys["hotline"].key}
    where = f"{V2}/requests.json"
    assert errors(gate.raw("POST", where, b"{}", key | {"Content-Type": "application/json"}))[0][0] == 415
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    for body in (b"a=%ff", b"\xff", b"a=1&" * 101):
        assert errors(gate.raw("POST", where, body, key | kind))[0][0] == 400


def test_each_mistake_is_an_error_of_its_own(gate: Gate) -> None:
    found = errors(ask(gate, lat="x", long="200", email="nobody"))
    assert sorted(told.partition(":")[0] for _, told in found) == ["email", "lat", "long"]


def test_a_key_opens_in_form_query_or_header_and_nothing_else_does(gate: Gate) -> None:
    key = gate.keys["hotline"].key
    assert gate.raw("GET", f"{V2}/requests.json", b"", {"X-API-Key": key}).status == 200
    assert gate.raw("GET", f"{V2}/requests.json?api_key={key}", b"", {}).status == 200
    for end in ("json", "xml"):
        assert errors(ask(gate, key=None, end=end))[0][0] == 403
        assert errors(ask(gate, key=None, end=end, api_key=f"{key}x"))[0][0] == 403
        for where in ("requests", "requests/7K3M-9QXR-2B4D-T8WZ", "tokens/one"):
            assert errors(look(gate, f"{where}.{end}", None))[0][0] == 403
            assert errors(look(gate, f"{where}.{end}", None, api_key="x"))[0][0] == 403


def test_who_shows_a_key_for_what_everybody_may_see_is_known_by_it(gate: Gate) -> None:
    assert look(gate, "services.json").status == 200
    assert errors(look(gate, "services.json", None, api_key="x"))[0][0] == 403
    client = "SELECT DISTINCT client FROM access WHERE path = %s AND status = 200 ORDER BY 1"
    assert gate.query(client, f"{V2}/services.json") == [("hotline",), (None,)]


def test_a_system_neither_sees_nor_changes_what_another_has_asked_for(gate: Gate) -> None:
    ticket = number(ask(gate, external_id="mine"))
    theirs = number(ask(gate, "other", external_id="mine"))
    assert ticket != theirs
    gate.received()
    gate.received()
    nobodys = look(gate, "requests/0000-0000-0000-0000.json", "other")
    hidden = look(gate, f"requests/{ticket}.json", "other")
    assert (hidden.status, hidden.body) == (nobodys.status, nobodys.body) == (404, nobodys.body)
    assert errors(look(gate, "requests/%00.xml", "other"))[0][0] == 404
    assert listed(gate, "other", service_request_id=ticket) == []
    assert [each["service_request_id"] for each in listed(gate, "other")] == [theirs]
    assert json.loads(look(gate, "tokens/mine.json", "other").body)[0]["service_request_id"] == theirs
    for where in ("tokens/one.json", "tokens/%00.json"):
        assert errors(look(gate, where, "other"))[0][0] == 404
    assert errors(look(gate, "requests.json", "other", jurisdiction_id=HOTLINE))[0][0] == 404
    gate.let_in("narrow", "urn:gate:narrow", types=["cn.fengge.intake.SensorRaised.v1"])
    assert errors(ask(gate, "narrow", external_id="x"))[0][0] == 403


def test_who_has_several_sources_says_as_which_it_asks(gate: Gate) -> None:
    gate.let_in("two", "urn:gate:a", "urn:gate:b")
    assert "jurisdiction_id" in errors(ask(gate, "two", external_id="x"))[0][1]
    tickets = [number(ask(gate, "two", external_id="x", jurisdiction_id=f"urn:gate:{each}")) for each in "ab"]
    for _ in tickets:
        gate.received()
    (found,) = listed(gate, "two", jurisdiction_id="urn:gate:b")
    assert found["service_request_id"] == tickets[1] == ticket_number("urn:gate:b", "x")
    assert len(json.loads(look(gate, "tokens/x.json", "two").body)) == 2


def test_paths_that_are_none_are_answered_in_the_same_form(gate: Gate) -> None:
    for where in ("nothing.json", "nothing", "requests.txt", "tokens/.xml"):
        assert errors(gate.raw("GET", f"{V2}/{where}", b"", {}))[0][0] == 404
    wrong = gate.raw("DELETE", f"{V2}/requests.json", b"", {})
    assert (errors(wrong)[0][0], sorted(wrong.headers["allow"].split(", "))) == (405, ["GET", "HEAD", "POST"])
    assert gate.raw("GET", "/nothing", b"", {}).problem == "not-found"


def test_what_cannot_be_committed_is_not_taken(gate: Gate, servers: Endpoints) -> None:
    with psycopg.connect(servers.database_url("postgres"), autocommit=True) as admin:
        admin.execute(f"ALTER DATABASE {DATABASE} ALLOW_CONNECTIONS false")
        try:
            admin.execute(END, [DATABASE])
            replies = [ask(gate, end=end, external_id="dark") for end in ("json", "xml")]
        finally:
            admin.execute(f"ALTER DATABASE {DATABASE} ALLOW_CONNECTIONS true")
    for reply in replies:
        assert (errors(reply)[0][0], reply.headers["retry-after"]) == (503, "1")
    until(partial(_taken, gate))
    assert gate.received()[1]["id"] == "dark"
    assert gate.nothing_more()


def _taken(gate: Gate) -> bool:
    return ask(gate, external_id="dark").status == 200
