"""Sign-in with the accounts of an issuer: OpenID Connect, authorization code with PKCE, nonce and state."""

import base64
import hashlib
import json
import logging
import secrets
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import jwt

from services.console.roles import ROLES
from services.console.session import digest

log = logging.getLogger(__name__)

ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
"""Signatures by public keys alone."""
TIMEOUT = 3.0
FRESH = 300
LEEWAY = 30.0
LARGEST = 200_000
NAMES = ("preferred_username", "email", "sub")
"""The first of these claims that is there names the account."""


class IssuerAway(Exception):
    """The issuer does not answer; it may do so later."""


class NotVouched(Exception):
    """What came back from the issuer proves nothing; the message says why and quotes nothing of it."""


@dataclass(frozen=True)
class Identity:
    """Somebody whom the issuer vouches for."""

    issuer: str
    subject: str
    name: str
    values: frozenset[str]
    """Of the claim that says what they may do."""

    def role(self, roles: Mapping[str, str]) -> str | None:
        """The highest role that one of the values stands for."""
        found = [ROLES[roles[value]] for value in self.values if value in roles]
        return max(found).word if found else None


@dataclass(frozen=True)
class Handshake:
    """A sign-in under way: what leaves with the browser, and what stays here until it is back."""

    state: str
    nonce: str
    verifier: str

    @property
    def digest(self) -> bytes:
        """What is kept of the state."""
        return digest(self.state)

    @property
    def challenge(self) -> str:
        """RFC 7636, S256."""
        hashed = hashlib.sha256(self.verifier.encode()).digest()
        return base64.urlsafe_b64encode(hashed).rstrip(b"=").decode()


def handshake(token: str) -> Handshake:
    """A new one that only the browser with this cookie can bring to its end."""
    return Handshake(
        f"{secrets.token_urlsafe(24)}.{_mark(token)}", secrets.token_urlsafe(24), secrets.token_urlsafe(48)
    )


def is_of(state: str, token: str) -> bool:
    """Whether a sign-in was begun by the browser with this cookie."""
    return secrets.compare_digest(state.rpartition(".")[2].encode(), _mark(token).encode())


def _mark(token: str) -> str:
    return hashlib.sha256(f"oidc {token}".encode()).hexdigest()[:32]


class Issuer:
    """One issuer, found by its discovery document when it is first needed."""

    def __init__(self, url: str, client: str, secret: str, claim: str) -> None:
        self._url, self._client, self._secret, self._claim = url, client, secret, claim
        self._lock = threading.Lock()
        self._found: tuple[float, dict[str, Any], jwt.PyJWKClient] | None = None

    def address(self, shake: Handshake, back: str) -> str:
        """Where the browser goes to sign in; raises IssuerAway."""
        said = {
            "response_type": "code", "client_id": self._client, "redirect_uri": back,
            "scope": "openid profile email", "state": shake.state, "nonce": shake.nonce,
            "code_challenge": shake.challenge, "code_challenge_method": "S256",
        }  # fmt: skip
        start = str(self._known()[0]["authorization_endpoint"])
        return f"{start}{'&' if '?' in start else '?'}{urlencode(said)}"

    def identity(self, code: str, nonce: str, verifier: str, back: str) -> Identity:
        """Who comes back with this code; raises NotVouched or IssuerAway."""
        document, keys = self._known()
        form = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": back, "code_verifier": verifier,
            "client_id": self._client,
        }  # fmt: skip
        answer = _json(self._token_request(str(document["token_endpoint"]), form))
        try:
            token = str(answer["id_token"])
            claims: dict[str, Any] = jwt.decode(
                token, keys.get_signing_key_from_jwt(token), algorithms=ALGORITHMS, audience=self._client,
                issuer=self._url, leeway=LEEWAY, options={"require": ["exp", "iat", "iss", "aud", "sub"]},
            )  # fmt: skip
        except jwt.PyJWKClientConnectionError:
            raise IssuerAway("keys") from None
        except (KeyError, jwt.PyJWTError) as error:
            raise NotVouched(type(error).__name__) from None
        return self._read(claims, nonce)

    def _read(self, claims: Mapping[str, Any], nonce: str) -> Identity:
        if not secrets.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
            raise NotVouched("nonce")
        if claims.get("azp", self._client) != self._client:
            raise NotVouched("azp")
        name = next(str(claims[key]) for key in NAMES if claims.get(key))
        values = claims.get(self._claim, ())
        listed = values if isinstance(values, list) else [values]
        return Identity(self._url, str(claims["sub"]), name[:64], frozenset(map(str, listed)))

    def _token_request(self, url: str, form: Mapping[str, str]) -> urllib.request.Request:
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        if self._secret:
            # RFC 6749 section 2.3.1: both are written as in a form before they are joined.
            pair = f"{quote(self._client, safe='')}:{quote(self._secret, safe='')}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        return urllib.request.Request(url, urlencode(form).encode(), headers)  # noqa: S310 (of the issuer's document)

    def _known(self) -> tuple[dict[str, Any], jwt.PyJWKClient]:
        with self._lock:
            if self._found is None or time.monotonic() - self._found[0] > FRESH:
                address = f"{self._url.rstrip('/')}/.well-known/openid-configuration"
                document = _json(urllib.request.Request(address))  # noqa: S310 (a setting)
                if document.get("issuer") != self._url:
                    raise NotVouched("issuer")
                keys = jwt.PyJWKClient(str(document["jwks_uri"]), timeout=TIMEOUT, lifespan=FRESH)
                self._found = (time.monotonic(), document, keys)
            return self._found[1:]


def _json(request: urllib.request.Request) -> dict[str, Any]:
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:  # noqa: S310 (https or a setting)
            found: dict[str, Any] = json.loads(answer.read(LARGEST))
    except urllib.error.HTTPError as error:
        error.close()
        if error.code < 500:
            raise NotVouched(f"status {error.code}") from None
        raise IssuerAway(f"status {error.code}") from None
    except (OSError, ValueError) as error:
        log.warning("the issuer does not answer", extra={"cause": type(error).__name__})
        raise IssuerAway(type(error).__name__) from None
    return found
