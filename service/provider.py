"""The OpenID Connect provider people may sign in with: its addresses, its keys, its word.

Authlib is read only where a provider is set: it takes 18 MB of each web process.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from config.settings import Settings, SettingsInvalid
from service.store.staff.errands import Errand

SCOPE = "openid email profile"
TIMEOUT_S = 5.0
LEEWAY_S = 60
METADATA_KEPT_S = 3600
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA")
"""Signatures by a private key only: ``none`` and those by a shared secret are refused."""
OWN_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})


class ProviderUnreachable(Exception):
    """Say that the provider did not answer, or not as a provider does."""


class ProviderRefused(Exception):
    """Say that the provider vouches for nobody, or that its word does not hold."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Hold whom the provider vouches for; ``names`` are those to look for, the best first."""

    subject: str
    names: tuple[str, ...]


class Provider:
    """Send people to the provider, and read what they bring back."""

    def __init__(
        self,
        issuer: str,
        client_id: str,
        client_secret: str,
        name: str = "",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name or urlsplit(issuer).hostname or issuer
        self._issuer = issuer
        self._client_id = client_id
        self._client_secret = client_secret
        self._clock = clock
        self._metadata: dict[str, Any] = {}
        self._read_at = 0.0

    def address(self, errand: Errand, back: str) -> str:
        """Return where the provider asks people who they are; it sends them on to ``back``.

        Raises ``ProviderUnreachable``.
        """
        endpoint = self._facts()["authorization_endpoint"]
        made: tuple[str, str] = self._session(back).create_authorization_url(
            endpoint, state=errand.state, nonce=errand.nonce, code_verifier=errand.verifier
        )
        return made[0]

    def identity(self, code: str, errand: Errand, back: str, now_s: int) -> Identity:
        """Return whom a code stands for.

        Raises ``ProviderUnreachable`` or ``ProviderRefused``.
        """
        return _identity_in(self._claims(self._token(code, errand, back), errand, now_s))

    def is_issuer(self, issuer: str) -> bool:
        """Say whether an answer's ``iss`` is the provider's (RFC 9207); many send none."""
        return issuer in ("", self._facts()["issuer"])

    def _token(self, code: str, errand: Errand, back: str) -> dict[str, Any]:
        from authlib.integrations.base_client import OAuthError
        from requests import RequestException

        endpoint = self._facts()["token_endpoint"]
        try:
            found: dict[str, Any] = self._session(back).fetch_token(
                endpoint,
                grant_type="authorization_code",
                code=code,
                code_verifier=errand.verifier,
                timeout=TIMEOUT_S,
                allow_redirects=False,
            )
        except OAuthError as error:
            raise ProviderRefused(str(error.error)) from None
        except (RequestException, ValueError) as error:
            raise ProviderUnreachable(type(error).__name__) from error
        return found

    def _claims(self, token: dict[str, Any], errand: Errand, now_s: int) -> dict[str, Any]:
        """Return what an ID token says, once it is known to hold (OpenID Connect Core, 3.1.3.7)."""
        from authlib.oidc.core import CodeIDToken
        from joserfc import jwt
        from joserfc.errors import JoseError
        from joserfc.jwk import KeySet

        keys = self._get(self._facts()["jwks_uri"])
        try:
            read = jwt.decode(token["id_token"], KeySet.import_key_set(keys), list(ALGORITHMS))  # type: ignore[arg-type]
            claims = CodeIDToken(
                read.claims,
                read.header,
                {"iss": {"value": self._facts()["issuer"]}, "aud": {"value": self._client_id}},
                {
                    "nonce": errand.nonce,
                    "client_id": self._client_id,
                    "access_token": token.get("access_token", ""),
                },
            )
            claims.validate(now=now_s, leeway=LEEWAY_S)
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise ProviderRefused(type(error).__name__) from None
        return dict(claims)

    def _session(self, back: str) -> Any:
        from authlib.integrations.requests_client import OAuth2Session

        methods = self._facts().get("token_endpoint_auth_methods_supported", [])
        is_posted = "client_secret_post" in methods and "client_secret_basic" not in methods
        return OAuth2Session(
            self._client_id,
            self._client_secret,
            scope=SCOPE,
            redirect_uri=back,
            code_challenge_method="S256",
            token_endpoint_auth_method="client_secret_post" if is_posted else "client_secret_basic",
        )

    def _facts(self) -> dict[str, Any]:
        """Return what the provider says of itself (OpenID Connect Discovery), for an hour."""
        if not self._metadata or self._clock() - self._read_at > METADATA_KEPT_S:
            issuer = self._issuer.rstrip("/")
            found = self._get(f"{issuer}/.well-known/openid-configuration")
            needed = ("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri")
            if any(not isinstance(found.get(name), str) for name in needed):
                raise ProviderUnreachable("no OpenID Connect provider")
            if found["issuer"].rstrip("/") != issuer:
                raise ProviderUnreachable("another issuer")
            self._metadata, self._read_at = found, self._clock()
        return self._metadata

    def _get(self, address: str) -> dict[str, Any]:
        import requests

        try:
            answer = requests.get(address, timeout=TIMEOUT_S, allow_redirects=False)
            answer.raise_for_status()
            found = answer.json()
        except (requests.RequestException, ValueError) as error:
            raise ProviderUnreachable(type(error).__name__) from error
        if not isinstance(found, dict):
            raise ProviderUnreachable("no object")
        return found


def provider_of(settings: Settings) -> Provider | None:
    """Return the provider the settings name, or None.

    Raises ``SettingsInvalid`` where it could not be trusted.
    """
    issuer = settings.oidc_issuer
    if not issuer:
        return None
    parts = urlsplit(issuer)
    if parts.scheme != "https" and parts.hostname not in OWN_MACHINE:
        raise SettingsInvalid("ECLUSE_OIDC_ISSUER: an address that begins with https:// is needed")
    if not settings.oidc_client_id or not settings.oidc_client_secret:
        raise SettingsInvalid("ECLUSE_OIDC_CLIENT_ID and ECLUSE_OIDC_CLIENT_SECRET are needed")
    return Provider(
        issuer, settings.oidc_client_id, settings.oidc_client_secret, settings.oidc_name
    )


def _identity_in(claims: dict[str, Any]) -> Identity:
    email = claims.get("email") if claims.get("email_verified") is True else None
    names = (email, claims.get("preferred_username"))
    given = tuple(each for each in names if isinstance(each, str) and each)
    return Identity(f"{claims['iss']} {claims['sub']}", given)
