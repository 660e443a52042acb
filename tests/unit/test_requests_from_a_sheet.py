"""Requests from a CSV sheet: a row may say where it is in degrees."""

from pathlib import Path
from typing import Any

import pytest

from contracts.intake import Location
from contracts.publisher.files import BadRow, events_in

HEAD = "external_id,channel,title,address,lon,lat,datum\n"


def read(path: Path, row: str) -> Any:
    sheet = path / "requests.csv"
    sheet.write_text(f"{HEAD}{row}\n", encoding="utf-8")
    (found,) = events_in(sheet, "urn:s")
    return found


def test_degrees_become_a_location(tmp_path: Path) -> None:
    said = read(tmp_path, "1,resident,灯不亮,,119.405001,32.395,gcj02").data
    assert said.location == Location(lon=119_405_001, lat=32_395_000, datum="gcj02")
    assert read(tmp_path, "1,resident,灯不亮,,119.4,32.3,").data.location.datum is None
    assert read(tmp_path, "1,resident,灯不亮,惠民路18号,,,").data.location is None


@pytest.mark.parametrize(
    "where", ["119.4,,gcj02", "here,32.3,gcj02", "119.4,32.3,bd09", "nan,32.3,", "500,32.3,", "inf,1,"]
)
def test_what_is_no_place_is_told_with_its_line(where: str, tmp_path: Path) -> None:
    found = read(tmp_path, f"1,resident,灯不亮,,{where}")
    assert isinstance(found, BadRow)
    assert found.line == 2
