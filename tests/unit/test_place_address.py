"""Chinese addresses in one spelling: width, spaces, numerals, buildings; what lies inside a building goes."""

import pytest

from services.ticket.place.address import building, normal


@pytest.mark.parametrize(
    "written",
    [
        "惠民路18号3栋", "惠民路18号三号楼", "惠民路18号三栋", "惠民路18号三幢", "惠民路18号3#楼",
        "惠民路18号3#", "惠民路 18 号 3 座", "惠民路\N{NO-BREAK SPACE}18号３号楼",
        "惠民路１８号３栋", "惠民路十八号三栋",
        "惠民路18号3栋2单元501室", "惠民路18号三号楼二单元五楼", "惠民路18号3栋-501", "惠民路18号3-2-501",
        "惠民路18号,3栋。",
    ],
)  # fmt: skip
def test_one_building_has_one_spelling(written: str) -> None:
    assert normal(written) == "惠民路18号3栋"


@pytest.mark.parametrize(
    ("written", "spelled"),
    [
        ("五一路二十三号", "五一路23号"), ("七里桥路五号院2号楼", "七里桥路5号院2栋"),
        ("三里屯一〇三号", "三里屯103号"), ("", ""),
        ("阳光花园A座1203室", "阳光花园a栋"), ("南园小区十二栋", "南园小区12栋"), ("一百零二号", "102号"),
        ("第一人民医院", "第一人民医院"), ("88弄3号", "88弄3号"),
    ],
)  # fmt: skip
def test_numbers_are_written_in_digits_where_they_count_and_left_alone_in_names(
    written: str, spelled: str
) -> None:
    assert normal(written) == spelled


def test_the_last_building_is_the_one_that_is_meant() -> None:
    assert building(normal("七里桥路5号院2号楼")) == "2栋"
    assert building(normal("五一路23号")) is None
