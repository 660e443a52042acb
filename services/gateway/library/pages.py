"""Pages about the interfaces, rendered once: plain HTML, no script, nothing from elsewhere."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from contracts import openapi
from contracts.event import Event, type_of
from contracts.gateway.operation import TITLES as OF_THE_DOOR
from contracts.intake import EventRefused, FromOutside
from contracts.jsonschemas import JsonSchema, described, exported, public_name
from contracts.problem import TITLES, problem_type
from contracts.public import TYPES
from contracts.registry import INBOUND
from services.gateway.library.members import kind, named, rows

FOLDER = Path(__file__).parent / "pages"
STYLE = (FOLDER / "style.css").read_bytes()
ENVIRONMENT = Environment(
    loader=FileSystemLoader(FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
    lstrip_blocks=True,
)  # fmt: skip
ENVIRONMENT.filters |= {"rows": rows, "kind": kind, "named": named}


def rendered(samples: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Path and HTML of every page; `samples` are the golden ones, by name."""
    yield "docs", _page("index", root="", sent=INBOUND, told=TYPES, problems=dict(_problems()), **COMMON)
    yield "docs/http.html", _page("http", root="../", document=openapi.document())
    schemas = exported()
    for name, event in INBOUND.items():
        yield _event(name, event, name, schemas, samples, "envelope.inbound")
    for name, event in TYPES.items():
        yield _event(name, event, public_name(name), schemas, samples, "envelope")
    refused = type_of(EventRefused)
    yield _event(refused, EventRefused, refused, schemas, samples, "envelope")


def _event(
    name: str, event: type[Event], shown: str, schemas: Mapping[str, JsonSchema], samples: Mapping[str, str],
    envelope: str,
) -> tuple[str, str]:  # fmt: skip
    """The page of one event type; `shown` is the name of its schema and its sample."""
    return f"docs/{name}.html", _page(
        "event", root="../", name=name, shown=shown, summary=described(event), area=_area(event),
        schema=schemas[shown], sample=samples[shown], envelope=envelope, frame=schemas[envelope],
    )  # fmt: skip


def _area(event: type[Event]) -> str | None:
    """The first word of its routing key, where it is one that others send."""
    return event.AREA if issubclass(event, FromOutside) else None


def _problems() -> Iterator[tuple[str, str]]:
    for name, title in (OF_THE_DOOR | TITLES).items():
        yield problem_type(name), title


def _page(template: str, **values: Any) -> str:
    return ENVIRONMENT.get_template(f"{template}.html").render(**values)


COMMON = {"area": _area, "described": described, "operations": openapi.OPERATIONS}
