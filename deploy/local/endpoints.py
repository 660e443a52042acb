"""Where the servers of a run folder are, and with which rights one enters them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Endpoints:
    """Addresses of a running broker and database; the addresses contain passwords."""

    run: Path
    amqp: Mapping[str, str]
    """AMQP URL by broker user."""
    database: Mapping[str, str]
    """PostgreSQL URL by role."""
    ports: Mapping[str, int]
    pids: Mapping[str, int]
    """Processes by server name; empty where the environment named running servers."""

    def amqp_url(self, user: str) -> str:
        """The broker as seen by one of its users (`deploy.local.accounts.BROKER_USERS`)."""
        return self.amqp[user]

    def database_url(self, role: str) -> str:
        """The database as seen by one of its roles (`deploy.local.accounts.ROLES`)."""
        return self.database[role]
