"""Sites and their API keys."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any

import orjson

from service.store.connection import Client
from service.store.inbox_group import make_group
from service.store.keys import SITES, SiteKeys

CACHE_S = 2.0
REQUIRED_BY_DEFAULT = frozenset({"author", "email"})


class SiteUnknown(Exception):
    """Say that no site has this name."""


class TemplatesInvalid(ValueError):
    """Say that a site has too many reasons for refusing, or two of one key."""


class SiteExists(Exception):
    """Say that the name is taken."""


class KeyUnknown(Exception):
    """Say that the site has no key with this id."""


class Scope(StrEnum):
    """Name what a key may do."""

    SUBMIT = "submit"
    MODERATE = "moderate"
    OPS = "ops"


@dataclass(frozen=True, slots=True)
class Limit:
    """Allow ``burst`` comments at once, and as many again every ``window_s`` seconds."""

    burst: int
    window_s: int


DEFAULT_LIMITS: Mapping[str, Limit] = {
    "ip": Limit(20, 600),
    "email": Limit(15, 600),
    "site": Limit(6000, 60),
    "page": Limit(600, 60),
}


@dataclass(frozen=True, slots=True)
class Template:
    """Hold a reason for refusing comments, in both languages; ``key`` names it."""

    key: str
    fr: str
    en: str

    def text(self, language: str) -> str:
        """Return the reason in ``fr`` or ``en``, in the other where one is not written."""
        return (self.fr or self.en) if language == "fr" else (self.en or self.fr)


MOST_TEMPLATES = 50
DEFAULT_TEMPLATES = (
    Template("tone", "Propos blessants envers une personne.", "Hurtful to somebody."),
    Template("off-topic", "Hors sujet.", "Off topic."),
    Template("advertising", "Publicité.", "Advertising."),
    Template("duplicate", "Doublon.", "Duplicate."),
    Template("privacy", "Données personnelles.", "Personal information."),
)


@dataclass(frozen=True, slots=True)
class Site:
    """Hold one tenant's settings.

    ``origins`` are the web origins whose pages may post. ``required`` names the
    fields, beside ``content`` and ``page``, that a comment must have. ``policy``
    holds the entries that differ from config/policies/balanced.toml. ``second_look`` is the
    share of decisions, 0..1, that somebody else judges again without seeing them.
    ``templates`` are reasons for refusing, 50 at most.

    Raises ``TemplatesInvalid`` for more, or two of one key.
    """

    name: str
    origins: tuple[str, ...] = ()
    lang: str = "en"
    required: frozenset[str] = REQUIRED_BY_DEFAULT
    has_nudge: bool = False
    policy: Mapping[str, Any] = field(default_factory=dict)
    limits: Mapping[str, Limit] = field(default_factory=lambda: dict(DEFAULT_LIMITS))
    created_at: float = 0.0
    second_look: float = 0.0
    templates: tuple[Template, ...] = DEFAULT_TEMPLATES

    def __post_init__(self) -> None:
        """Refuse more templates than fit a menu, or two of one key."""
        keys = {template.key for template in self.templates}
        if len(self.templates) > MOST_TEMPLATES or len(keys) < len(self.templates):
            raise TemplatesInvalid


@dataclass(frozen=True, slots=True)
class ApiKey:
    """Hold one key as it is kept: its secret only as a SHA-256 digest."""

    id: str
    digest: str
    label: str
    scopes: frozenset[Scope]
    created_at: float
    revoked_at: float | None = None

    def opens(self, secret: str) -> bool:
        """Say whether ``secret`` is this key's and the key is still good."""
        return self.revoked_at is None and hmac.compare_digest(self.digest, _digest(secret))


@dataclass(frozen=True, slots=True)
class KnownSite:
    """Join a site and its keys as a request needs them."""

    site: Site
    keys: Mapping[str, ApiKey]


class Sites:
    """Keep the sites and their keys; reads may be up to two seconds old."""

    def __init__(self, client: Client, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._clock = clock
        self._known: dict[str, tuple[float, KnownSite]] = {}

    def get(self, name: str) -> KnownSite:
        """Return a site and its keys.

        Raises ``SiteUnknown``.
        """
        cached = self._known.get(name)
        if cached is not None and self._clock() - cached[0] < CACHE_S:
            return cached[1]
        known = self._load(name)
        self._known[name] = (self._clock(), known)
        return known

    def create(self, site: Site) -> None:
        """Add a site with an empty inbox.

        Raises ``SiteExists``.
        """
        keys = SiteKeys(site.name)
        if not self._client.set(keys.record, _site_json(site), nx=True):
            raise SiteExists(site.name)
        make_group(self._client, keys)
        self._client.sadd(SITES, site.name)

    def update(self, site: Site) -> None:
        """Replace a site's settings.

        Raises ``SiteUnknown``.
        """
        if not self._client.set(SiteKeys(site.name).record, _site_json(site), xx=True):
            raise SiteUnknown(site.name)
        self._known.pop(site.name, None)

    def names(self) -> list[str]:
        """Return every site's name, sorted."""
        members: Any = self._client.smembers(SITES)
        return sorted(member.decode() for member in members)

    def create_key(self, site: str, label: str, scopes: frozenset[Scope]) -> tuple[ApiKey, str]:
        """Make a key and return it with its token, which is shown this once.

        Raises ``SiteUnknown``.
        """
        self._load(site)
        secret = secrets.token_hex(20)
        key = ApiKey(secrets.token_hex(4), _digest(secret), label, scopes, time.time())
        self._save_key(site, key)
        return key, token_of(site, key.id, secret)

    def revoke_key(self, site: str, key_id: str) -> ApiKey:
        """End a key for good.

        Raises ``SiteUnknown`` or ``KeyUnknown``.
        """
        revoked = replace(self._key(site, key_id), revoked_at=time.time())
        self._save_key(site, revoked)
        return revoked

    def rotate_key(self, site: str, key_id: str) -> tuple[ApiKey, str]:
        """Revoke a key and return its successor, same label and scopes, with its token.

        Raises ``SiteUnknown`` or ``KeyUnknown``.
        """
        old = self.revoke_key(site, key_id)
        return self.create_key(site, old.label, old.scopes)

    def _key(self, site: str, key_id: str) -> ApiKey:
        key = self._load(site).keys.get(key_id)
        if key is None:
            raise KeyUnknown(key_id)
        return key

    def _save_key(self, site: str, key: ApiKey) -> None:
        self._client.hset(SiteKeys(site).api_keys, key.id, _key_json(key))
        self._known.pop(site, None)

    def _load(self, name: str) -> KnownSite:
        keys = SiteKeys(name)
        pipe = self._client.pipeline(transaction=False)
        pipe.get(keys.record)
        pipe.hgetall(keys.api_keys)
        record, stored = pipe.execute()
        if record is None:
            raise SiteUnknown(name)
        api_keys = (_key_from(value) for value in stored.values())
        return KnownSite(_site_from(record), {key.id: key for key in api_keys})


def token_of(site: str, key_id: str, secret: str) -> str:
    """Return the token a caller sends: ``ek_{site}_{id}_{secret}``."""
    return f"ek_{site}_{key_id}_{secret}"


def parts_of(token: str) -> tuple[str, str, str] | None:
    """Return the site, key id and secret in a token, or None if it is no token of ours."""
    parts = token.split("_")
    if len(parts) != 4 or parts[0] != "ek":
        return None
    return parts[1], parts[2], parts[3]


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def _site_json(site: Site) -> bytes:
    return orjson.dumps({**asdict(site), "required": sorted(site.required)})


def _site_from(raw: bytes) -> Site:
    data = orjson.loads(raw)
    data["origins"] = tuple(data["origins"])
    data["required"] = frozenset(data["required"])
    if "templates" in data:
        data["templates"] = tuple(Template(**each) for each in data["templates"])
    data["limits"] = {name: Limit(**limit) for name, limit in data["limits"].items()}
    return Site(**data)


def _key_json(key: ApiKey) -> bytes:
    return orjson.dumps({**asdict(key), "scopes": sorted(key.scopes)})


def _key_from(raw: bytes) -> ApiKey:
    data = orjson.loads(raw)
    data["scopes"] = frozenset(map(Scope, data["scopes"]))
    return ApiKey(**data)
