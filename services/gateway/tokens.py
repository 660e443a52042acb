"""Access tokens of an OAuth 2 issuer (RFC 9068, client credentials), verified against its public keys."""

import json
import logging
import threading
import time
import urllib.request
from typing import Any

import jwt

log = logging.getLogger(__name__)

ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
"""Signatures by public keys alone: with a shared one everybody who verifies could also issue."""
FRESH = 300.0
"""Seconds for which fetched keys are good."""
SELDOM = 10.0
"""Seconds between fetches for a key nobody knows: strangers must not make us ask."""
TIMEOUT = 3.0
LEEWAY = 30.0
"""Seconds by which clocks may differ."""
LARGEST = 200_000


class NoKeys(Exception):
    """The issuer does not give its keys; it may do so later."""


class BadToken(Exception):
    """The token opens nothing; the message says why and quotes nothing of it."""


class Issuer:
    """One issuer and its keys, fetched when they are first needed and now and then anew."""

    def __init__(self, issuer: str, audience: str, jwks_url: str) -> None:
        self._issuer, self._audience, self._url = issuer, audience, jwks_url
        self._keys: dict[str | None, Any] = {}
        self._fetched = float("-inf")
        self._lock = threading.Lock()

    def subject(self, token: str) -> str:
        """The client that a token was issued to; raises BadToken or NoKeys."""
        try:
            header = jwt.get_unverified_header(token)
            claims: dict[str, Any] = jwt.decode(
                token, self._key(header.get("kid")), algorithms=ALGORITHMS, audience=self._audience,
                issuer=self._issuer, leeway=LEEWAY, options={"require": ["exp", "iss", "aud"]},
            )  # fmt: skip
        except jwt.PyJWTError as error:
            raise BadToken(type(error).__name__) from None
        for name in ("client_id", "azp", "sub"):
            if isinstance(found := claims.get(name), str) and found:
                return found
        raise BadToken("no client_id")

    def _key(self, kid: str | None) -> Any:
        with self._lock:
            age = time.monotonic() - self._fetched
            if age > FRESH or (kid not in self._keys and age > SELDOM):
                self._fetch()
            if kid not in self._keys:
                raise BadToken("unknown key")
            return self._keys[kid]

    def _fetch(self) -> None:
        """Old keys stay good while the issuer cannot be reached."""
        try:
            with urllib.request.urlopen(self._url, timeout=TIMEOUT) as answer:  # noqa: S310 (a setting)
                document = json.loads(answer.read(LARGEST))
            keys = jwt.PyJWKSet.from_dict(document).keys
        except (OSError, ValueError, jwt.PyJWTError) as error:
            log.warning("the issuer gives no keys", extra={"cause": type(error).__name__})
            if not self._keys:
                raise NoKeys from None
        else:
            self._keys = {key.key_id: key for key in keys}
        self._fetched = time.monotonic()
