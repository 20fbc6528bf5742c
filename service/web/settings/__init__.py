"""The settings: sites and their keys, policies tried before they count, lists, retention."""

from service.web.settings import (
    bans,
    doors,
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
    "doors",
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
