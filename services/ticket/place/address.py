"""Chinese addresses in one spelling, so that what people write meets what the directory lists.

Width, case and spaces are folded; numbers before what they count are written in digits; 3号楼, 三幢 and 3#
are 3栋; unit, floor and room are left out, for no cell is smaller than a building.
"""

import re
import unicodedata

_NUMBERED = re.compile(r"[0-9a-z]+栋")

_DIGITS = {digit: value for value, digit in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_COUNTED = r"(?=号|栋|幢|座|弄|单元|室|户|层|楼|#)"
_NUMBER = re.compile(rf"[零〇一二两三四五六七八九十百]+{_COUNTED}")
_NOISE = re.compile(r"[^\w#-]|_")
_BUILDING = re.compile(r"(?<=[0-9a-z])(?:号楼|幢|座|#楼|#)|(?<=[0-9a-z]栋)楼")
_ROOM_ALONE = re.compile(r"(?<=号)(\d+)-\d+(?:-\d+)*(?!\d|号|栋)")
_INSIDE = re.compile(
    r"[0-9a-z]+单元|[0-9a-z]+-?\d*(?:室|户|层|楼)|(?<=[栋元])\d+-\d+(?:-\d+)*|(?<=栋)-?\d+(?![\d号弄])"
)


def normal(text: str) -> str:
    """The address as it is compared: `惠民路 18号三号楼2单元501室` is `惠民路18号3栋`."""
    text = _NOISE.sub("", unicodedata.normalize("NFKC", text).casefold())
    text = _NUMBER.sub(lambda found: str(_value(found[0])), text)
    text = _BUILDING.sub(lambda found: "" if found[0] == "楼" else "栋", text)
    text = _ROOM_ALONE.sub(r"\1栋", text)
    return _INSIDE.sub("", text).strip("-")


def building(address: str) -> str | None:
    """The last building that a normal address names, e.g. `3栋`."""
    found = _NUMBERED.findall(address)
    return found[-1] if found else None


def _value(numeral: str) -> int:
    """What a Chinese numeral counts; without 十 and 百 its digits stand one by one (一〇三)."""
    if not {"十", "百"} & {*numeral}:
        return int("".join(str(_DIGITS[digit]) for digit in numeral))
    total, digit = 0, 0
    for sign in numeral:
        if sign in "十百":
            total += (digit or 1) * (10 if sign == "十" else 100)
            digit = 0
        else:
            digit = _DIGITS[sign]
    return total + digit
