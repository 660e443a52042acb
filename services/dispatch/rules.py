"""The routing rules as a value: what a candidate gets points for, and how much is a fair share."""

from msgspec import Struct


class Rules(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One version of the policy `routing`; weights in points, `share_percent` of the peers' mean.

    `near` is given for each level of the grid tree, `skill` for each skill asked for, `free` for idle
    capacity, `timely` at most for first contacts in time; `over_share` and `turn` (of a substitute) are
    taken away.
    `open_claims` is how much of what he claimed one may have open at once, `warn_percent` how
    much of a contract is little.
    """

    version: int = 0
    near: int = 10
    skill: int = 5
    free: int = 20
    timely: int = 5
    share_percent: int = 105
    over_share: int = 100
    turn: int = 50
    half_life_days: float = 7
    open_claims: int = 3
    warn_percent: int = 20


RULES = Rules()
