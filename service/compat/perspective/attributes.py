"""Perspective's attributes: which of them the judge has a model for, and in which languages.

An attribute no model stands behind is unknown here: a number for it would be made up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from service.moderation.language import SERVED, base_code
from service.moderation.signal import Attribute

SPAM_LANGS = frozenset({"fr", "en", "de"})
"""The languages in which labelled spam taught the models (MODEL_CARD.md)."""

PRODUCTION = {
    "TOXICITY": Attribute.TOXICITY,
    "SEVERE_TOXICITY": Attribute.SEVERE_TOXICITY,
    "IDENTITY_ATTACK": Attribute.IDENTITY_ATTACK,
    "INSULT": Attribute.INSULT,
    "PROFANITY": Attribute.PROFANITY,
    "THREAT": Attribute.THREAT,
}
KNOWN: Mapping[str, Attribute] = {
    **PRODUCTION,
    **{f"{name}_EXPERIMENTAL": attribute for name, attribute in PRODUCTION.items()},
    "TOXICITY_FAST": Attribute.TOXICITY,
    "SEXUALLY_EXPLICIT": Attribute.SEXUALLY_EXPLICIT,
    "SPAM": Attribute.SPAM,
}
"""What is served. Upstream the ``_EXPERIMENTAL`` twins and ``TOXICITY_FAST`` are other models of
the same attribute."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """Say in which languages (ISO 639-1) the models of this service judge tone."""

    tone: frozenset[str]

    def serves(self, attribute: Attribute, lang: str) -> bool:
        """Say whether ``attribute`` is judged in a language, which may be a longer tag."""
        langs = self.tone & SPAM_LANGS if attribute is Attribute.SPAM else self.tone
        return _code(lang) in langs


def coverage(has_encoder: bool, learned: Iterable[str]) -> Coverage:
    """Return the languages served: those the linear model has ``learned``, or all with an encoder.

    Of the others the linear model alone could only guess (MODEL_CARD.md, known weaknesses).
    """
    return Coverage(frozenset(SERVED) if has_encoder else frozenset(SERVED) & frozenset(learned))


def attribute_of(name: str) -> Attribute | None:
    """Return what a requested name, ``TOXICITY`` or ``TOXICITY@6``, stands for, or None."""
    return KNOWN.get(name.partition("@")[0])


def _code(tag: str) -> str:
    """Return a tag's language; Hindi in Latin letters is another one than Hindi."""
    return tag.lower() if tag.lower().endswith("-latn") else base_code(tag)
