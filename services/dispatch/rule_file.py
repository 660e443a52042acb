"""Routing rules as a CSV file of two columns, rule and value: what it does not name stays as it is."""

import csv
import io
from collections.abc import Iterator

from msgspec import ValidationError, convert
from msgspec.structs import asdict, replace

from services.dispatch.rules import Rules

HEAD = ["rule", "value"]
LEAST = {"half_life_days": 0.01, "share_percent": 100, "open_claims": 1}
MOST = 1_000_000
NAMES = tuple(name for name in Rules.__struct_fields__ if name != "version")


class BadRules(Exception):
    """A file of rules cannot be taken; one reason a line."""


def figures(rules: Rules) -> dict[str, float]:
    """The rules without their version."""
    return {name: by for name, by in asdict(rules).items() if name != "version"}


def written(rules: Rules) -> str:
    """The rules as such a file."""
    return "".join(f"{name},{value}\n" for name, value in [HEAD, *figures(rules).items()])


def read(text: str, base: Rules) -> Rules:
    """`base` with what the file says otherwise, as its next version; raises BadRules with all its faults."""
    lines = csv.reader(io.StringIO(text.removeprefix("\ufeff")))
    if [cell.strip() for cell in next(lines, [])] != HEAD:
        raise BadRules("line 1: the columns are rule,value")
    said: dict[str, float] = {}
    wrong = list(_taken(lines, said))
    if wrong:
        raise BadRules("\n".join(wrong))
    return replace(base, **said, version=base.version + 1)


def _taken(lines: Iterator[list[str]], said: dict[str, float]) -> Iterator[str]:
    """Fills `said`; what is wrong, line by line."""
    for number, cells in enumerate(lines, 2):
        if not cells:
            continue
        name, value = ([cell.strip() for cell in cells] + [""])[:2]
        if len(cells) != len(HEAD) or name not in NAMES:
            yield f"line {number}: {name!r} is none of {', '.join(NAMES)}"
        elif name in said:
            yield f"line {number}: {name} stands there twice"
        else:
            try:
                said[name] = _figure(name, value)
            except ValueError as error:
                yield f"line {number}: {name}: {error}"


def _figure(name: str, value: str) -> float:
    """A figure of the kind that the rule has; raises ValueError."""
    kind = float if name == "half_life_days" else int
    try:
        figure: float = convert(value, kind, strict=False)
    except ValidationError:
        raise ValueError(f"{value!r} is no {'number' if kind is float else 'whole number'}") from None
    least = LEAST.get(name, 0)
    if not least <= figure <= MOST:
        raise ValueError(f"{value} is not between {least} and {MOST}")
    return figure
