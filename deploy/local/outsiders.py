"""Systems of other offices at the broker: each has a user, a queue of replies, a queue of facts."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pika
import psycopg

from chassis.topology import FACTS, declare, of_outsider
from contracts.broker import parameters_of
from contracts.public import TYPES
from deploy.local.accounts import outside_user
from deploy.local.definitions import document
from deploy.local.keeper import Keeper
from deploy.topology import TIMEOUT, PikaChannel
from services.gateway import client_store
from services.gateway.clients import Outsider


def enrolled(database_url: str) -> list[Outsider]:
    """The systems that the gateway's table names, also those that were shut out."""
    with psycopg.connect(database_url, connect_timeout=10) as tx:
        return client_store.outsiders(tx)


def bring_in_line(keeper: Keeper, admin_url: str, known: Sequence[Outsider]) -> None:
    """Makes the broker let in, and tell, exactly whom the table says; harmless to repeat.

    Who is shut out loses its connections and what waited for it.
    """
    if not known:
        return
    let_in = [each for each in known if each.active and each.hashed]
    gone = [each for each in known if each not in let_in]
    if let_in:
        keeper.admit(document({outside_user(each.id, sends=each.sends): str(each.hashed) for each in let_in}))
    for each in gone:
        keeper.shut_out(each.id)
    with _channel(admin_url) as channel:
        for each in let_in:
            _tell(channel, each.id, sends=each.sends, hears=each.hears)
        for each in gone:
            channel.queue_delete(f"{FACTS}.{each.id}")


def _tell(channel: Any, user: str, *, sends: bool, hears: Sequence[str]) -> None:
    """Its queues, with the facts that it hears and no others."""
    declare(PikaChannel(channel), of_outsider(user, sends=sends, hears=hears))
    if not hears:
        channel.queue_delete(f"{FACTS}.{user}")
        return
    for name in TYPES.keys() - set(hears):
        channel.queue_unbind(f"{FACTS}.{user}", FACTS, name)


@contextmanager
def _channel(admin_url: str) -> Iterator[Any]:
    parameters = parameters_of(admin_url)
    parameters.socket_timeout = parameters.blocked_connection_timeout = TIMEOUT
    connection = pika.BlockingConnection(parameters)
    try:
        yield connection.channel()
    finally:
        connection.close()
