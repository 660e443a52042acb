"""Which cell an address or a point lies in: the longest names, one way up the tree, and no guess."""

import csv
from pathlib import Path
from typing import Any

import pytest

from contracts.intake import Location
from services.ticket.place.coordinates import Point, spoken, to_gcj02, to_wgs84
from services.ticket.place.gazetteer import Found, Gazetteer, Listed, spelled

SAMPLE = Path(__file__).parents[2] / "directory"
INSIDE, OUTSIDE = (119.4050, 32.3950), (119.4400, 32.3950)
SQUARE = "POLYGON ((119.40 32.39, 119.41 32.39, 119.41 32.40, 119.40 32.40, 119.40 32.39))"
HALF = "POLYGON ((119.40 32.39, 119.405 32.39, 119.405 32.40, 119.40 32.40, 119.40 32.39))"


def cell(code: str, *names: str, **more: Any) -> Listed:
    """A compound (or what `level` says) under the cells that `above` names."""
    path = [*more.pop("above", ()), code]
    return Listed(**{"code": code, "path": path, "level": "compound", "names": names} | more)


def gazetteer(*cells: Listed) -> Gazetteer:
    return Gazetteer(map(spelled, cells))


def rows(name: str) -> list[dict[str, str]]:
    with (SAMPLE / name).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def sample() -> Gazetteer:
    """The cells of the sample directory."""
    cells = rows("grids.csv")
    above = {row["code"]: row["parent"] for row in cells}

    def path(code: str) -> list[str]:
        return [*(path(above[code]) if above[code] else []), code]

    return gazetteer(
        *(
            cell(row["code"], row["name"], *row["aliases"].split(";"), level=row["level"],
                 above=path(row["code"])[:-1])
            for row in cells
        )
    )  # fmt: skip


THERE = sample()


def at(point: Point, datum: Any = None) -> Location:
    return Location(lon=round(point[0] * 1e6), lat=round(point[1] * 1e6), datum=datum)


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("南园街9号南园小区2栋", "99010100100202002"),
        ("惠民路１８号惠民苑小区三号楼2单元501室", "99010100100101003"),
        ("南园3幢", "99010100100202003"), ("惠民路18号", "99010100100101"), ("惠民路20号", "990101001001"),
        ("南园街20号", "990101001002"), ("康宁区七里康乐街道 星湖湾", "99010100100402"),
        ("惠民路18号9栋", "99010100100101"),
    ],
)  # fmt: skip
def test_the_longest_names_lead_to_the_lowest_cell(written: str, code: str) -> None:
    assert THERE.find(written, None) == Found(cell=code, by="address")


def test_every_place_of_the_sample_requests_is_found() -> None:
    told = [row["address"] for row in rows("demo_requests.csv") if row["address"] and not row["grid"]]
    assert told
    assert all(THERE.find(address, None).cell for address in told)


@pytest.mark.parametrize(
    ("written", "doubt", "candidates"),
    [
        ("某某路7号", "not_listed", []), ("…", "not_listed", []),
        ("康宁区七里康乐街道", "too_wide", ["990101001000"]),
        ("绿杨社区莲塘街33号", "ambiguous", ["990101001003", "99010100100501"]),
    ],
)  # fmt: skip
def test_where_nobody_can_tell_the_reason_is_kept(written: str, doubt: str, candidates: list[str]) -> None:
    found = THERE.find(written, None)
    assert (found.cell, found.doubt, list(found.candidates)) == (None, doubt, candidates)


def test_a_name_that_two_cells_have_is_told_apart_by_another_one() -> None:
    east, west = cell("E", "东社区", level="community"), cell("W", "西社区", level="community")
    there = gazetteer(east, west, cell("E1", "幸福小区", above=["E"]), cell("W1", "幸福小区", above=["W"]))
    assert there.find("幸福小区", None).doubt == "ambiguous"
    assert there.find("西社区幸福小区", None).cell == "W1"


def test_a_building_is_found_by_its_number_below_what_it_stands_in_if_only_one_has_it() -> None:
    there = gazetteer(
        cell("H", "长乐苑"), cell("K", "和平里"), cell("H3", "3栋", above=["H"], level="building"),
        cell("K3", "三号楼", above=["K"], level="building"),
        cell("HA", "长乐苑A区5栋", above=["H"], level="building"),
        cell("HB", "长乐苑B区5栋", above=["H"], level="building"),
    )  # fmt: skip
    assert [there.find(f"{name}小区3幢", None).cell for name in ("长乐苑", "和平里")] == ["H3", "K3"]
    assert there.find("长乐苑B区5号楼", None).cell == "HB"
    assert there.find("长乐苑5号楼", None).cell == "H"
    assert there.find("3号楼", None).doubt == "not_listed"


def test_no_number_is_cut_in_two() -> None:
    there = gazetteer(cell("A", "18号院"), cell("B", "莲塘街3"))
    assert there.find("118号院", None).doubt == there.find("莲塘街33", None).doubt == "not_listed"
    assert there.find("5路18号院", None).cell == "A"


def test_a_point_lies_in_the_lowest_cell_whose_boundary_is_around_it() -> None:
    there = gazetteer(
        cell("C", level="community", boundary=SQUARE), cell("H", above=["C"], boundary=HALF), cell("Z"),
    )  # fmt: skip
    west, east = (119.402, 32.395), (119.408, 32.395)
    assert there.find(None, at(west, "wgs84")) == Found(cell="H", by="coordinates")
    assert there.find("没有这条路", at(east, "wgs84")) == Found(cell="C", by="coordinates")
    assert there.find(None, at(OUTSIDE, "wgs84")).doubt == "outside"


def test_two_cells_that_overlap_are_not_guessed() -> None:
    there = gazetteer(cell("A", boundary=SQUARE), cell("B", boundary=SQUARE))
    found = there.find(None, at(INSIDE, "wgs84"))
    assert (found.doubt, list(found.candidates)) == ("ambiguous", ["A", "B"])


@pytest.mark.parametrize("drawn", ["wgs84", "gcj02"])
def test_boundaries_and_points_of_either_datum_meet(drawn: Any) -> None:
    corners = [to_gcj02(point) if drawn == "gcj02" else point
               for point in ((119.40, 32.39), (119.41, 32.39), (119.41, 32.40), (119.40, 32.39))]  # fmt: skip
    wkt = f"POLYGON (({', '.join(f'{lon} {lat}' for lon, lat in corners)}))"
    there = gazetteer(cell("A", boundary=wkt, datum=drawn))
    near_the_edge = (119.4009, 32.3902)
    assert there.find(None, at(near_the_edge, "wgs84")).cell == "A"
    assert there.find(None, at(to_gcj02(near_the_edge), "gcj02")).cell == "A"
    assert there.find(None, at(near_the_edge, "gcj02")).doubt == "outside"


def test_a_point_of_unknown_datum_counts_only_where_that_makes_no_difference() -> None:
    there = gazetteer(cell("A", boundary=SQUARE))
    assert there.find(None, at((119.4005, 32.395))).doubt == "datum"
    assert there.find(None, at((119.4078, 32.395))).cell == "A"
    assert there.find(None, at(OUTSIDE)).doubt == "outside"


def test_the_address_counts_before_the_point() -> None:
    there = gazetteer(cell("A", "甲小区"), cell("B", boundary=SQUARE))
    assert there.find("甲小区", at(INSIDE, "wgs84")) == Found(cell="A", by="address")


def test_gcj02_is_what_maps_show_and_its_inverse_is_exact() -> None:
    beijing = (116.404, 39.915)
    assert to_gcj02(beijing) == pytest.approx((116.410244, 39.916404), abs=1e-6)
    assert to_wgs84(to_gcj02(beijing)) == pytest.approx(beijing, abs=1e-7)
    paris = (2.3522, 48.8566)
    assert to_gcj02(paris) == to_wgs84(paris) == paris


def test_a_point_is_spoken_in_degrees_with_its_datum() -> None:
    assert spoken(at(INSIDE, "gcj02")) == "119.405000,32.395000 gcj02"
    assert spoken(at(INSIDE)) == "119.405000,32.395000"
    assert spoken(None) is None
