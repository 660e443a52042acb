"""Connections to this service's schema and the transactions on them, with a deadline on every wait."""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import psycopg
from psycopg import errors
from psycopg.abc import PQGen
from psycopg.pq import TransactionStatus

from chassis.settings import Settings
from chassis.waits import first_on_the_spot

log = logging.getLogger(__name__)

Tx = psycopg.Connection[tuple[Any, ...]]
"""The open transaction: whatever is executed on it commits together or not at all."""
RV = TypeVar("RV")

GRACE = 5.0
"""Seconds that an answer may come later than the server's own statement timeout."""
TURN = 1.0
"""Seconds to wait at most while somebody else connects."""


class Connection(Tx):
    """A connection that also gives up on a server that does not answer at all, e.g. a frozen one."""

    patience = 60.0

    def wait(self, gen: PQGen[RV], interval: float = 0.1, timeout: float | None = None) -> RV:
        """Waits for one answer, at most `patience` seconds; raises OperationalError."""
        mostly_done = first_on_the_spot(gen, self.pgconn.socket)
        return super().wait(mostly_done, interval, self.patience if timeout is None else timeout)


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
        self._patience = settings.statement_timeout + GRACE
        self._idle: list[Connection] = []
        self._connecting = threading.Lock()
        self._committed_at = float("-inf")
        self.opened = 0
        """Connections so far; at the other end of a new one may be a server that was set back in time."""

    @contextmanager
    def transaction(self) -> Iterator[Tx]:
        """A transaction that commits when the block ends and rolls back when it raises."""
        with self.statements() as connection, connection.transaction():
            yield connection

    @contextmanager
    def statements(self) -> Iterator[Tx]:
        """Statements that commit one by one: a timer that finds nothing to do asks the server only once."""
        connection = self._taken() or self._connected()
        try:
            yield connection
        except BaseException:
            self._give_back(connection)
            raise
        self._committed_at = time.monotonic()
        self._idle.append(connection)

    def answered(self, within: float) -> bool:
        """Whether anything was committed in the last `within` seconds."""
        return time.monotonic() - self._committed_at < within

    def close(self) -> None:
        """Closes all idle connections."""
        while connection := self._taken():
            connection.close()

    def _taken(self) -> Connection | None:
        try:
            return self._idle.pop()  # in one step: threads may ask at the same time
        except IndexError:
            return None

    def _connected(self) -> Connection:
        """A new connection, or one that was given back while others connected: they do so one at a time.

        Where it takes long, everybody who comes meanwhile would otherwise open one of his own.
        """
        turn = self._connecting.acquire(timeout=TURN)
        try:
            return self._taken() or self._connect()
        finally:
            if turn:
                self._connecting.release()

    def _connect(self) -> Connection:
        connection = Connection.connect(
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
        connection.patience = self._patience
        self.opened += 1
        return connection

    def _give_back(self, connection: Connection) -> None:
        """Keeps a connection that has rolled back cleanly; closes any other, and its idle fellows."""
        if connection.pgconn.transaction_status == TransactionStatus.IDLE:
            self._idle.append(connection)
        else:
            log.warning("connection thrown away")
            connection.close()
            self.close()


def passing(error: Exception) -> bool:
    """Whether the database failed for the moment: the same work may succeed on a fresh connection.

    PostgreSQL's class 54 (a limit of the program is exceeded) comes back however often one tries.
    """
    if isinstance(error, psycopg.OperationalError):
        return not (error.sqlstate or "").startswith("54")
    # A process that was stopped for a while comes back to a transaction that the server has given up.
    lost = psycopg.InterfaceError | errors.ReadOnlySqlTransaction | errors.IdleInTransactionSessionTimeout
    return isinstance(error, lost)


def too_slow(error: Exception) -> bool:
    """Whether the database is there, but did not finish a statement or get a lock in time."""
    return isinstance(error, errors.QueryCanceled | errors.LockNotAvailable)
