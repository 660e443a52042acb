"""The templates a place has imported: each keeps all its versions, for messages under way name theirs."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct
from psycopg.rows import dict_row

from chassis.database import Tx
from chassis.lately import Lately
from services.notification import templates
from services.notification.templates import Template, fits

ALL = """
SELECT name, version, imported_at <= now() - interval '5 seconds', subject, body FROM template
ORDER BY name, version
"""
"""A version is used when every process must have seen it: one may write what another sends."""
NEWEST = """
SELECT DISTINCT ON (name) name, version, imported_at, who, subject, body FROM template
ORDER BY name, version DESC
"""
ADD = """
INSERT INTO template (name, version, subject, body, who)
SELECT %(name)s, coalesce(max(version), 1000) + 1, %(subject)s, %(body)s, %(who)s
FROM template WHERE name = %(name)s RETURNING version
"""


class Imported(Struct, frozen=True):
    """All imported templates by code, and by name the newest version in use.

    One that needs a blank which this release no longer fills is not used: the words of the house are.
    """

    templates: Mapping[str, Template]
    newest: Mapping[str, int]


def look(tx: Tx) -> Imported:
    """What has been imported up to now."""
    rows = tx.execute(ALL).fetchall()
    return Imported(
        {f"{name}.v{version}": Template(subject, body) for name, version, _, subject, body in rows},
        {name: version for name, version, in_use, *words in rows if in_use and fits(name, *words)},
    )


lately = Lately(1.0, look)
"""The same as of the last second."""


def in_use(tx: Tx) -> Mapping[str, int]:
    """Lets this process know all templates as of the last second; by name the newest version in use."""
    imported = lately(tx)
    templates.use(imported.templates)
    return imported.newest


def newest(tx: Tx) -> dict[str, dict[str, Any]]:
    """The newest imported version of each template, by name."""
    with tx.cursor(row_factory=dict_row) as cursor:
        return {row["name"]: row for row in cursor.execute(NEWEST)}


def add(tx: Tx, name: str, template: Template, who: str) -> int:
    """Adds a version; returns its number: 1001, or the one after the newest."""
    values = {"name": name, "subject": template.subject, "body": template.body, "who": who}
    ((version,),) = tx.execute(ADD, values).fetchall()
    return int(version)
