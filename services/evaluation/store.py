"""Load, save, and every SQL statement of the evaluation service."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from psycopg.rows import dict_row

from chassis import policy
from chassis.database import Tx
from chassis.model import Changes, Stimulus
from chassis.rows import as_json, from_json, texts
from contracts.cloudevent import CloudEvent
from contracts.intake import RatingGiven
from services.evaluation import key_store
from services.evaluation.case import Case
from services.evaluation.keyring import Print
from services.evaluation.rating import Limits


@dataclass
class Known(policy.Known):
    """Also what proves a rating: its publisher by source and id, and the keys of its ticket."""

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
    "assignee_kind, unit, contact_due_at, contacted_in_time, hops, returns, expiries, on_time, reworks, "
    "round, window_ends_at, resolved, satisfaction, aside"
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
    hops = EXCLUDED.hops, returns = EXCLUDED.returns, expiries = EXCLUDED.expiries,
    on_time = EXCLUDED.on_time, reworks = EXCLUDED.reworks, round = EXCLUDED.round,
    window_ends_at = EXCLUDED.window_ends_at, resolved = EXCLUDED.resolved,
    satisfaction = EXCLUDED.satisfaction, aside = EXCLUDED.aside
"""
WINDOWS_OVER = """
SELECT id FROM casefile WHERE state = 'asked' AND window_ends_at <= %s
ORDER BY window_ends_at LIMIT %s FOR UPDATE SKIP LOCKED
"""
# A contact is due once it was made or its time is over; answers count when their case is closed for good. Who
# was never asked has asked twice, and answers once: only the case with a round counts as closed.
COUNT = """
SELECT {key} AS key,
    count(*) AS cases,
    count(*) FILTER (WHERE contacted_in_time IS NOT NULL OR contact_due_at <= %(now)s) AS contacts_due,
    count(*) FILTER (WHERE contacted_in_time) AS contacts_in_time,
    count(*) FILTER (WHERE ended = 'closed' AND round > 0) AS closed,
    count(*) FILTER (WHERE ended = 'closed' AND satisfaction IS NOT NULL) AS rated,
    count(*) FILTER (WHERE ended = 'closed' AND resolved = 'yes') AS resolved_yes,
    count(*) FILTER (WHERE ended = 'closed' AND resolved = 'partly') AS resolved_partly,
    count(*) FILTER (WHERE ended = 'closed' AND resolved = 'no') AS resolved_no,
    count(*) FILTER (WHERE ended = 'closed' AND satisfaction IN
        ('very_satisfied', 'satisfied', 'basically_satisfied')) AS satisfied,
    count(*) FILTER (WHERE on_time IS NOT NULL) AS handled,
    count(*) FILTER (WHERE on_time) AS handled_on_time,
    count(*) FILTER (WHERE on_time IS NOT NULL AND reworks > 0) AS reworked,
    count(*) FILTER (WHERE hops > 0) AS offered,
    count(*) FILTER (WHERE hops > 0 AND returns > 0) AS returned
FROM casefile GROUP BY 1 ORDER BY 1
"""
DIMENSIONS = {
    **{name: name for name in ("assignee", "unit", "grid", "category", "source", "severity")},
    "kind": "assignee_kind",
    "month": "to_char(received_at AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM')",
    "all": "'all'",
}
"""By what the cases can be grouped; months are those of the requester's calendar."""


def load(tx: Tx, keys: Sequence[str]) -> dict[str, Case]:
    """The cases of these tickets, locked in the order of their numbers."""
    return {case.id: case for case in from_json(Case, tx.execute(LOAD, [texts(keys)]))}


def know(tx: Tx, now: datetime, stimuli: Sequence[Stimulus], states: Mapping[str, Case]) -> Known:
    """The time and the policies in force; where somebody rates, who vouches for him and which keys hold."""
    known = Known(now, policy.in_force(tx))
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
    """Writes the cases of the batch in one statement."""
    tx.execute(SAVE, [as_json(changes.states)])


def windows_over(tx: Tx, now: datetime, limit: int) -> list[str]:
    """Tickets whose window has ended, locked; none that somebody else is working on."""
    return [number for (number,) in tx.execute(WINDOWS_OVER, [now, limit])]


def count_by(tx: Tx, dimension: str, now: datetime) -> list[dict[str, Any]]:
    """The counts behind the rates, one row per value of `dimension` (see DIMENSIONS)."""
    with tx.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(COUNT.format(key=DIMENSIONS[dimension]), {"now": now}).fetchall()


def weights(tx: Tx, now: datetime) -> Mapping[str, float]:
    """What response, resolution and satisfaction weigh in the composite."""
    return policy.in_force(tx)["composite_weights"].value
