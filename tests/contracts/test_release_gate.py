"""The release gate lets events grow and stops them from taking back what was promised."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from msgspec import Meta, Struct, defstruct, field

from contracts import editions, release
from contracts.compatibility import broken_between, broken_promises
from contracts.jsonschemas import export, exported


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


ROOMIER: Any = defstruct("Roomier", [("grid", str), ("floor", int, 0), ("door", str, "")], kw_only=True)


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
        {"place": ROOMIER},
        {"places": (list[ROOMIER], field(default_factory=list))},
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
        ({"kind": Literal["a", "b", "c"]}, "/kind now also knows c: old readers refuse it"),
        ({"kind": str}, "/kind was one of ['a', 'b'] and is now any: old readers refuse others"),
        ({"ticket": Literal["x"]}, "/ticket took any text and now takes only ['x']"),
        ({"count": Annotated[int, Meta(ge=1, le=9)]}, "/count has a narrower minimum: 0 → 1"),
        ({"count": Annotated[int, Meta(ge=-1, le=9)]}, "/count has a wider minimum: 0 → -1"),
        ({"count": Annotated[int, Meta(ge=0)]}, "/count has a wider maximum: 9 → none"),
        ({"ticket": Annotated[str, Meta(max_length=9)]}, "/ticket has a narrower maxLength: none → 9"),
        (
            {"note": (Annotated[str, Meta(max_length=11)] | None, None)},
            "/note has a wider maxLength: 10 → 11",
        ),
        ({"note": (Annotated[str, Meta(max_length=10)], "")}, "/note was null or string and is now string"),
        ({"ticket": datetime}, "/ticket was string and is now date-time or string"),
        ({"places": (list[str], field(default_factory=list))}, "/places/* was object and is now string"),
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


def test_a_keyword_that_nobody_understands_may_not_change() -> None:
    old, new = {"type": "array", "uniqueItems": True}, {"type": "array"}
    for before, after in ((old, new), (new, old)):
        assert ["uniqueItems" in promise for promise in broken_promises(before, after)] == [True]
    assert list(broken_promises(old | {"title": "x"}, old | {"description": "y"})) == []


def test_every_edition_is_held_against_every_newer_one_and_against_the_code(tmp_path: Path) -> None:
    one = {"a.v1": export("a.v1", Place)}
    two = {"a.v1": export("a.v1", ROOMIER), "b.v1": export("b.v1", Place)}
    release.write(tmp_path, editions.frozen(tmp_path, "1.0", one))
    release.write(tmp_path, editions.frozen(tmp_path, "1.10", two))
    assert list(editions.kept(tmp_path)) == ["1.0", "1.10"]
    assert list(editions.broken(tmp_path, two)) == []
    assert list(editions.broken(tmp_path, two | {"a.v2": export("a.v2", Released)})) == []
    told = "\n".join(editions.broken(tmp_path, {"a.v1": one["a.v1"]}))
    assert "a.v1: /door is gone (removed or renamed) (1.10 → now)" in told
    assert "b.v1: declared in 1.10, but not in now" in told
    assert "1.0 →" not in told


@pytest.mark.parametrize(("name", "why"), [("1.0", "come after"), ("0.9", "come after"), ("x", "not like")])
def test_an_edition_never_changes_and_none_comes_before(tmp_path: Path, name: str, why: str) -> None:
    release.write(tmp_path, editions.frozen(tmp_path, "1.0", {}))
    with pytest.raises(ValueError, match=why):
        editions.frozen(tmp_path, name, {})


def test_a_name_that_is_none_freezes_nothing_and_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    assert release.main(["--freeze", "first"]) == 1
    assert "not like 1.0.0" in capsys.readouterr().err


def test_an_edition_can_be_frozen_now_and_is_kept_by_the_code() -> None:
    assert list(broken_between({"now": exported(), "later": exported()})) == []
    assert list(editions.broken(release.RELEASED, exported())) == []


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
