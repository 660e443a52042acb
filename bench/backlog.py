"""What operators find after a bad day: parked records, what waits behind them, a long record of actions."""

import psycopg

PARKED = """
INSERT INTO ticket.parked
    (source, id, type, partitionkey, sequence, exchange, content_type, body, reason, detail)
SELECT 'urn:fengge:dispatch', id || '.dispatch.9', 'cn.fengge.dispatch.OfferExpired.v1', id, 9,
       'dispatch.events', 'application/cloudevents+json', '{}', 'failed',
       CASE n %% 10 WHEN 0 THEN 'ValueError (attempt 6)' WHEN 1 THEN 'LookupError (attempt 6)'
       ELSE 'KeyError (attempt 6)' END
FROM (SELECT id, row_number() OVER () AS n FROM ticket.ticket WHERE state = 'dispatching' LIMIT %s) AS waits
"""
BEHIND = """
INSERT INTO ticket.waiting (source, id, partitionkey, sequence, type, exchange, event)
SELECT source, partitionkey || '.dispatch.10', partitionkey, 10, 'cn.fengge.dispatch.OfferMade.v1',
       exchange, '{}' FROM ticket.parked WHERE state = 'open'
"""
ACTIONS = """
INSERT INTO console.action (at, who, role, what, target, reason, outcome, address)
SELECT now() - (%(actions)s - n) * interval '30 seconds', 'officer.' || n %% 40, 'operator',
       (ARRAY['failed-retry', 'failed-archive', 'sign-in', 'ticket by phone', 'control-pause'])[1 + n %% 5],
       'ticket:' || n, 'the cause is mended',
       CASE WHEN n %% 5000 = 0 THEN 'failed' WHEN n %% 50 = 0 THEN 'refused' ELSE 'done' END, '10.0.0.1'
FROM generate_series(1, %(actions)s) AS n
"""


def park(url: str, records: int) -> None:
    """Parks so many facts of tickets that wait, each with one behind it; `url` is a superuser's."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(PARKED.encode(), [records])
        connection.execute(BEHIND)
        connection.execute("ANALYZE ticket.parked, ticket.waiting")


def note(url: str, actions: int) -> None:
    """Puts so many actions of operators on record; `url` is a superuser's."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(ACTIONS.encode(), {"actions": actions})
        connection.execute("VACUUM (ANALYZE) console.action")
