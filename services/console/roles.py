"""What an operator may do; each role may do all that those before it may."""

from enum import IntEnum


class Role(IntEnum):
    """Roles in order."""

    VIEWER = 1
    OPERATOR = 2
    SUPERVISOR = 3
    ADMINISTRATOR = 4

    @property
    def word(self) -> str:
        """As it stands in the database and in settings."""
        return self.name.lower()


ROLES = {role.word: role for role in Role}
NAMES = {
    "viewer": ("查看员", "viewer"),
    "operator": ("操作员", "operator"),
    "supervisor": ("主管", "supervisor"),
    "administrator": ("管理员", "administrator"),
}
"""In Chinese and English."""
