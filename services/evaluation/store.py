"""Load, save, and every SQL statement of the evaluation service."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from msgspec import convert
from psycopg.rows import dict_row

from chassis import policy
from chassis.database import Tx
from chassis.model import Changes, Fact, Stimulus
from chassis.rows import columns
from chassis.states import Table
from contracts.cloudevent import CloudEvent
from contracts.intake import CallbackMade, RatingGiven
from services.evaluation import guess_store, guessing, key_store, score_store, tally, tally_store
from services.evaluation.callback import Calls, earliest
from services.evaluation.case import Case
from services.evaluation.guessing import Share
from services.evaluation.integrity import RatingSeen, Seen, Watch
from services.evaluation.keyring import Print
from services.evaluation.rating import GuessFailed, Limits
from services.evaluation.scoring import ScoreTaken
from services.evaluation.settlement import Marks


@dataclass
class Known(policy.Known):
    """Also what proves a rating: its publisher by source and id, and the keys of its ticket."""

    before: Mapping[str, Case] = field(default_factory=dict)
    """The cases of the batch as they were."""
    publishers: dict[tuple[str, str], str | None] = field(default_factory=dict)
    prints: Mapping[str, Sequence[Print]] = field(default_factory=dict)
    used: dict[str, datetime] = field(default_factory=dict)
    """Until when a publisher has used up its share of wrong codes."""
    lately: dict[str, list[datetime]] = field(default_factory=dict)
    """When requesters have rated in this batch, by assignee of their case."""
    earlier: Mapping[tuple[str, datetime], int] = field(default_factory=dict)
    """How many had rated shortly before, by assignee and moment of a rating of this batch."""
    guessed: set[str] = field(default_factory=set)
    """Publishers that sent a wrong code in this batch."""
    scores: dict[tuple[str, str, str], ScoreTaken] = field(default_factory=dict)
    """What departments were given in this batch, of each rater the last."""

    def learn(self, fact: Fact) -> None:
        """A wrong code counts against its publisher from the next decision on, a rating among the others."""
        if isinstance(fact, RatingSeen) and fact.assignee:
            self.lately.setdefault(fact.assignee, []).append(fact.at)
        if isinstance(fact, GuessFailed):
            guessing.note(self.used, fact.publisher, self._share, self.now)
            self.guessed.add(fact.publisher)
        if isinstance(fact, ScoreTaken):
            self.scores[fact.place] = fact

    def publisher(self, event: CloudEvent[Any]) -> str:
        """The broker's user that sent the event; empty where the broker vouches for none."""
        return self.publishers.get((event.source, event.id)) or ""

    def trusts(self, event: CloudEvent[Any]) -> bool:
        """Whether the broker's user that sent it may rate for requesters: of all sources, or of this one."""
        publisher, trusted = self.publisher(event), self.policies["rating_publishers"].value["trusted"]
        return publisher in trusted or f"{publisher} {event.source}" in trusted

    @property
    def calls(self) -> Calls:
        """How often, and how long, who has not rated is called."""
        return convert(self.policies["rating_callback"].value, Calls)

    @property
    def watch(self) -> Watch:
        """Which ratings deserve a look."""
        return convert(self.policies["integrity_flags"].value, Watch)

    def seen(self, at: datetime) -> Seen:
        """A rating given at this moment among the others of late."""
        return Seen(at=at, watch=self.watch, lately=self.lately, earlier=self.earlier)

    def shut(self, publisher: str) -> bool:
        """Whether no code of this publisher is looked at now."""
        return guessing.shut(self.used.get(publisher), self._share, self.now)

    @property
    def _share(self) -> Share:
        return convert(self.policies["rating_guesses"].value, Share)

    @property
    def limits(self) -> Limits:
        """How often somebody may mistake a code."""
        found = self.policies["rating_code"].value
        return Limits(attempts=found["attempts"], seconds=found["lock_seconds"], locks=found["locks"])


COLUMNS = (
    "sequence, state, ended, received_at, source, channel, category, grid, severity, assignee, "
    "assignee_kind, unit, contract, contact_due_at, contacted_in_time, contacted_at, contact_missed, hops, "
    "returns, expiries, on_time, handled_at, reworks, round, asked_at, window_ends_at, rated_at, resolved, "
    "satisfaction, aside"
)
CASES = Table("casefile", Case, COLUMNS)
prove = CASES.prove
WINDOWS_OVER = """
SELECT id FROM casefile WHERE state = 'asked' AND window_ends_at <= %s
ORDER BY window_ends_at LIMIT %s FOR UPDATE SKIP LOCKED
"""
CONTACTS_MISSED = """
SELECT id FROM casefile WHERE contact_due_at <= %s AND contacted_in_time IS NULL AND NOT contact_missed
ORDER BY contact_due_at LIMIT %s FOR UPDATE SKIP LOCKED
"""
CALLS = """
SELECT id, category, assignee_kind, window_ends_at, coalesce((aside->>'calls')::int, 0) AS calls,
    (aside->>'called_at')::timestamptz AS called_at
FROM casefile
WHERE state = 'asked' AND window_ends_at > %(now)s AND window_ends_at <= %(until)s
    AND coalesce((aside->>'calls')::int, 0) < %(attempts)s AND NOT coalesce(aside ? 'uncallable', false)
    AND coalesce((aside->>'called_at')::timestamptz, 'infinity') >= %(earliest)s
ORDER BY window_ends_at LIMIT %(limit)s
"""
CLAIMS = """
SELECT id, unit, assignee, aside #>> '{claim,ground}' AS ground, aside #>> '{claim,asked_by,id}' AS asked_by,
    aside #>> '{claim,seconded_by,id}' AS seconded_by
FROM casefile WHERE aside ? 'claim' ORDER BY id LIMIT %s
"""
EARLIER = """
SELECT assignee, at, (
    SELECT count(*) FROM (
        SELECT FROM casefile
        WHERE casefile.assignee = rated.assignee
            AND rated_at > at - make_interval(secs => %s) AND rated_at <= at
        LIMIT %s
    ) AS enough
)
FROM (SELECT DISTINCT * FROM unnest(%s::text[], %s::timestamptz[])) AS rated (assignee, at)
"""
"""No further than to the number that makes a burst: somebody may be rated thousands of times an hour."""
OLD = timedelta(days=1)
"""Who says that he has rated longer ago is compared with nobody before this batch."""


def load(tx: Tx, keys: Sequence[str]) -> dict[str, Case]:
    """The cases of these tickets, locked in the order of their numbers."""
    return CASES.load(tx, keys)


def know(tx: Tx, now: datetime, stimuli: Sequence[Stimulus], states: Mapping[str, Case]) -> Known:
    """The time and the policies in force; where somebody rates, who vouches for him and which keys hold."""
    known = Known(now, policy.in_force(tx), before=states)
    shown, guessing_ = [], []
    for each in stimuli:
        if each.event is None or not isinstance(said := each.event.data, RatingGiven | CallbackMade):
            continue
        known.publishers[each.event.source, each.event.id] = each.publisher
        if isinstance(said, RatingGiven):
            shown += [each.key] if said.token or said.code else []
            guessing_ += [each.publisher or ""] if said.code else []
    if shown:
        known.prints = key_store.prints(tx, sorted(set(shown)))
    if guessing_:
        known.used = guess_store.load(tx, guessing_)
    known.earlier = _earlier(tx, known, stimuli)
    return known


def _earlier(tx: Tx, known: Known, stimuli: Sequence[Stimulus]) -> dict[tuple[str, datetime], int]:
    """Looks up how many have rated work of the same assignees, where requesters rate in this batch.

    What another process has not committed is not seen.
    """
    rated = [
        (assignee, each.event.time)
        for each in stimuli
        if each.event and isinstance(each.event.data, RatingGiven) and each.key in known.before
        if each.event.time > known.now - OLD and (assignee := known.before[each.key].assignee)
    ]
    if not rated:
        return {}
    found = tx.execute(EARLIER, [known.watch.burst_seconds, known.watch.burst_ratings, *columns(rated, 2)])
    return {(assignee, at): count for assignee, at, count in found}


def rating_window(known: Known) -> float:
    """How many seconds the requester has to answer."""
    return float(known.policies["rating_window_seconds"].value["seconds"])


def save(tx: Tx, changes: Changes) -> list[Case]:
    """Writes the cases of the batch in one statement, and what they add to the tally in another."""
    saved = CASES.save(tx, changes.states)
    known: Known = changes.known
    if known.guessed:
        guess_store.save(tx, {name: known.used[name] for name in known.guessed})
    if known.scores:
        score_store.save(tx, list(known.scores.values()))
    found = tally.changes((known.before.get(case.id), case) for case in changes.states)
    if found:
        tally_store.add(tx, found, known.now)
    return saved


def windows_over(tx: Tx, now: datetime, limit: int) -> list[str]:
    """Tickets whose window has ended, locked; none that somebody else is working on."""
    return [number for (number,) in tx.execute(WINDOWS_OVER, [now, limit])]


def contacts_missed(tx: Tx, now: datetime, limit: int) -> list[str]:
    """Tickets whose requester was to be called by now, locked; none that somebody else is working on."""
    return [number for (number,) in tx.execute(CONTACTS_MISSED, [now, limit])]


def weights(tx: Tx) -> Mapping[str, float]:
    """What response, resolution and satisfaction weigh in the composite."""
    return policy.in_force(tx)["composite_weights"].value


def marks(tx: Tx) -> Marks:
    """By what contracts are marked now."""
    found = policy.in_force(tx)["settlement_marks"]
    return convert({**found.value, "version": found.version}, Marks)


def claims(tx: Tx, limit: int) -> list[dict[str, Any]]:
    """Exclusions that wait for an approval, by ticket."""
    with tx.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(CLAIMS, [limit]).fetchall()


def calls(tx: Tx, now: datetime, limit: int) -> list[dict[str, Any]]:
    """Tickets whose requester is to be called, those first whose window ends first."""
    rule = convert(policy.in_force(tx)["rating_callback"].value, Calls)
    wanted = {
        "now": now, "until": now + timedelta(seconds=rule.before_seconds), "attempts": rule.attempts,
        "earliest": earliest(now, rule.days), "limit": limit,
    }  # fmt: skip
    with tx.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(CALLS, wanted).fetchall()
