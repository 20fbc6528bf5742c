"""What every door shares: whose key came, how much may be sent, and a warning of wrong keys."""

from __future__ import annotations

import logging

from service.api.media import asked
from service.api.services import now_ms, services
from service.store.doors.door_keys import Door, DoorKey
from service.store.sites import Site, SiteUnknown

logger = logging.getLogger(__name__)


def key_holder(door: Door, token: str) -> tuple[Site, DoorKey] | None:
    """Return the site whose key ``token`` is and the key, or None, which is counted.

    Most clients let everything pass when they get no answer they know: a key that is not
    known must be seen by whoever runs the service.
    """
    key = services().store.door_keys.find(door, token)
    if key is not None:
        try:
            site = services().store.sites.get(key.site).site
        except SiteUnknown:
            pass
        else:
            asked().site_language = site.lang
            return site, key
    note_unknown(door)
    return None


def note_unknown(door: Door) -> None:
    """Count a call with a key that nobody knows, and warn of them once a minute."""
    if services().store.door_counts.note_unknown(door, now_ms()):
        logger.warning(
            "calls with a key that is not known: their sites may publish unchecked",
            extra={"door": door.value},
        )


def bounded_body(limit: int) -> bytes:
    """Return the body of at most ``limit`` bytes.

    Raises ``RequestEntityTooLarge`` or ``ClientDisconnected``.
    """
    current = asked()
    current.max_content_length = limit
    return current.whole_body()
