"""A small OpenID Connect provider over HTTP, a process of its own.

It asks nobody for a password: whoever posts claims to its form is who they say. All else it does
as OpenID Connect Core 3.1 and RFC 7636 have it: it knows its client by secret and return address,
gives a code once, wants the verifier of the challenge, and signs with a key it publishes.
``fault`` in the form makes it lie in one respect.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

import requests
from joserfc import jwt
from joserfc.jwk import RSAKey

from tests.conftest import stop

CLIENT, SECRET = "ecluse", "the client's secret"
FORM = '<form method="post"><input name="claims"><input name="fault"><button>OK</button></form>'


@dataclass
class State:
    """What the provider remembers: who it is, its key, the codes it gave."""

    issuer: str
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, auto_kid=True))
    other_key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048))
    codes: dict[str, dict[str, Any]] = field(default_factory=dict)

    def metadata(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "response_types_supported": ["code"],
            "code_challenge_methods_supported": ["S256"],
        }

    def authorise(self, asked: dict[str, str], form: dict[str, str]) -> str:
        """Return where to send the browser on."""
        assert asked["client_id"] == CLIENT
        assert asked["response_type"] == "code"
        assert "openid" in asked["scope"].split()
        assert asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(16)
        self.codes[code] = {"asked": asked, **form}
        answer = {"code": code, "state": asked["state"], "iss": self.issuer}
        if form.get("fault") == "denied":
            answer = {"error": "access_denied", "state": asked["state"]}
        if form.get("fault") == "mixed up":
            answer["iss"] = "https://another.example"
        return f"{asked['redirect_uri']}?{urlencode(answer)}"

    def token(self, client: tuple[str, str], form: dict[str, str]) -> dict[str, Any] | None:
        """Return the tokens for a code, or None for a bad request."""
        given = self.codes.pop(form.get("code", ""), None)
        if given is None or client != (CLIENT, SECRET):
            return None
        asked, digest = given["asked"], hashlib.sha256(form["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if challenge != asked["code_challenge"] or form["redirect_uri"] != asked["redirect_uri"]:
            return None
        id_token = self.id_token(asked["nonce"], json.loads(given["claims"]), given.get("fault"))
        return {"access_token": secrets.token_hex(8), "token_type": "Bearer", "id_token": id_token}

    def id_token(self, nonce: str, claims: dict[str, Any], fault: str | None) -> str:
        now = int(time.time())
        all_claims = {
            "iss": "https://another.example" if fault == "issuer" else self.issuer,
            "aud": "another client" if fault == "audience" else CLIENT,
            "iat": now,
            "exp": now - 3600 if fault == "expired" else now + 300,
            "nonce": "another" if fault == "nonce" else nonce,
            **claims,
        }
        header = {"alg": "RS256", "kid": self.key.kid}
        if fault == "unsigned":
            parts = (json.dumps(each).encode() for each in ({"alg": "none"}, all_claims))
            return (
                ".".join(base64.urlsafe_b64encode(each).rstrip(b"=").decode() for each in parts)
                + "."
            )
        return jwt.encode(header, all_claims, self.other_key if fault == "key" else self.key)


@contextmanager
def running(port: int) -> Iterator[str]:
    """Run a provider as a process of its own; yield its address once it answers."""
    process = subprocess.Popen([sys.executable, "-m", "tests.web.oidc_provider", str(port)])
    address, until = f"http://127.0.0.1:{port}", time.monotonic() + 20
    while True:
        try:
            requests.get(f"{address}/keys", timeout=2)
            break
        except requests.RequestException:
            assert time.monotonic() < until
            time.sleep(0.05)
    yield address
    stop(process)


class Handler(BaseHTTPRequestHandler):
    """Answer browsers and the client's server."""

    state: State

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path == "/.well-known/openid-configuration":
            self._answer(200, self.state.metadata())
        elif path == "/keys":
            self._answer(200, {"keys": [self.state.key.as_dict(private=False)]})
        else:
            self._answer(200, FORM)

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        form = dict(parse_qsl(self.rfile.read(length).decode()))
        if urlsplit(self.path).path == "/token":
            found = self.state.token(self._client(), form)
            self._answer(200 if found else 400, found or {"error": "invalid_grant"})
            return
        asked = dict(parse_qsl(urlsplit(self.path).query))
        self.send_response(303)
        self.send_header("Location", self.state.authorise(asked, form))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _client(self) -> tuple[str, str]:
        _, _, sent = self.headers.get("Authorization", "").partition(" ")
        name, _, secret = base64.b64decode(sent).decode().partition(":")
        return unquote(name), unquote(secret)

    def _answer(self, status: int, content: object) -> None:
        body = (content if isinstance(content, str) else json.dumps(content)).encode()
        self.send_response(status)
        kind = "text/html" if isinstance(content, str) else "application/json"
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


if __name__ == "__main__":
    port = int(sys.argv[1])
    Handler.state = State(f"http://127.0.0.1:{port}")
    ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()
