"""What a ticket is known by, what is under way for it, and which tickets belong to it. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contracts.numbering import ALPHABET

NUMBER = re.compile(rf"[{ALPHABET}]{{16}}")
GRID = re.compile(r"[0-9A-Z][0-9A-Z-]{1,31}")


@dataclass(frozen=True)
class Delivery:
    """A message to somebody that is not there yet."""

    audience: str
    template: str
    channel: str
    state: str
    attempt: int
    due_at: datetime
    error: str | None


def kin(ticket: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Related tickets: how, and their numbers."""
    desk = ticket.get("desk") or {}
    found = [("follows", desk.get("primary")), ("part_of", desk.get("parent"))]
    found += [("followed_by", number) for number in desk.get("followers", ())]
    found += [("child", each["number"]) for each in desk.get("children", ())]
    return [(how, number) for how, number in found if number]


def as_number(text: str) -> str | None:
    """A ticket number with its dashes, however it was typed; None where it is none."""
    letters = re.sub(r"[\s-]", "", text).upper()
    if not NUMBER.fullmatch(letters):
        return None
    return "-".join(letters[start : start + 4] for start in range(0, 16, 4))
