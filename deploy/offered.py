"""Hands the catalogue of the dispatch service's directory to the gateway, which offers it by Open311.

After each import, and whenever the tables are brought up to date: what was cut short is made good then.
"""

import psycopg

from chassis.database import Tx
from deploy.gazetteer import TIMEOUT
from services.dispatch.directory.store import offered_categories
from services.gateway import open311_store
from services.gateway.open311_store import Offered


def hand_over(dispatch: Tx, gateway: Tx) -> bool:
    """Brings what is offered in line with the catalogue, each through a connection of its own service.

    False where it was.
    """
    return open311_store.renew(gateway, [Offered(**each) for each in offered_categories(dispatch)])


def hand_over_between(dispatch_url: str, gateway_url: str) -> bool:
    """The same, as the services themselves see their schemas."""
    with (
        psycopg.connect(dispatch_url, connect_timeout=TIMEOUT) as dispatch,
        psycopg.connect(gateway_url, connect_timeout=TIMEOUT) as gateway,
    ):
        return hand_over(dispatch, gateway)
