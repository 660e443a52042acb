"""Connections to this service's schema and the transactions on them, with a deadline on every wait."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus

from chassis.settings import Settings

log = logging.getLogger(__name__)

Tx = psycopg.Connection[tuple[Any, ...]]
"""The open transaction: whatever is executed on it commits together or not at all."""


class Database:
    """Hands out transactions; keeps idle connections, throws away every one that had trouble."""

    def __init__(self, settings: Settings, name: str) -> None:
        self._url, self._name = settings.database_url, name
        self._options = " ".join(
            f"-c {key}={int(seconds * 1000)}"
            for key, seconds in {
                "statement_timeout": settings.statement_timeout,
                "lock_timeout": settings.lock_timeout,
                "idle_in_transaction_session_timeout": settings.statement_timeout,
            }.items()
        )
        self._connect_timeout = max(2, int(settings.connect_timeout))
        self._idle: list[Tx] = []

    @contextmanager
    def transaction(self) -> Iterator[Tx]:
        """A transaction that commits when the block ends and rolls back when it raises."""
        connection = self._idle.pop() if self._idle else self._connect()
        try:
            with connection.transaction():
                yield connection
        except BaseException:
            self._give_back(connection)
            raise
        self._idle.append(connection)

    def close(self) -> None:
        """Closes all idle connections."""
        while self._idle:
            self._idle.pop().close()

    def _connect(self) -> Tx:
        return psycopg.connect(
            self._url,
            autocommit=True,
            application_name=self._name,
            connect_timeout=self._connect_timeout,
            options=self._options,
            keepalives_idle=10,
            keepalives_interval=5,
            keepalives_count=3,
            tcp_user_timeout=20_000,
        )

    def _give_back(self, connection: Tx) -> None:
        """Keeps a connection that has rolled back cleanly; any other is closed."""
        if connection.pgconn.transaction_status == TransactionStatus.IDLE:
            self._idle.append(connection)
        else:
            log.warning("connection thrown away")
            connection.close()
