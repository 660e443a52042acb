"""The pages at the door name every interface, lead nowhere else, run nothing, and quote nobody unescaped."""

import re
from functools import cache
from html.parser import HTMLParser
from posixpath import dirname, join, normpath
from typing import Any

import msgspec
import pytest

from contracts import openapi, release
from contracts.problem import TITLES, problem_type
from contracts.public import TYPES
from contracts.registry import INBOUND
from services.gateway.library.members import Row, rows
from services.gateway.library.pages import ENVIRONMENT
from services.gateway.library.shelf import HEADERS, shelf

SHELF = shelf()
PAGES = {
    path: leaf.body.decode() for path, leaf in SHELF.items() if leaf.content_type.startswith("text/html")
}


class Looked(HTMLParser):
    """What a page holds: where it leads, the ids in it, tags, and attributes that would run or colour."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.ids: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[str] = []
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        said = dict(attrs)
        self.tags.append(tag)
        self.attributes += said
        self.links += [value for name, value in attrs if name in ("href", "src")]
        self.ids += [said["id"]] if "id" in said else []
        if tag not in ("meta", "link"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@cache
def looked(path: str) -> Looked:
    """What the page at this path holds."""
    return Looked(PAGES[path])


def test_everything_that_is_released_can_be_read_at_the_door_as_it_is() -> None:
    for path in release.RELEASED.rglob("*.*"):
        assert SHELF[f"/contracts/{path.relative_to(release.RELEASED)}"].body == path.read_bytes()
    assert msgspec.json.decode(SHELF["/openapi.json"].body) == openapi.document()


def test_references_of_the_asyncapi_document_lead_to_what_is_served_beside_it() -> None:
    text = SHELF["/contracts/asyncapi.json"].body.decode()
    references = set(re.findall(r'"\$ref":"\./([^"]*)"', text))
    assert len(references) > 2 * len(INBOUND)
    assert not {each for each in references if f"/contracts/{each}" not in SHELF}


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_whole_and_leads_only_to_what_is_served_here(path: str) -> None:
    page = looked(path)
    assert page.open == []
    for link in page.links:
        there, _, part = link.partition("#")
        target = normpath(join(dirname(path), there)) if there else path
        assert target in SHELF, link
        assert not part or part in looked(target).ids, link
    assert len(page.ids) == len(set(page.ids))


@pytest.mark.parametrize("path", PAGES)
def test_a_page_runs_nothing(path: str) -> None:
    page = looked(path)
    assert not {"script", "style", "iframe", "img", "form", "base", "object"} & set(page.tags)
    assert not [name for name in page.attributes if name.startswith("on") or name == "style"]
    assert "script-src" not in HEADERS["Content-Security-Policy"]
    assert HEADERS["Content-Security-Policy"].startswith("default-src 'none'")


def test_every_operation_event_fact_and_problem_is_on_a_page() -> None:
    index, http = PAGES["/docs"], PAGES["/docs/http.html"]
    for operation in openapi.OPERATIONS:
        assert f'docs/http.html#{operation.name}"' in index
        assert f'id="{operation.name}"' in http
    for name in (*INBOUND, *TYPES):
        assert f'docs/{name}.html"' in index
    for problem in TITLES:
        assert f"<code>{problem_type(problem)}</code>" in index


def test_a_sample_is_shown_as_text_whatever_it_says() -> None:
    page = ENVIRONMENT.get_template("event.html").render(
        root="", name="<b>", shown="x", summary="<script>", area=None, schema={}, sample="</pre><script>",
        envelope="e", frame={},
    )  # fmt: skip
    assert "<script>" not in page
    assert "<b>" not in page


def test_a_schema_is_told_member_by_member() -> None:
    schema = {
        "required": ["id"],
        "properties": {
            "id": {"type": "string", "minLength": 1, "maxLength": 9, "pattern": "^[^\\x00]*$"},
            "at": {"anyOf": [{"type": "string", "format": "date-time"}, {"type": "null"}]},
            "kinds": {"type": "array", "maxItems": 3, "items": {"type": "string", "enum": ["a", "b"]}},
            "points": {"type": "object", "additionalProperties": {"type": "integer", "minimum": 0}},
            "fault": {"$ref": "#/components/schemas/Fault"},
        },
    }
    assert list(rows(schema)) == [
        Row("id", "text", True, "1 to 9 characters"),
        Row("at", "date-time or null", False, ""),
        Row("kinds", "list of text", False, "at most 3 entries"),
        Row("kinds[]", "text", True, "one of a, b"),
        Row("points", "object", False, ""),
        Row("points.*", "integer", True, "at least 0"),
        Row("fault", "Fault", False, "", "Fault"),
    ]
