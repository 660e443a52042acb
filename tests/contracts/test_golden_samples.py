"""Every event type has one hand-written sample that both readers take and the writer writes back."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator

from contracts import release
from contracts.cloudevent import BATCH, SINGLE, decode, encode, opened
from contracts.gate import admit
from contracts.jsonschemas import public_name
from contracts.public import TYPES
from contracts.registry import EVENTS, INBOUND
from contracts.schema import schema

SAMPLES = release.RELEASED / "samples"
every_type = pytest.mark.parametrize("name", EVENTS)


def sample(name: str) -> bytes:
    return (SAMPLES / f"{name}.json").read_bytes()


def released(name: str) -> Any:
    return msgspec.json.decode((release.RELEASED / f"{name}.schema.json").read_bytes())


@every_type
def test_the_fast_codec_reads_the_sample_and_writes_it_back(name: str) -> None:
    (event,) = decode(SINGLE, sample(name))
    content_type, written = encode([opened(event)])
    assert content_type == SINGLE
    assert msgspec.json.decode(written) == msgspec.json.decode(sample(name))


@every_type
def test_the_marshmallow_contract_reads_the_same_event(name: str) -> None:
    members = schema(EVENTS[name]).load(msgspec.json.decode(sample(name))["data"])
    (event,) = decode(SINGLE, sample(name))
    assert msgspec.convert(members, EVENTS[name]) == opened(event).data


@every_type
def test_the_released_json_schemas_take_the_sample(name: str) -> None:
    whole = msgspec.json.decode(sample(name))
    envelope = "envelope.inbound" if name in INBOUND else "envelope"
    for schema_name, part in ((envelope, whole), (name, whole["data"])):
        Draft202012Validator.check_schema(released(schema_name))
        Draft202012Validator(released(schema_name)).validate(part)


@pytest.mark.parametrize("name", INBOUND)
def test_the_gate_admits_the_sample_of_everything_outsiders_may_send(name: str) -> None:
    event = admit(SINGLE, sample(name))
    (read,) = decode(SINGLE, sample(name))
    assert event.data == opened(read).data
    assert event.partitionkey


def test_the_batch_is_read_and_written_back_in_order() -> None:
    body = sample("batch")
    events = [opened(event) for event in decode(BATCH, body)]
    content_type, written = encode(events)
    assert content_type == BATCH
    assert msgspec.json.decode(written) == msgspec.json.decode(body)
    assert len(events) > 1


@every_type
def test_every_member_name_of_the_envelope_is_a_cloudevents_name(name: str) -> None:
    for member in msgspec.json.decode(sample(name)):
        assert member.isascii()
        assert member.isalnum()
        assert member == member.lower()


@every_type
def test_a_reader_drops_what_it_does_not_know(name: str) -> None:
    whole = msgspec.json.decode(sample(name))
    newer = whole | {"futureextension": "x", "data": whole["data"] | {"future_member": {"a": [1]}}}
    (known,), (read,) = decode(SINGLE, sample(name)), decode(SINGLE, msgspec.json.encode(newer))
    assert opened(read) == opened(known)
    assert schema(EVENTS[name]).load(newer["data"]) == schema(EVENTS[name]).load(whole["data"])


def test_released_files_say_what_the_code_does() -> None:
    assert release.main(["--check"]) == 0


def test_no_sample_is_left_over() -> None:
    told = {public_name(name) for name in TYPES}
    assert {Path(path).stem for path in SAMPLES.iterdir()} == {*EVENTS, *told, "batch"}


@pytest.mark.parametrize("name", TYPES)
def test_what_others_are_told_of_a_fact_is_what_its_public_schema_says(name: str) -> None:
    whole = msgspec.json.decode(sample(public_name(name)))
    known = msgspec.json.decode(sample(name))
    for schema_name, part in (("envelope", whole), (public_name(name), whole["data"])):
        Draft202012Validator.check_schema(released(schema_name))
        Draft202012Validator(released(schema_name)).validate(part)
    assert whole["data"].items() <= known["data"].items()
    assert {key: whole[key] for key in ("id", "type", "time", "sequence")}.items() <= known.items()
    assert not {"correlationid", "causationid", "traceparent"} & whole.keys()
