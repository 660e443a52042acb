"""Whatever the gate's fast reader takes, the contract takes too, and reads the same event out of it."""

import contextlib
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts import gate
from contracts.envelope import Envelope
from contracts.problem import ContractViolation
from contracts.registry import INBOUND
from tests.contracts.payloads import out_of_place, valid

every_event = pytest.mark.parametrize("name", INBOUND)
thorough = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)


def by_contract(body: bytes) -> tuple[Envelope, Any] | None:
    """The event by the marshmallow contract alone; None where it refuses."""
    with contextlib.suppress(ContractViolation):
        return gate._read_by_contract(body)
    return None


def same(fast: tuple[Envelope, Any], slow: tuple[Envelope, Any] | None) -> bool:
    if slow is None:
        return False
    envelope = {name: getattr(fast[0], name) for name in Envelope.__struct_fields__}
    return envelope == msgspec.structs.asdict(slow[0]) and fast[1] == slow[1]


@every_event
@thorough
@given(data=st.data())
def test_a_valid_message_is_read_fast_and_means_the_same(name: str, data: st.DataObject) -> None:
    sent = {**data.draw(valid(Envelope)), "type": name, "data": data.draw(valid(INBOUND[name]))}
    body = msgspec.json.encode(sent)
    fast = gate._read_fast(body)
    assert fast is not None
    assert same(fast, by_contract(body))


@every_event
@thorough
@given(data=st.data())
def test_a_message_with_one_thing_out_of_place_is_never_taken_by_the_fast_reader_alone(
    name: str, data: st.DataObject
) -> None:
    objects = out_of_place(Envelope).filter(lambda found: isinstance(found, dict))
    envelope = data.draw(st.one_of(valid(Envelope), objects))
    payload = data.draw(st.one_of(valid(INBOUND[name]), out_of_place(INBOUND[name])))
    body = msgspec.json.encode({**envelope, "type": name, "data": payload})
    fast = gate._read_fast(body)
    assert fast is None or same(fast, by_contract(body))
