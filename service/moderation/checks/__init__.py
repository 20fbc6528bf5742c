"""The registry of checks: a new check is one new file and one line here."""

from __future__ import annotations

import logging
from importlib import import_module

from service.moderation.batch import Check
from service.moderation.custom_rules import CHECK as CUSTOM_RULES
from service.moderation.encoder_options import DEFAULT, EncoderOptions
from service.moderation.pipeline import Guard, Pipeline, no_guard
from service.moderation.signal import REFUSALS, TONE, Attribute

CHECKS = (
    "spam.honeypot:Honeypot",
    "spam.form_time:FormTime",
    "spam.flood:Flood",
    "spam.disposable_email:DisposableEmail",
    "spam.author_link:AuthorLink",
    "spam.links:Links",
    "spam.shorteners:Shorteners",
    "spam.contacts:Contacts",
    "spam.phrases:Phrases",
    "spam.spintax:Spintax",
    "spam.duplicates:Duplicates",
    "spam.repetition:Repetition",
    "spam.shouting:Shouting",
    "spam.gibberish:Gibberish",
    "spam.script:Script",
    "spam.language_mismatch:LanguageMismatch",
    "spam.linear:LinearSpam",
    "toxicity.lexicon:Lexicon",
    "toxicity.linear:LinearToxicity",
    "toxicity.encoder:EncoderToxicity",
    "toxicity.calm:CalmTone",
    "toxicity.refusals:RefusedInsults",
    "site.layer:SiteLayerCheck",
)

CHECK_NAMES = (*(entry.partition(":")[0] for entry in CHECKS), "remote", CUSTOM_RULES)
"""What the checks are called, in signals and where a policy silences one."""

_SPEAK_OF = {"spam": frozenset({Attribute.SPAM}), "toxicity": TONE}
"""What the signals of a family of checks may be about; of every other family: of anything."""

logger = logging.getLogger(__name__)


def attributes_of(check: str) -> frozenset[Attribute]:
    """Return the attributes that the signals of the check named ``check`` may be about."""
    if check == REFUSALS:
        return frozenset({Attribute.INSULT})
    return _SPEAK_OF.get(check.partition(".")[0], frozenset(Attribute))


def build_pipeline(guard: Guard = no_guard, encoder: EncoderOptions = DEFAULT) -> Pipeline:
    """Return the pipeline of every check; one that fails to load is named as faulty.

    ``encoder`` says when and which encoder the checks of the models ask.
    """
    checks: list[Check] = []
    faulty: list[str] = []
    for entry in CHECKS:
        try:
            checks.append(_loaded(entry, encoder))
        except Exception:
            logger.exception("a check failed to load", extra={"check": entry})
            faulty.append(entry.partition(":")[0])
    return Pipeline(tuple(checks), tuple(faulty), guard)


def _loaded(entry: str, encoder: EncoderOptions) -> Check:
    """Return a check; one that has ``over`` shares a cascade with the others that have."""
    module, _, name = entry.partition(":")
    kind = getattr(import_module(f"service.moderation.checks.{module}"), name)
    check: Check = kind.over(encoder) if hasattr(kind, "over") else kind()
    return check
