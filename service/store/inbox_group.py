"""The consumer group through which workers share a site's inbox."""

from __future__ import annotations

from redis.exceptions import ResponseError

from service.store.keys import SiteKeys
from service.store.server.connection import Client

GROUP = "moderate"


def make_group(client: Client, keys: SiteKeys) -> None:
    """Make the group, from the stream's beginning, unless it is there."""
    try:
        client.xgroup_create(keys.inbox, GROUP, id="0", mkstream=True)
    except ResponseError as error:
        if not str(error).startswith("BUSYGROUP"):
            raise
