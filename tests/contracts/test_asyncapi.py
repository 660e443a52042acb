"""The AsyncAPI document names every event, and every reference in it leads somewhere."""

from collections.abc import Iterator
from typing import Any

import yaml  # type: ignore[import-untyped]  # PyYAML comes with pre-commit, without types

from contracts import release
from contracts.asyncapi import document
from contracts.registry import EVENTS, INBOUND, SERVICES
from contracts.yaml import as_yaml


def read() -> dict[str, Any]:
    text = (release.RELEASED / "asyncapi.yaml").read_text()
    whole: dict[str, Any] = yaml.safe_load(text)
    return whole


def references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        for key, value in part.items():
            if key == "$ref":
                yield value
            else:
                yield from references(value)
    elif isinstance(part, list):
        for item in part:
            yield from references(item)


def resolved(whole: dict[str, Any], reference: str) -> Any:
    if reference.startswith("#/"):
        part: Any = whole
        for step in reference[2:].split("/"):
            part = part[step]
        return part
    return (release.RELEASED / reference).read_bytes()


def test_what_was_written_is_what_yaml_reads() -> None:
    assert read() == document()
    odd = {"a b": [[1, "x: y"], {}, {"no": None, "é": [True, {"k": "# no comment\n"}]}], "e": []}
    assert yaml.safe_load(as_yaml(odd)) == odd


def test_every_reference_leads_somewhere() -> None:
    whole = read()
    found = set(references(whole))
    assert found
    assert all(resolved(whole, reference) for reference in found)


def test_every_event_has_one_channel() -> None:
    whole = read()
    told = [name for channel in whole["channels"].values() for name in channel["messages"]]
    assert sorted(told) == sorted(EVENTS)
    assert set(whole["channels"]["gov.inbound"]["messages"]) == set(INBOUND)


def test_the_document_has_the_parts_asyncapi_3_asks_for() -> None:
    whole = read()
    assert whole["asyncapi"] == "3.0.0"
    assert {"title", "version"} <= whole["info"].keys()
    assert whole["channels"].keys() == {
        "gov.inbound",
        "gov.replies",
        *(f"{name}.events" for name in SERVICES),
    }
    for operation in whole["operations"].values():
        assert operation["action"] in ("send", "receive")
        assert resolved(whole, operation["channel"]["$ref"])
    for channel in whole["channels"].values():
        assert channel["bindings"]["amqp"]["exchange"]["type"] in ("topic", "direct")
