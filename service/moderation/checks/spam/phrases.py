"""Phrases: what spam says and readers seldom do, from the project's own lists."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ahocorasick_rs import AhoCorasick

from service.moderation.batch import Batch
from service.moderation.checks.spam.addresses import Link
from service.moderation.checks.spam.links import batch_links, has_address
from service.moderation.comment import Case
from service.moderation.shapes import Sieve
from service.moderation.signal import Attribute, Evidence, Signal, Span
from service.moderation.text import Offsets, Text

_FOLDER = Path(__file__).with_name("phrases")
_LISTS = ("fr", "en", "any")
# One trade has only so many words: each further phrase of a kind moves the total less.
_WEIGHTS = (1.0, 0.7, 0.5)
_MAX_FINDINGS = 6
# Readers talk about casinos and loan sharks; who adds where to find one advertises.
_WITH_ADDRESS = 1.6
_MAX_SCORE = 0.8
# A text with more is spam whatever the rest says.
_MAX_MATCHES = 200
_WORDS = Sieve(r"[\w ]")


@dataclass(frozen=True, slots=True)
class Phrase:
    """Hold a phrase as it is searched for, how much it weighs (0..1), and its trade."""

    text: str
    weight: float
    kind: str


@dataclass(frozen=True, slots=True)
class Hit:
    """Say that ``phrase`` stands at ``text[start:end]`` of the text searched."""

    phrase: Phrase
    start: int
    end: int


class PhraseBook:
    """Find whole phrases in prepared text, in time linear in its length."""

    def __init__(self, phrases: Iterable[Phrase]) -> None:
        self._phrases = tuple(phrases)
        self._automaton = AhoCorasick([f" {phrase.text} " for phrase in self._phrases])

    def find(self, prepared: str) -> list[Hit]:
        """Return the phrases in ``prepared``, in order, none within or across another."""
        matches = self._automaton.find_matches_as_indexes(_spaced(prepared), overlapping=True)
        if not matches:
            return []
        # One space of padding stands before the text, one at either end of each pattern.
        matches = matches[:_MAX_MATCHES]
        return _outermost(
            Hit(self._phrases[which], start, end - 2) for which, start, end in matches
        )


class Phrases:
    """Search a comment for the phrases of spam, as written and with disguises undone."""

    name = "spam.phrases"

    def __init__(self) -> None:
        self._book = PhraseBook(phrase for name in _LISTS for phrase in load_phrases(name))

    def review(self, batch: Batch) -> Sequence[Sequence[Signal]]:
        """Return the signals of each case, in order."""
        rows = zip(batch.cases, batch.texts, batch.once(batch_links), strict=True)
        return [self._look(*row) for row in rows]

    def _look(self, case: Case, text: Text, links: Sequence[Link]) -> Sequence[Signal]:
        hits = self._book.find(text.plain)
        disguised = self._disguised(text, hits)
        if not hits and not disguised:
            return ()
        places = dict(_placed(hits, text.plain_offsets))
        places.update(_placed(disguised, text.revealed_offsets))
        factor = _WITH_ADDRESS if has_address(case, links) else 1.0
        return [self._signal(hit, factor, weight, places[hit]) for hit, weight in _telling(places)]

    def _disguised(self, text: Text, hits: Sequence[Hit]) -> list[Hit]:
        """Return the phrases that only show once disguises are undone."""
        if text.revealed == text.plain:
            return []
        known = {hit.phrase for hit in hits}
        return [hit for hit in self._book.find(text.revealed) if hit.phrase not in known]

    def _signal(self, hit: Hit, factor: float, weight: float, span: Span) -> Signal:
        params = {"phrase": hit.phrase.text, "kind": hit.phrase.kind}
        evidence = Evidence("phrase", params, (span,))
        score = min(hit.phrase.weight * factor, _MAX_SCORE)
        return Signal(self.name, Attribute.SPAM, score, weight, (evidence,))


def load_phrases(name: str) -> list[Phrase]:
    """Return the phrases of ``phrases/<name>.tsv``: phrase, weight, kind, one a line."""
    lines = (_FOLDER / f"{name}.tsv").read_text(encoding="utf-8").splitlines()
    return [_phrase(*line.split("\t")) for line in lines]


def _phrase(text: str, weight: str, kind: str) -> Phrase:
    words = _spaced(Text.of(text).plain).split()
    return Phrase(" ".join(words), float(weight), kind)


def _spaced(prepared: str) -> str:
    """Return ``prepared`` between two spaces, its punctuation made spaces one for one."""
    return f" {_WORDS.sift(prepared)} "


def _outermost(hits: Iterable[Hit]) -> list[Hit]:
    outer: list[Hit] = []
    for hit in sorted(hits, key=lambda hit: (hit.start, -hit.end)):
        if not outer or hit.start >= outer[-1].end:
            outer.append(hit)
    return outer


def _placed(hits: Iterable[Hit], offsets: Callable[[], Offsets]) -> Iterator[tuple[Hit, Span]]:
    """Yield each hit with its place in the text as written."""
    return ((hit, offsets().span(hit.start, hit.end)) for hit in hits)


def _telling(hits: Iterable[Hit]) -> list[tuple[Hit, float]]:
    """Return the weightiest hits, each phrase once, few of one kind, and how far each counts."""
    distinct = {hit.phrase: hit for hit in hits}
    kinds: Counter[str] = Counter()
    telling = []
    for hit in sorted(distinct.values(), key=lambda hit: -hit.phrase.weight):
        place = kinds[hit.phrase.kind]
        kinds[hit.phrase.kind] += 1
        if place < len(_WEIGHTS):
            telling.append((hit, _WEIGHTS[place]))
    return telling[:_MAX_FINDINGS]
