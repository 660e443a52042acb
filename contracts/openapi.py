"""The OpenAPI 3.1 document of the HTTP door, generated from its contracts."""

import re
from collections.abc import Iterable, Iterator
from http import HTTPStatus
from typing import Any, cast, get_args, get_origin

import msgspec
from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from msgspec import Struct

from contracts.asyncapi import LANGUAGE_VERSION
from contracts.gateway import events, hotline, open311, reconcile, tickets, webhooks
from contracts.gateway.operation import PLAIN, Operation, Problem
from contracts.schema import schema_class

Document = dict[str, Any]
(PROBLEM,) = PLAIN.refusals

OPERATIONS: tuple[Operation, ...] = (
    events.SEND, hotline.SEND, tickets.SHOW, reconcile.LOOK, reconcile.COMPARE,
    *webhooks.OPERATIONS, *open311.OPERATIONS,
)  # fmt: skip
"""Every operation: a new one is a file in contracts/gateway, one among the gateway's channels, its name."""
PARTS: tuple[type[Struct], ...] = (*events.PARTS, Problem)

SCHEMES = {
    "apiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    "signature": {
        "type": "apiKey", "in": "header", "name": "Authorization",
        "description": "FENGGE-HMAC-SHA256 or FENGGE-HMAC-SM3: see docs/integrators.md",
    },
    "token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
}  # fmt: skip
ACCESS: list[dict[str, list[str]]] = [{name: []} for name in SCHEMES]
IN_QUERY = {
    operation.form.key: {"type": "apiKey", "in": "query", "name": operation.form.key}
    for operation in OPERATIONS
    if operation.form.key
}
"""Where else some protocols let a key stand."""


def document() -> Document:
    """The whole document; every schema stands among its components."""
    plugin = MarshmallowPlugin(schema_name_resolver=cast(Any, _name))
    spec = APISpec(
        "Fengge 蜂格", LANGUAGE_VERSION, "3.1.0", plugins=[plugin],
        info={"description": "Events in, tickets and reconciliation out."}, security=ACCESS,
    )  # fmt: skip
    for part in PARTS:
        spec.components.schema(part.__name__, schema=schema_class(part))
    for name, scheme in {**SCHEMES, **IN_QUERY}.items():
        spec.components.security_scheme(name, scheme)
    for path in dict.fromkeys(operation.path for operation in OPERATIONS):
        mine = [operation for operation in OPERATIONS if operation.path == path]
        spec.path(path, operations={each.method.lower(): _operation(each) for each in mine})
    portable = msgspec.json.encode(spec.to_dict()).replace(rb'\\Z"', rb'$"')
    return msgspec.json.decode(portable, type=Document)


def _name(schema: Any) -> str:
    """Of a schema's class or of an instance of it: what the struct is called."""
    return str(getattr(schema, "__name__", type(schema).__name__))


def _operation(operation: Operation) -> Document:
    found: Document = {
        "operationId": operation.name,
        "summary": operation.summary,
        "responses": dict(_answers(operation)),
    }
    if parameters := list(_parameters(operation)):
        found["parameters"] = parameters
    if operation.bodies:
        content = {kind: {"schema": _schema(body)} for kind, body in operation.bodies.items()}
        found["requestBody"] = {"required": True, "content": content}
    if operation.anybody:
        found["security"] = []
    elif operation.form.key:
        found["security"] = [*ACCESS, {operation.form.key: []}]
    return found


def _schema(body: Any) -> Any:
    """Of a struct, of a list of one, or a JSON Schema as it stands."""
    if get_origin(body) is list:
        return {"type": "array", "items": _schema(get_args(body)[0])}
    return schema_class(body) if isinstance(body, type) else body


def _parameters(operation: Operation) -> Iterator[Any]:
    for name in re.findall(r"\{(\w+)\}", operation.path):
        schema = operation.steps.get(name, {"type": "string"})
        yield {"name": name, "in": "path", "required": True, "schema": schema}
    yield from operation.headers.values()
    if operation.query:
        yield {"in": "query", "schema": schema_class(operation.query)}


def _answers(operation: Operation) -> Iterator[tuple[str, Document]]:
    form = operation.form
    for status, answer in operation.answers.items():
        yield str(status), _answer(status, form.answers, _schema(answer))
    for status in _problems(operation.problems):
        yield str(status), _answer(status, form.refusals, _schema(form.refusal))


def _problems(statuses: Iterable[int]) -> list[int]:
    return sorted({*statuses, HTTPStatus.INTERNAL_SERVER_ERROR})


def _answer(status: int, kinds: Iterable[str], schema: Any) -> Document:
    content = {kind: {"schema": schema} for kind in kinds}
    return {"description": HTTPStatus(status).phrase, "content": content}
