"""Brings every schema up to date: the ledgers', and the operators' room with what it may see of them."""

from chassis.migrate import lend, migrate, migrate_plain
from contracts.registry import CONSOLE, LEDGERS
from services.console.sight import RIGHTS


def bring_up_to_date(owner_url: str) -> int:
    """Applies what is missing, in order; returns how many migrations ran. Safe to repeat."""
    applied = migrate(owner_url, LEDGERS) + migrate_plain(owner_url, CONSOLE)
    lend(owner_url, CONSOLE, RIGHTS)
    return applied
