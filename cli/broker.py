"""What `fengge client` does at the broker: it knows there whom the gateway's table names, and nobody else."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from chassis.database import Tx
from cli.place import START, Place
from cli.say import Failure
from contracts.public import TYPES
from contracts.publisher.errors import TROUBLE as OF_AMQP
from deploy.local import outsiders
from deploy.local.keeper import TROUBLE
from services.gateway import client_store


def facts(texts: Sequence[str]) -> list[str]:
    """Event types by their names or short names; raises Failure where one is none that others may hear."""
    names = {event.__name__: name for name, event in TYPES.items()} | {name: name for name in TYPES}
    for text in texts:
        if text not in names:
            raise Failure(f"{text!r} is no fact that others may hear; GET /docs lists them.")
    return sorted({names[text] for text in texts})


def let_in(place: Place, tx: Tx, name: str) -> None:
    """Makes the user of a new system; raises Failure where there is such a user already."""
    with _told():
        if name in place.keeper().users():
            raise Failure(f"The broker has a user {name} already; take another name.")
    settle(place, tx, name)


def settle(place: Place, tx: Tx, name: str, *, anew: bool = False) -> None:
    """Makes the broker do what the table says of a system, before that is committed.

    `anew` ends its connections first. Nothing happens where it is known by HTTP alone.
    """
    known = client_store.outsiders(tx, name)
    if not known:
        return
    with _told():
        keeper = place.keeper()
        if anew:
            keeper.shut_out(name)
        outsiders.bring_in_line(keeper, place.amqp_url("admin"), known)


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except (*TROUBLE, *OF_AMQP) as error:
        said = f"{type(error).__name__} {error}".strip()
        raise Failure(f"The broker did not do it, and nothing has changed: {said}\n{START}") from None
