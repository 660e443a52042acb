"""The sorts of columns a directory file may have, each with its Chinese title and its words for a bad value."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from typing import Any

from marshmallow import ValidationError, fields, validate

CHINA = timezone(timedelta(hours=8))
LARGEST = 2_147_483_647
EMPTY: Any = {"required": "must not be empty", "null": "must not be empty"}


class Items(fields.Field[list[str]]):
    """A list in one cell of the sheet, separated by semicolons (English or Chinese)."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> list[str]:
        parts = [part.strip() for part in str(value).replace("；", ";").split(";")]
        items = [part for part in parts if part]
        if len(set(items)) < len(items):
            raise ValidationError("names an item twice")
        return items


class Day(fields.Field[date]):
    """A calendar day as 2026-01-31 or, as spreadsheets write it, 2026/1/31."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> date:
        try:
            return datetime.strptime(str(value).replace("/", "-"), "%Y-%m-%d").date()
        except ValueError:
            raise ValidationError(f"'{value}' is not a day; write it as 2026-01-31") from None


class Moment(fields.Field[datetime]):
    """A local time of day in China as 2026-01-31 08:00."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> datetime:
        text = str(value).replace("/", "-").replace("T", " ")
        try:
            return datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=CHINA)
        except ValueError:
            raise ValidationError(f"'{value}' is not a time; write it as 2026-01-31 08:00") from None


def _about(title: str, refers: str | None) -> dict[str, str]:
    return {"title": title} if refers is None else {"title": title, "refers": refers}


def text_column(title: str, *, required: bool = True, refers: str | None = None) -> fields.String:
    """A text; it may refer to the key of another table."""
    default: Any = {} if required else {"load_default": None}
    return fields.String(required=required, error_messages=EMPTY, metadata=_about(title, refers), **default)


def choice_column(title: str, choices: tuple[str, ...], **default: Any) -> fields.String:
    """One word out of a fixed set."""
    rule = validate.OneOf(choices, error="'{input}' is not one of: {choices}")
    required = not default
    return fields.String(
        required=required, error_messages=EMPTY, validate=rule, metadata=_about(title, None), **default
    )


def items_column(
    title: str, choices: tuple[str, ...] = (), *, required: bool = False, refers: str | None = None
) -> Items:
    """A list, from a fixed set or referring to the keys of another table."""
    rule = validate.ContainsOnly(choices, error=f"may hold only: {', '.join(choices)}") if choices else None
    default: Any = {} if required else {"load_default": list}
    return Items(
        required=required, error_messages=EMPTY, validate=rule, metadata=_about(title, refers), **default
    )


def count_column(title: str, *, least: int = 0, **default: Any) -> fields.Integer:
    """A whole number with a lower bound."""
    words = EMPTY | {"invalid": "'{input}' is not a whole number"}
    rule = validate.Range(least, LARGEST, error=f"'{{input}}' is not between {least} and {LARGEST}")
    return fields.Integer(
        required=not default, error_messages=words, validate=rule, metadata=_about(title, None), **default
    )


def flag_column(title: str, *, default: bool) -> fields.Boolean:
    """Yes or no."""
    return fields.Boolean(
        load_default=default, truthy={"true", "yes", "1", "是"}, falsy={"false", "no", "0", "否"},
        error_messages={"invalid": "'{input}' is neither yes (是) nor no (否)"}, metadata=_about(title, None),
    )


def moment_column(title: str) -> Moment:
    """A time that must be given."""
    return Moment(required=True, error_messages=EMPTY, metadata=_about(title, None))


def email_column(title: str) -> fields.Email:
    """An e-mail address, or nothing."""
    words: Any = {"invalid": "'{input}' is not an e-mail address"}
    return fields.Email(load_default=None, error_messages=words, metadata=_about(title, None))


def phone_column(title: str) -> fields.String:
    """A telephone number, or nothing."""
    rule = validate.Regexp(r"^\+?[0-9][0-9 \-]{4,18}$", error="'{input}' is not a telephone number")
    return fields.String(load_default=None, validate=rule, metadata=_about(title, None))


def day_column(title: str, *, required: bool = False) -> Day:
    """A calendar day."""
    default: Any = {} if required else {"load_default": None}
    return Day(required=required, error_messages=EMPTY, metadata=_about(title, None), **default)
