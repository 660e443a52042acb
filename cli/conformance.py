"""`fengge conformance`: what a system's messages do wrong, against the contracts or a running Fengge."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from chassis.clock import now
from cli.say import Failure, JsonFlag, as_json
from contracts.conformance import sending
from contracts.conformance.door import Door, Unreachable
from contracts.conformance.finding import Finding, Step
from contracts.conformance.lines import Checker, messages
from contracts.conformance.over_amqp import trial
from contracts.conformance.over_http import Trial
from contracts.conformance.wire import Wire
from contracts.publisher.errors import PublishFailed

Found = Finding | Step
SOMEBODY = "urn:fengge:publisher"
"""The source of CSV rows where none is said."""


def conformance(
    target: Annotated[
        str, typer.Argument(metavar="URL|AMQP_URL|FILE", help="A gateway, a broker, or a file of messages.")
    ],
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="Messages to send there instead of ours.")
    ] = None,
    source: Annotated[
        list[str] | None, typer.Option(help="Your source, e.g. urn:hotline:12345; repeatable for a FILE.")
    ] = None,
    key: Annotated[
        str, typer.Option(envvar="FENGGE_KEY", help="For a URL: your API key, or your issuer's token.")
    ] = "",
    wait: Annotated[
        float, typer.Option(min=0.1, max=600, help="Seconds in which an answer has to come.")
    ] = 15.0,
    json: JsonFlag = False,
) -> None:
    """What your messages do wrong, line by line · 一致性检查.

    FILE holds JSON lines, one JSON document, or CSV rows of requests; it is checked here, nothing is sent.
    A URL (with --key) or an AMQP URL is tried as your system with messages of ours, right and wrong; with
    a FILE, what of it is not wrong already is sent. Use it on a test system: it leaves requests that are
    taken back, and parked messages.

    Exit status 1 if anything is wrong.
    """
    sources = source or []
    try:
        found = list(_told(_found(target, file, sources, key, wait), json))
    except (Unreachable, PublishFailed) as trouble:
        raise Failure(str(trouble)) from None
    except (OSError, UnicodeDecodeError) as error:
        raise Failure(f"{file or target} cannot be read: {error}") from None
    if json:
        as_json([msgspec.structs.asdict(each) for each in found])
    else:
        print(_summary(found))
    raise typer.Exit(1 if any(map(_is_wrong, found)) else 0)


def _found(target: str, file: Path | None, sources: list[str], key: str, wait: float) -> Iterator[Found]:
    """What is found, as soon as it is; raises Failure, Unreachable, PublishFailed, OSError."""
    scheme = target.partition("://")[0] if "://" in target else "file"
    if scheme not in ("http", "https", "amqp", "amqps", "file"):
        raise Failure(f"{target}: neither http(s)://, amqp(s):// nor a file")
    if scheme == "file":
        file = Path(target)
    good: list[tuple[str, bytes]] = []
    if file:
        yield from _checked(file, sources, good)
    if scheme in ("http", "https"):
        if not key:
            raise Failure("--key is missing: the API key that operators gave you, or FENGGE_KEY.")
        door = Door(target, key)
        yield from sending.by_http(door, good) if file else Trial(door, _one(sources), wait).steps()
    elif scheme in ("amqp", "amqps"):
        wire = Wire(target, wait)
        yield from sending.by_amqp(wire, good, wait) if file else trial(wire, _one(sources), wait)


def _checked(file: Path, sources: list[str], good: list[tuple[str, bytes]]) -> Iterator[Finding]:
    """What is found without asking anybody; the messages that may be sent are added to `good`."""
    checker = Checker(sources, now())
    for where, message in messages(file, sources[0] if sources else SOMEBODY):
        found = list(checker.check(where, message))
        yield from found
        if isinstance(message, bytes) and not any(map(_is_wrong, found)):
            good.append((where, message))


def _one(sources: list[str]) -> str:
    if len(sources) != 1:
        raise Failure("--source is missing, or there is more than one: say which of yours is to be tried.")
    return sources[0]


def _told(found: Iterable[Found], json: bool) -> Iterator[Found]:
    """Says each as soon as it is found."""
    for each in found:
        if not json:
            print(each, flush=True)
        yield each


def _summary(found: list[Found]) -> str:
    wrong = sum(map(_is_wrong, found))
    steps, findings = (sum(isinstance(each, kind) for each in found) for kind in (Step, Finding))
    said = f"{steps} steps, " if steps else ""
    return f"{said}{wrong} wrong, {findings - wrong if findings else 0} warnings"


def _is_wrong(found: Found) -> bool:
    return found.failure is not None if isinstance(found, Step) else found.level == "error"
