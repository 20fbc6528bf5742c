"""A site's own rules: word lists and regular expressions, found in linear time.

They come from the policy, so this check is made with each policy and stands in no
registry. What it finds decides by itself (``service.moderation.policy``) and moves no
score: a list knows nothing about tone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import re2
from ahocorasick_rs import AhoCorasick

from service.moderation.batch import Batch
from service.moderation.comment import Case
from service.moderation.signal import CONTENT, Attribute, Evidence, Signal, Span
from service.moderation.text import Text
from service.moderation.verdict import Action

CHECK = "custom.rules"
ACTIONS = (Action.SPAM, Action.REJECT, Action.HOLD)
"""What a rule may do, the weightiest first."""

MOST_WORDS = 5_000
LONGEST_WORD = 100
MOST_PATTERNS = 100
LONGEST_PATTERN = 500
# Steps of RE2's program. Where its cache does not suffice, RE2 tries every step on every
# byte: 500 steps on 20,000 bytes took 80 ms, so all patterns of a site stay under a second.
LARGEST_PATTERN = 500
LARGEST_PATTERNS = 5_000
_CACHE_BYTES = 1 << 18

_MOST_ENTRIES_SHOWN = 10
_MOST_SPANS_SHOWN = 20
_FIELDS = ("author", "url")


class RuleInvalid(ValueError):
    """Say why a word or a pattern cannot be used."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Hold one entry of a list as the operator wrote it, and what it does."""

    action: Action
    written: str


@dataclass(frozen=True, slots=True)
class Rules:
    """Hold a site's words and RE2 patterns, each of which was accepted by its reader."""

    words: tuple[Rule, ...] = ()
    patterns: tuple[Rule, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.words or self.patterns)


@dataclass(frozen=True, slots=True)
class _Word:
    """Hold a phrase in plain letters; an open end need not be a word's end (``promo*``)."""

    rule: Rule
    phrase: str
    is_open_before: bool
    is_open_after: bool


@dataclass(frozen=True, slots=True)
class _Found:
    rule: Rule
    code: str
    span: Span | None


class CustomRules:
    """Report every entry of a site's lists that a comment, its author or its link holds."""

    name = CHECK

    def __init__(self, rules: Rules) -> None:
        self._words = [read_word(rule) for rule in rules.words]
        self._automaton = AhoCorasick([word.phrase for word in self._words])
        self._patterns = [(rule, read_pattern(rule.written)) for rule in rules.patterns]

    def review(self, batch: Batch) -> Sequence[Sequence[Signal]]:
        """Return one signal per action that an entry asks for, with where it stands."""
        rows = zip(batch.cases, batch.texts, strict=True)
        return [_signals(self._found(case, text)) for case, text in rows]

    def _found(self, case: Case, content: Text) -> Iterator[_Found]:
        yield from self._found_in(content, CONTENT)
        for field in _FIELDS:
            if value := getattr(case.comment, field):
                yield from self._found_in(Text.of(value), field)

    def _found_in(self, text: Text, field: str) -> Iterator[_Found]:
        if self._words:
            yield from self._words_in(text, field)
        if self._patterns:
            yield from self._patterns_in(text.original, field)

    def _words_in(self, text: Text, field: str) -> Iterator[_Found]:
        places = [(hit, text.plain_offsets) for hit in self._hits(text.plain)]
        if text.revealed != text.plain:
            places += [(hit, text.revealed_offsets) for hit in self._hits(text.revealed)]
        for (word, start, end), offsets in places:
            span = offsets().span(start, end)
            yield _Found(word.rule, "custom.word", Span(span.start, span.end, field))

    def _hits(self, prepared: str) -> Iterator[tuple[_Word, int, int]]:
        for index, start, end in self._automaton.find_matches_as_indexes(
            prepared, overlapping=True
        ):
            word = self._words[index]
            if _is_whole(word, prepared, start, end):
                yield word, start, end

    def _patterns_in(self, original: str, field: str) -> Iterator[_Found]:
        encoded = original.encode(errors="replace")
        for rule, pattern in self._patterns:
            if match := pattern.search(encoded):
                start, end = (len(encoded[:at].decode(errors="ignore")) for at in match.span())
                span = Span(start, end, field) if start < end else None
                yield _Found(rule, "custom.pattern", span)


@lru_cache(maxsize=64)
def custom_check(rules: Rules) -> CustomRules:
    """Return the check of a site's rules, made once for equal rules."""
    return CustomRules(rules)


@lru_cache(maxsize=4 * MOST_WORDS)
def read_word(rule: Rule) -> _Word:
    """Return a word ready for comparison; a ``*`` at an end stands for any letters.

    Raises ``RuleInvalid`` when nothing would be left to compare, or too much.
    """
    written = rule.written.strip()
    if len(written) > LONGEST_WORD:
        raise RuleInvalid(f"a word or phrase has at most {LONGEST_WORD} characters")
    phrase = Text.of(written.strip("*")).plain.strip()
    if not phrase:
        raise RuleInvalid("there is no word in it")
    return _Word(rule, phrase, written.startswith("*"), written.endswith("*"))


def read_pattern(written: str) -> Any:
    """Return a compiled pattern for bytes of UTF-8; capitals count as small letters.

    Raises ``RuleInvalid`` when RE2 does not know the syntax, or when the pattern would
    match everything or cost too much.
    """
    if len(written) > LONGEST_PATTERN:
        raise RuleInvalid(f"a pattern has at most {LONGEST_PATTERN} characters")
    options = re2.Options()
    options.log_errors, options.case_sensitive = False, False
    options.max_mem = _CACHE_BYTES
    try:
        pattern = re2.compile(written.encode(), options)
    except (re2.error, UnicodeEncodeError) as error:
        raise RuleInvalid(_said_by_re2(error)) from None
    if size_of(pattern) > LARGEST_PATTERN:
        raise RuleInvalid("it is too large; shorten its repetitions")
    if pattern.search(b"") is not None:
        raise RuleInvalid("it matches every comment")
    return pattern


def size_of(pattern: Any) -> int:
    """Return how many steps a compiled pattern has."""
    return int(pattern.programsize)


def _said_by_re2(error: Exception) -> str:
    said = error.args[0] if error.args else ""
    text = said.decode(errors="replace") if isinstance(said, bytes) else str(error)
    return f"RE2 cannot read it: {text}"


def _is_whole(word: _Word, prepared: str, start: int, end: int) -> bool:
    """Tell whether a hit ends where words end, or at an open end."""
    before, after = prepared[start - 1 : start] if start else "", prepared[end : end + 1]
    return (word.is_open_before or not (before.isalnum() and word.phrase[0].isalnum())) and (
        word.is_open_after or not (after.isalnum() and word.phrase[-1].isalnum())
    )


def _signals(found: Iterable[_Found]) -> Sequence[Signal]:
    by_action: dict[Action, dict[tuple[Rule, str], list[Span]]] = defaultdict(dict)
    for each in found:
        spans = by_action[each.rule.action].setdefault((each.rule, each.code), [])
        if each.span and each.span not in spans and len(spans) < _MOST_SPANS_SHOWN:
            spans.append(each.span)
    return [_signal(action, by_action[action]) for action in ACTIONS if action in by_action]


def _signal(action: Action, places: Mapping[tuple[Rule, str], Sequence[Span]]) -> Signal:
    evidence = tuple(
        Evidence(code, {"entry": rule.written, "action": action.value}, tuple(spans))
        for (rule, code), spans in list(places.items())[:_MOST_ENTRIES_SHOWN]
    )
    attribute = Attribute.SPAM if action is Action.SPAM else Attribute.TOXICITY
    return Signal(CHECK, attribute, 1.0, 0.0, evidence)


def actions_asked(signals: Iterable[Signal]) -> frozenset[Action]:
    """Return what the site's own rules ask for, of all that was found."""
    return frozenset(
        Action(str(item.params["action"]))
        for signal in signals
        if signal.check == CHECK
        for item in signal.evidence
    )
