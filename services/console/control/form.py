"""What the forms of *Control* say, checked."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from contracts.registry import LEDGERS
from contracts.terms import CHINA
from services.console.control.acts import What
from services.console.control.replay_store import Wanted
from services.console.control.words import WORDS
from services.console.now.seen import Hears
from services.console.visit import Refused, Visit

MOST_MINUTES = 7 * 1440
MOST_SHARDS = 1024


def text(visit: Visit, name: str) -> str:
    """A field of the form, or of the address where there is no form."""
    return (visit.request.form.get(name) or visit.request.args.get(name) or "").replace("\0", "").strip()


def service(visit: Visit, name: str = "service", among: Sequence[str] = LEDGERS) -> str:
    """The service that is named; raises Refused."""
    found = text(visit, name)
    if found not in among:
        raise Refused(400, WORDS["unknown"], "unknown")
    return found


def number(visit: Visit, name: str, least: int, most: int) -> int | None:
    """A whole number, None where the field is empty; raises Refused."""
    given = text(visit, name)
    if not given:
        return None
    if not given.isascii() or not given.isdigit() or not least <= int(given[:12]) <= most:
        raise Refused(400, WORDS["bad_number"], "number")
    return int(given)


def shards(visit: Visit) -> list[int]:
    """Numbers of shards between commas; none: all."""
    given = [word for word in text(visit, "shards").split(",") if word]
    if not all(word.isascii() and word.isdigit() and int(word[:6]) < MOST_SHARDS for word in given):
        raise Refused(400, WORDS["unknown"], "unknown")
    return [int(word) for word in given]


def what(visit: Visit) -> What:
    """What is to be paused."""
    part = text(visit, "part")
    if part not in ("consumer", "all", "channel"):
        raise Refused(400, WORDS["unknown"], "unknown")
    return What(
        part=part,  # type: ignore[arg-type]
        shard=number(visit, "shard", 0, MOST_SHARDS - 1) if part == "consumer" else None,
        channel=text(visit, "channel") if part == "channel" else None,
        minutes=number(visit, "minutes", 1, MOST_MINUTES),
    )


def wanted(visit: Visit, hears: Hears) -> Wanted:
    """The period that is to be sent again."""
    subscriber = service(visit, "subscriber", list(hears))
    return Wanted(
        subscriber=subscriber, shards=shards(visit) or None, publishers=list(hears[subscriber]),
        since=moment(visit, "from"), until=moment(visit, "to"), rate=number(visit, "rate", 1, 5000) or 200,
    )  # fmt: skip


def moment(visit: Visit, name: str) -> datetime:
    """A time as a clock in China shows it; raises Refused."""
    try:
        return datetime.fromisoformat(text(visit, name)).replace(tzinfo=CHINA).astimezone(UTC)
    except ValueError:
        raise Refused(400, WORDS["bad_time"], "time") from None


def plain(what: What) -> Mapping[str, object]:
    """What is paused, for the record."""
    return {"part": what.part, "shard": what.shard, "channel": what.channel, "minutes": what.minutes}


def said(wanted: Wanted) -> Mapping[str, object]:
    """The same for the record."""
    return {
        "subscriber": wanted.subscriber, "shards": wanted.shards, "publishers": list(wanted.publishers),
        "since": wanted.since.isoformat(), "until": wanted.until.isoformat(), "missing": wanted.missing,
    }  # fmt: skip
