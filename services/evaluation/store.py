"""Load, save, and every SQL statement of the evaluation service."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from chassis import policy
from chassis.database import Tx
from chassis.model import Changes, Stimulus
from chassis.rows import as_json, from_json, texts
from contracts.cloudevent import CloudEvent
from contracts.intake import RatingGiven
from services.evaluation import key_store, tally, tally_store
from services.evaluation.case import Case
from services.evaluation.keyring import Print
from services.evaluation.rating import Limits


@dataclass
class Known(policy.Known):
    """Also what proves a rating: its publisher by source and id, and the keys of its ticket."""

    before: Mapping[str, Case] = field(default_factory=dict)
    """The cases of the batch as they were."""
    publishers: dict[tuple[str, str], str | None] = field(default_factory=dict)
    prints: Mapping[str, Sequence[Print]] = field(default_factory=dict)

    def trusts(self, event: CloudEvent[Any]) -> bool:
        """Whether the broker's user that sent the event may rate for requesters."""
        trusted = self.policies["rating_publishers"].value["trusted"]
        return self.publishers.get((event.source, event.id)) in trusted

    @property
    def limits(self) -> Limits:
        """How often somebody may mistake a code."""
        found = self.policies["rating_code"].value
        return Limits(attempts=found["attempts"], seconds=found["lock_seconds"], locks=found["locks"])


COLUMNS = (
    "id, sequence, state, ended, received_at, source, channel, category, grid, severity, assignee, "
    "assignee_kind, unit, contact_due_at, contacted_in_time, contact_missed, hops, returns, "
    "expiries, on_time, reworks, round, window_ends_at, resolved, satisfaction, aside"
)
LOAD = f"""
SELECT to_json(c)::text FROM (SELECT {COLUMNS} FROM casefile WHERE id = ANY(%s) ORDER BY id FOR UPDATE) c
"""
SAVE = f"""
INSERT INTO casefile ({COLUMNS})
SELECT {COLUMNS} FROM json_populate_recordset(null::casefile, %s)
ON CONFLICT (id) DO UPDATE SET
    sequence = EXCLUDED.sequence, state = EXCLUDED.state, ended = EXCLUDED.ended,
    received_at = EXCLUDED.received_at, source = EXCLUDED.source, channel = EXCLUDED.channel,
    category = EXCLUDED.category, grid = EXCLUDED.grid, severity = EXCLUDED.severity,
    assignee = EXCLUDED.assignee, assignee_kind = EXCLUDED.assignee_kind, unit = EXCLUDED.unit,
    contact_due_at = EXCLUDED.contact_due_at, contacted_in_time = EXCLUDED.contacted_in_time,
    contact_missed = EXCLUDED.contact_missed, hops = EXCLUDED.hops,
    returns = EXCLUDED.returns, expiries = EXCLUDED.expiries,
    on_time = EXCLUDED.on_time, reworks = EXCLUDED.reworks, round = EXCLUDED.round,
    window_ends_at = EXCLUDED.window_ends_at, resolved = EXCLUDED.resolved,
    satisfaction = EXCLUDED.satisfaction, aside = EXCLUDED.aside
"""
WINDOWS_OVER = """
SELECT id FROM casefile WHERE state = 'asked' AND window_ends_at <= %s
ORDER BY window_ends_at LIMIT %s FOR UPDATE SKIP LOCKED
"""
CONTACTS_MISSED = """
SELECT id FROM casefile WHERE contact_due_at <= %s AND contacted_in_time IS NULL AND NOT contact_missed
ORDER BY contact_due_at LIMIT %s FOR UPDATE SKIP LOCKED
"""


def load(tx: Tx, keys: Sequence[str]) -> dict[str, Case]:
    """The cases of these tickets, locked in the order of their numbers."""
    return {case.id: case for case in from_json(Case, tx.execute(LOAD, [texts(keys)]))}


def know(tx: Tx, now: datetime, stimuli: Sequence[Stimulus], states: Mapping[str, Case]) -> Known:
    """The time and the policies in force; where somebody rates, who vouches for him and which keys hold."""
    known = Known(now, policy.in_force(tx), before=states)
    shown = []
    for each in stimuli:
        if each.event and isinstance(said := each.event.data, RatingGiven):
            known.publishers[each.event.source, each.event.id] = each.publisher
            shown += [each.key] if said.token or said.code else []
    if shown:
        known.prints = key_store.prints(tx, sorted(set(shown)))
    return known


def rating_window(known: Known) -> float:
    """How many seconds the requester has to answer."""
    return float(known.policies["rating_window_seconds"].value["seconds"])


def save(tx: Tx, changes: Changes) -> None:
    """Writes the cases of the batch in one statement, and what they add to the tally in another."""
    tx.execute(SAVE, [as_json(changes.states)])
    known: Known = changes.known
    found = tally.changes((known.before.get(case.id), case) for case in changes.states)
    if found:
        tally_store.add(tx, found, known.now)


def windows_over(tx: Tx, now: datetime, limit: int) -> list[str]:
    """Tickets whose window has ended, locked; none that somebody else is working on."""
    return [number for (number,) in tx.execute(WINDOWS_OVER, [now, limit])]


def contacts_missed(tx: Tx, now: datetime, limit: int) -> list[str]:
    """Tickets whose requester was to be called by now, locked; none that somebody else is working on."""
    return [number for (number,) in tx.execute(CONTACTS_MISSED, [now, limit])]


def weights(tx: Tx) -> Mapping[str, float]:
    """What response, resolution and satisfaction weigh in the composite."""
    return policy.in_force(tx)["composite_weights"].value
