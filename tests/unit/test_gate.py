"""What the gate says to what it does not take."""

from typing import Any

import msgspec
import pytest

from contracts.cloudevent import BATCH, MAX_BYTES, SINGLE
from contracts.gate import admit
from contracts.intake import RequestSubmitted
from contracts.numbering import ticket_number
from contracts.problem import TITLES, ContractViolation

REQUEST = {"external_id": "GD-1", "channel": "hotline_12345", "title": "路灯不亮"}
ENVELOPE = {
    "specversion": "1.0",
    "id": "e-1",
    "source": "urn:hotline:12345",
    "type": "cn.fengge.intake.RequestSubmitted.v1",
    "time": "2026-11-21T10:00:00+08:00",
}


def body(data: Any = REQUEST, **envelope: Any) -> bytes:
    return msgspec.json.encode(ENVELOPE | {"data": data} | envelope)


def refusal(message: bytes, content_type: str | None = SINGLE) -> ContractViolation:
    with pytest.raises(ContractViolation) as caught:
        admit(content_type, message)
    assert caught.value.problem in TITLES
    assert "\0" not in caught.value.detail + "".join(str(value) for value in caught.value.about.values())
    return caught.value


def test_a_request_is_admitted_and_has_its_ticket_number_at_once() -> None:
    event = admit(SINGLE, body())
    assert isinstance(event.data, RequestSubmitted)
    assert event.partitionkey == ticket_number("urn:hotline:12345", "GD-1")
    assert event.correlationid == "e-1"


@pytest.mark.parametrize("spelt", [SINGLE, f"{SINGLE}; charset=utf-8", SINGLE.upper()])
def test_the_content_type_may_be_spelt_as_http_allows(spelt: str) -> None:
    assert admit(spelt, body()).id == "e-1"


@pytest.mark.parametrize("absent", ["subject", "datacontenttype", "correlationid", "traceparent"])
def test_null_means_absent_in_the_envelope(absent: str) -> None:
    assert admit(SINGLE, body(**{absent: None})).id == "e-1"


@pytest.mark.parametrize("content_type", [None, "", "application/json", BATCH, "text/plain", "x" * 10_000])
def test_another_content_type_is_refused(content_type: str | None) -> None:
    violation = refusal(body(), content_type)
    assert (violation.problem, violation.status) == ("content-type", 415)
    assert len(violation.detail) < 300


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"text"',
        b"{} {}",
        b"\xef\xbb\xbf{}",
        b"\xff\xfe{\x00}\x00",
        '{"id": "街道"}'.encode("gb18030"),
        b'{"id": "\\ud800"}',
        b'{"id": NaN}',
        b'{"id": 1e400}',
        b'{"id": ' + b"1" * 5000 + b"}",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"specversion": "1.0", "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ],
)
def test_what_is_not_a_json_object_in_utf8_is_refused(message: bytes) -> None:
    violation = refusal(message)
    assert (violation.problem, violation.status) == ("unreadable", 400)


def test_ten_megabytes_are_refused_unread() -> None:
    violation = refusal(b"{" * 10_000_000)
    assert (violation.problem, violation.status) == ("too-large", 413)
    assert str(MAX_BYTES) in violation.detail


def test_an_unknown_type_is_refused_with_the_known_ones() -> None:
    violation = refusal(body(type="cn.fengge.intake.RequestSubmited.v1"))
    assert (violation.problem, violation.status) == ("unknown-type", 422)
    assert "cn.fengge.intake.RequestSubmitted.v1" in violation.detail
    assert violation.about == {
        "id": "e-1", "source": "urn:hotline:12345", "type": "cn.fengge.intake.RequestSubmited.v1",
        "time": "2026-11-21T10:00:00+08:00",
    }  # fmt: skip


@pytest.mark.parametrize("name", ["ticket.TicketClosed", "intake.EventRefused"])
def test_outsiders_cannot_state_our_facts(name: str) -> None:
    assert refusal(body(type=f"cn.fengge.{name}.v1")).problem == "unknown-type"


@pytest.mark.parametrize("member", ENVELOPE)
def test_a_missing_envelope_member_is_named(member: str) -> None:
    violation = refusal(
        msgspec.json.encode({k: v for k, v in ENVELOPE.items() if k != member} | {"data": REQUEST})
    )
    assert (violation.problem, violation.status) == ("envelope", 400)
    assert [error.pointer for error in violation.errors] == [f"/{member}"]


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("specversion", "0.3"),
        ("id", ""),
        ("id", 7),
        ("id", "x" * 129),
        ("source", "热线"),
        ("source", "a b"),
        ("source", "x" * 129),
        ("time", "2026-11-21T10:00:00"),
        ("time", "2026-11-21"),
        ("time", 1763719200),
        ("datacontenttype", "text/xml"),
        ("datacontenttype", "application/json\n"),
        ("subject", ""),
    ],
)
def test_an_envelope_member_that_breaks_cloudevents_is_named(member: str, value: Any) -> None:
    violation = refusal(body(**{member: value}))
    assert violation.problem == "envelope"
    assert {error.pointer for error in violation.errors} == {f"/{member}"}


@pytest.mark.parametrize("member", ["external_id", "channel", "title"])
def test_a_missing_member_of_the_data_is_named_by_its_pointer(member: str) -> None:
    violation = refusal(body({k: v for k, v in REQUEST.items() if k != member}))
    assert (violation.problem, violation.status) == ("data", 422)
    assert [(error.pointer, error.detail) for error in violation.errors] == [
        (f"/data/{member}", "Missing data for required field.")
    ]
    assert violation.detail == f"/data/{member}: Missing data for required field."


def test_everything_that_is_wrong_is_told_at_once() -> None:
    wrong = REQUEST | {"title": "", "severity": "huge", "requester": {"email": "no"}, "lives_alone": 1}
    violation = refusal(body(wrong))
    assert {error.pointer for error in violation.errors} == {
        "/data/title", "/data/severity", "/data/requester/email", "/data/lives_alone"
    }  # fmt: skip
    assert violation.detail.endswith("(and 3 more)")


def test_data_is_asked_for_as_json() -> None:
    whole = msgspec.json.encode(ENVELOPE)
    assert refusal(whole).errors[0].pointer == "/data"
    assert "data_base64" in refusal(msgspec.json.encode(ENVELOPE | {"data_base64": "e30="})).detail
    assert refusal(body(None)).errors[0].pointer == "/data"
    assert refusal(body([REQUEST])).errors[0].pointer == "/data"


@pytest.mark.parametrize("member", ["id", "source", "type", "subject", "correlationid", "traceparent"])
def test_a_nul_character_in_the_envelope_is_refused(member: str) -> None:
    assert refusal(body(**{member: "a\0b"})).errors[0].pointer == f"/{member}"


@pytest.mark.parametrize("member", ["external_id", "channel", "title", "body", "category", "grid", "address"])
def test_a_nul_character_in_the_data_is_refused(member: str) -> None:
    assert refusal(body(REQUEST | {member: "a\0b"})).errors[0].pointer == f"/data/{member}"


@pytest.mark.parametrize("member", ["name", "phone", "email"])
def test_a_nul_character_in_the_requester_is_refused(member: str) -> None:
    violation = refusal(body(REQUEST | {"requester": {member: "a@\0b"}}))
    assert violation.errors[0].pointer == f"/data/requester/{member}"


@pytest.mark.parametrize(
    "text", ["灯", "街" * 12_220, "a\u00a0b", "x" * 20_000, "第一行\n第二行\t", "𠮷野家"]
)
def test_real_dirt_is_taken(text: str) -> None:
    assert admit(SINGLE, body(REQUEST | {"body": text})).data == RequestSubmitted(
        external_id="GD-1", channel="hotline_12345", title="路灯不亮", body=text
    )


SAYS = "我叫王小明，电话13800138000，身份证11010519491231002X，wang@example.org"


@pytest.mark.parametrize(
    ("message", "content_type"),
    [
        (f'{{"title": "{SAYS}", '.encode(), SINGLE),
        (SAYS.encode("gb18030"), SINGLE),
        (body({**REQUEST, "severity": SAYS, "occurred_at": SAYS, "grid": SAYS}), SINGLE),
        (body({**REQUEST, "requester": {"name": SAYS, "phone": [SAYS]}}), SINGLE),
        (body(SAYS), SINGLE),
        (body(type="cn.fengge.13800138000.v1"), SINGLE),
        (body(), "text/plain; name=13800138000"),
    ],
)
def test_a_refusal_quotes_nobody(message: bytes, content_type: str) -> None:
    found = refusal(message, content_type)
    said = f"{found.detail} {found.errors}"
    assert not [text for text in ("王小明", "13800138000", "11010519491231002X", "wang@") if text in said]


@pytest.mark.parametrize(
    "moment", ["0001-01-01T00:00:00+08:00", "1999-12-31T23:59:59-08:00", "3000-01-01T00:00:00Z"]
)
def test_a_moment_that_the_ledger_could_not_give_back_is_refused_and_told_where(moment: str) -> None:
    why = "The year must be from 2000 to 2999."
    wrong = {
        "/time": body(time=moment),
        "/data/occurred_at": body(REQUEST | {"occurred_at": moment}),
    }
    for pointer, message in wrong.items():
        (error,) = refusal(message).errors
        assert (error.pointer, error.detail) == (pointer, why)


@pytest.mark.parametrize("moment", ["2000-01-01T00:00:00+14:00", "2007-05-31T09:10:00-04:00"])
def test_a_moment_of_long_ago_is_taken_as_it_is(moment: str) -> None:
    assert admit(SINGLE, body(REQUEST | {"occurred_at": moment}, time=moment)).time.isoformat() == moment
