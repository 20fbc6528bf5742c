"""What a stricter or a looser policy would have made of a comment, from what the checks found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from config.settings import DEFAULT_PRESET, PRESETS, default_policy, preset
from service.moderation.comment import Case
from service.moderation.language import Language
from service.moderation.policy import Policy, decide, merged, policy_from
from service.moderation.signal import Attribute
from service.moderation.verdict import Action
from service.store.records import Record
from service.store.sites import Site


@dataclass(frozen=True, slots=True)
class Notch:
    """Say what a preset would have decided, and by which score if by one."""

    preset: str
    action: Action
    attribute: Attribute | None
    threshold: float | None


def notches(record: Record, approved_before: int, site: Site) -> list[Notch]:
    """Return what the presets make of the stored findings, from the strictest to the loosest.

    The one that is the site's own policy is left out: the comment stands as it says.

    The signals are those of the last review, the author's record is today's, and the site's
    own lists stay in force. Nothing is said of a comment that no check has judged.
    """
    verdict = record.verdict
    if verdict is None or verdict.unscreened:
        return []
    facts = replace(record.facts, approved_before=approved_before, site_lang=site.lang)
    case = Case(record.comment, facts)
    language = Language(verdict.lang, is_sure=True, is_served=verdict.is_lang_served)
    found = []
    for name in PRESETS:
        if _is_preset(site.policy, name):
            continue
        told = decide(_policy(name), case, verdict.signals, (), language)
        found.append(Notch(name, told.action, told.attribute, told.threshold))
    return found


def _is_preset(own: Mapping[str, Any], name: str) -> bool:
    return own == ({} if name == DEFAULT_PRESET else _entries(name))


_entries = cache(preset)


@cache
def _policy(name: str) -> Policy:
    return policy_from(merged(default_policy(), _entries(name)))
