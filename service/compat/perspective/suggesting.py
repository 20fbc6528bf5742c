"""What a suggested score teaches the site's layer: a lesson about a text that is not kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from service.api.learning import ring_to_learn
from service.api.services import now_ms, services
from service.compat.perspective.requests import Suggestion
from service.compat.scores import Texts
from service.moderation.learning.lesson import Lesson, squeezed
from service.moderation.learning.teaching import Teaching
from service.moderation.learning.traits import traits
from service.moderation.signal import TONE, Attribute
from service.moderation.text import Text
from service.store.sites import Site

UNDECIDED = 0.5
"""Above it a score says that the attribute holds, below that it does not."""


def teach(site: Site, suggestion: Suggestion, texts: Texts, actor: str) -> None:
    """Have the site's layer learn what is suggested, as if ``actor`` had decided so.

    The lesson stands under the text's keyed hash, so that another suggestion about the same
    text takes its place. What says neither yes nor no teaches nothing. Raises ``NotScreened``.
    """
    guilt = guilt_of(suggestion.scores)
    if not any(guilt):
        return
    found = texts.scored()[0].scores
    tone = max(found[name] for name in TONE)
    here = services()
    lesson = Lesson(
        Teaching(guilt, (found[Attribute.SPAM], tone)),
        traits(Text.each(texts.contents), texts.cases).of(0),
        actor,
        now_ms() // 1000,
    )
    text_key = here.store.vault.lookup("suggested text", suggestion.words.seen)
    if here.store.learned.suggest(site.name, text_key, _with_meaning(lesson, texts)):
        ring_to_learn(site.name)


def guilt_of(scores: Mapping[Attribute, float]) -> tuple[int, int]:
    """Return what the scores say of spam and of tone: 1, -1, or 0 for nothing.

    One charge at a time, so that a site's lessons stay of few kinds; where tone is spoken of
    it goes first, and any attribute of it that holds is enough.
    """
    tones = [score for name, score in scores.items() if name in TONE]
    if tones:
        return 0, _side(max(tones))
    return _side(scores.get(Attribute.SPAM, UNDECIDED)), 0


def _side(score: float) -> int:
    return (score > UNDECIDED) - (score < UNDECIDED)


def _with_meaning(lesson: Lesson, texts: Texts) -> Lesson:
    """Return the lesson with its text's embedding, where there is an encoder."""
    embedder = services().embedder()
    vectors = embedder.embed(list(texts.contents)) if embedder else None
    if embedder is None or vectors is None:
        return lesson
    return replace(lesson, embedding=squeezed(vectors[0]), embedder=embedder.name)
