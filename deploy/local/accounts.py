"""Who may do what at the broker and in the database; every rule that keeps services apart stands here."""

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
    most_connections: int | None = None
    """At a time, and ten channels for each: a program that forgets to close them harms itself alone."""


def service_user(name: str) -> BrokerUser:
    """A service owns what carries its name; it reads every service's events and its part of the intake.

    The gateway takes in what other systems publish, writes to the intake what is theirs to say, and tells
    them of facts and refusals.
    """
    area = INTAKE.get(name)
    intake = {None: "", "request": r"|gov\.(inbound|unrouted)"}.get(area, r"|gov\.inbound")
    intake = r"|gov\.outside" if name == GATEWAY else intake
    return BrokerUser(
        name=name,
        configure=rf"^({name}\..*)$",
        write=rf"^({name}\..*|gov\.{'(inbound|facts|replies)' if name == GATEWAY else 'replies'})$",
        read=rf"^({name}\..*|[a-z]+\.events{intake})$",
        area=area,
    )


def publisher_user(name: str) -> BrokerUser:
    """A program of the house may write to the intake and read its own replies, and nothing else.

    Nobody compares its sources and tickets: it is trusted. Other systems are let in by `outside_user`.
    """
    return BrokerUser(name=name, configure="^$", write=r"^gov\.inbound$", read=rf"^gov\.replies\.{name}$")


def outside_user(name: str, *, sends: bool) -> BrokerUser:
    """A system that operators let in: it writes to the gateway's exchange, and reads its own queues."""
    return BrokerUser(
        name=name, configure="^$", write=r"^gov\.outside$" if sends else "^$",
        read=rf"^gov\.(replies|facts)\.{name}$", most_connections=MOST_CONNECTIONS,
    )  # fmt: skip


WORLD = BrokerUser(
    name="world",  # the simulated assignees and residents of the demo
    configure=r"^world\..*",
    write=r"^(world\..*|gov\.inbound)$",
    read=r"^(world\..*|[a-z]+\.events|gov\.replies\.world)$",
)
ADMIN = BrokerUser(name="admin", configure=".*", write=".*", read=".*")
OURS = rf"({'|'.join((*LEDGERS, CONSOLE, 'gov'))})\..*"
HEARD = r"[a-z]+\.(events|inbound|replies|outside)|gov\.(inbound|outside|unrouted|replies|facts|unclaimed)"
ROOM = BrokerUser(
    name=CONSOLE,
    configure=rf"^{OURS}$",
    write=rf"^({OURS}|amq\.default)$",
    read=rf"^({HEARD}|{CONSOLE}\..*)$",
)
"""The operators' room declares what was lost and sends again to a queue; it reads no service's queue."""
BROKER_USERS = (ADMIN, WORLD, publisher_user("intake"), *map(service_user, LEDGERS), ROOM)
