"""The connection to the server that holds RQ's queues."""

from __future__ import annotations

from redis import Redis

from config.settings import Settings
from service.store.server.connection import connect
from service.store.server.embedded import server_urls


def queue_connection(settings: Settings) -> Redis:
    """Return a connection to RQ's server.

    Raises ``EmbeddedNotRunning``, or ``SettingsInvalid`` when it would be a cluster.
    """
    connection = connect(server_urls(settings).queue)
    assert isinstance(connection, Redis)  # noqa: S101  server_urls refuses clusters
    return connection
