"""A small OpenID provider: discovery, authorization code with PKCE, a key, tokens as a test wants them."""

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT, SECRET = "fengge-console", "the client's secret"


class Provider:
    """What it knows, and what its next token says."""

    def __init__(self) -> None:
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.signs_with, self.kid = self.key, "one"
        self.codes: dict[str, dict[str, str]] = {}
        self.claims: dict[str, Any] = {"sub": "u-1", "preferred_username": "li.wei", "groups": ["leads"]}
        self.altered: dict[str, Any] = {}
        """Laid over the claims of a token: what somebody would forge."""
        self.broken = False
        self.url = ""

    def authorize(self, said: Mapping[str, str]) -> str:
        """Somebody signs in and consents; where their browser goes."""
        assert said["response_type"] == "code"
        assert said["client_id"] == CLIENT
        assert "openid" in said["scope"].split()
        assert said["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe()
        self.codes[code] = dict(said)
        return f"{said['redirect_uri']}?{urlencode({'code': code, 'state': said['state']})}"

    def token(self, form: Mapping[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        """A token for a code, once, for who can prove to have asked for it."""
        kept = self.codes.pop(form.get("code", ""), None)
        pair = base64.b64decode(authorization.removeprefix("Basic ")).decode()
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest())
        if (
            kept is None
            or pair != f"{CLIENT}:the%20client%27s%20secret"
            or challenge.rstrip(b"=").decode() != kept["code_challenge"]
            or form["redirect_uri"] != kept["redirect_uri"]
        ):
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        claims = {
            "iss": self.url, "aud": CLIENT, "iat": now, "exp": now + 60, "nonce": kept["nonce"],
            **self.claims, **self.altered,
        }  # fmt: skip
        signed = jwt.encode(claims, self.signs_with, "RS256", headers={"kid": self.kid})
        return 200, {"id_token": signed, "access_token": "x", "token_type": "Bearer"}

    def document(self) -> dict[str, Any]:
        """Discovery."""
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
        }

    def keys(self) -> dict[str, Any]:
        """Public keys."""
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
        return {"keys": [public | {"kid": "one", "alg": "RS256", "use": "sig"}]}


@contextmanager
def provider() -> Iterator[Provider]:
    """One that runs."""
    known = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path, said = _asked(self.path)
            if path == "/authorize":
                self.send_response(302)
                self.send_header("Location", known.authorize(said))
                self.end_headers()
            elif path == "/keys":
                self._tell(200, known.keys())
            else:
                self._tell(503 if known.broken else 200, known.document())

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self._tell(*known.token(_asked(f"?{body}")[1], self.headers.get("Authorization", "")))

        def _tell(self, status: int, document: Mapping[str, Any]) -> None:
            body = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *said: Any) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        known.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield known
        server.shutdown()
        thread.join()


def _asked(path: str) -> tuple[str, dict[str, str]]:
    parts = urlsplit(path)
    return parts.path, {name: values[0] for name, values in parse_qs(parts.query).items()}
