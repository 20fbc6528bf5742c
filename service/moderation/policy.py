"""A policy: data that says which scores hold, refuse or pass a comment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from service.moderation.comment import Case
from service.moderation.language import UNKNOWN, Language, base_code
from service.moderation.signal import Attribute, Signal, combine
from service.moderation.verdict import Action, Verdict

ANY_LANGUAGE = "*"


class PolicyInvalid(ValueError):
    """Say which entry of a policy cannot be used, and why."""


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
class Policy:
    """Hold one site's rules.

    ``thresholds[attribute][language]`` falls back to ``thresholds[attribute]["*"]``;
    an attribute without thresholds never decides. ``trust_after`` is the number of
    approved comments after which an author counts as known. ``other_languages`` says
    whether comments that the tone models cannot read are judged by the rest, or held.
    """

    thresholds: Mapping[Attribute, Mapping[str, Threshold]] = field(default_factory=dict)
    premoderation: Premoderation = Premoderation.NONE
    trust_after: int = 1
    other_languages: OtherLanguages = OtherLanguages.JUDGE

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
) -> Verdict:
    """Return the verdict of the first rule that fires.

    In order: a check that could not judge, staff, a score to refuse for, a score to
    hold for, a language the models have not learned, pre-moderation, and approval when
    nothing speaks against it.
    """
    scores = combine(signals)
    ruling = _ruling(policy, case, scores, bool(unscreened), language)
    return Verdict(
        action=ruling.action,
        rule=ruling.rule,
        scores=scores,
        signals=tuple(signals),
        unscreened=tuple(unscreened),
        attribute=ruling.attribute,
        threshold=ruling.threshold,
        lang=language.code,
        is_lang_served=language.is_served,
    )


def _ruling(
    policy: Policy,
    case: Case,
    scores: Mapping[Attribute, float],
    is_unscreened: bool,
    language: Language,
) -> _Ruling:
    if is_unscreened:
        return _Ruling(Action.HOLD, "unscreened")
    if case.comment.is_staff:
        return _Ruling(Action.APPROVE, "staff")
    exceeded = _exceeded(policy, scores, _judged_in(case, language))
    if exceeded is not None:
        return exceeded
    if policy.other_languages is OtherLanguages.HOLD and not language.is_served:
        return _Ruling(Action.HOLD, "language.other")
    if _is_premoderated(policy, case):
        return _Ruling(Action.HOLD, f"premoderation.{policy.premoderation}")
    return _Ruling(Action.APPROVE, "clean")


def _judged_in(case: Case, language: Language) -> str:
    return base_code(case.comment.lang) or language.code or base_code(case.facts.site_lang)


def _exceeded(policy: Policy, scores: Mapping[Attribute, float], language: str) -> _Ruling | None:
    held: _Ruling | None = None
    for attribute, score in sorted(scores.items(), key=lambda item: -item[1]):
        threshold = policy.threshold(attribute, language)
        if threshold is None:
            continue
        if score >= threshold.refuse:
            action = Action.SPAM if attribute is Attribute.SPAM else Action.REJECT
            return _Ruling(action, f"{attribute}.refuse", attribute, threshold.refuse)
        if held is None and score >= threshold.hold:
            held = _Ruling(Action.HOLD, f"{attribute}.hold", attribute, threshold.hold)
    return held


def _is_premoderated(policy: Policy, case: Case) -> bool:
    if policy.premoderation is Premoderation.ALL:
        return True
    is_new = case.facts.approved_before < policy.trust_after
    return policy.premoderation is Premoderation.NEW and is_new


def policy_from(data: Mapping[str, Any]) -> Policy:
    """Build a policy from parsed TOML or JSON; config/policy.toml shows the form.

    Raises ``PolicyInvalid`` naming the entry for anything unknown or out of range.
    """
    unknown = set(data) - {"thresholds", "premoderation", "trust_after"}
    if unknown:
        raise PolicyInvalid(f"unknown entry: {min(unknown)}")
    return Policy(
        thresholds=_thresholds_from(data.get("thresholds", {})),
        premoderation=_premoderation_from(data.get("premoderation", Premoderation.NONE)),
        trust_after=_trust_after_from(data.get("trust_after", 1)),
    )


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``base`` with ``over`` laid on it, table by table."""
    result = dict(base)
    for key, value in over.items():
        below = result.get(key)
        if isinstance(below, Mapping) and isinstance(value, Mapping):
            result[key] = merged(below, value)
        else:
            result[key] = value
    return result


def _thresholds_from(data: Any) -> dict[Attribute, dict[str, Threshold]]:
    if not isinstance(data, Mapping):
        raise PolicyInvalid("thresholds: a table is needed")
    return {_attribute_from(name): _languages_from(name, table) for name, table in data.items()}


def _attribute_from(name: str) -> Attribute:
    try:
        return Attribute(name)
    except ValueError:
        raise PolicyInvalid(f"thresholds.{name}: no such attribute") from None


def _languages_from(name: str, table: Any) -> dict[str, Threshold]:
    if not isinstance(table, Mapping):
        raise PolicyInvalid(f"thresholds.{name}: a table is needed")
    general = {key: value for key, value in table.items() if not isinstance(value, Mapping)}
    special = {key: value for key, value in table.items() if isinstance(value, Mapping)}
    languages = {ANY_LANGUAGE: _threshold_from(f"thresholds.{name}", general)}
    for language, values in special.items():
        path = f"thresholds.{name}.{language}"
        languages[language] = _threshold_from(path, {**general, **values})
    return languages


def _threshold_from(path: str, values: Mapping[str, Any]) -> Threshold:
    if set(values) != {"hold", "refuse"}:
        raise PolicyInvalid(f"{path}: hold and refuse are needed, and nothing else")
    for value in values.values():
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not 0 < value <= 1.01:
            raise PolicyInvalid(f"{path}: scores are above 0 and at most 1 (1.01: never)")
    if values["hold"] > values["refuse"]:
        raise PolicyInvalid(f"{path}: hold must not be above refuse")
    return Threshold(float(values["hold"]), float(values["refuse"]))


def _premoderation_from(value: Any) -> Premoderation:
    try:
        return Premoderation(value)
    except ValueError:
        raise PolicyInvalid("premoderation: none, new or all") from None


def _trust_after_from(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= 10_000:
        raise PolicyInvalid("trust_after: a whole number from 0 to 10000")
    return value
