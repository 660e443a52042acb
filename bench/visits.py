"""What the bench of the operators' room opens: every page, each part of its path and its query filled in."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import psycopg

from services.console.failed import jobs
from services.console.pages import PAGES

PARAMETER = re.compile(r"<(?:[a-z]+:)?([a-z_]+)>")

SAMPLES: Mapping[str, str] = {
    "number": "SELECT id FROM ticket.ticket ORDER BY id OFFSET 1000 LIMIT 1",
    "service": "SELECT 'ticket'",
    "no": "SELECT coalesce(min(no), 1)::text FROM ticket.parked",
    "language": "SELECT 'zh'",
    "job": "SELECT max(id)::text FROM console.mending",
    "name": "SELECT 'resume'",
    "external": "SELECT external_id FROM ticket.ticket JOIN ticket.contact ON ref = id WHERE phone_mark = ("
                "SELECT phone_mark FROM ticket.contact GROUP BY 1 ORDER BY count(*) DESC LIMIT 1) LIMIT 1",
    "cell": "SELECT code FROM dispatch.cell WHERE parent IS NULL ORDER BY code LIMIT 1",
    "yesterday": "SELECT to_char(now() - interval '1 day', 'YYYY-MM-DD')",
    "today": "SELECT to_char(now(), 'YYYY-MM-DD')",
    "leaf": "SELECT grid FROM ticket.ticket WHERE grid IS NOT NULL LIMIT 1",
    "half": "SELECT (max(no) / 2)::text FROM console.action",
}  # fmt: skip
"""What stands for each part of a path or query, as the house that is measured has it.

The external number is that of a ticket which was really played: only these have numbers made of it.
"""
QUERIES: Mapping[str, tuple[str, ...]] = {
    "/flow": ("", "period=hour", "period=week", "period=month", "period=month&grid={cell}",
              "period=month&grid={leaf}"),
    "/control/do/<name>": ("service={service}",),
    "/control/count": ("subscriber=dispatch&from={yesterday}&to={today}",),
    "/failed/plan": ("kind=retry&group={service}:{key}", "kind=archive&group={service}:{key}"),
    "/failed/decided/<service>": ("", "state=retried"),
    "/ticket": ("", "q={number}", "q={external}", "q={leaf}", "q={cell}", "q=13800000000"),
    "/audit": ("", "below={half}", "who=officer.7", "what=failed-retry&outcome=refused", "outcome=failed",
               "target={number}"),
}  # fmt: skip
"""What a page is asked for besides itself."""
LOOKS: Mapping[str, Mapping[str, str]] = {
    "/ticket/by-phone": {"phone": "138 0000 0000", "reason": "to be measured"},
    "/failed/record/<service>/<int:no>/look": {"reason": "to be measured"},
}
"""The forms that only look, and what is written into them; everybody of bench.people has this number."""


@dataclass(frozen=True)
class Visit:
    """A page, or a form that is sent to it."""

    path: str
    form: Mapping[str, str] | None = None


def visits(samples: Mapping[str, str]) -> Iterator[Visit]:
    """Every page that can be looked at, with what it is asked for, and every form that only looks."""
    for route in (route for page in PAGES for route in page.routes):
        path = PARAMETER.sub(lambda found: samples[found[1]], route.path)
        if route.path in LOOKS:
            yield Visit(path, LOOKS[route.path])
        elif route.method == "GET" and (route.role is not None or route.path == "/sign-in"):
            for query in QUERIES.get(route.path, ("",)):
                yield Visit(f"{path}?{query.format_map(samples)}" if query else path)


def samples(url: str) -> dict[str, str]:
    """What stands in paths and queries; of the groups of parked records the largest."""
    with psycopg.connect(url) as connection:
        found = {name: connection.execute(text.encode()).fetchone() for name, text in SAMPLES.items()}
        key = max(jobs.groups(connection, ["ticket"]), key=lambda group: group.records).key
    return {name: str(row[0]) if row else "-" for name, row in found.items()} | {"key": key.partition(":")[2]}
