"""The settings: sites and their keys, policies tried before they count, lists, retention."""

from service.web.settings import keys, lists, policy, retention, sites, trial, trusted
from service.web.settings.room import blueprint

__all__ = ["blueprint", "keys", "lists", "policy", "retention", "sites", "trial", "trusted"]
