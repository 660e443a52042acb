"""Asking another service at its HTTP door: one request, one deadline for each answer, nothing kept."""

import http.client
from urllib.parse import urlsplit

TIMEOUT = 3.0
"""Seconds for each answer."""


class NotAnswered(Exception):
    """The other service did not tell; it may do so later."""


def asked(url: str, path: str, token: str, body: bytes) -> bytes:
    """What the door at `url` answers to a POST by the bearer of `token`; raises NotAnswered."""
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.netloc, timeout=TIMEOUT)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    try:
        connection.request("POST", f"{parts.path.rstrip('/')}{path}", body, headers)
        response = connection.getresponse()
        answer = response.read()
    except (OSError, http.client.HTTPException) as error:
        raise NotAnswered(type(error).__name__) from error
    finally:
        connection.close()
    if response.status != http.client.OK:
        raise NotAnswered(f"status {response.status}")
    return answer
