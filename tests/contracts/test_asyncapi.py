"""The AsyncAPI document names every event, its references lead somewhere, its official schema takes it."""

import json
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # PyYAML comes with pre-commit, without types
from jsonschema import Draft7Validator

from contracts import release
from contracts.asyncapi import document
from contracts.jsonschemas import public_name
from contracts.public import TYPES
from contracts.registry import EVENTS, INBOUND, SERVICES
from contracts.yaml import as_yaml
from tests.npm import node_with


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
    assert sorted(told) == sorted([*EVENTS, *map(public_name, TYPES)])
    assert set(whole["channels"]["gov.facts"]["messages"]) == {public_name(name) for name in TYPES}
    assert set(whole["channels"]["gov.outside"]["messages"]) == set(INBOUND)


def test_the_document_has_the_parts_asyncapi_3_asks_for() -> None:
    whole = read()
    assert whole["asyncapi"] == "3.0.0"
    assert {"title", "version"} <= whole["info"].keys()
    assert whole["channels"].keys() == {
        "gov.outside",
        "gov.facts",
        "gov.replies",
        *(f"{name}.events" for name in SERVICES),
    }
    for operation in whole["operations"].values():
        assert operation["action"] in ("send", "receive")
        assert resolved(whole, operation["channel"]["$ref"])
    for channel in whole["channels"].values():
        assert channel["bindings"]["amqp"]["exchange"]["type"] in ("topic", "direct")


@pytest.fixture(scope="module")
def official() -> Draft7Validator:
    """AsyncAPI's own JSON Schema of its documents."""
    _, folder = node_with("@asyncapi/specs@6.11.1", "nobody has held the document against AsyncAPI's schema")
    path = folder / "node_modules/@asyncapi/specs/schemas/3.0.0.json"
    return Draft7Validator(json.loads(path.read_text(encoding="utf-8")))


def test_the_official_schema_of_asyncapi_3_takes_the_document(official: Draft7Validator) -> None:
    assert [error.message for error in official.iter_errors(document())] == []


WRONG: dict[str, tuple[list[str], Any]] = {
    "an action that is none": (["operations", "take", "action"], "publish"),
    "a channel by name instead of by reference": (["operations", "take", "channel"], "gov.outside"),
    "a document without a version": (["info"], {"title": "x"}),
    "a member that AsyncAPI does not know": (["channels", "gov.outside", "subscribe"], {}),
    "an exchange of a type that is none": (
        ["channels", "gov.outside", "bindings", "amqp", "exchange", "type"], "shared"
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_the_official_schema_refuses_what_is_wrong(official: Draft7Validator, what: str) -> None:
    (*steps, last), value = WRONG[what]
    whole: Any = deepcopy(document())
    part = whole
    for step in steps:
        part = part[step]
    part[last] = value
    assert list(official.iter_errors(whole))
