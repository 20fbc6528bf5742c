"""Sites and their API keys."""

from __future__ import annotations

import hmac
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any, Protocol

import orjson

from service.store.inbox_group import make_group
from service.store.keys import SITES, SiteKeys
from service.store.scripts import Argument, script
from service.store.server.connection import Client
from service.store.tokens import digest

CACHE_S = 2.0
CHANGE_TRIES = 5
SETTINGS = "settings"
"""The kind of the entries in the audit log that tell of changed settings."""
REQUIRED_BY_DEFAULT = frozenset({"author", "email"})


class SiteUnknown(Exception):
    """Say that no site has this name."""


class TemplatesInvalid(ValueError):
    """Say that a site has too many reasons for refusing, or two of one key."""


class SiteExists(Exception):
    """Say that the name is taken."""


class KeyUnknown(Exception):
    """Say that the site has no key with this id."""


class KeyEnded(Exception):
    """Say that a key was revoked or has run out, so that nothing can take its place."""


class SiteChanged(Exception):
    """Say that somebody else changed the site at the same moment, again and again."""


class Scope(StrEnum):
    """Name what a key may do."""

    SUBMIT = "submit"
    MODERATE = "moderate"
    OPS = "ops"
    WEBHOOKS = "webhooks"


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
class Retention:
    """Say after how many days something is forgotten; 0: never.

    ``personal_days``: what is personal of comments that are settled for good.
    ``refused_days``: refused comments and spam altogether.
    """

    personal_days: int = 0
    refused_days: int = 0


NOTHING_FORGOTTEN = Retention()


@dataclass(frozen=True, slots=True)
class Site:
    """Hold one tenant's settings.

    ``origins`` are the web origins whose pages may post. ``required`` names the
    fields, beside ``content`` and ``page``, that a comment must have. ``policy``
    holds the entries that differ from config/policies/balanced.toml. ``second_look`` is the
    share of decisions, 0..1, that somebody else judges again without seeing them.
    ``templates`` are reasons for refusing, 50 at most. ``trial_policy`` holds the entries of a
    policy that judges beside it and decides nothing, since ``trial_since`` (seconds); None
    where there is none. ``retention`` says what is forgotten, and when. ``akismet_only_checks``
    says that what comes by Akismet's door is checked, and does not stand in the queue.

    Raises ``TemplatesInvalid`` for more templates, or two of one key.
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
    trial_policy: Mapping[str, Any] | None = None
    trial_since: float = 0.0
    retention: Retention = NOTHING_FORGOTTEN
    akismet_only_checks: bool = False

    def __post_init__(self) -> None:
        """Refuse more templates than fit a menu, or two of one key."""
        keys = {template.key for template in self.templates}
        if len(self.templates) > MOST_TEMPLATES or len(keys) < len(self.templates):
            raise TemplatesInvalid


class Ending(Protocol):
    """Name when a key ends: revoked, or run out where it was rotated with an overlap."""

    @property
    def revoked_at(self) -> float | None:
        """Return when it was revoked (s since the epoch)."""

    @property
    def expires_at(self) -> float | None:
        """Return when it runs out."""


def is_still_good(key: Ending, now_s: float) -> bool:
    """Say whether a key was neither revoked nor has run out."""
    return key.revoked_at is None and (key.expires_at is None or now_s < key.expires_at)


def end_of(key: Ending) -> float | None:
    """Return when a key ended, or will; None where nothing ends it."""
    return key.expires_at if key.revoked_at is None else key.revoked_at


def end_of_overlap(key: Ending, now_s: float, overlap_s: int) -> float:
    """Return until when a key that is rotated stays good: no longer than it would have."""
    return min(now_s + overlap_s, key.expires_at or now_s + overlap_s)


@dataclass(frozen=True, slots=True)
class ApiKey:
    """Hold one key as it is kept: its secret only as a SHA-256 digest.

    One that was rotated with an overlap is good until ``expires_at``.
    """

    id: str
    digest: str
    label: str
    scopes: frozenset[Scope]
    created_at: float
    revoked_at: float | None = None
    expires_at: float | None = None

    def is_good(self, now_s: float) -> bool:
        """Say whether the key was neither revoked nor has run out."""
        return is_still_good(self, now_s)

    @property
    def ends_at(self) -> float | None:
        """Return when the key ended, or will; None where nothing ends it."""
        return end_of(self)

    def opens(self, secret: str, now_s: float) -> bool:
        """Say whether ``secret`` is this key's and the key is still good."""
        return self.is_good(now_s) and hmac.compare_digest(self.digest, digest(secret))


@dataclass(frozen=True, slots=True)
class KnownSite:
    """Join a site and its keys as a request needs them."""

    site: Site
    keys: Mapping[str, ApiKey]


@dataclass(frozen=True, slots=True)
class Changer:
    """Say who changes a setting (`account:NAME`), and when (ms since the epoch)."""

    actor: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class SettingChange:
    """Hold one setting before and after a change, as JSON knows them; None: there was none."""

    field: str
    before: Any
    after: Any


class Sites:
    """Keep the sites and their keys; reads may be up to two seconds old."""

    def __init__(self, client: Client, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._clock = clock
        self._known: dict[str, tuple[float, KnownSite]] = {}
        self._change = script("change_site")

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

    def read(self, name: str) -> KnownSite:
        """Return a site and its keys as they are now, whatever was read before.

        Raises ``SiteUnknown``.
        """
        self._known.pop(name, None)
        return self.get(name)

    def create(self, site: Site, by: Changer | None = None) -> None:
        """Add a site with an empty inbox; the audit log names who did it.

        Raises ``SiteExists``.
        """
        keys = SiteKeys(site.name)
        if not self._client.set(keys.record, _site_json(site), nx=True):
            raise SiteExists(site.name)
        make_group(self._client, keys)
        self._client.sadd(SITES, site.name)
        self._note(site.name, SettingChange("site", None, site.name), by)

    def change(self, name: str, by: Changer, change: Callable[[Site], Site]) -> Site:
        """Change a site's settings, with an entry in the audit log for each that differs.

        ``change`` is called again with newer settings where somebody else was faster.
        Returns the site as it is now. Raises ``SiteUnknown`` or ``SiteChanged``.
        """
        keys = SiteKeys(name)
        for _ in range(CHANGE_TRIES):
            before: Any = self._client.get(keys.record)
            if before is None:
                raise SiteUnknown(name)
            site = change(_site_from(before))
            after = _site_json(site)
            told = [_audit_json(each) for each in _differences(before, after)]
            arguments: list[Argument] = [before, after, by.actor, by.at_ms, *told]
            if self._change(self._client, [keys.record, keys.audit], arguments):
                self._known.pop(name, None)
                return site
        raise SiteChanged(name)

    def names(self) -> list[str]:
        """Return every site's name, sorted."""
        members: Any = self._client.smembers(SITES)
        return sorted(member.decode() for member in members)

    def create_key(
        self, site: str, label: str, scopes: frozenset[Scope], by: Changer | None = None
    ) -> tuple[ApiKey, str]:
        """Make a key and return it with its token, which is shown this once.

        Raises ``SiteUnknown``.
        """
        self._load(site)
        secret = secrets.token_hex(20)
        key = ApiKey(secrets.token_hex(4), digest(secret), label, scopes, _time_of(by))
        self._save_key(site, None, key, by)
        return key, token_of(site, key.id, secret)

    def revoke_key(self, site: str, key_id: str, by: Changer | None = None) -> ApiKey:
        """End a key for good; one that has ended stays as it is.

        Raises ``SiteUnknown`` or ``KeyUnknown``.
        """
        key = self._key(site, key_id)
        if key.revoked_at is not None:
            return key
        revoked = replace(key, revoked_at=_time_of(by))
        self._save_key(site, key, revoked, by)
        return revoked

    def rotate_key(
        self, site: str, key_id: str, overlap_s: int = 0, by: Changer | None = None
    ) -> tuple[ApiKey, str]:
        """Return a key's successor, same label and scopes, with its token.

        The old key is good for another ``overlap_s`` seconds. Raises ``SiteUnknown``,
        ``KeyUnknown``, or ``KeyEnded`` when it is good no more.
        """
        old, now_s = self._key(site, key_id), _time_of(by)
        if not old.is_good(now_s):
            raise KeyEnded(key_id)
        made = self.create_key(site, old.label, old.scopes, by)
        if not overlap_s:
            self.revoke_key(site, key_id, by)
        else:
            until = end_of_overlap(old, now_s, overlap_s)
            self._save_key(site, old, replace(old, expires_at=until), by)
        return made

    def _key(self, site: str, key_id: str) -> ApiKey:
        key = self._load(site).keys.get(key_id)
        if key is None:
            raise KeyUnknown(key_id)
        return key

    def _save_key(self, site: str, before: ApiKey | None, key: ApiKey, by: Changer | None) -> None:
        self._client.hset(SiteKeys(site).api_keys, key.id, _key_json(key))
        told = SettingChange("key", _told_of(before) if before else None, _told_of(key))
        self._note(site, told, by)
        self._known.pop(site, None)

    def _note(self, site: str, change: SettingChange, by: Changer | None) -> None:
        if by is None:
            return
        told: Any = {"kind": SETTINGS, "actor": by.actor, "at": by.at_ms}
        self._client.xadd(SiteKeys(site).audit, {**told, "change": _audit_json(change)})

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


def _site_json(site: Site) -> bytes:
    return orjson.dumps({**asdict(site), "required": sorted(site.required)})


def _site_from(raw: bytes) -> Site:
    data = orjson.loads(raw)
    data["origins"] = tuple(data["origins"])
    data["required"] = frozenset(data["required"])
    if "templates" in data:
        data["templates"] = tuple(Template(**each) for each in data["templates"])
    data["limits"] = {name: Limit(**limit) for name, limit in data["limits"].items()}
    data["retention"] = Retention(**data.get("retention", {}))
    return Site(**data)


def _differences(before: bytes, after: bytes) -> list[SettingChange]:
    """Return the settings that differ between two stored sites; the policy, entry by entry."""
    one, other = orjson.loads(before), orjson.loads(after)
    return [
        change
        for name in other
        if one.get(name) != other[name] and name != "trial_since"
        for change in _within(name, one.get(name), other[name])
    ]


def _within(name: str, before: Any, after: Any) -> list[SettingChange]:
    """Return what differs between two values: of tables and lists, only the entries that do.

    Of a list, ``before`` holds what went and ``after`` what came.
    """
    if isinstance(before, list) and isinstance(after, list):
        return [SettingChange(name, _only_in(before, after), _only_in(after, before))]
    if not (isinstance(before, dict) and isinstance(after, dict)):
        return [SettingChange(name, before, after)]
    return [
        change
        for key in sorted(before.keys() | after.keys())
        if before.get(key) != after.get(key)
        for change in _within(f"{name}.{key}", before.get(key), after.get(key))
    ]


def _only_in(one: list[Any], other: list[Any]) -> list[Any]:
    known = set(map(orjson.dumps, other))
    return [item for item in one if orjson.dumps(item) not in known]


def _audit_json(change: SettingChange) -> bytes:
    return orjson.dumps(asdict(change))


def _told_of(key: ApiKey) -> dict[str, Any]:
    """Return what the audit log says of a key: nothing that opens a door."""
    return {
        "id": key.id,
        "label": key.label,
        "scopes": sorted(key.scopes),
        "revoked_at": key.revoked_at,
        "expires_at": key.expires_at,
    }


def _time_of(by: Changer | None) -> float:
    return by.at_ms / 1000 if by else time.time()


def _key_json(key: ApiKey) -> bytes:
    return orjson.dumps({**asdict(key), "scopes": sorted(key.scopes)})


def _key_from(raw: bytes) -> ApiKey:
    data = orjson.loads(raw)
    data["scopes"] = frozenset(map(Scope, data["scopes"]))
    return ApiKey(**data)
