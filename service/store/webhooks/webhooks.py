"""Webhooks: where a site's events are posted, which of them, and the secrets that sign them."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

import orjson

from service.store.keys import SITES, SiteKeys
from service.store.scripts import Argument, script
from service.store.sealing import SealBroken, Vault
from service.store.server.connection import Client
from service.store.sites import Changer, SettingChange, SiteUnknown

MOST = 20
"""Webhooks a site may have."""
SECRET_BYTES = 32
"""Standard Webhooks asks for 24 to 64."""
SECRET_PREFIX = "whsec_"  # noqa: S105  how all secrets begin
CHANGE_TRIES = 5
BY_ITSELF = "ecluse"
"""Whom the audit log names where the service turns a webhook off."""


class What(StrEnum):
    """Name what webhooks may be told of; scripts write the names."""

    RECEIVED = "received"
    VERDICT = "verdict"
    DECISION = "decision"
    REPORT = "report"
    ERASED = "erased"


TEST = "test"
"""What a webhook is told to see whether it works, whatever it asked for."""


class OffBecause(StrEnum):
    """Say why a webhook is told nothing."""

    ASKED = "asked"
    FAILING = "failing"
    GONE = "gone"


class WebhookUnknown(Exception):
    """Say that the site has no webhook with this id."""


class TooManyWebhooks(Exception):
    """Say that a site has as many webhooks as it may."""


class WebhookChanged(Exception):
    """Say that somebody else changed the webhook at the same moment, again and again."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """Hold one webhook: where what is posted, since when (s), and whether it is off.

    ``sealed`` is its secret, encrypted; ``before`` the one that signs beside it until
    ``before_until`` (s), or nothing.
    """

    id: str
    url: str
    events: frozenset[What]
    label: str
    created_at: float
    sealed: str
    before: str = ""
    before_until: float = 0.0
    off: OffBecause | None = None
    off_at: float = 0.0

    @property
    def name(self) -> str:
        """Return what people know it by: its label, or else its host."""
        return self.label or urlsplit(self.url).hostname or self.id

    def hears(self, what: str) -> bool:
        """Say whether it is told of such an event."""
        return self.off is None and (what == TEST or what in self.events)


class Webhooks:
    """Keep the webhooks of every site."""

    def __init__(self, client: Client, vault: Vault) -> None:
        self._client = client
        self._vault = vault
        self._script = script("webhooks/change_webhook")

    def of(self, site: str) -> list[Webhook]:
        """Return a site's webhooks, oldest first."""
        found: Any = self._client.hgetall(SiteKeys(site).webhooks)
        return webhooks_in(found)

    def get(self, site: str, webhook_id: str) -> Webhook:
        """Return one webhook.

        Raises ``WebhookUnknown``.
        """
        return _webhook_from(self._raw(site, webhook_id))

    def create(
        self, site: str, url: str, events: Sequence[What], label: str, by: Changer
    ) -> tuple[Webhook, str]:
        """Make a webhook and return it with its secret, which is shown this once.

        Raises ``SiteUnknown`` or ``TooManyWebhooks``.
        """
        if not self._client.sismember(SITES, site):
            raise SiteUnknown(site)
        webhook_id, secret = secrets.token_hex(6), _new_secret()
        webhook = Webhook(
            webhook_id,
            url,
            frozenset(events),
            label,
            by.at_ms / 1000,
            self._sealed(site, webhook_id, secret),
        )
        if self._save(site, webhook_id, None, webhook, by) == b"full":
            raise TooManyWebhooks(site)
        return webhook, secret

    def change(
        self, site: str, webhook_id: str, by: Changer, change: Callable[[Webhook], Webhook]
    ) -> Webhook:
        """Change a webhook; ``change`` is called again where somebody else was faster.

        Raises ``WebhookUnknown`` or ``WebhookChanged``.
        """
        for _ in range(CHANGE_TRIES):
            raw = self._raw(site, webhook_id)
            changed = change(_webhook_from(raw))
            if self._save(site, webhook_id, raw, changed, by) == b"done":
                return changed
        raise WebhookChanged(webhook_id)

    def rotate(
        self, site: str, webhook_id: str, overlap_s: int, by: Changer
    ) -> tuple[Webhook, str]:
        """Give a webhook another secret, and return it, shown this once.

        For ``overlap_s`` seconds deliveries carry two signatures, one by each. Raises
        ``WebhookUnknown`` or ``WebhookChanged``.
        """
        secret = _new_secret()
        sealed = self._sealed(site, webhook_id, secret)
        until = by.at_ms / 1000 + overlap_s
        rotated = self.change(
            site,
            webhook_id,
            by,
            lambda found: replace(
                found,
                sealed=sealed,
                before=found.sealed if overlap_s else "",
                before_until=until if overlap_s else 0.0,
            ),
        )
        return rotated, secret

    def turn_off(self, site: str, webhook_id: str, why: OffBecause, by: Changer) -> Webhook:
        """Have a webhook told nothing more; what waits for it stays.

        Raises ``WebhookUnknown`` or ``WebhookChanged``.
        """
        at_s = by.at_ms / 1000
        return self.change(site, webhook_id, by, lambda found: replace(found, off=why, off_at=at_s))

    def turn_on(self, site: str, webhook_id: str, by: Changer) -> Webhook:
        """Have a webhook told again, first of what waits for it, as if it had never failed.

        Raises ``WebhookUnknown`` or ``WebhookChanged``.
        """
        changed = self.change(
            site, webhook_id, by, lambda found: replace(found, off=None, off_at=0.0)
        )
        state = SiteKeys(site).webhook_state(webhook_id)
        self._client.hdel(state, "failures", "failing_since", "rests_until", "asked_until")
        return changed

    def delete(self, site: str, webhook_id: str, by: Changer) -> None:
        """Delete a webhook with all that waits for it.

        Raises ``WebhookUnknown`` or ``WebhookChanged``.
        """
        for _ in range(CHANGE_TRIES):
            raw = self._raw(site, webhook_id)
            if self._save(site, webhook_id, raw, None, by) == b"done":
                return
        raise WebhookChanged(webhook_id)

    def secrets_of(self, site: str, webhook: Webhook, now_s: float) -> list[bytes]:
        """Return the secrets that sign now: its own, and the one before while that is good.

        Raises ``SealBroken`` where its own cannot be opened.
        """
        found = [self._opened(site, webhook.id, webhook.sealed)]
        if webhook.before and now_s < webhook.before_until:
            found.append(self._opened(site, webhook.id, webhook.before))
        return found

    def _raw(self, site: str, webhook_id: str) -> bytes:
        found: Any = self._client.hget(SiteKeys(site).webhooks, webhook_id)
        if found is None:
            raise WebhookUnknown(webhook_id)
        return bytes(found)

    def _save(
        self, site: str, webhook_id: str, raw: bytes | None, after: Webhook | None, by: Changer
    ) -> Any:
        keys = SiteKeys(site)
        names = [keys.webhooks, keys.audit, *keys_with(keys, webhook_id)]
        told = SettingChange(
            "webhook", _told_of(_webhook_from(raw)) if raw else None, after and _told_of(after)
        )
        arguments: list[Argument] = [
            webhook_id,
            raw or b"",
            _webhook_json(after) if after else b"",
            MOST,
            by.actor,
            by.at_ms,
            orjson.dumps(asdict(told)),
        ]
        return self._script(self._client, names, arguments)

    def _sealed(self, site: str, webhook_id: str, secret: str) -> str:
        plain = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
        sealed = self._vault.seal_bytes(plain, _context(site, webhook_id))
        return base64.b64encode(sealed).decode()

    def _opened(self, site: str, webhook_id: str, sealed: str) -> bytes:
        try:
            raw = base64.b64decode(sealed)
        except ValueError:
            raise SealBroken("altered") from None
        return self._vault.open_bytes(raw, _context(site, webhook_id))


def webhooks_in(stored: Mapping[bytes, bytes]) -> list[Webhook]:
    """Return the webhooks of a site as they are stored, oldest first."""
    made = [_webhook_from(raw) for raw in stored.values()]
    return sorted(made, key=lambda each: (each.created_at, each.id))


def keys_with(keys: SiteKeys, webhook_id: str) -> list[str]:
    """Return the keys that go with a webhook."""
    made = (
        keys.deliveries,
        keys.deliveries_due,
        keys.deliveries_dead,
        keys.deliveries_recent,
        keys.webhook_state,
    )
    return [name(webhook_id) for name in made]


def _new_secret() -> str:
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def _context(site: str, webhook_id: str) -> str:
    return f"webhook {site} {webhook_id}"


def _told_of(webhook: Webhook) -> dict[str, Any]:
    """Return what the audit log says of a webhook: the last of its secret's seal, not the secret.

    An address may hold a secret of the receiver's, so only its host is told.
    """
    parts = urlsplit(webhook.url)
    return {
        "id": webhook.id,
        "origin": f"{parts.scheme}://{parts.hostname or ''}",
        "label": webhook.label,
        "events": sorted(webhook.events),
        "off": webhook.off,
        "secret": webhook.sealed[-6:],
        "both_until": webhook.before_until or None,
    }


def _webhook_json(webhook: Webhook) -> bytes:
    return orjson.dumps({**asdict(webhook), "events": sorted(webhook.events)})


def _webhook_from(raw: bytes) -> Webhook:
    data = orjson.loads(raw)
    data["events"] = frozenset(map(What, data["events"]))
    data["off"] = OffBecause(data["off"]) if data["off"] else None
    return Webhook(**data)
