"""The SQL of who could be asked: assignees on the way from a cell to the top, with load and contract."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from chassis.database import Tx
from chassis.rows import texts, unseen
from contracts.terms import CHINA
from services.dispatch.directory.availability import minute_of_week
from services.dispatch.filters import Option
from services.dispatch.pool import Claims

FIELDS = (
    "assignee", "kind", "unit", "skills", "closeness", "load_cap", "open", "taken", "recent", "contacts",
    "in_time", "on_duty", "turn", "available", "opted_out", "contract", "quota_left", "quota",
    "contract_expired",
)  # fmt: skip
"""What the last columns of the question are called, in their order."""
ROWS = """
SELECT w.place, w.category, a.code, a.kind, a.organization, a.skills, a.closeness, a.load_cap,
       a.open, a.taken, a.recent, a.contacts, a.in_time, a.kind <> 'rota' OR a.turn IS NOT NULL,
       coalesce(a.turn, 0), a.available, a.opted_out,
       k.contract, k.quota_left, coalesce(k.quota, 0), coalesce(k.expired, false)
"""
LOADED = """
    SELECT a.*, coalesce(l.open, 0) AS open, coalesce(l.taken, 0) AS taken,
           coalesce(fading(l.recent, l.recent_at, %(now)s, %(half_life)s), 0) AS recent,
           coalesce(l.contacts, 0) AS contacts, coalesce(l.in_time, 0) AS in_time
    FROM ({by_cell} UNION ALL {by_rota}) a LEFT JOIN assignee_load l ON l.assignee = a.code
"""
PERSON = """
        SELECT a.code, {kind} AS kind, a.organization, a.skills, a.load_cap, {closeness} AS closeness,
               coalesce(a.available @> %(minute)s::int, true) AS available,
               coalesce(a.opted_out_until > %(now)s, false) AS opted_out, {turn} AS turn
        FROM {people} WHERE {which} AND a.active
          AND coalesce(a.valid_from, %(today)s) <= %(today)s AND coalesce(a.valid_to, %(today)s) >= %(today)s
"""
BY_CELL = PERSON.format(
    kind="a.kind", closeness="array_position(c.path, a.cell)", turn="NULL::int", people="assignee a",
    which="a.kind <> 'rota' AND a.cell = ANY(c.path) AND {which}",
)  # fmt: skip
# Whoever stands on the rota of a cell serves it and all below, wherever he lives and whatever else he is.
BY_ROTA = PERSON.format(
    kind="'rota'", closeness="max(array_position(c.path, r.cell))",
    turn="min(array_position(ARRAY['duty', 'substitute', 'leader'], r.role))"
         " FILTER (WHERE on_duty(r, %(now)s)) - 1",
    people="rota r JOIN assignee a ON a.code = r.assignee", which="r.cell = ANY(c.path) AND {which}",
) + "GROUP BY a.code"  # fmt: skip
# Contracts that are over are found too, after those that are not: that one has ended is worth saying.
CONTRACT = """
LEFT JOIN LATERAL (
    SELECT k.code AS contract, least(total.remains, of_month.remains) AS quota_left,
           CASE WHEN of_month.remains < total.remains THEN of_month.quota ELSE total.quota END AS quota,
           k.valid_to < %(today)s AS expired
    FROM contract k JOIN contract_quota q ON q.contract = k.code
    LEFT JOIN contract_month m ON m.contract = k.code AND m.month = %(month)s
    CROSS JOIN LATERAL (
        SELECT q.quota + q.approved AS quota, q.quota + q.approved - q.reserved - q.committed AS remains
    ) total
    CROSS JOIN LATERAL (
        SELECT coalesce(m.quota, k.quota_month) + coalesce(m.approved, 0) AS quota,
               coalesce(m.quota, k.quota_month)
                   + coalesce(m.approved - m.reserved - m.committed, 0) AS remains
    ) of_month
    WHERE a.kind = 'social_organization' AND k.organization = a.organization AND k.items @> ARRAY[w.category]
      AND k.areas && c.path AND k.valid_from <= %(today)s
    ORDER BY k.valid_to >= %(today)s DESC, least(total.remains, of_month.remains) > 0 DESC, k.valid_to, k.code
    LIMIT 1
) k ON true
"""
OPTIONS = f"""
{ROWS}
FROM unnest({unseen("%(places)s::text[]")}, {unseen("%(categories)s::text[]")}, {unseen("%(kinds)s::text[]")})
    AS w (place, category, kind)
JOIN cell c ON c.code = w.place
LEFT JOIN catalogue i ON i.category = w.category AND i.version = (
    SELECT max(version) FROM catalogue v WHERE v.category = w.category AND v.valid_from <= %(today)s
        AND coalesce(v.valid_to, %(today)s) >= %(today)s)
CROSS JOIN LATERAL (
{
    LOADED.format(
        by_cell=BY_CELL.format(which="a.kind = w.kind"),
        by_rota=BY_ROTA.format(which="w.kind = 'rota'"),
    )
}
    ORDER BY a.kind = 'rota' AND a.turn IS NULL, a.skills @> i.skills AND a.available AND NOT a.opted_out
             AND coalesce(l.open, 0) < a.load_cap DESC,
             a.closeness DESC, a.turn, recent, open, taken, a.code
    LIMIT 12
) a
{CONTRACT}
"""
CLAIMANTS = f"""
{ROWS}
FROM unnest(%(places)s::text[], %(categories)s::text[], %(codes)s::text[]) AS w (place, category, code)
JOIN cell c ON c.code = w.place
CROSS JOIN LATERAL (
{
    LOADED.format(
        by_cell=BY_CELL.format(which="a.code = w.code"),
        by_rota=BY_ROTA.format(which="a.kind = 'rota' AND a.code = w.code"),
    )
}
) a
{CONTRACT}
"""
# Whoever claims two tickets at once is counted once: the second waits here until the first is decided.
LOCK_CLAIMANTS = "SELECT FROM assignee_load WHERE assignee = ANY(%s) ORDER BY assignee FOR UPDATE"
OPEN_CLAIMS = 'SELECT assignee, count(*) FROM "case" WHERE claimed AND assignee = ANY(%s) GROUP BY assignee'


def options(
    tx: Tx, now: datetime, half_life: float, asked: set[tuple[str, str, str]]
) -> dict[tuple[str, str], list[Option]]:
    """For each (place, category) the best of each kind asked for; `half_life` of recent load in days."""
    places, categories, kinds = (list(column) for column in zip(*sorted(asked), strict=True))
    found: dict[tuple[str, str], list[Option]] = {}
    values = {"places": places, "categories": categories, "kinds": kinds, **moment(now, half_life)}
    for place, category, *row in tx.execute(OPTIONS, values):
        found.setdefault((place, category), []).append(option(row))
    return found


def claims(tx: Tx, now: datetime, half_life: float, asked: set[tuple[str, str, str]]) -> Claims:
    """Who claims, each (place, category, assignee) as the engine sees him, and how much he has open."""
    codes = texts(sorted({code for _, _, code in asked}))
    tx.execute(LOCK_CLAIMANTS, [codes])
    places, categories, assignees = (list(column) for column in zip(*sorted(asked), strict=True))
    values = {"places": places, "categories": categories, "codes": assignees, **moment(now, half_life)}
    found = {
        (one.assignee, place, category): one
        for place, category, *row in tx.execute(CLAIMANTS, values)
        for one in [option(row)]
    }
    return Claims(found, Counter(dict(tx.execute(OPEN_CLAIMS, [codes]))))


def moment(now: datetime, half_life: float) -> dict[str, Any]:
    """What the question has to know of the time."""
    here = now.astimezone(CHINA)
    minute = minute_of_week(here.weekday(), here.hour, here.minute)
    return {
        "now": now, "today": here.date(), "month": here.date().replace(day=1), "minute": minute,
        "half_life": half_life,
    }  # fmt: skip


def option(row: Sequence[Any]) -> Option:
    """One row of the question, without its place and category."""
    known = dict(zip(FIELDS, row, strict=True))
    return Option(**(known | {"skills": frozenset(known["skills"])}))
