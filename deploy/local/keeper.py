"""Who may enter the broker, changed while it runs: by rabbitmqctl here, by the management API elsewhere."""

import base64
import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

from deploy.local import LocalFailure
from deploy.local.rabbitmq import control

TIMEOUT = 30.0
TROUBLE = (LocalFailure, OSError)
"""What a keeper raises where the broker does not do it."""


class Keeper(Protocol):
    """What keeping the broker's users needs."""

    def users(self) -> set[str]: ...
    def admit(self, definitions: str) -> None: ...
    def shut_out(self, user: str) -> None: ...


@dataclass(frozen=True)
class OnThisMachine:
    """The broker of a run folder."""

    run: Path

    def users(self) -> set[str]:
        """The names of all users."""
        return {user["user"] for user in json.loads(control(self.run, "--formatter", "json", "list_users"))}

    def admit(self, definitions: str) -> None:
        """Adds users with their rights, or gives them other ones."""
        control(self.run, "import_definitions", said=definitions)

    def shut_out(self, user: str) -> None:
        """Takes a user away and ends its connections; one that is not there is out already."""
        if user in self.users():
            control(self.run, "delete_user", user)
        control(self.run, "close_all_user_connections", user, "access was revoked")


@dataclass(frozen=True)
class ByApi:
    """A broker whose management API (`url`) we enter as its administrator."""

    url: str
    user: str
    password: str

    def users(self) -> set[str]:
        """The names of all users."""
        return {user["name"] for user in json.loads(self._ask("GET", "users"))}

    def admit(self, definitions: str) -> None:
        """Adds users with their rights, or gives them other ones."""
        self._ask("POST", "definitions", definitions.encode())

    def shut_out(self, user: str) -> None:
        """Takes a user away and ends its connections; one that is not there is out already."""
        for what in (f"users/{quote(user)}", f"connections/username/{quote(user)}"):
            try:
                self._ask("DELETE", what)
            except urllib.error.HTTPError as error:
                if error.code != HTTPStatus.NOT_FOUND:
                    raise

    def _ask(self, method: str, what: str, body: bytes | None = None) -> Any:
        login = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        request = urllib.request.Request(  # noqa: S310 (the operator names the address)
            f"{self.url.rstrip('/')}/api/{what}", data=body, method=method,
            headers={"Authorization": f"Basic {login}", "Content-Type": "application/json"},
        )  # fmt: skip
        with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:  # noqa: S310
            return answer.read()
