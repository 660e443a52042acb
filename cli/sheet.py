"""Requests from a CSV file: our own columns, or the columns of a hotline's export."""

import csv
import random
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cli.say import Failure
from contracts.cloudevent import CloudEvent
from contracts.event import Event, type_of
from contracts.intake import Requester, RequestSubmitted
from contracts.terms import CHINA, YEARS

TIMES = ("%Y/%m/%d %H:%M:%S", "%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d")
CHANNELS: tuple[tuple[Any, str, int], ...] = (
    ("hotline_12345", "/hotline/12345", 50),
    ("resident", "/resident/mini-program", 35),
    ("grid_officer", "/grid/patrol", 10),
    ("system", "/subdistrict/office-system", 5),
)
"""Channel, the system behind it, and how many of a hundred requests come through it."""
SEVERITIES = (("general", 90), ("urgent", 10))
ENDED_TITLE = 40  # characters of the body that stand in for a missing title


@dataclass(frozen=True)
class Submission:
    """A request and the system that submits it."""

    source: str
    request: RequestSubmitted


def submissions(
    path: Path, number: int, seed: int = 1, grids: Sequence[str] = (), tag: str = ""
) -> list[Submission]:
    """`number` requests of a file: spread over it, or from its start again if it has fewer; raises Failure.

    A hotline's export names no place: one of `grids` is drawn for each row by `seed`. `tag` ends every
    external id, so that the same file can be played twice into one database.
    """
    rows = rows_of(path)
    if not rows:
        raise Failure(f"{path} has no rows")
    if "external_id" not in rows[0] and "title" not in rows[0]:
        raise Failure(f"{path} has neither a column external_id nor a column title")
    drawn = (
        _submission(rows[line], f"{path.stem}-{line + 2}", f"#{turn + 1}" if turn else "", seed, grids, tag)
        for turn, line in _lines(len(rows), number)
    )
    return list(drawn)


def _lines(there: int, wanted: int) -> Iterator[tuple[int, int]]:
    """Which line in which round: all over the file where it has more than is wanted."""
    if wanted < there:
        return ((0, index * there // wanted) for index in range(wanted))
    return (divmod(index, there) for index in range(wanted))


def enveloped(submission: Submission) -> CloudEvent[Event]:
    """A request as the event its system sends; its number there is the event's id."""
    request = submission.request
    return CloudEvent(
        specversion="1.0",
        id=request.external_id,
        source=submission.source,
        type=type_of(type(request)),
        time=datetime.now(UTC),
        data=request,
    )


def moment(text: str) -> datetime | None:
    """A time as hotlines write it (2019/2/28 11:25:05, 2017-06-08 17:31:20.000001), there in China.

    None of what is none, or of no year that events may have.
    """
    found = _moment(text)
    return found if found and found.year in YEARS else None


def _moment(text: str) -> datetime | None:
    for form in TIMES:
        try:
            return datetime.strptime(text, form).replace(tzinfo=CHINA)
        except ValueError:
            continue
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=CHINA)


def moment_or_failure(text: str) -> datetime:
    """The same of what somebody has typed; raises Failure."""
    found = moment(text)
    if found is None:
        raise Failure(f"{text!r} is no time; write it as 2026-11-27T16:00.")
    return found


def rows_of(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file under its header; raises Failure."""
    csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return [{key: value or "" for key, value in row.items() if key} for row in csv.DictReader(file)]
    except (OSError, UnicodeDecodeError) as error:
        raise Failure(f"{path} cannot be read: {error}") from None


def _submission(
    row: Mapping[str, str], name: str, turn: str, seed: int, grids: Sequence[str], tag: str
) -> Submission:
    if "external_id" in row:
        return Submission(row["source"], _own(row, row["external_id"] + turn + tag))
    return _exported(row, name + turn + tag, _dice(f"{seed}:{name}{turn}"), grids)


def _own(row: Mapping[str, Any], external_id: str) -> RequestSubmitted:
    given = {key: row.get(key) or None for key in ("category", "grid", "address")}
    return RequestSubmitted(
        external_id=external_id,
        channel=row["channel"],
        title=row["title"],
        body=row.get("body") or "",
        severity=row.get("severity") or "general",
        occurred_at=moment(row.get("occurred_at") or ""),
        requester=_requester(row),
        lives_alone=row.get("lives_alone") in ("yes", "是"),
        **given,
    )


def _requester(row: Mapping[str, str]) -> Requester | None:
    name, phone, email = (row.get(f"requester_{key}") or None for key in ("name", "phone", "email"))
    return Requester(name=name, phone=phone, email=email) if name or phone or email else None


def _exported(
    row: Mapping[str, str], external_id: str, chance: random.Random, grids: Sequence[str]
) -> Submission:
    channel, source = _drawn(chance, [((channel, source), share) for channel, source, share in CHANNELS])
    body = row.get("body") or row.get("tokens_if_no_body") or ""
    request = RequestSubmitted(
        external_id=external_id,
        channel=channel,
        title=row["title"].strip() or body.strip()[:ENDED_TITLE],
        body=body,
        category=row.get("level1") or None,
        severity=_drawn(chance, SEVERITIES),
        grid=chance.choice(grids) if grids else None,
        occurred_at=moment(row.get("time") or row.get("date") or ""),
        requester=Requester(),
    )
    return Submission(source, request)


def _dice(seed: str) -> random.Random:
    return random.Random(seed)  # noqa: S311  a play, no secret


def _drawn(chance: random.Random, shares: Iterable[tuple[Any, int]]) -> Any:
    values, weights = zip(*shares, strict=True)
    return chance.choices(values, weights)[0]
