"""A policy: data that says which scores hold, refuse or pass a comment."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from enum import StrEnum
from typing import Any, TypeVar

from service.moderation.comment import Case
from service.moderation.custom_rules import (
    ACTIONS,
    LARGEST_PATTERNS,
    MOST_PATTERNS,
    MOST_WORDS,
    Rule,
    RuleInvalid,
    Rules,
    actions_asked,
    read_pattern,
    read_word,
    size_of,
)
from service.moderation.language import UNKNOWN, Language, base_code, judged_in
from service.moderation.signal import Attribute, Signal, combine, spared
from service.moderation.verdict import Action, Verdict

C = TypeVar("C", bound=StrEnum)
T = TypeVar("T")
V = TypeVar("V")

ANY_LANGUAGE = "*"
THRESHOLDS = "thresholds"
SHADOW_BAN = "ban.shadow"
TRUSTED = "trusted"
"""The rule that refuses the comments of a banned author who is not to know of the ban."""
GRAVE = (Attribute.SPAM, Attribute.THREAT, Attribute.SEVERE_TOXICITY)
"""What is refused of a trusted author too: an account taken over shows itself by these."""
NEVER = 1.01
"""A threshold that no score reaches."""

_THRESHOLD = ("hold", "refuse")
_LANGUAGE = re.compile("[a-z]{2,3}")


ENTRIES = (
    "thresholds",
    "words",
    "patterns",
    "premoderation",
    "trust_after",
    "other_languages",
    "reports",
    "log_only",
)
MOST_TO_HOLD = 25
"""What the hundred reports kept of a comment weigh at the least."""


class PolicyInvalid(ValueError):
    """Say which entry of a policy cannot be used, and why.

    ``entry`` is its dotted path, with the position in a list: ``words.hold[2]``.
    """

    def __init__(self, entry: str, problem: str) -> None:
        super().__init__(f"{entry}: {problem}")
        self.entry = entry
        self.problem = problem


class Premoderation(StrEnum):
    """Name whose comments wait for a moderator whatever their scores."""

    NONE = "none"
    NEW = "new"
    ALL = "all"


class OtherLanguages(StrEnum):
    """Name what becomes of comments in languages that the tone models have not learned."""

    JUDGE = "judge"
    HOLD = "hold"


@dataclass(frozen=True, slots=True)
class Threshold:
    """Hold the scores, 0..1, from which a comment is held and from which it is refused."""

    hold: float
    refuse: float


@dataclass(frozen=True, slots=True)
class ReaderReports:
    """Hold what readers' reports of an approved comment must weigh to hold it; 0 is never.

    A report weighs 1, from 0.25 to 2 by what moderators made of the reader's earlier ones.
    """

    hold_at: float = 3.0


@dataclass(frozen=True, slots=True)
class Policy:
    """Hold one site's rules.

    ``thresholds[attribute][language]`` falls back to ``thresholds[attribute]["*"]``;
    an attribute without thresholds never decides. ``trust_after`` is the number of
    approved comments after which an author counts as known. ``other_languages`` says
    whether comments that the tone models cannot read are judged by the rest, or held.
    ``rules`` are the site's own word lists and patterns, which decide by themselves.
    ``log_only`` names the checks on trial: what they find is kept and weighs nothing, and
    nothing is held because one of them could not judge.
    """

    thresholds: Mapping[Attribute, Mapping[str, Threshold]] = field(default_factory=dict)
    premoderation: Premoderation = Premoderation.NONE
    trust_after: int = 1
    other_languages: OtherLanguages = OtherLanguages.JUDGE
    rules: Rules = Rules()
    reports: ReaderReports = ReaderReports()
    log_only: frozenset[str] = frozenset()

    def threshold(self, attribute: Attribute, language: str) -> Threshold | None:
        """Return the threshold in force, or None when the attribute never decides."""
        by_language = self.thresholds.get(attribute)
        if by_language is None:
            return None
        return by_language.get(language) or by_language.get(ANY_LANGUAGE)


@dataclass(frozen=True, slots=True)
class _Ruling:
    """Hold the rule that fired, and what it compared when it compared a score."""

    action: Action
    rule: str
    attribute: Attribute | None = None
    threshold: float | None = None


def decide(
    policy: Policy,
    case: Case,
    signals: Sequence[Signal],
    unscreened: Sequence[str],
    language: Language = UNKNOWN,
    stages: Sequence[str] = (),
) -> Verdict:
    """Return the verdict of the first rule that fires; ``stages`` spoke of the words.

    In order: an author banned in the shadow, a check that could not judge, staff, an author
    the moderators trust, a list of the site's to refuse for, a score to refuse for, a list
    to hold for, a score to hold for, a language the models have not learned, pre-moderation,
    and approval when nothing speaks against it. A score to refuse for only holds where the
    insult is denied (``signal.spared``).
    """
    weighing = [signal for signal in signals if signal.check not in policy.log_only]
    missed = tuple(check for check in unscreened if check not in policy.log_only)
    scores = combine(weighing)
    if _is_banned(case):
        ruling, missed = _Ruling(Action.REJECT, SHADOW_BAN), ()
    elif missed:
        ruling = _Ruling(Action.HOLD, "unscreened")
    else:
        ruling = _ruling(policy, case, scores, weighing, language)
    return Verdict(
        action=ruling.action,
        rule=ruling.rule,
        scores=scores,
        signals=tuple(signals),
        unscreened=missed,
        attribute=ruling.attribute,
        threshold=ruling.threshold,
        lang=language.code,
        is_lang_served=language.is_served,
        stages=tuple(stages),
        log_only=_silenced(policy, signals),
        approved_before=case.facts.approved_before,
    )


def _is_banned(case: Case) -> bool:
    return case.facts.is_shadow_banned and not case.comment.is_staff


def _silenced(policy: Policy, signals: Sequence[Signal]) -> tuple[str, ...]:
    """Return the checks that spoke and were not listened to, each once."""
    if not policy.log_only:
        return ()
    return tuple(dict.fromkeys(each.check for each in signals if each.check in policy.log_only))


def _ruling(
    policy: Policy,
    case: Case,
    scores: Mapping[Attribute, float],
    signals: Sequence[Signal],
    language: Language,
) -> _Ruling:
    if case.comment.is_staff:
        return _Ruling(Action.APPROVE, "staff")
    asked, spoken = actions_asked(signals), _judged_in(case, language)
    if case.facts.is_trusted and not _is_grave(policy, scores, asked, spoken):
        return _Ruling(Action.APPROVE, TRUSTED)
    exceeded = _exceeded(policy, scores, spoken, spared(signals))
    against = [ruling for ruling in (_listed(asked), exceeded) if ruling is not None]
    if against:
        return min(against, key=lambda ruling: ruling.action is Action.HOLD)
    if policy.other_languages is OtherLanguages.HOLD and not language.is_served:
        return _Ruling(Action.HOLD, "language.other")
    if _is_premoderated(policy, case):
        return _Ruling(Action.HOLD, f"premoderation.{policy.premoderation}")
    return _Ruling(Action.APPROVE, "clean")


def _listed(asked: Collection[Action]) -> _Ruling | None:
    """Return what the site's own lists ask for; the weightiest where they disagree."""
    for action in ACTIONS:
        if action in asked:
            return _Ruling(action, f"list.{action}")
    return None


def _is_grave(
    policy: Policy, scores: Mapping[Attribute, float], asked: Collection[Action], language: str
) -> bool:
    """Say whether it is refused even of a trusted author: by a list, or for the gravest charges."""
    if Action.SPAM in asked or Action.REJECT in asked:
        return True
    thresholds = ((name, policy.threshold(name, language)) for name in GRAVE)
    return any(limit and scores.get(name, 0.0) >= limit.refuse for name, limit in thresholds)


def _judged_in(case: Case, language: Language) -> str:
    return base_code(judged_in(case.comment.lang, language) or case.facts.site_lang)


def _exceeded(
    policy: Policy,
    scores: Mapping[Attribute, float],
    language: str,
    held_only: Collection[Attribute],
) -> _Ruling | None:
    """Return the weightiest rule that a score meets; none refuses for what is ``held_only``."""
    held: _Ruling | None = None
    for attribute, score in sorted(scores.items(), key=lambda item: -item[1]):
        threshold = policy.threshold(attribute, language)
        if threshold is None:
            continue
        if score >= threshold.refuse and attribute in held_only:
            held = held or _Ruling(Action.HOLD, "insult.denied", attribute, threshold.refuse)
        elif score >= threshold.refuse:
            action = Action.SPAM if attribute is Attribute.SPAM else Action.REJECT
            return _Ruling(action, f"{attribute}.refuse", attribute, threshold.refuse)
        elif held is None and score >= threshold.hold:
            held = _Ruling(Action.HOLD, f"{attribute}.hold", attribute, threshold.hold)
    return held


def _is_premoderated(policy: Policy, case: Case) -> bool:
    if policy.premoderation is Premoderation.ALL:
        return True
    is_new = case.facts.approved_before < policy.trust_after
    return policy.premoderation is Premoderation.NEW and is_new


def policy_from(
    data: Mapping[str, Any], checks: Collection[str] = (), languages: Collection[str] = ()
) -> Policy:
    """Build a policy from parsed TOML or JSON; config/policies/balanced.toml shows the form.

    ``checks``, where they are given, are all that ``log_only`` may name: a stored policy may
    name one that is gone. ``languages``, where they are given, are the codes that thresholds
    may have. Raises ``PolicyInvalid`` naming the entry for anything unknown or
    out of range.
    """
    _refuse_unknown("", data, ENTRIES)
    return Policy(
        thresholds=_thresholds_from(data.get("thresholds", {}), languages),
        premoderation=_choice(data, "premoderation", Premoderation.NONE),
        trust_after=_trust_after_from(data.get("trust_after", 1)),
        other_languages=_choice(data, "other_languages", OtherLanguages.JUDGE),
        rules=Rules(
            words=_words_from(data.get("words", {})),
            patterns=_patterns_from(data.get("patterns", {})),
        ),
        reports=reports_from(data.get("reports", {})),
        log_only=_log_only_from(data.get("log_only", ()), checks),
    )


def reports_from(data: Any) -> ReaderReports:
    """Return a policy's entry ``reports`` alone.

    Raises ``PolicyInvalid``.
    """
    _refuse_unknown("reports", data, ("hold_at",))
    value = data.get("hold_at", ReaderReports().hold_at)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not 0 <= value <= MOST_TO_HOLD:
        raise PolicyInvalid("reports.hold_at", f"a number from 0 (never) to {MOST_TO_HOLD}")
    return ReaderReports(float(value))


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``base`` with ``over`` laid on it, table by table.

    A threshold that ``over`` sets for all languages stands for those too that have one of
    their own in ``base``.
    """
    result = dict(base)
    for key, value in over.items():
        below = result.get(key)
        if not isinstance(below, Mapping) or not isinstance(value, Mapping):
            result[key] = value
        elif key == THRESHOLDS:
            result[key] = {**below, **_thresholds_merged(below, value)}
        else:
            result[key] = merged(below, value)
    return result


def _thresholds_merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    found = {}
    for attribute, table in over.items():
        below = base.get(attribute)
        if isinstance(below, Mapping) and isinstance(table, Mapping):
            found[attribute] = merged(_without(below, general_in(table)), table)
        else:
            found[attribute] = table
    return found


def general_in(table: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an attribute's table says for all languages."""
    return {end: value for end, value in table.items() if not isinstance(value, Mapping)}


def _without(table: Mapping[str, Any], ends: Collection[str]) -> dict[str, Any]:
    """Return an attribute's table whose languages say nothing of these ends."""
    left = general_in(table)
    for language, values in table.items():
        if isinstance(values, Mapping):
            own = {end: value for end, value in values.items() if end not in ends}
            left |= {language: own} if own else {}
    return left


def _refuse_unknown(path: str, table: Any, known: Collection[str]) -> None:
    """Raise ``PolicyInvalid`` where ``table`` is none, or has an entry that is not known."""
    if not isinstance(table, Mapping):
        raise PolicyInvalid(path, "a table is needed")
    for name in table:
        if name not in known:
            near = get_close_matches(str(name), known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
            raise PolicyInvalid(_below(path, name), f"there is no such entry; {hint}")


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else str(name)


def _thresholds_from(data: Any, codes: Collection[str]) -> dict[Attribute, dict[str, Threshold]]:
    _refuse_unknown(THRESHOLDS, data, tuple(Attribute))
    return {Attribute(name): _languages_from(name, table, codes) for name, table in data.items()}


def _languages_from(name: str, table: Any, codes: Collection[str]) -> dict[str, Threshold]:
    path = f"thresholds.{name}"
    if not isinstance(table, Mapping):
        raise PolicyInvalid(path, "a table is needed")
    general = {key: value for key, value in table.items() if not isinstance(value, Mapping)}
    special = {key: value for key, value in table.items() if isinstance(value, Mapping)}
    languages = {ANY_LANGUAGE: _threshold_from(path, general, general)}
    for language, values in special.items():
        if not _LANGUAGE.fullmatch(language):
            raise PolicyInvalid(
                _below(path, language), "a language is a code of small letters, like fr or en"
            )
        if codes and language not in codes:
            raise PolicyInvalid(_below(path, language), f"no language has the code {language}")
        own = _below(path, language)
        languages[language] = _threshold_from(own, values, {**general, **values})
    return languages


def _threshold_from(path: str, said: Mapping[str, Any], values: Mapping[str, Any]) -> Threshold:
    """Return the threshold of ``values``, of which ``said`` stand at ``path`` itself."""
    _refuse_unknown(path, said, _THRESHOLD)
    for name in _THRESHOLD:
        if name not in values:
            raise PolicyInvalid(path, f"{name} is missing")
        value = values[name]
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not 0 < value <= NEVER:
            raise PolicyInvalid(
                _below(path, name), f"a score is above 0 and at most 1 ({NEVER}: never)"
            )
    if values["hold"] > values["refuse"]:
        raise PolicyInvalid(path, "hold must not be above refuse")
    return Threshold(float(values["hold"]), float(values["refuse"]))


def _choice(data: Mapping[str, Any], name: str, default: C) -> C:
    """Return one of the names that ``default`` is of."""
    kind = type(default)
    value = data.get(name, default)
    if value not in list(kind):
        raise PolicyInvalid(name, f"one of {', '.join(kind)}")
    return kind(value)


def _trust_after_from(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= 10_000:
        raise PolicyInvalid("trust_after", "a whole number from 0 to 10000")
    return value


def _log_only_from(names: Any, checks: Collection[str]) -> frozenset[str]:
    if not isinstance(names, Sequence) or isinstance(names, str):
        raise PolicyInvalid("log_only", "a list is needed")
    for place, name in enumerate(names):
        path = f"log_only[{place}]"
        if not isinstance(name, str):
            raise PolicyInvalid(path, "the name of a check is needed")
        if checks and name not in checks:
            near = get_close_matches(name, checks, n=1, cutoff=0.4)
            hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(checks)}"
            raise PolicyInvalid(path, f"there is no such check; {hint}")
    return frozenset(names)


def _words_from(data: Any) -> tuple[Rule, ...]:
    rules = _rules_from("words", data, MOST_WORDS)
    for path, rule in rules:
        _read(path, read_word, rule)
    return tuple(rule for _, rule in rules)


def _patterns_from(data: Any) -> tuple[Rule, ...]:
    rules = _rules_from("patterns", data, MOST_PATTERNS)
    steps = 0
    for path, rule in rules:
        steps += size_of(_read(path, read_pattern, rule.written))
        if steps > LARGEST_PATTERNS:
            raise PolicyInvalid(path, "all patterns together are too large")
    return tuple(rule for _, rule in rules)


def _read(path: str, read: Callable[[V], T], value: V) -> T:
    try:
        return read(value)
    except RuleInvalid as error:
        raise PolicyInvalid(path, str(error)) from None


def _rules_from(name: str, data: Any, most: int) -> list[tuple[str, Rule]]:
    """Return the entries of the lists in a table, each with its path."""
    _refuse_unknown(name, data, tuple(action.value for action in ACTIONS))
    found = []
    for key, entries in data.items():
        path = _below(name, key)
        if not isinstance(entries, Sequence) or isinstance(entries, str):
            raise PolicyInvalid(path, "a list is needed")
        found += [_rule_from(f"{path}[{n}]", Action(key), item) for n, item in enumerate(entries)]
        if len(found) > most:
            raise PolicyInvalid(path, f"at most {most} entries, all lists together")
    return found


def _rule_from(path: str, action: Action, entry: Any) -> tuple[str, Rule]:
    if not isinstance(entry, str):
        raise PolicyInvalid(path, "a text is needed")
    return path, Rule(action, entry)
