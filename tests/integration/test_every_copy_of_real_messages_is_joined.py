"""Real messages, sent twice and delivered again: every copy is found, and nothing else is taken for one.

The data is not part of the project; REAL_MESSAGES names its file messages_hot.csv, else it is looked for
beside the project. Two processes share the shards, so that copies of a text meet in different ones.
"""

import os
import re
import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import combinations, islice
from pathlib import Path
from typing import Any

import pytest

from cli.sheet import rows_of
from contracts.numbering import ticket_number
from services.ticket.alike.likeness import LENGTH, LOWEST, compared, likeness, pieces
from tests.integration.process import HOTLINE, SHARDS, Stage, request, until

BESIDE = Path(__file__).parents[3] / "shared" / "data" / "tipdm2020c" / "messages_hot.csv"
FILE = Path(os.environ.get("REAL_MESSAGES", BESIDE))
PATIENCE = 120.0
AGAIN = 200
"""Messages of each shard that are delivered a second time."""
LEAST = 20
DISTRICT = re.compile(r"[A-Z]\d{1,2}(?=[区县市])")
"""In the file a letter and a figure stand for the name of a district: A3区."""
KEY = b"k" * 32


def real() -> list[dict[str, str]]:
    """The messages, each with its own number."""
    if not FILE.exists():
        pytest.skip("the real messages are not here; REAL_MESSAGES=…/messages_hot.csv names them")
    return rows_of(FILE)


def said(row: Mapping[str, str]) -> dict[str, Any]:
    """A message as the hotline sends it: the place as the words name it, the user as a telephone number."""
    place = DISTRICT.search(row["body"])
    number = int(row["user"][1:])
    return {
        "title": row["title"].strip() or "-", "body": row["body"],
        "grid": f"grid-{place[0]}" if place else None, "requester": {"phone": f"1{number:010d}"},
    }  # fmt: skip


def copies(rows: Sequence[Mapping[str, str]]) -> list[list[int]]:
    """Which messages have the very same words, in the test's own way to tell."""
    groups: dict[str, list[int]] = defaultdict(list)
    for index, row in enumerate(rows):
        letters = unicodedata.normalize("NFKC", row["body"]).casefold()
        groups["".join(filter(str.isalnum, letters))].append(index)
    return [group for group in groups.values() if len(group) > 1]


def publish(stage: Stage, rows: Sequence[Mapping[str, str]]) -> None:
    """All messages, in their order."""
    stage.publish((index, request(index, **said(row))) for index, row in enumerate(rows))


def taken_and_lost(stage: Stage, queue: str) -> None:
    """Somebody takes messages and goes away with them: the broker has to deliver these again."""
    with stage.channel() as channel:
        channel.basic_qos(prefetch_count=AGAIN)
        taken = list(islice(channel.consume(queue, inactivity_timeout=20), AGAIN))
        assert all(method for method, _, _ in taken)
    with stage.channel() as channel:
        method, _, _ = next(channel.consume(queue, inactivity_timeout=20))
        assert method.redelivered


def test_every_copy_is_joined_and_nothing_else(stage: Stage) -> None:
    rows = real()
    publish(stage, rows)
    for shard in range(SHARDS):
        taken_and_lost(stage, f"ticket.{shard}")
    for instance in ("1/2", "2/2"):
        stage.start(INSTANCE=instance)
    publish(stage, rows)
    until(lambda: stage.tickets() == len(rows), PATIENCE)
    until(lambda: _rest(stage), PATIENCE)

    groups = copies(rows)
    same = {frozenset(pair) for group in groups for pair in combinations(map(_number, group), 2)}
    to_link = sum(len(group) - 1 for group in groups)
    linked = _linked(stage)
    found = {frozenset(pair) for pair in linked.items()}
    right = len(found & same)
    recall, precision = right / to_link, right / len(found)
    print(
        f"{len(groups)} groups of copies, {to_link} to join, {len(found)} joined, "
        f"recall {recall:.3f}, precision {precision:.3f}"
    )
    assert (recall, precision) == (1.0, 1.0)
    assert len(groups) > 100

    phones = {_number(index): row["user"] for index, row in enumerate(rows)}
    repeats = dict(stage.query("SELECT id, coalesce((desk ->> 'repeat')::boolean, false) FROM ticket"))
    for follower, primary in linked.items():
        assert repeats[follower] == (phones[follower] == phones[primary])


def _number(index: int) -> str:
    return ticket_number(HOTLINE, str(index))


def _linked(stage: Stage) -> dict[str, str]:
    query = "SELECT id, desk ->> 'primary' FROM ticket WHERE state = 'merged'"
    return {str(follower): str(primary) for follower, primary in stage.query(query)}


def _rest(stage: Stage) -> bool:
    """Whether both copies of all messages were taken, and all post is read."""
    with stage.channel() as channel:
        queues = (channel.queue_declare(f"ticket.{n}", passive=True) for n in range(SHARDS))
        left = [queue.method.message_count for queue in queues]
    return not any(left) and stage.query("SELECT count(*) FROM letter") == [(0,)]


def test_the_estimate_finds_what_is_much_alike_and_says_how_much() -> None:
    """Of all pairs of messages that share 60 of a hundred pieces, and how many are shown that do not."""
    texts = {text for row in real() if (text := compared(row["title"], row["body"], LEAST))}
    ordered = sorted(texts)
    sketches = [pieces(text, KEY) for text in ordered]
    lowest: dict[int, list[int]] = defaultdict(list)
    by_piece: dict[str, list[int]] = defaultdict(list)
    for index, text in enumerate(ordered):
        for hashed in sketches[index][:LOWEST]:
            lowest[hashed].append(index)
        for piece in _pieces(text):
            by_piece[piece].append(index)
    candidates = {pair for there in lowest.values() for pair in combinations(there, 2)}
    shown = {pair for pair in candidates if likeness(sketches[pair[0]], sketches[pair[1]]) >= 60}
    alike = _alike(ordered, by_piece, 0.6)
    nearly = _alike(ordered, by_piece, 0.5)
    recall, precision = len(shown & alike) / len(alike), len(shown & nearly) / len(shown)
    print(
        f"{len(alike)} pairs share 60 %, {len(shown)} shown of {len(candidates)} looked at, "
        f"recall {recall:.3f}, of the shown {precision:.3f} share 50 %"
    )
    assert recall > 0.9
    assert precision > 0.95


def _alike(texts: Sequence[str], by_piece: Mapping[str, list[int]], share: float) -> set[tuple[int, int]]:
    """Pairs that share so much of their pieces, counted whole; each such pair has a rare piece in common."""
    sets = [_pieces(text) for text in texts]
    rare = (there for there in by_piece.values() if len(there) <= 20)
    pairs = {pair for there in rare for pair in combinations(there, 2)}
    return {(a, b) for a, b in pairs if len(sets[a] & sets[b]) >= share * len(sets[a] | sets[b])}


def _pieces(text: str) -> set[str]:
    return {text[n : n + LENGTH] for n in range(len(text) - LENGTH + 1)}
