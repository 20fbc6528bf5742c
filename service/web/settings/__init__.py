"""The settings: sites and their keys, policies tried before they count, lists, retention."""

from service.web.settings import (
    bans,
    keys,
    lists,
    policy,
    retention,
    sites,
    templates,
    trial,
    trusted,
    webhooks,
)
from service.web.settings.room import blueprint

__all__ = [
    "bans",
    "blueprint",
    "keys",
    "lists",
    "policy",
    "retention",
    "sites",
    "templates",
    "trial",
    "trusted",
    "webhooks",
]
