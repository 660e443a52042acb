"""The OpenAPI document is valid, whole, and what the gateway really answers to."""

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from contracts.gateway.open311.words import KINDS, ROOT
from contracts.gateway.operation import TITLES
from contracts.openapi import OPERATIONS, document
from services.gateway.channels import ENDPOINTS

DOCUMENT = document()


def references(node: Any) -> list[str]:
    if isinstance(node, dict):
        found = [node["$ref"]] if "$ref" in node else []
        return found + [each for value in node.values() for each in references(value)]
    return [each for value in node for each in references(value)] if isinstance(node, list) else []


def test_every_operation_is_answered_and_every_answer_is_described() -> None:
    assert [endpoint.operation for endpoint in ENDPOINTS] == list(OPERATIONS)
    described = [(path, method) for path, item in DOCUMENT["paths"].items() for method in item]
    assert sorted(described) == sorted((each.path, each.method.lower()) for each in OPERATIONS)


def test_no_reference_leads_nowhere() -> None:
    names = {reference.removeprefix("#/components/schemas/") for reference in references(DOCUMENT)}
    assert names == set(DOCUMENT["components"]["schemas"])


@pytest.mark.parametrize("name", DOCUMENT["components"]["schemas"])
def test_every_schema_is_a_json_schema(name: str) -> None:
    Draft202012Validator.check_schema(DOCUMENT["components"]["schemas"][name])


def test_every_operation_tells_its_problems_as_its_protocol_does() -> None:
    for path, item in DOCUMENT["paths"].items():
        for operation in item.values():
            for status, answer in operation["responses"].items():
                problem = ["application/problem+json" if int(status) >= 400 else "application/json"]
                kinds = list(KINDS) if path.startswith(ROOT) else problem
                assert list(answer["content"]) == kinds


def test_every_problem_has_a_title_of_its_own() -> None:
    assert len(set(TITLES.values())) == len(TITLES)
