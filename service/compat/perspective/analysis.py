"""Scoring a comment: in which language, which attributes, as a whole and sentence by sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from service.compat.perspective import errors
from service.compat.perspective.attributes import Coverage
from service.compat.perspective.requests import Analysis, Wanted
from service.compat.perspective.spans import Utf16, sentences
from service.compat.scores import Scored, Texts
from service.moderation.language import Language, base_code
from service.moderation.signal import Attribute
from service.store.sites import Site

FEW_LETTERS = 20
"""A text shorter than this may look foreign by chance ("jaja"): it counts as the site's."""
PLACES = 7
"""Decimals of a score: what a 32-bit float holds."""


@dataclass(frozen=True, slots=True)
class Tongue:
    """Hold the language a comment is judged in, and those to be told of.

    ``effective`` are those asked for, or else the one found, which ``is_found`` says. Where
    one was asked for and the words do not say which it is, ``detected`` is empty.
    """

    lang: str
    effective: Sequence[str]
    detected: Sequence[str]
    is_found: bool


def analyzed(site: Site, asked: Analysis, coverage: Coverage) -> dict[str, Any]:
    """Return the body that answers a call of ``analyze``.

    Raises ``ApiError``, or ``NotScreened``.
    """
    texts = _texts(site, asked)
    tongue = tongue_of(site, asked.languages, asked.words.seen, texts.languages[0])
    wanted = supported(asked.wanted, tongue, coverage, drops_others=asked.drops_unsupported)
    body: dict[str, Any] = {}
    if wanted:
        found = _attribute_scores(asked, wanted, texts.judged_in(tongue.lang))
        if found:
            body["attributeScores"] = found
    body["languages"] = tongue.effective
    if tongue.detected:
        body["detectedLanguages"] = tongue.detected
    if asked.client_token:
        body["clientToken"] = asked.client_token
    return body


def tongue_of(site: Site, requested: Sequence[str], text: str, found: Language) -> Tongue:
    """Return the language to judge a text in: the one asked for, or found, or else the site's.

    Of several asked for it is the one found, if that is among them. Raises ``ApiError``
    where nobody says which.
    """
    if requested:
        codes = [base_code(lang) for lang in requested]
        lang = found.code if found.code in codes else codes[0]
        # Where the words do not say, what was found is what was expected: the first one named.
        is_told = found.is_sure or found.code != codes[0]
        detected = [found.code] if found.code and is_told else []
        return Tongue(lang, requested, detected, is_found=False)
    is_short = not found.is_sure and not found.is_served and len(text) < FEW_LETTERS
    lang = base_code(site.lang) if is_short or not found.code else found.code
    if not lang:
        raise errors.language_unknown()
    return Tongue(lang, [lang], [found.code or lang], is_found=True)


def supported(
    wanted: Sequence[Wanted], tongue: Tongue, coverage: Coverage, *, drops_others: bool = False
) -> list[Wanted]:
    """Return the attributes judged in the comment's languages.

    Raises ``ApiError`` for the first that is not, unless the caller wants such dropped.
    """
    langs = tongue.effective if not tongue.is_found else [tongue.lang]
    found = []
    for each in wanted:
        if all(coverage.serves(each.attribute, lang) for lang in langs):
            found.append(each)
        elif not drops_others:
            raise errors.language_not_supported(each.name, langs, is_detected=tongue.is_found)
    return found


def _texts(site: Site, asked: Analysis) -> Texts:
    """Return what is to be scored: the comment, and its sentences if spans are asked for."""
    wanted = frozenset(each.attribute for each in asked.wanted)
    only = base_code(asked.languages[0]) if len(asked.languages) == 1 else ""
    expected = asked.languages[0] if asked.languages else site.lang
    return Texts(site, [asked.words.seen], lang=only, expected=expected, wanted=wanted)


def _attribute_scores(asked: Analysis, wanted: Sequence[Wanted], texts: Texts) -> dict[str, Any]:
    """Return what is told of each attribute whose score is not below its threshold."""
    (whole,) = texts.scored()
    told = [each for each in wanted if _reaches(each, whole)]
    if not told:
        return {}
    units = Utf16.of(asked.words.sent)
    parts = _parts(asked, whole, texts) if asked.has_spans else ((asked.words.whole, whole),)
    spans = [((units.at(start), units.at(end)), found) for (start, end), found in parts]
    return {each.name: _told(each, whole, spans) for each in told}


def _parts(asked: Analysis, whole: Scored, texts: Texts) -> list[tuple[tuple[int, int], Scored]]:
    """Return the sentences with their scores, and where they stand in what was sent."""
    words = asked.words
    found = sentences(words.seen)
    if len(found) == 1:
        return [(words.sent_span(*found[0]), whole)]
    pieces = replace(texts, contents=[words.seen[start:end] for start, end in found])
    rows = zip(found, pieces.scored(), strict=True)
    return [(words.sent_span(*span), scores) for span, scores in rows]


def _told(
    wanted: Wanted, whole: Scored, spans: Sequence[tuple[tuple[int, int], Scored]]
) -> Mapping[str, Any]:
    attribute = wanted.attribute
    return {
        "spanScores": [
            {"begin": begin, "end": end, "score": _score(found, attribute)}
            for (begin, end), found in spans
            if len(spans) == 1 or _reaches(wanted, found)
        ],
        "summaryScore": _score(whole, attribute),
    }


def _reaches(wanted: Wanted, found: Scored) -> bool:
    return wanted.threshold is None or found.scores[wanted.attribute] >= wanted.threshold


def _score(found: Scored, attribute: Attribute) -> Mapping[str, Any]:
    return {"value": round(found.scores[attribute], PLACES), "type": "PROBABILITY"}
