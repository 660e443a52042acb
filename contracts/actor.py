"""Who speaks: a person in a role."""

from msgspec import Struct

from contracts.terms import Code, Role


class Actor(Struct, frozen=True, kw_only=True):
    """The role the sending system vouches for, and the person's code there; never a name or a phone."""

    role: Role
    id: Code
