"""A request that names neither cell nor category, in a real database: found out, kept, shown, corrected."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest
from typer.testing import CliRunner

from chassis.clock import now
from cli.main import app
from contracts import intake
from deploy.gazetteer import hand_over
from deploy.local.accounts import OWNER
from services.dispatch.directory.importing import import_files
from services.ticket import place_store, suggesting
from services.ticket.category.classifier import Guess
from services.ticket.place.gazetteer import Listed
from tests.integration.ledger import Ledger, from_outside, number_of, submitted
from tests.integration.own_database import own_database

SQUARE = "POLYGON ((119.40 32.39, 119.41 32.39, 119.41 32.40, 119.40 32.40, 119.40 32.39))"
HOME = "幸福路7号三号楼2单元501室"
AROUND, BUILDING = "990101001001", "99010100100101003"
CELLS = [
    Listed(code=AROUND, path=[AROUND], level="community", names=["幸福社区"], boundary=SQUARE),
    Listed(code=BUILDING, path=[AROUND, BUILDING], level="building", names=["幸福路7号3栋"]),
]
LONG = "我们楼三层的楼道灯坏了一个多星期，晚上老人上下楼看不清台阶，请尽快安排人来看一看，电话13800138000。"


class Echo:
    """A model that takes the title for the category, and is sure unless that ends with a question mark."""

    name = "m-echo"

    def guess(self, text: str) -> Guess:
        title = text.split(maxsplit=1)[0]
        return Guess(title.rstrip("?"), 0.4 if title.endswith("?") else 0.97, not title.endswith("?"))


@pytest.fixture
def house(ledger: Ledger) -> Iterator[Ledger]:
    """A ledger that knows the places and has a model."""
    suggesting.use(Echo())
    with ledger.database.transaction() as tx:
        place_store.renew(tx, CELLS)
    yield ledger
    suggesting.use(None)


def ask(external_id: str, title: str = "street_light", **said: Any) -> Any:
    return submitted(external_id, title=title, body=f"{LONG}{external_id}", **said)


def triage(external_id: str, category: str) -> Any:
    said = {"ticket": number_of(external_id), "category": category, "severity": "general",
            "grid": BUILDING, "operator": "desk-07"}  # fmt: skip
    return from_outside(intake.RequestTriaged, f"triage-{external_id}", said)


def standing(ledger: Ledger) -> dict[str, tuple[Any, ...]]:
    """By its number at the hotline: state, category and cell of each ticket."""
    rows = ledger.rows("SELECT external_id, state, category, grid FROM ticket")
    return {external_id: tuple(rest) for external_id, *rest in rows}


def told(ledger: Ledger, external_id: str, kind: str) -> Any:
    query = "SELECT data FROM history WHERE ticket = %s AND type LIKE %s"
    ((data,),) = ledger.rows(query, number_of(external_id), f"%.{kind}.v1")
    return data


def fengge(ledger: Ledger, monkeypatch: pytest.MonkeyPatch, *words: str) -> Any:
    monkeypatch.setenv("DATABASE_URL", ledger.settings.database_url)
    monkeypatch.setenv("VAULT_KEYS", (b"k" * 32).hex())
    return CliRunner().invoke(app, list(words))


def test_a_batch_gets_its_cells_and_categories_and_says_how(house: Ledger) -> None:
    point = {"lon": 119_405_000, "lat": 32_395_000, "datum": "wgs84"}
    house.take(
        ask("by-code", grid="G", address=HOME, category="noise"), ask("by-address", address=HOME),
        ask("by-point", location=point), ask("unknown", address="某某路7号"),
        ask("unsure", "trees?", grid="G"),
    )  # fmt: skip
    assert standing(house) == {
        "by-code": ("accepted", "noise", "G"), "by-address": ("accepted", "street_light", BUILDING),
        "by-point": ("accepted", "street_light", AROUND),
        "unknown": ("received", "street_light", None), "unsure": ("received", None, "G"),
    }  # fmt: skip
    assert told(house, "by-point", "TicketReceived")["grid_by"] == "coordinates"
    assert told(house, "unknown", "PlaceUnknown") == {"reason": "not_listed", "candidates": []}
    assert told(house, "unsure", "TicketReceived")["suggested"] == {
        "category": "trees", "confidence": 40, "model": "m-echo", "taken": False,
    }  # fmt: skip


def test_neither_home_nor_point_is_in_any_fact_or_in_clear(house: Ledger) -> None:
    house.take(ask("1", address=HOME, location={"lon": 119_405_123, "lat": 32_395_456}))
    rows = repr(
        [house.rows(f"SELECT * FROM {table}") for table in ("history", "outbox", "ticket", "request")]
    )
    for secret in ("501", "幸福路", "119405123", "119.405123"):
        assert secret not in rows


def test_a_batch_asks_for_the_edition_once_and_one_with_codes_not_at_all(
    house: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    real = place_store.gazetteer

    def counting(tx: Any) -> Any:
        asked.append(1)
        return real(tx)

    monkeypatch.setattr(place_store, "gazetteer", counting)
    house.take(*(ask(str(n), grid="G", address=HOME) for n in range(5)))
    assert asked == []
    house.take(*(ask(f"a{n}", address=HOME) for n in range(5)))
    assert asked == [1]


def test_the_same_words_are_joined_whether_the_cell_was_told_or_found(house: Ledger) -> None:
    same = {"title": "street_light", "body": LONG}
    house.take(submitted("1", grid=BUILDING, category="street_light", **same))
    house.take(submitted("2", address=HOME, **same), submitted("3", address=HOME, **same))
    assert [standing(house)[number][0] for number in "123"] == ["accepted", "merged", "merged"]


def test_a_new_edition_is_in_force_at_once_and_the_same_one_changes_nothing(house: Ledger) -> None:
    house.take(ask("1", address="新街2号"))
    more = Listed(code="G2", path=[AROUND, "G2"], level="compound", names=["新街2号"])
    with house.database.transaction() as tx:
        assert place_store.renew(tx, [*CELLS, more])
        assert not place_store.renew(tx, [more, *CELLS])
    house.take(ask("2", address="新街2号"))
    assert [standing(house)[number][2] for number in "12"] == [None, "G2"]


def test_a_correction_is_exported_for_the_next_training_once_it_is_allowed(
    house: Ledger, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    house.take(ask("1", "trees?", grid=BUILDING), ask("2", "noise?", grid=BUILDING))
    house.take(triage("1", "street_light"), triage("2", "noise"))
    out = tmp_path / "corrections.csv"
    words = ("corrections", "export", "--out", str(out))
    refused = fengge(house, monkeypatch, *words)
    assert refused.exit_code == 1
    assert not out.exists()
    assert fengge(house, monkeypatch, "vault", "allow", "operator", "training", "full").exit_code == 0
    assert "1 corrections" in fengge(house, monkeypatch, *words).output
    fengge(house, monkeypatch, "vault", "allow", "operator", "training", "nothing")
    head, row = out.read_text(encoding="utf-8-sig").splitlines()
    assert head.startswith("title,body,category,suggested")
    assert ",street_light,trees,40,m-echo," in row
    assert "13800138000" not in row
    looks = house.rows("SELECT purpose, outcome, words FROM reveal ORDER BY at")
    assert looks == [("training", "refused", True), ("training", "full", True)]


def test_the_desk_sees_how_place_and_category_became_known(
    house: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.take(ask("1", address=HOME), ask("2", "trees?", address="某某路7号"))
    one, two = (fengge(house, monkeypatch, "ticket", "show", number_of(n)).output for n in "12")
    assert "found by address" in one
    assert "street_light, 97 % sure (m-echo), taken" in one
    assert "lists no name" in two
    assert "left to the desk" in two
    document = msgspec.json.decode(
        fengge(house, monkeypatch, "ticket", "show", number_of("1"), "--json").output
    )
    assert document["place"] == "found by address"


def test_place_find_answers_as_a_request_would_be(house: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    found = fengge(house, monkeypatch, "place", "find", HOME)
    assert (found.exit_code, found.output) == (0, f"{BUILDING}  幸福路7号3栋, by address\n")
    point = ("--lon", "119.405", "--lat", "32.395")
    assert "by coordinates" in fengge(house, monkeypatch, "place", "find", *point, "--datum", "wgs84").output
    unknown = fengge(house, monkeypatch, "place", "find", "某某路7号", "--json")
    assert unknown.exit_code == 1
    assert msgspec.json.decode(unknown.output)["doubt"] == "not_listed"
    assert fengge(house, monkeypatch, "place", "find", "--lon", "119.4").exit_code == 1


def test_an_import_hands_names_and_boundaries_over(house: Ledger, servers: Any, tmp_path: Path) -> None:
    sheet = tmp_path / "grids.csv"
    sheet.write_text(
        "code,parent,level,name,aliases,active,boundary,datum\n"
        f'S,,subdistrict,街道,,yes,,\nC,S,community,东社区,东街;东门,yes,"{SQUARE}",gcj02\nO,S,community,旧社区,,no,,\n',
        encoding="utf-8",
    )
    with own_database(servers, "dispatch", "gazetteer") as url, psycopg.connect(url) as tx:
        assert import_files(tx, [sheet]).ok
        with house.database.transaction() as ticket:
            assert hand_over(tx, ticket)
            assert not hand_over(tx, ticket)
            there = place_store.gazetteer(ticket)
    assert there.find("东门3号", None).cell == "C"
    assert there.find("旧社区", None).doubt == "not_listed"
    point = intake.Location(lon=119_405_000, lat=32_395_000, datum="gcj02")
    assert there.find(None, point).cell == "C"


def test_the_index_serves_the_export(house: Ledger, migrated: Any) -> None:
    with psycopg.connect(migrated.database_url(OWNER), options="-c search_path=ticket") as tx:
        tx.execute("SET enable_seqscan = off")
        from services.ticket.correction_store import CORRECTED

        plan = "\n".join(row[0] for row in tx.execute(f"EXPLAIN {CORRECTED}".encode(), [now()]))
    assert "history_corrected" in plan
