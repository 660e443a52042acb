"""All that is served to whoever asks, by path: made once at the start, the same bytes for everybody."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
from msgspec import Struct

from contracts import asyncapi, openapi
from contracts.release import RELEASED
from services.gateway.library.pages import STYLE, rendered

KINDS = {
    ".json": "application/json", ".yaml": "application/yaml", ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
}  # fmt: skip
HEADERS = {
    "Cache-Control": "max-age=300",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
"""Nothing on a page may run, and nothing may come from elsewhere."""


class Leaf(Struct, frozen=True):
    """One thing to read."""

    content_type: str
    body: bytes


def shelf() -> dict[str, Leaf]:
    """Documents, schemas, samples and pages by their paths."""
    return {f"/{path}": Leaf(KINDS[Path(path).suffix or ".html"], body) for path, body in _all()}


def _all() -> Iterator[tuple[str, bytes]]:
    yield "openapi.json", msgspec.json.encode(openapi.document())
    yield "contracts/asyncapi.json", msgspec.json.encode(asyncapi.document())
    samples = {}
    for path in sorted(RELEASED.rglob("*.*")):
        yield f"contracts/{path.relative_to(RELEASED).as_posix()}", path.read_bytes()
        if path.parent.name == "samples":
            samples[path.stem] = path.read_text(encoding="utf-8")
    yield "docs/style.css", STYLE
    for name, page in rendered(samples):
        yield name, page.encode()
