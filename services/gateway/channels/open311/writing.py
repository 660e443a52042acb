"""The manner of Open311: keys also in forms and queries; JSON or XML, as the path ends."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl
from xml.etree.ElementTree import Element, SubElement, tostring

import msgspec
from msgspec import Struct
from werkzeug.wrappers import Request

from contracts.gateway.open311.requests import FORM_ENCODED
from contracts.gateway.open311.words import KINDS, ROOT, Failure
from services.gateway.manner import Answer, Manner
from services.gateway.problems import Refused

JSON, XML = KINDS
MOST_FIELDS = 100
ITEMS = {
    "attributes": "attribute", "values": "value", "endpoints": "endpoint", "formats": "format",
    "notes": "note",
}  # fmt: skip
"""What the elements of a list are called in XML."""
STATUSES = {401: 403, 422: 400}
"""Statuses that GeoReport v2 has others for: keys that are not known, and what a request says wrongly."""


class Written(Struct, frozen=True):
    """What is answered; in XML its root, and what each item of a list is called."""

    content: Any
    root: str
    item: str = ""


def form(body: bytes) -> dict[str, str]:
    """The fields of a form that say something; raises Refused (400)."""
    try:
        pairs = parse_qsl(body.decode("utf-8"), errors="strict", max_num_fields=MOST_FIELDS)
    except ValueError:
        detail = f"not a form in UTF-8 with at most {MOST_FIELDS} fields"
        raise Refused("unreadable", 400, detail) from None
    return dict(pairs)


def _credentials(request: Request, body: bytes) -> Mapping[str, str]:
    key = form(body).get("api_key") if request.mimetype == FORM_ENCODED else None
    key = key or request.args.get("api_key")
    said = "X-API-Key" in request.headers or "Authorization" in request.headers
    return {"X-API-Key": key} if key and not said else request.headers  # type: ignore[return-value]


def _kind(path: str, status: int) -> str:  # noqa: ARG001 (errors come in the same form)
    return JSON if path.endswith(".json") else f"{XML}; charset=utf-8"


def _write(path: str, written: Written) -> bytes:
    if _kind(path, 200) == JSON:
        return msgspec.json.encode(written.content)
    root = Element(written.root)
    _fill(root, msgspec.to_builtins(written.content), written.item)
    text: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return text


def _fill(element: Element, value: Any, item: str) -> None:
    """Members become elements, null an empty one."""
    if isinstance(value, dict):
        for name, inner in value.items():
            _fill(SubElement(element, name), inner, ITEMS.get(name, ""))
    elif isinstance(value, list):
        for inner in value:
            _fill(SubElement(element, item), inner, "")
    elif value is not None:
        element.text = str(value).lower() if isinstance(value, bool) else str(value)


def refuse(refused: Refused, trace: str) -> Answer:  # noqa: ARG001 (it is in a header)
    """Errors as GeoReport v2 tells them: one for each thing that is wrong."""
    status = STATUSES.get(refused.status, refused.status)
    told = [f"{fault.pointer.lstrip('/')}: {fault.detail}" for fault in refused.errors] or [refused.detail]
    failures = [Failure(code=status, description=each) for each in told]
    return Answer(status, Written(failures, "errors", "error"))


OPEN311 = Manner(under=f"{ROOT}/", credentials=_credentials, kind=_kind, write=_write, refuse=refuse)
