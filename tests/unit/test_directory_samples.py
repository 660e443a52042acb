"""The sample set that comes with Fengge is what it says: readable, connected, invented, and complete."""

import csv
import re
from datetime import date
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

from contracts.intake import RequestSubmitted
from contracts.terms import Channel
from services.dispatch.directory import checks
from services.dispatch.directory.catalogue import alias_map
from services.dispatch.directory.importing import gather
from services.dispatch.directory.rows import Table, read_table
from services.dispatch.directory.schemas import FILE_KINDS

FOLDER = Path(__file__).parents[2] / "directory"
TODAY = date(2026, 11, 16)
FIRST_LEVEL = (
    "城乡建设", "劳动和社会保障", "教育文体", "商贸旅游", "环境保护", "卫生计生", "交通运输",
)  # fmt: skip
EMERGENCY_LINES = {"110", "119", "120", "122"}
FIVE_KINDS = {"grid_officer", "party_member", "social_organization", "property_company", "department"}


@pytest.fixture(scope="module")
def tables() -> dict[str, Table]:
    files, _ = gather([FOLDER])
    return {kind.name: read_table(path.name, path.read_bytes(), kind) for path, kind in files}


@pytest.fixture(scope="module")
def requests() -> list[dict[str, str]]:
    with (FOLDER / "demo_requests.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def values(tables: dict[str, Table], name: str) -> list[Any]:
    return [row.values for row in tables[name].rows]


def codes(tables: dict[str, Table], name: str) -> set[str]:
    return {row[tables[name].kind.key[0]] for row in values(tables, name)}


def aliases(tables: dict[str, Table]) -> dict[str, str]:
    return alias_map([checks.entry_of(row) for row in values(tables, "catalogue")], TODAY)


def test_all_six_files_are_there_and_without_fault(tables: dict[str, Table]) -> None:
    assert list(tables) == ["grids", "organizations", "catalogue", "people", "contracts", "rota"]
    assert [str(error) for table in tables.values() for error in table.errors] == []


def test_every_reference_leads_somewhere(tables: dict[str, Table]) -> None:
    known = {table.kind.table: codes(tables, name) for name, table in tables.items()}
    faults = [
        str(error)
        for table in tables.values()
        for error in checks.references(table, lambda target, wanted: wanted - known[target])
    ]
    assert faults == []


def test_every_community_and_the_subdistrict_have_a_desk(tables: dict[str, Table]) -> None:
    desks = {row["cell"] for row in values(tables, "people") if row["kind"] == "community_desk"}
    places = {row["code"] for row in values(tables, "grids") if row["level"] in {"subdistrict", "community"}}
    assert desks == places


def test_every_category_finds_somebody_with_the_skill_it_asks_for(tables: dict[str, Table]) -> None:
    people = [row for row in values(tables, "people") if row["active"]]
    nobody = [
        (row["category"], kind)
        for row in values(tables, "catalogue")
        for kind in row["kinds"][:1]
        if not any(kind == one["kind"] and set(row["skills"]) <= set(one["skills"]) for one in people)
    ]
    assert nobody == []


def test_all_five_kinds_come_first_for_some_category(tables: dict[str, Table]) -> None:
    assert {row["kinds"][0] for row in values(tables, "catalogue")} >= FIVE_KINDS


def test_a_property_company_never_handles_complaints_about_itself(tables: dict[str, Table]) -> None:
    kinds = {row["category"]: row["kinds"] for row in values(tables, "catalogue")}
    assert "property_company" not in kinds["property_dispute"] + kinds["parking_fee"]


@pytest.mark.parametrize("label", FIRST_LEVEL)
def test_the_first_level_labels_of_other_cities_lead_to_a_category(
    tables: dict[str, Table], label: str
) -> None:
    assert aliases(tables)[label] in codes(tables, "catalogue")


def test_the_day_has_200_requests_over_all_channels_and_categories(
    tables: dict[str, Table], requests: list[dict[str, str]]
) -> None:
    assert len(requests) == len({(row["source"], row["external_id"]) for row in requests}) == 200
    assert {row["channel"] for row in requests} == set(get_args(Channel))
    assert {row["category"] for row in requests} == codes(tables, "catalogue") | EMERGENCY_LINES | {""}
    assert all(row["title"] and 15 <= len(row["body"]) <= 200 for row in requests)


def test_some_requests_need_the_desk_because_place_or_category_is_missing(
    tables: dict[str, Table], requests: list[dict[str, str]]
) -> None:
    assert {row["grid"] for row in requests} - {""} <= codes(tables, "grids")
    assert sum(bool(row["address"]) for row in requests) >= 5
    assert sum(not row["grid"] and not row["address"] for row in requests) >= 3
    assert sum(not row["category"] for row in requests) >= 5


def test_every_request_is_one_the_intake_takes(requests: list[dict[str, str]]) -> None:
    for row in requests:
        filled = {name: value for name, value in row.items() if value}
        requester = {
            name.removeprefix("requester_"): filled.pop(name)
            for name in ("requester_name", "requester_phone", "requester_email")
            if name in filled
        }
        filled.pop("source")
        data = {**filled, "requester": requester, "lives_alone": row["lives_alone"] == "yes"}
        assert msgspec.convert(data, RequestSubmitted).external_id == row["external_id"]


def test_telephones_and_addresses_are_invented(
    tables: dict[str, Table], requests: list[dict[str, str]]
) -> None:
    people = values(tables, "people")
    phones = [row["phone"] for row in people] + [row["requester_phone"] for row in requests]
    mails = [row["email"] for row in people] + [row["requester_email"] for row in requests]
    assert all(re.fullmatch(r"13[89] 0000 \d{4}", phone) for phone in phones if phone)
    assert all(mail.endswith(".example") for mail in mails if mail)


def test_the_readme_names_every_column_with_its_title_and_shows_which_must_be_filled() -> None:
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    for kind in FILE_KINDS:
        (line,) = (line for line in text.splitlines() if line.startswith(f"| {kind.name}.csv"))
        for name, field in kind.schema.fields.items():
            shown = f"**{name}**" if field.required else name
            assert re.search(rf"[ |]{re.escape(shown)} {re.escape(field.metadata['title'])}", line), name
