"""An integrator is told line by line what their messages do wrong, and what they hardly mean."""

import json
from datetime import UTC, datetime
from operator import attrgetter
from pathlib import Path
from typing import Any

import msgspec
import pytest

from contracts.cloudevent import SINGLE
from contracts.conformance.finding import Finding
from contracts.conformance.lines import Checker, messages
from contracts.conformance.wrong import WRONG, Wrong, request
from contracts.gate import admit
from contracts.problem import ContractViolation
from contracts.release import RELEASED

SOURCE = "urn:hotline:12345"
NOW = datetime(2026, 11, 22, tzinfo=UTC)
GOOD = request(SOURCE, "GD20261121000173", "2026-11-21T08:12:05+08:00")
NAME = attrgetter("name")
SAMPLES = sorted((RELEASED / "samples").glob("cn.fengge.intake.*.json"))


def found(*events: Any, sources: tuple[str, ...] = ()) -> list[Finding]:
    """What is found in events, each where its number is."""
    checker = Checker(sources, NOW)
    told: list[Finding] = []
    for number, event in enumerate(events):
        told += checker.check(str(number), event if isinstance(event, bytes) else msgspec.json.encode(event))
    return told


def said(*events: Any, **more: Any) -> list[tuple[str, str, str, str]]:
    return [(each.where, each.level, each.problem, each.pointer) for each in found(*events, **more)]


def changed(**data: Any) -> dict[str, Any]:
    return GOOD | {"data": GOOD["data"] | data}


def test_a_good_message_is_passed_over_in_silence() -> None:
    assert found(GOOD, sources=(SOURCE,)) == []


@pytest.mark.parametrize("wrong", WRONG, ids=NAME)
def test_each_kind_of_wrong_message_is_refused_by_the_gate_as_the_kit_expects(wrong: Wrong) -> None:
    with pytest.raises(ContractViolation) as refused:
        admit(wrong.content_type, wrong.made(GOOD))
    assert (refused.value.problem, refused.value.status) == (wrong.problem, wrong.status)
    assert bool(refused.value.about.get("id")) == wrong.named
    if wrong.pointer:
        assert [error.pointer for error in refused.value.errors] == [wrong.pointer]


@pytest.mark.parametrize(
    "wrong", [each for each in WRONG if each.content_type == SINGLE], ids=lambda w: w.name
)
def test_each_kind_of_wrong_message_is_told_with_its_place(wrong: Wrong) -> None:
    (finding,) = (each for each in found(wrong.made(GOOD)) if each.level == "error")
    assert (finding.problem, finding.pointer) == (wrong.problem, wrong.pointer or "")
    assert str(finding).startswith(f"0: error: {wrong.problem}: {wrong.pointer or ''}")


def test_every_wrong_member_is_told_at_once() -> None:
    assert sorted(said(changed(title="", channel="fax", lives_alone="yes"))) == [
        ("0", "error", "data", f"/data/{name}") for name in ("channel", "lives_alone", "title")
    ]


@pytest.mark.parametrize(
    ("data", "pointer", "word"),
    [
        ({"externalId": "7"}, "/data/externalId", "did you mean external_id?"),
        ({"occured_at": "2026-11-21T00:00:00Z"}, "/data/occured_at", "did you mean occurred_at?"),
        ({"district": "x"}, "/data/district", "nobody reads it"),
        ({"requester": {"phone_no": "1"}}, "/data/requester/phone_no", "did you mean phone?"),
        ({"location": {"lon": 1, "lat": 1, "Datum": "wgs84"}}, "/data/location/Datum", "did you mean datum?"),
    ],
)
def test_a_member_that_nobody_reads_is_told_with_what_was_meant(
    data: dict[str, Any], pointer: str, word: str
) -> None:
    (finding,) = found(changed(**data))
    assert (finding.level, finding.problem, finding.pointer) == ("warning", "unknown-member", pointer)
    assert word in finding.detail


def test_extensions_of_others_are_let_be_and_misspelt_attributes_are_not() -> None:
    assert found(GOOD | {"comexampleroom": "7"}) == []
    assert said(GOOD | {"correlation_id": "7"}) == [("0", "warning", "unknown-member", "/correlation_id")]


@pytest.mark.parametrize(
    ("event", "pointer"),
    [
        (GOOD | {"id": "13900000000"}, "/id"),
        (GOOD | {"subject": "resident@example.org"}, "/subject"),
        (changed(external_id="11010519491231002X"), "/data/external_id"),
        (changed(category="路灯 13900000000"), "/data/category"),
    ],
)
def test_a_person_where_others_can_see_it_is_told(event: dict[str, Any], pointer: str) -> None:
    assert said(event) == [("0", "warning", "personal", pointer)]


def test_a_person_where_nobody_else_sees_it_and_a_long_number_are_fine() -> None:
    assert found(changed(body="13900000000", requester={"phone": "13900000000"})) == []


def test_a_member_given_twice_is_told_wherever_it_is() -> None:
    text = json.dumps(GOOD).replace('"channel"', '"title": "x", "channel"')
    assert said(text.encode()) == [("0", "warning", "twice", "/data/title")]


def test_the_same_again_is_fine_and_another_under_the_same_id_is_not() -> None:
    assert said(GOOD, GOOD) == [("1", "warning", "repeated", "/id")]
    assert said(GOOD, changed(title="另一件")) == [("1", "error", "id-reused", "/id")]
    assert said(GOOD, GOOD | {"id": "another"}) == [("1", "error", "duplicate", "/data/external_id")]
    assert said(GOOD, GOOD | {"source": "urn:other"}) == []


def test_a_source_that_is_not_theirs_and_a_time_to_come_are_told() -> None:
    assert said(GOOD, sources=("urn:other",)) == [("0", "error", "forbidden", "/source")]
    assert said(GOOD | {"time": "2027-01-01T00:00:00Z"}) == [("0", "warning", "future", "/time")]


def test_every_golden_sample_is_found_good() -> None:
    names = [path for path in SAMPLES if "EventRefused" not in path.name]
    assert len(names) > 40
    for path in names:
        assert [each for each in found(path.read_bytes()) if each.level == "error"] == []


def test_files_of_lines_of_one_event_of_many_and_of_rows_are_read(tmp_path: Path) -> None:
    body = msgspec.json.encode(GOOD)
    files = {
        "a.jsonl": (body + b"\n\n{\n", ["a.jsonl:1", "a.jsonl:3"]),
        "a.json": (msgspec.json.format(body), ["a.json"]),
        "b.json": (b"[" + body + b"," + body + b"]", ["b.json[0]", "b.json[1]"]),
        "c.csv": (b"external_id,channel,title\n1,resident,x\n2,fax,x\n", ["c.csv: row 1", "c.csv:3"]),
    }
    for name, (content, places) in files.items():
        (tmp_path / name).write_bytes(content)
        read = list(messages(tmp_path / name, SOURCE))
        assert [where.removeprefix(f"{tmp_path}/") for where, _ in read] == places
    (last,) = Checker((), NOW).check(*read[-1])
    assert (last.level, last.problem) == ("error", "data")
    assert "fax" in last.detail
