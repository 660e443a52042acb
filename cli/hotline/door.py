"""The gateway as a hotline finds it: JSON over HTTP with a key; what is not answered is sent again."""

import http.client
import json
import time
from typing import Any
from urllib.parse import urlsplit

from cli.say import Failure

TIMEOUT = 20.0
PATIENCE = 30.0
"""Seconds for which a gateway that is away is asked again."""
PAUSE = 1.0
AT_ONCE = 100
"""Messages in one batch."""


class Door:
    """One gateway and the key that opens it."""

    def __init__(self, url: str, key: str) -> None:
        self._url, self._key = urlsplit(url), key

    def ask(self, method: str, path: str, said: Any = None) -> tuple[int, Any]:
        """Status and document of the answer; raises Failure where there is none for too long."""
        end = time.monotonic() + PATIENCE
        while True:
            try:
                status, document = self._once(method, path, said)
            except (OSError, http.client.HTTPException, ValueError) as error:
                status, document = 503, {"detail": type(error).__name__}
            if status not in (429, 503):
                return status, document
            if time.monotonic() > end:
                raise Failure(f"{self._url.netloc} does not answer: {document.get('detail')}")
            time.sleep(PAUSE)

    def hand_over(self, city: str, messages: list[Any]) -> list[Any]:
        """Sends messages, many at once; what came of each, in their order. Raises Failure."""
        found = []
        for begin in range(0, len(messages), AT_ONCE):
            status, document = self.ask("POST", f"/hotline/{city}", messages[begin : begin + AT_ONCE])
            if status != 207:
                raise Failure(f"/hotline/{city}: {status} {document.get('detail')}")
            found += document["results"]
        return found

    def _once(self, method: str, path: str, said: Any) -> tuple[int, Any]:
        secure = self._url.scheme == "https"
        kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        connection = kind(self._url.netloc, timeout=TIMEOUT)
        body = None if said is None else json.dumps(said, ensure_ascii=False).encode()
        headers = {"X-API-Key": self._key, "Content-Type": "application/json"}
        try:
            connection.request(method, f"{self._url.path.rstrip('/')}{path}", body, headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()
