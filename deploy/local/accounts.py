"""Who may do what at the broker and in the database; every rule that keeps services apart stands here."""

from collections.abc import Iterable
from dataclasses import dataclass

from contracts.registry import CONSOLE, LEDGERS, SCHEMAS

VHOST = "fengge"
DATABASE = "fengge"
OWNER = "fengge_owner"
SUPERUSER = "postgres"
ROLES = (SUPERUSER, OWNER, *SCHEMAS)
GATEWAY = "gateway"
MOST_CONNECTIONS = 20
INTAKE = {"ticket": "request", "dispatch": "assignment", "evaluation": "rating"}
"""Whose part of the intake each service reads; requests name people, so nobody else hears them."""


@dataclass(frozen=True)
class BrokerUser:
    """A RabbitMQ user and the three expressions that bound what it may touch in the virtual host."""

    name: str
    configure: str
    write: str
    read: str
    area: str | None = None
    """The only keys of the intake it may listen to: those that begin with this word."""
    areas: tuple[str, ...] = ()
    """The only words with which a key of the intake may begin that it writes; none: any."""
    most_connections: int | None = None
    """At a time, and ten channels for each: a program that forgets to close them harms itself alone."""


def service_user(name: str) -> BrokerUser:
    """A service owns what carries its name; it reads every service's events and its part of the intake.

    The gateway answers nobody at the broker: it writes to the intake, as an outside system does, and tells
    such systems of facts.
    """
    area = INTAKE.get(name)
    intake = {None: "", "request": r"|gov\.(inbound|unrouted)"}.get(area, r"|gov\.inbound")
    return BrokerUser(
        name=name,
        configure=rf"^({name}\..*)$",
        write=rf"^({name}\..*|gov\.{'(inbound|facts)' if name == GATEWAY else 'replies'})$",
        read=rf"^({name}\..*|[a-z]+\.events{intake})$",
        area=area,
    )


def publisher_user(name: str) -> BrokerUser:
    """An outside system may write to the intake and read its own replies, and nothing else."""
    return BrokerUser(name=name, configure="^$", write=r"^gov\.inbound$", read=rf"^gov\.replies\.{name}$")


def outside_user(name: str, areas: Iterable[str]) -> BrokerUser:
    """The same for a system that operators let in: it writes about these areas and reads its own queues."""
    written = tuple(sorted(areas))
    return BrokerUser(
        name=name, configure="^$", write=r"^gov\.inbound$" if written else "^$",
        read=rf"^gov\.(replies|facts)\.{name}$", areas=written, most_connections=MOST_CONNECTIONS,
    )  # fmt: skip


WORLD = BrokerUser(
    name="world",  # the simulated assignees and residents of the demo
    configure=r"^world\..*",
    write=r"^(world\..*|gov\.inbound)$",
    read=r"^(world\..*|[a-z]+\.events|gov\.replies\.world)$",
)
ADMIN = BrokerUser(name="admin", configure=".*", write=".*", read=".*")
OURS = rf"({'|'.join((*LEDGERS, CONSOLE, 'gov'))})\..*"
HEARD = r"[a-z]+\.(events|inbound|replies)|gov\.(inbound|unrouted|replies|facts|unclaimed)"
ROOM = BrokerUser(
    name=CONSOLE,
    configure=rf"^{OURS}$",
    write=rf"^({OURS}|amq\.default)$",
    read=rf"^({HEARD}|{CONSOLE}\..*)$",
)
"""The operators' room declares what was lost and sends again to a queue; it reads no service's queue."""
BROKER_USERS = (ADMIN, WORLD, publisher_user("intake"), *map(service_user, LEDGERS), ROOM)
