"""The release gate lets events grow and stops them from taking back what was promised."""

from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from msgspec import Meta, Struct, defstruct, field

from contracts import release
from contracts.compatibility import broken_promises
from contracts.jsonschemas import export


class Place(Struct, kw_only=True):
    """Where it is."""

    grid: str
    floor: int = 0


class Released(Struct, kw_only=True):
    """What has been promised."""

    ticket: str
    kind: Literal["a", "b"]
    count: Annotated[int, Meta(ge=0, le=9)]
    place: Place
    note: Annotated[str, Meta(max_length=10)] | None = None
    places: list[Place] = field(default_factory=list)


MEMBERS: dict[str, Any] = {
    "ticket": str,
    "kind": Literal["a", "b"],
    "count": Annotated[int, Meta(ge=0, le=9)],
    "place": Place,
    "note": (Annotated[str, Meta(max_length=10)] | None, None),
    "places": (list[Place], field(default_factory=list)),
}


def promises_broken_by(**changes: Any) -> list[str]:
    members = {name: kind for name, kind in (MEMBERS | changes).items() if kind is not None}
    declared = [(name, *kind) if isinstance(kind, tuple) else (name, kind) for name, kind in members.items()]
    present = defstruct("Present", declared, kw_only=True)
    return list(broken_promises(export("event", Released), export("event", present)))


def test_nothing_changed_nothing_broken() -> None:
    assert promises_broken_by() == []


@pytest.mark.parametrize(
    "change",
    [
        {"further": (str | None, None)},
        {"kind": Literal["a", "b", "c"]},
        {"count": Annotated[int, Meta(ge=-1, le=10)]},
        {"note": (Annotated[str, Meta(max_length=11)] | None, None)},
        {"place": defstruct("Roomier", [("grid", str), ("floor", int, 0), ("door", str, "")], kw_only=True)},
    ],
)
def test_an_event_may_grow(change: dict[str, Any]) -> None:
    assert promises_broken_by(**change) == []


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"note": None}, "/note is gone"),
        ({"note": Annotated[str, Meta(max_length=10)] | None}, "/note was optional and is now required"),
        ({"further": str}, "/further was unknown and is now required"),
        ({"ticket": (str, "")}, "/ticket was required and is now optional"),
        ({"ticket": int}, "/ticket was string and is now integer"),
        ({"ticket": str | None}, "/ticket was string and is now null or string"),
        ({"kind": Literal["a"]}, "/kind no longer knows b"),
        ({"ticket": Literal["x"]}, "/ticket took any text and now takes only ['x']"),
        ({"count": Annotated[int, Meta(ge=1, le=9)]}, "/count has a narrower minimum: 0 → 1"),
        (
            {"note": (Annotated[str, Meta(max_length=9)] | None, None)},
            "/note has a narrower maxLength: 10 → 9",
        ),
        ({"ticket": Annotated[str, Meta(pattern="^x")]}, "/ticket has another pattern"),
        ({"place": defstruct("Flat", [("grid", str)], kw_only=True)}, "/place/floor is gone"),
        (
            {"places": (list[defstruct("Flat", [("grid", str)], kw_only=True)], field(default_factory=list))},  # type: ignore[misc]
            "/places/*/floor is gone",
        ),
    ],
)
def test_a_promise_is_not_taken_back(change: dict[str, Any], sentence: str) -> None:
    assert any(sentence in promise for promise in promises_broken_by(**change)), promises_broken_by(**change)


def test_the_gate_names_what_is_wrong_with_the_released_files(tmp_path: Path) -> None:
    for path in release.RELEASED.rglob("*.*"):
        copy = tmp_path / path.relative_to(release.RELEASED)
        copy.parent.mkdir(exist_ok=True)
        copy.write_bytes(path.read_bytes())
    files = release.wanted(tmp_path)
    assert list(release.stale(tmp_path, files)) == []

    (tmp_path / "asyncapi.yaml").write_text("asyncapi: 2.0\n")
    (tmp_path / "cn.fengge.old.Gone.v1.schema.json").write_text('{"type": "object"}')
    (tmp_path / "samples/cn.fengge.ticket.TicketClosed.v1.json").write_text("{}")
    (tmp_path / "samples/cn.fengge.ticket.TicketVerified.v1.json").unlink()
    assert "asyncapi.yaml: differs from the code" in "\n".join(release.stale(tmp_path, files))
    assert [sentence.partition(";")[0] for sentence in release.broken(tmp_path)] == [
        "cn.fengge.old.Gone.v1: released, but no longer declared"
    ]
    closed, verified = sorted(release.unreadable_samples(tmp_path))
    assert closed.startswith("cn.fengge.ticket.TicketClosed.v1: the golden sample is refused")
    assert verified.startswith("cn.fengge.ticket.TicketVerified.v1: no golden sample")
