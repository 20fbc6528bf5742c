"""Sign-ins that are on their way through the OpenID Connect provider."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import orjson

from service.store import keys
from service.store.server.connection import Client
from service.store.tokens import digest, fresh_token

ERRAND_KEPT_S = 600


@dataclass(frozen=True, slots=True)
class Errand:
    """Hold what must come back: ``state`` in the address, ``nonce`` in the ID token.

    ``verifier`` proves to the provider that who started also ends (PKCE, RFC 7636);
    ``wanted`` is the page to go on to.
    """

    state: str
    nonce: str
    verifier: str
    wanted: str


class Errands:
    """Start errands, and end each of them once."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def start(self, wanted: str) -> tuple[str, Errand]:
        """Return a new errand, and the token by which the browser that started it is known."""
        token = fresh_token()
        errand = Errand(fresh_token(), fresh_token(), fresh_token(), wanted)
        self._client.set(keys.errand(digest(token)), orjson.dumps(asdict(errand)), ex=ERRAND_KEPT_S)
        return token, errand

    def end(self, token: str) -> Errand | None:
        """Return an errand, which is then over; None where there is none."""
        stored: Any = self._client.getdel(keys.errand(digest(token)))
        return Errand(**orjson.loads(stored)) if stored else None
