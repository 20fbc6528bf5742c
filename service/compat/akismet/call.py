"""One call at Akismet's door: its fields, and whose it is."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from flask import g, request

from config.settings import SettingsInvalid
from service.api.callers import origin_of
from service.api.media import FORM_TYPES, URLENCODED, asked
from service.api.services import services
from service.compat.door import bounded_body, key_holder, note_unknown
from service.schemas.akismet import Sent, parse_form, read_fields
from service.schemas.site_values import site_name
from service.store.doors.door_keys import Door, DoorKey
from service.store.sites import Site, SiteUnknown

LARGEST_BODY = 1_048_576
"""A comment of 65,525 characters, WordPress's most, is sent twice, each escaped threefold."""
_KEY = re.compile(r"[0-9A-Fa-f]{12}")
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class Call:
    """Hold a call: what was sent, whose key came with it; ``key`` is None where none was needed."""

    sent: Sent
    site: Site
    key: DoorKey | None

    @property
    def actor(self) -> str:
        """Return who this is in the audit log."""
        return f"key:{self.key.id}" if self.key else "akismet"


def fields_sent() -> dict[str, str]:
    """Return what came in the address and the body, of each name the last."""
    return {**request.args.to_dict(), **dict(_pairs())}


def read_call(order: tuple[str, ...] = ("api_key", "key")) -> Call | None:
    """Return the call, or None where no site's key came with it.

    The key is in a field, the first of ``order`` that came; else before the host's first dot,
    where a known one stands there, or the user of basic authentication. A call without any may
    come from a network that needs none.
    """
    pairs = _pairs()
    found = {**request.args.to_dict(), **dict(pairs)}
    token = next((found[name].strip() for name in order if found.get(name, "").strip()), "")
    token = token or _known_key_in_host() or _key_in_credentials()
    sent = read_fields([*request.args.items(), *pairs])
    if not token:
        site = _keyless_site(sent["blog"])
        if site is None:
            note_unknown(Door.AKISMET)
        return Call(sent, site, None) if site else None
    holder = key_holder(Door.AKISMET, token)
    return Call(sent, *holder) if holder else None


def says_whose() -> bool:
    """Say whether a call, which no site was found for, names a key or a blog at all."""
    found = fields_sent()
    is_named = any(found.get(name, "").strip() for name in ("api_key", "key", "blog"))
    return is_named or bool(_key_in_host() or _key_in_credentials())


def _pairs() -> list[tuple[str, str]]:
    """Return the body's fields; it can be read once only."""
    found: list[tuple[str, str]] | None = g.get("akismet_fields")
    if found is None:
        found = g.akismet_fields = _read_pairs()
    return found


def _read_pairs() -> list[tuple[str, str]]:
    current = asked()
    if current.method != "POST":
        return []
    if current.mimetype in FORM_TYPES and current.mimetype != URLENCODED:
        current.max_content_length = current.max_form_memory_size = LARGEST_BODY
        return list(current.form.items(multi=True))
    # Some clients name no type, or a wrong one.
    return parse_form(bounded_body(LARGEST_BODY))


def _known_key_in_host() -> str:
    """Return the key before the host's first dot; a name may look like one."""
    label = _key_in_host()
    return label if label and services().store.door_keys.find(Door.AKISMET, label) else ""


def _key_in_host() -> str:
    label = request.host.partition(".")[0]
    return label if _KEY.fullmatch(label) else ""


def _key_in_credentials() -> str:
    """Return the key of ``http://KEY.@host/``, which a client makes of a host called ``@host``."""
    user = request.authorization.username if request.authorization else None
    return (user or "").rstrip(".")


def _keyless_site(blog: str) -> Site | None:
    networks = keyless_networks(services().settings.akismet_keyless)
    if not networks or not request.remote_addr:
        return None
    address = ipaddress.ip_address(request.remote_addr.partition("%")[0])
    for network, name in networks.items():
        if address not in network:
            continue
        try:
            site = services().store.sites.get(name).site
        except SiteUnknown:
            continue
        if not blog or origin_of(blog) in site.origins:
            return site
    return None


@lru_cache(maxsize=4)
def keyless_networks(said: tuple[str, ...]) -> Mapping[Network, str]:
    """Return the sites of the networks whose calls need no key.

    Raises ``SettingsInvalid``.
    """
    found: dict[Network, str] = {}
    for entry in said:
        network, _, name = entry.partition("=")
        try:
            found[ipaddress.ip_network(network.strip())] = site_name(name.strip())
        except ValueError:
            raise SettingsInvalid(
                f"ECLUSE_AKISMET_KEYLESS: {entry} is not of the form 10.0.0.0/8=site"
            ) from None
    return found
