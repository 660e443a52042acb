"""Sends a file of events: python -m contracts.publisher requests.csv --source urn:hotline:12345."""

import argparse
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from contracts.cloudevent import CloudEvent
from contracts.event import Event
from contracts.problem import ContractViolation
from contracts.publisher.client import Publisher
from contracts.publisher.errors import PublishFailed, Unroutable
from contracts.publisher.files import BadRow, events_in
from contracts.publisher.line import INSIDE, OUTSIDE

EPILOG = """\
FILE is .csv (its header names members of RequestSubmitted: external_id, channel, title, body, category,
severity, grid, address, occurred_at, lives_alone, requester_name, requester_phone, requester_email)
or JSON lines, one structured CloudEvent per line.
Sending a file twice does no harm: the same row has the same id.
AMQP_URL names the broker, e.g. amqp://hotline:password@host:5672/fengge.

exit status: 0 all confirmed; 1 rows skipped or events refused; 2 wrong usage; 3 the broker took not all"""


def main(arguments: list[str] | None = None) -> int:
    """Sends the file and says what became of it; the exit status is in the help."""
    asked = _asked(arguments)
    url = os.environ.get("AMQP_URL")
    if not url or not asked.file.is_file():
        print("AMQP_URL is not set" if not url else f"there is no file {asked.file}", file=sys.stderr)
        return 2
    bad: list[BadRow] = []
    start = time.monotonic()
    with Publisher(url, source=asked.source, timeout=asked.timeout, exchange=asked.exchange) as publisher:
        try:
            confirmed = publisher.submit_many(_good(asked.file, asked.source, bad), progress=_progress)
            refused = _replies(publisher, asked.replies) if asked.replies else 0
        except (PublishFailed, ContractViolation) as error:
            print(f"\n{error}", file=sys.stderr)
            for ident in error.ids if isinstance(error, Unroutable) else []:
                print(f"not routed: {ident}", file=sys.stderr)
            return 3
    seconds = time.monotonic() - start
    print(f"\n{confirmed} confirmed, {len(bad)} rows skipped, {refused} refused, {seconds:.1f} s")
    return 1 if bad or refused else 0


def _asked(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        "python -m contracts.publisher",
        None,
        __doc__,
        EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument("--source", default="urn:fengge:publisher", help="CloudEvents source of CSV rows")
    parser.add_argument(
        "--exchange", default=OUTSIDE, help=f"where to ({OUTSIDE}; our own programs: {INSIDE})"
    )
    parser.add_argument("--timeout", type=float, default=30.0, help="seconds to wait for the broker (30)")
    parser.add_argument(
        "--replies", type=float, default=0.0, metavar="SECONDS", help="then wait for refusals"
    )
    return parser.parse_args(arguments)


def _good(file: Path, source: str, bad: list[BadRow]) -> Iterator[CloudEvent[Event]]:
    for row in events_in(file, source):
        if isinstance(row, BadRow):
            bad.append(row)
            print(row, file=sys.stderr)
        else:
            yield row


def _progress(confirmed: int) -> None:
    if sys.stdout.isatty():
        print(f"\r{confirmed} confirmed", end="", flush=True)


def _replies(publisher: Publisher, seconds: float) -> int:
    count = 0
    for refusal in publisher.replies(seconds):
        count += 1
        print(
            f"refused: {refusal.instance}: {refusal.status} {refusal.title}: {refusal.detail}",
            file=sys.stderr,
        )
    return count


if __name__ == "__main__":
    sys.exit(main())
