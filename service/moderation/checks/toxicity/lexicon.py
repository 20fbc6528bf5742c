"""Rude words: the project's own word lists, in seven languages, found under disguises too."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from itertools import chain, islice

from ahocorasick_rs import AhoCorasick, Implementation

from service.moderation.batch import Batch
from service.moderation.checks.toxicity.cues import reporting_cues
from service.moderation.checks.toxicity.masks import Masks
from service.moderation.checks.toxicity.misspellings import Misspellings, shipped_lookalikes
from service.moderation.signal import Attribute, Evidence, Signal, Span
from service.moderation.text import Offsets, Text

LANGS = ("fr", "en")
"""The languages of the long lists, which the models have learned with much labelled text."""
BRIEF_LANGS = ("de", "pt", "es", "it", "nl")
"""The languages of the brief lists, of which the models saw little labelled text, or none."""

# A listed word is a hint beside the model, which reads the sentence around it. On held-out
# rows the log loss of the totals is least at 0.15 in French and 0.45 in English; 0.6
# makes 0.8 right in 64% of French cases instead of 72%.
_WEIGHT = 0.2
# Whether a rude word is there at all the list knows better than the model: of the rows
# labelled by reading in which it finds one, 94% (French) and 85% (English) have profanity.
_PROFANITY_WEIGHT = 0.9
# A listed threat reaches the balanced policy's hold threshold of 0.40 by itself (0.9 × 0.45),
# whatever a model makes of it: the encoder let "kys" pass. Of 37,365 clean rows (Common Voice,
# and those labelled 0 by reading) two are held for it.
_THREAT_WEIGHT = 0.45
_SURE_THREAT = 0.9
# A slogan against a group without a rude word reaches the balanced policy's hold threshold
# (0.42 in English, 0.46 in French) where the models find 0.12 or 0.18 of an attack beside it, as
# of "hitler was right"; not where they read that somebody tells of it or objects (0.05).
_SLOGAN_WEIGHT = 0.4
_SURE_SLOGAN = 0.85
_WEIGHTS = {Attribute.PROFANITY: _PROFANITY_WEIGHT}
# Where the models know less the list weighs more: an insult (0.9) of which they make 0.3 is
# held by the balanced policy (0.57 <= 1 - 0.7 x 0.55), a mild word (0.6 at most) is not, and
# alone no word reaches more than 0.475: a slur against a group is held so, nothing refused. Of
# 700 harmless Portuguese tweets 25 are held without a list, 29 at this weight, 36 at 0.6; of
# 500 toxic ones 298, 314 and 318 (rows on which entries were weakened too, none held out).
_BRIEF_WEIGHT = 0.5
_BRIEF_WEIGHTS = dict.fromkeys(
    (Attribute.TOXICITY, Attribute.INSULT, Attribute.IDENTITY_ATTACK), _BRIEF_WEIGHT
)
_OF_SLOGANS = {Attribute.IDENTITY_ATTACK, Attribute.TOXICITY}
_THREATENING = {Attribute.THREAT: _THREAT_WEIGHT, Attribute.SEVERE_TOXICITY: _THREAT_WEIGHT}
_QUOTED = re.compile(r"«[^»]{1,200}»|“[^”]{1,200}”|„[^“”]{1,200}[“”]|\"[^\"]{1,200}\"")
# A plural ending that need not be listed.
_ENDINGS = ("", "s", "es", "x")
_MIN_INFLECTED = 4
# The hundredth rude word changes no verdict, and its place in the evidence helps nobody.
_MOST_HITS = 100


@dataclass(frozen=True, slots=True)
class Entry:
    """Hold a word or phrase in plain letters and how strongly it is each attribute, 0..1.

    ``lang`` limits an entry to comments in one language (`con`, `retard`), or is
    empty. An entry without attributes is a harmless phrase: a word inside it is no hit.
    """

    phrase: str
    strengths: Mapping[Attribute, float]
    lang: str = ""


@dataclass(frozen=True, slots=True)
class Hit:
    """Say that ``entry`` stands at ``start:end`` of a prepared text."""

    entry: Entry
    start: int
    end: int

    def __len__(self) -> int:
        return self.end - self.start


class WordList:
    """Find the entries of a list in prepared texts, at word boundaries."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._entries = tuple(entries)
        # Twice as fast as what the library chooses by itself, for 8 MB.
        self._automaton = AhoCorasick(
            [entry.phrase for entry in self._entries], implementation=Implementation.DFA
        )
        rude = [
            (entry.phrase, number)
            for number, entry in enumerate(self._entries)
            if Attribute.PROFANITY in entry.strengths
        ]
        self._masks = Masks(rude)
        learned = {
            phrase: number
            for phrase, number in rude
            if self._entries[number].lang not in BRIEF_LANGS
        }
        self._misspellings = Misspellings(learned, shipped_lookalikes())

    def hits(self, prepared: str, lang: str) -> list[Hit]:
        """Return the hits in ``prepared``, which is ``Text.plain`` or ``Text.revealed``.

        ``lang`` is ISO 639-1, or empty when nobody knows.
        """
        matches = self._automaton.find_matches_as_indexes(prepared, overlapping=True)
        found = (
            Hit(self._entries[index], start, end)
            for index, start, end in matches
            if not (start and prepared[start - 1].isalpha())
        )
        whole = (_whole(hit, prepared, lang) for hit in found)
        kept = list(islice((hit for hit in whole if hit), _MOST_HITS))
        return [hit for hit in kept if hit.entry.strengths and not _is_part(hit, kept)]

    def batch_hits(self, batch: Batch) -> Sequence[tuple[Sequence[Hit], Sequence[Hit]]]:
        """Return each case's hits in its plain text, and in its revealed one where that differs.

        Share them between checks by ``Batch.once``.
        """
        rows = zip(batch.texts, batch.langs, strict=True)
        return [self._hits_in(text, lang[:2].lower()) for text, lang in rows]

    def are_in(self, text: Text, lang: str) -> bool:
        """Tell whether there is any hit in ``text``; the first one found is enough."""
        lang = lang[:2].lower()
        if self.hits(text.plain, lang):
            return True
        if text.revealed != text.plain and self.hits(text.revealed, lang):
            return True
        return bool(self.disguised_hits(text.revealed, lang))

    def disguised_hits(self, prepared: str, lang: str) -> list[Hit]:
        """Return the rude words that masked, misspelt or cut ones in ``prepared`` stand for.

        What is no word in French or English may well be one elsewhere, and nobody has listed
        the real words there: misspellings are looked for in those two only.
        """
        found = self._masks.found_in(prepared)
        if lang in LANGS:
            found = chain(found, self._misspellings.found_in(prepared))
        hits = (Hit(self._entries[number], start, end) for number, start, end in found)
        return list(islice((hit for hit in hits if hit.entry.lang in {"", lang}), _MOST_HITS))

    def _hits_in(self, text: Text, lang: str) -> tuple[Sequence[Hit], Sequence[Hit]]:
        plain = self.hits(text.plain, lang)
        if text.revealed == text.plain:
            return plain + self.disguised_hits(text.plain, lang), ()
        return plain, self.hits(text.revealed, lang) + self.disguised_hits(text.revealed, lang)


@lru_cache(maxsize=1)
def shipped_words() -> WordList:
    """Return the lists that ship with the package, made searchable once."""
    return WordList(shipped_entries())


class Lexicon:
    """Report listed words as one signal per attribute, with where they stand."""

    name = "toxicity.lexicon"

    def __init__(self, words: WordList | None = None) -> None:
        self._words = words or shipped_words()

    def review(self, batch: Batch) -> Sequence[Sequence[Signal]]:
        """Return the signals of each case, in order."""
        rows = zip(batch.texts, batch.once(self._words.batch_hits), strict=True)
        return [self._signals(text, *hits) if any(hits) else () for text, hits in rows]

    def _signals(self, text: Text, plain: Sequence[Hit], masked: Sequence[Hit]) -> Sequence[Signal]:
        found = dict(_located(plain, text.plain_offsets))
        found |= dict(_located(masked, text.revealed_offsets))
        weights = _weights_of(found.values())
        if _stands(_threats(found), text):
            weights |= _THREATENING
        if _stands(_slogans(found), text):
            weights[Attribute.IDENTITY_ATTACK] = _SLOGAN_WEIGHT
        return [
            Signal(
                self.name,
                attribute,
                strength,
                weights.get(attribute, _WEIGHT),
                _evidence(text.original, spans),
            )
            for attribute, (strength, spans) in _by_attribute(found).items()
        ]


def shipped_entries() -> list[Entry]:
    """Return the entries of the lists that ship with the package."""
    return [entry for lang in LANGS + BRIEF_LANGS for entry in entries_of(lang)]


def entries_of(lang: str) -> Iterator[Entry]:
    """Yield the entries of the shipped list for ``lang``, one of ``LANGS`` or ``BRIEF_LANGS``."""
    return parse_entries((files(__package__) / "lexicons" / f"{lang}.tsv").read_text("utf-8"))


def parse_entries(text: str) -> Iterator[Entry]:
    """Yield the entries of a list: phrase, attributes, strength and language, by tabs.

    Attributes are separated by commas, ``-`` for a harmless phrase. Whatever is more
    than profanity is also toxicity. A line that begins with ``#`` is a remark.
    """
    for line in text.splitlines():
        if line and not line.startswith("#"):
            phrase, names, strength, lang = [*line.split("\t"), "", ""][:4]
            yield Entry(Text.of(phrase).plain, _strengths(names, strength), lang)


def _strengths(names: str, strength: str) -> Mapping[Attribute, float]:
    if names == "-":
        return {}
    strengths = dict.fromkeys(map(Attribute, names.split(",")), float(strength))
    if set(strengths) - {Attribute.PROFANITY}:
        strengths[Attribute.TOXICITY] = float(strength)
    return strengths


def _whole(hit: Hit, prepared: str, lang: str) -> Hit | None:
    """Return the hit, at a word's beginning, with its plural ending if it is a whole word."""
    if hit.entry.lang not in {"", lang}:
        return None
    for ending in _ENDINGS if len(hit) >= _MIN_INFLECTED else _ENDINGS[:1]:
        end = hit.end + len(ending)
        if prepared.startswith(ending, hit.end) and not prepared[end : end + 1].isalpha():
            return Hit(hit.entry, hit.start, end)
    return None


def _is_part(hit: Hit, others: Iterable[Hit]) -> bool:
    """Tell whether a longer phrase, which knows better, holds the hit."""
    return any(
        other.start <= hit.start and hit.end <= other.end and len(hit) < len(other)
        for other in others
    )


def _located(hits: Iterable[Hit], offsets: Callable[[], Offsets]) -> Iterator[tuple[Span, Entry]]:
    """Yield each hit's span in the original; at one span the strongest entry comes last.

    Of two equally strong ones the one of the comment's own language does.
    """
    for hit in sorted(hits, key=lambda hit: (max(hit.entry.strengths.values()), hit.entry.lang)):
        yield offsets().span(hit.start, hit.end), hit.entry


def _by_attribute(
    found: Mapping[Span, Entry],
) -> Mapping[Attribute, tuple[float, Sequence[Span]]]:
    """Return per attribute the strongest entry's strength and the spans of all."""
    spans: dict[Attribute, list[Span]] = defaultdict(list)
    strengths: dict[Attribute, float] = defaultdict(float)
    for span, entry in sorted(found.items(), key=lambda item: (item[0].start, item[0].end)):
        for attribute, strength in entry.strengths.items():
            spans[attribute].append(span)
            strengths[attribute] = max(strengths[attribute], strength)
    return {attribute: (strengths[attribute], spans[attribute]) for attribute in spans}


def _weights_of(entries: Iterable[Entry]) -> dict[Attribute, float]:
    """Return what attributes weigh other than ``_WEIGHT``; more if a brief list names them."""
    named = {name for each in entries if each.lang in BRIEF_LANGS for name in each.strengths}
    return _WEIGHTS | {name: weight for name, weight in _BRIEF_WEIGHTS.items() if name in named}


def _threats(found: Mapping[Span, Entry]) -> list[Span]:
    """Return where threats stand."""
    return [
        span
        for span, entry in found.items()
        if entry.strengths.get(Attribute.THREAT, 0.0) >= _SURE_THREAT
    ]


def _slogans(found: Mapping[Span, Entry]) -> list[Span]:
    """Return where slogans against groups stand, several words none of which is rude."""
    return [
        span
        for span, entry in found.items()
        if entry.strengths.keys() == _OF_SLOGANS
        and entry.strengths[Attribute.IDENTITY_ATTACK] >= _SURE_SLOGAN
        and " " in entry.phrase
    ]


def _stands(places: Sequence[Span], text: Text) -> bool:
    """Tell whether one of ``places`` stands in a text that neither quotes nor reports it."""
    if not places or reporting_cues().are_in(text):
        return False
    quotations = islice(_QUOTED.finditer(text.original), _MOST_HITS)
    quoted = [match.span() for match in quotations]
    return not all(any(s <= at.start and at.end <= e for s, e in quoted) for at in places)


def _evidence(original: str, spans: Sequence[Span]) -> tuple[Evidence, ...]:
    """Return one piece of evidence per word as written, with all its places."""
    places: dict[str, list[Span]] = defaultdict(list)
    for span in spans:
        places[original[span.start : span.end]].append(span)
    return tuple(
        Evidence("toxicity.word", {"word": word}, tuple(where)) for word, where in places.items()
    )
