"""The sorts of columns a directory file may have, with Chinese titles and words for a bad value."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any

from marshmallow import ValidationError, fields, validate

from services.dispatch.directory.availability import multirange, read_hours

LARGEST = 2_147_483_647
DAY = re.compile(r"([0-9]{4})[-/]([0-9]{1,2})[-/]([0-9]{1,2})")
CODE = re.compile(r"[\w.:/+@-]{1,64}\Z")  # as contracts.terms.Code
EMPTY: Any = {"required": "must not be empty", "null": "must not be empty"}


def split_items(value: str) -> list[str]:
    """A list in one cell of the sheet, separated by semicolons (English or Chinese)."""
    items = [part.strip() for part in value.replace("；", ";").split(";") if part.strip()]
    if len(set(items)) < len(items):
        raise ValidationError("names an item twice")
    return items


def read_day(value: str) -> date:
    """A calendar day as 2026-01-31 or, as spreadsheets write it, 2026/1/31."""
    if not (found := DAY.fullmatch(value)):
        raise ValidationError(f"'{value}' is not a day; write it as 2026-01-31")
    try:
        return date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        raise ValidationError(f"there is no day {value}") from None


def read_moment(value: str) -> datetime:
    """A local time in China as 2026-01-31 08:00."""
    try:
        return datetime.strptime(f"{value.replace('/', '-')} +0800", "%Y-%m-%d %H:%M %z")
    except ValueError:
        raise ValidationError(f"'{value}' is not a time; write it as 2026-01-31 08:00") from None


def _about(title: str, refers: str | None) -> dict[str, str]:
    return {"title": title} if refers is None else {"title": title, "refers": refers}


def text_column(title: str, *, required: bool = True, refers: str | None = None) -> fields.String:
    """A text; it may refer to the key of another table."""
    default: Any = {} if required else {"load_default": None}
    return fields.String(required=required, error_messages=EMPTY, metadata=_about(title, refers), **default)


def hours_column(title: str) -> fields.Function:
    """Weekly hours, several separated by semicolons, as a multirange of minutes of the week."""

    def read(value: str) -> str:
        try:
            return multirange([span for item in split_items(value) for span in read_hours(item)])
        except ValueError as fault:
            raise ValidationError(str(fault)) from None

    return fields.Function(deserialize=read, load_default=None, metadata=_about(title, None))


def code_column(title: str) -> fields.String:
    """The code of a row, as events may carry it."""
    words = "'{input}' is no code: use letters, digits and . : / + @ - _ only, at most 64"
    rule = validate.Regexp(CODE, error=words)
    return fields.String(required=True, error_messages=EMPTY, validate=rule, metadata=_about(title, None))


def choice_column(title: str, choices: tuple[str, ...], **default: Any) -> fields.String:
    """One word out of a fixed set."""
    rule = validate.OneOf(choices, error="'{input}' is not one of: {choices}")
    required = not default
    return fields.String(
        required=required, error_messages=EMPTY, validate=rule, metadata=_about(title, None), **default
    )


def items_column(
    title: str, choices: tuple[str, ...] = (), *, required: bool = False, refers: str | None = None
) -> fields.Function:
    """A list, from a fixed set or referring to the keys of another table."""
    rule = validate.ContainsOnly(choices, error=f"may hold only: {', '.join(choices)}") if choices else None
    default: Any = {} if required else {"load_default": list}
    return fields.Function(
        deserialize=split_items,
        required=required,
        error_messages=EMPTY,
        validate=rule,
        metadata=_about(title, refers),
        **default,
    )


def read_outline(value: str) -> str:
    """A boundary as WKT, as geographic information systems export it."""
    import shapely

    try:
        shape = shapely.from_wkt(value)
    except shapely.errors.GEOSException:
        raise ValidationError("is not WKT; write it as POLYGON ((119.41 32.39, …))") from None
    if shape.geom_type not in ("Polygon", "MultiPolygon"):
        raise ValidationError(f"a {shape.geom_type} bounds nothing; it must be a POLYGON or MULTIPOLYGON")
    if shape.is_empty:
        raise ValidationError("is empty")
    if not shape.is_valid:
        raise ValidationError(f"is no proper outline: {shapely.is_valid_reason(shape)}")
    west, south, east, north = shape.bounds
    if west < -180 or east > 180 or south < -90 or north > 90:
        raise ValidationError("is not in degrees, longitude before latitude")
    return value


def outline_column(title: str) -> fields.Function:
    """The boundary of an area, or nothing."""
    return fields.Function(deserialize=read_outline, load_default=None, metadata=_about(title, None))


def count_column(title: str, *, least: int = 0, **default: Any) -> fields.Integer:
    """A whole number with a lower bound."""
    words = EMPTY | {"invalid": "'{input}' is not a whole number"}
    rule = validate.Range(least, LARGEST, error=f"'{{input}}' is not between {least} and {LARGEST}")
    return fields.Integer(
        required=not default, error_messages=words, validate=rule, metadata=_about(title, None), **default
    )


def flag_column(title: str, *, default: bool | None = None) -> fields.Boolean:
    """Yes or no; without a default it must be given."""
    given: Any = {"required": True} if default is None else {"load_default": default}
    return fields.Boolean(
        **given,
        truthy={"true", "yes", "1", "是"},
        falsy={"false", "no", "0", "否"},
        error_messages=EMPTY | {"invalid": "'{input}' is neither yes (是) nor no (否)"},
        metadata=_about(title, None),
    )


def moment_column(title: str) -> fields.Function:
    """A time that must be given."""
    return fields.Function(
        deserialize=read_moment, required=True, error_messages=EMPTY, metadata=_about(title, None)
    )


def email_column(title: str) -> fields.Email:
    """An e-mail address, or nothing."""
    words: Any = {"invalid": "'{input}' is not an e-mail address"}
    return fields.Email(load_default=None, error_messages=words, metadata=_about(title, None))


def phone_column(title: str) -> fields.String:
    """A telephone number, or nothing."""
    rule = validate.Regexp(r"^\+?[0-9][0-9 \-]{4,18}$", error="'{input}' is not a telephone number")
    return fields.String(load_default=None, validate=rule, metadata=_about(title, None))


def day_column(title: str, *, required: bool = False) -> fields.Function:
    """A calendar day."""
    default: Any = {} if required else {"load_default": None}
    return fields.Function(
        deserialize=read_day, required=required, error_messages=EMPTY, metadata=_about(title, None), **default
    )
