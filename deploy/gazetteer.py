"""Hands the grid tree of the dispatch service's directory to the ticket service, which finds places in it.

After each import, and whenever the tables are brought up to date: what was cut short is made good then.
"""

import psycopg

from chassis.database import Tx
from services.dispatch.directory.store import listed_cells
from services.ticket import place_store
from services.ticket.place.gazetteer import Listed

TIMEOUT = 10


def hand_over(dispatch: Tx, ticket: Tx) -> bool:
    """Brings the gazetteer in line with the directory, each through a connection of its own service.

    False where it was.
    """
    return place_store.renew(ticket, [Listed(**cell) for cell in listed_cells(dispatch)])


def hand_over_between(dispatch_url: str, ticket_url: str) -> bool:
    """The same, as the services themselves see their schemas."""
    with (
        psycopg.connect(dispatch_url, connect_timeout=TIMEOUT) as dispatch,
        psycopg.connect(ticket_url, connect_timeout=TIMEOUT) as ticket,
    ):
        return hand_over(dispatch, ticket)
