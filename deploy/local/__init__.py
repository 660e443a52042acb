"""Fengge on one machine: a private broker and database, the services, and what watches over them."""

from pathlib import Path

DEFAULT_RUN = Path(__file__).resolve().parents[2] / ".run"
"""Where everything that exists only at run time lives."""


class LocalFailure(Exception):
    """Something on this machine keeps Fengge from running; the message says what and what to do."""
