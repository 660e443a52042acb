"""The integrators' guides say what the contracts do, in both languages."""

import re
from pathlib import Path

import msgspec
import pytest

from contracts.cloudevent import MAX_BYTES
from contracts.gate import admit
from contracts.gateway.events import MOST_BYTES, MOST_EVENTS
from contracts.gateway.operation import TITLES as OF_THE_DOOR
from contracts.intake import FromOutside
from contracts.numbering import ticket_number
from contracts.problem import TITLES
from contracts.registry import INBOUND

DOCS = Path(__file__).parents[2] / "docs"
guides = pytest.mark.parametrize("guide", ["integrators.md", "integrators.zh-CN.md"])


@guides
def test_every_event_type_is_listed_with_its_area_and_required_members(guide: str) -> None:
    text = (DOCS / guide).read_text()
    lines = [line.strip("| ").split(" | ") for line in text.splitlines()]
    rows = {cells[0]: cells for cells in lines if len(cells) == 4}
    for event in INBOUND.values():
        assert issubclass(event, FromOutside)
        _, area, _, required = rows[event.__name__]
        assert area == event.AREA
        fields = msgspec.structs.fields(event)
        assert set(re.findall(r"`(\w+)`", required)) == {field.name for field in fields if field.required}


@guides
def test_every_problem_a_publisher_may_meet_is_explained(guide: str) -> None:
    text = (DOCS / guide).read_text()
    for problem in TITLES.keys() - {
        "failing",
        "misrouted",
    }:  # keys are ours to look at inside the house alone
        assert f"| `{problem}`" in text
    assert f"{MAX_BYTES:,}" in text


@guides
def test_every_problem_of_the_http_door_is_explained(guide: str) -> None:
    text = (DOCS / guide).read_text()
    for problem in OF_THE_DOOR:
        assert f"`{problem}`" in text
    assert f"{MOST_EVENTS}" in text
    assert f"{MOST_BYTES:,}" in text


@guides
def test_the_event_of_the_curl_is_admitted(guide: str) -> None:
    text = (DOCS / guide).read_text()
    written = re.search(r"--data '(\{.*?)'\n", text, re.DOTALL)
    assert written
    assert admit("application/cloudevents+json", written[1].encode()).type in INBOUND


@guides
def test_the_numbers_of_the_guide_are_right(guide: str) -> None:
    text = (DOCS / guide).read_text()
    assert ticket_number("urn:hotline:12345:qinghe", "GD20261121000173") in text


@guides
def test_the_example_event_is_admitted(guide: str) -> None:
    text = (DOCS / guide).read_text()
    written = re.search(r"^event = (\{.*?^\})", text, re.MULTILINE | re.DOTALL)
    assert written
    event = re.sub(r",(\s*\})", r"\1", written[1])
    assert admit("application/cloudevents+json", event.encode()).type in INBOUND
