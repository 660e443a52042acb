"""An operator's browser without scripts, for benchmarks of the operators' room."""

import re
from http import HTTPStatus
from http.client import HTTPConnection
from http.cookies import SimpleCookie
from urllib.parse import urlencode, urlsplit

from bench.visits import Visit

CSRF = re.compile(r'name="csrf" value="([0-9a-f]+)"')


class Browser:
    """One on one connection."""

    def __init__(self, address: str) -> None:
        self._address = address.rstrip("/")
        self._line = HTTPConnection(urlsplit(address).netloc, timeout=60)
        self._cookies: dict[str, str] = {}
        self._csrf = ""

    def sign_in(self, name: str, password: str) -> None:
        """Signs in; raises RuntimeError where that is refused."""
        form = urlencode({"csrf": self._token("/sign-in"), "name": name, "password": password})
        status, _ = self.ask("POST", "/sign-in", form)
        if status != HTTPStatus.SEE_OTHER:
            raise RuntimeError(f"the operators' room let nobody in: status {status}")
        self._csrf = self._token("/ticket")

    def look(self, visit: Visit) -> tuple[int, str]:
        """Opens a page, or sends its form."""
        if visit.form is None:
            return self.ask("GET", visit.path)
        return self.ask("POST", visit.path, urlencode({"csrf": self._csrf, **visit.form}))

    def ask(self, method: str, path: str, form: str | None = None) -> tuple[int, str]:
        """Status and body; cookies are kept, nothing is followed."""
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items())}
        if form is not None:
            headers |= {"Content-Type": "application/x-www-form-urlencoded", "Origin": self._address}
        self._line.request(method, path, form, headers)
        answer = self._line.getresponse()
        for line in answer.headers.get_all("Set-Cookie", []):
            self._cookies |= {name: morsel.value for name, morsel in SimpleCookie(line).items()}
        return answer.status, answer.read().decode()

    def _token(self, path: str) -> str:
        found = CSRF.search(self.ask("GET", path)[1])
        assert found, path
        return found[1]
