"""What commands about the work in progress need besides the store: what is measured of it."""

from __future__ import annotations

from redis import Redis

from config.settings import Settings
from service.store.server.connection import connect
from service.store.server.embedded import server_urls
from service.store.store import Store
from service.store.telemetry.telemetry import Telemetry, limits_of


def telemetry_of(store: Store) -> Telemetry:
    """Return what is measured of the service whose store this is, and of its RQ."""
    settings = Settings.from_environment()
    queue = connect(server_urls(settings).queue)
    assert isinstance(queue, Redis)  # noqa: S101  server_urls refuses clusters
    return Telemetry(store, queue, limits_of(settings))
