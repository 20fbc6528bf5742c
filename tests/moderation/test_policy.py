"""The policy: which rule fires first, and what a policy may say."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.settings import DEFAULT_PRESET, PRESETS, default_policy, preset
from service.moderation.comment import Case, Comment, Facts
from service.moderation.custom_rules import CHECK
from service.moderation.policy import (
    ENTRIES,
    NEVER,
    Policy,
    PolicyInvalid,
    Premoderation,
    Threshold,
    decide,
    merged,
    policy_from,
)
from service.moderation.signal import Attribute, Evidence, Signal, combine
from service.moderation.verdict import STATUS_AFTER, Action, Status

HOLD, REFUSE = 0.5, 0.9
EVERYTHING = Policy({attribute: {"*": Threshold(HOLD, REFUSE)} for attribute in Attribute})
SEVERITY = {Action.APPROVE: 0, Action.HOLD: 1, Action.REJECT: 2, Action.SPAM: 2}
UNIT = st.floats(0, 1)
SIGNALS = st.lists(st.builds(Signal, st.just("x.y"), st.sampled_from(Attribute), UNIT, UNIT))
POLICIES = st.builds(
    Policy,
    st.dictionaries(
        st.sampled_from(Attribute),
        st.tuples(UNIT, UNIT).map(lambda two: {"*": Threshold(min(two), max(two))}),
    ),
    st.sampled_from(Premoderation),
)


def case(lang: str = "", *, is_staff: bool = False, **facts: Any) -> Case:
    comment = Comment("c1", "demo", "/p", "Words", lang=lang, is_staff=is_staff)
    return Case(comment, Facts(**{"site_lang": "fr", **facts}))


def found(score: float, attribute: Attribute = Attribute.SPAM) -> list[Signal]:
    return [Signal("x.y", attribute, score)]


@pytest.mark.parametrize(
    ("attribute", "score", "action", "rule"),
    [
        (Attribute.SPAM, 0.0, Action.APPROVE, "clean"),
        (Attribute.SPAM, 0.49, Action.APPROVE, "clean"),
        (Attribute.SPAM, HOLD, Action.HOLD, "spam.hold"),
        (Attribute.SPAM, 0.89, Action.HOLD, "spam.hold"),
        (Attribute.SPAM, REFUSE, Action.SPAM, "spam.refuse"),
        (Attribute.INSULT, HOLD, Action.HOLD, "insult.hold"),
        (Attribute.INSULT, REFUSE, Action.REJECT, "insult.refuse"),
    ],
)
def test_a_threshold_fires_from_its_value_on(
    attribute: Attribute, score: float, action: Action, rule: str
) -> None:
    verdict = decide(EVERYTHING, case(), found(score, attribute), ())
    assert (verdict.action, verdict.rule) == (action, rule)
    if action is not Action.APPROVE:
        assert verdict.attribute is attribute
        assert verdict.threshold == (HOLD if action is Action.HOLD else REFUSE)


def test_a_score_to_refuse_for_goes_before_a_higher_one_to_hold_for() -> None:
    policy = Policy({
        Attribute.TOXICITY: {"*": Threshold(0.1, 0.99)},
        Attribute.THREAT: {"*": Threshold(0.1, 0.4)},
    })  # fmt: skip
    signals = found(0.9, Attribute.TOXICITY) + found(0.5, Attribute.THREAT)
    assert decide(policy, case(), signals, ()).rule == "threat.refuse"


def test_of_several_reasons_to_hold_the_highest_score_is_named() -> None:
    signals = found(0.6, Attribute.INSULT) + found(0.7, Attribute.THREAT)
    assert decide(EVERYTHING, case(), signals, ()).rule == "threat.hold"


def test_an_attribute_without_threshold_decides_nothing() -> None:
    policy = Policy({Attribute.SPAM: {"*": Threshold(HOLD, REFUSE)}})
    verdict = decide(policy, case(), found(1.0, Attribute.PROFANITY), ())
    assert verdict.action is Action.APPROVE
    assert verdict.scores == {Attribute.PROFANITY: 1.0}


@pytest.mark.parametrize(
    ("lang", "rule"), [("fr", "insult.hold"), ("en", "clean"), ("", "insult.hold"), ("de", "clean")]
)
def test_a_language_has_its_own_threshold_and_the_site_s_language_stands_in(
    lang: str, rule: str
) -> None:
    policy = Policy({Attribute.INSULT: {"*": Threshold(0.8, 0.9), "fr": Threshold(0.3, 0.9)}})
    assert decide(policy, case(lang), found(0.5, Attribute.INSULT), ()).rule == rule


def test_staff_are_approved_whatever_their_scores() -> None:
    verdict = decide(EVERYTHING, case(is_staff=True), found(1.0), ())
    assert (verdict.action, verdict.rule) == (Action.APPROVE, "staff")


@pytest.mark.parametrize("attribute", sorted(Attribute))
@pytest.mark.parametrize("score", [HOLD, REFUSE, 1.0])
def test_a_trusted_author_is_approved_unless_it_is_spam_a_threat_or_severe(
    attribute: Attribute, score: float
) -> None:
    trusted = decide(EVERYTHING, case(is_trusted=True), found(score, attribute), ())
    if (
        attribute in (Attribute.SPAM, Attribute.THREAT, Attribute.SEVERE_TOXICITY)
        and score >= REFUSE
    ):
        assert trusted == decide(EVERYTHING, case(), found(score, attribute), ())
    else:
        assert (trusted.action, trusted.rule) == (Action.APPROVE, "trusted")


def test_a_trusted_author_is_not_premoderated() -> None:
    policy = Policy(premoderation=Premoderation.ALL)
    assert decide(policy, case(is_trusted=True), [], ()).rule == "trusted"


@pytest.mark.parametrize(("action", "rule"), [
    ("reject", "list.reject"), ("spam", "list.spam"), ("hold", "trusted"),
])  # fmt: skip
def test_what_a_site_s_list_refuses_is_refused_of_a_trusted_author_too(
    action: str, rule: str
) -> None:
    item = Evidence("custom.word", {"entry": "x", "action": action})
    signal = Signal(CHECK, Attribute.PROFANITY, 0.0, evidence=(item,))
    assert decide(EVERYTHING, case(is_trusted=True), [signal], ()).rule == rule


@pytest.mark.parametrize("unscreened", [(), ("spam.links",)])
def test_a_shadow_ban_goes_before_everything_but_staff(unscreened: tuple[str, ...]) -> None:
    banned = case(is_shadow_banned=True, is_trusted=True)
    verdict = decide(EVERYTHING, banned, [], unscreened)
    assert (verdict.action, verdict.rule, verdict.unscreened) == (Action.REJECT, "ban.shadow", ())
    assert decide(EVERYTHING, case(is_shadow_banned=True, is_staff=True), [], ()).rule == "staff"


@given(signals=SIGNALS, policy=POLICIES, is_staff=st.booleans())
def test_what_a_check_could_not_judge_is_held_whatever_else_is_true(
    signals: list[Signal], policy: Policy, is_staff: bool
) -> None:
    verdict = decide(policy, case(is_staff=is_staff), signals, ["spam.links"])
    assert (verdict.action, verdict.rule) == (Action.HOLD, "unscreened")
    assert verdict.unscreened == ("spam.links",)


@pytest.mark.parametrize(
    ("premoderation", "approved_before", "action"),
    [
        (Premoderation.NONE, 0, Action.APPROVE),
        (Premoderation.NEW, 0, Action.HOLD),
        (Premoderation.NEW, 2, Action.HOLD),
        (Premoderation.NEW, 3, Action.APPROVE),
        (Premoderation.ALL, 1000, Action.HOLD),
    ],
)
def test_premoderation_holds_whom_it_names(
    premoderation: Premoderation, approved_before: int, action: Action
) -> None:
    policy = replace(EVERYTHING, premoderation=premoderation, trust_after=3)
    verdict = decide(policy, case(approved_before=approved_before), [], ())
    assert verdict.action is action
    assert verdict.rule == (
        "clean" if action is Action.APPROVE else f"premoderation.{premoderation}"
    )


def test_premoderation_saves_nobody_from_refusal() -> None:
    policy = replace(EVERYTHING, premoderation=Premoderation.ALL)
    assert decide(policy, case(), found(1.0), ()).action is Action.SPAM


@given(signals=SIGNALS, more=SIGNALS, policy=POLICIES)
def test_more_signals_never_make_a_verdict_milder(
    signals: list[Signal], more: list[Signal], policy: Policy
) -> None:
    before = decide(policy, case(), signals, ())
    after = decide(policy, case(), signals + more, ())
    assert SEVERITY[after.action] >= SEVERITY[before.action]


@given(SIGNALS)
def test_totals_stay_between_0_and_1_and_above_each_part(signals: list[Signal]) -> None:
    totals = combine(signals)
    assert set(totals) == {signal.attribute for signal in signals}
    for signal in signals:
        assert signal.weight * signal.score - 1e-9 <= totals[signal.attribute] <= 1.0


@given(SIGNALS)
def test_totals_do_not_depend_on_the_order_of_checks(signals: list[Signal]) -> None:
    forwards, backwards = combine(signals), combine(list(reversed(signals)))
    assert forwards == pytest.approx(backwards)


def test_every_action_leads_to_a_status_and_none_to_received() -> None:
    assert set(STATUS_AFTER) == set(Action)
    assert Status.RECEIVED not in STATUS_AFTER.values()


def test_the_default_policy_is_valid_and_names_every_attribute_that_decides() -> None:
    policy = policy_from(default_policy())
    assert policy.premoderation is Premoderation.NONE
    assert set(policy.thresholds) >= {Attribute.SPAM, Attribute.TOXICITY, Attribute.THREAT}


def test_a_language_table_inherits_what_it_does_not_say() -> None:
    policy = policy_from(
        {"thresholds": {"insult": {"hold": 0.5, "refuse": 0.9, "fr": {"hold": 0.3}}}}
    )
    assert policy.threshold(Attribute.INSULT, "fr") == Threshold(0.3, 0.9)
    assert policy.threshold(Attribute.INSULT, "en") == Threshold(0.5, 0.9)
    assert policy.threshold(Attribute.SPAM, "fr") is None


def test_1_01_means_never() -> None:
    policy = policy_from({"thresholds": {"spam": {"hold": 1.01, "refuse": 1.01}}})
    assert decide(policy, case(), found(1.0), ()).action is Action.APPROVE


TWO = {"hold": 0.5, "refuse": 0.9}


@pytest.mark.parametrize(
    ("data", "names"),
    [
        ({"threshold": {}}, "threshold"),
        ({"thresholds": []}, "thresholds"),
        ({"thresholds": {"rudeness": TWO}}, "thresholds.rudeness"),
        ({"thresholds": {"spam": 0.5}}, "thresholds.spam"),
        ({"thresholds": {"spam": {"hold": 0.5}}}, "thresholds.spam"),
        ({"thresholds": {"spam": {**TWO, "reject": 1}}}, "thresholds.spam.reject"),
        ({"thresholds": {"spam": {"hold": 0.9, "refuse": 0.5}}}, "thresholds.spam"),
        ({"thresholds": {"spam": {**TWO, "hold": 0}}}, "thresholds.spam.hold"),
        ({"thresholds": {"spam": {**TWO, "hold": -1}}}, "thresholds.spam.hold"),
        ({"thresholds": {"spam": {**TWO, "refuse": 1.02}}}, "thresholds.spam.refuse"),
        ({"thresholds": {"spam": {**TWO, "refuse": float("nan")}}}, "thresholds.spam.refuse"),
        ({"thresholds": {"spam": {**TWO, "refuse": "0.9"}}}, "thresholds.spam.refuse"),
        ({"thresholds": {"spam": {**TWO, "refuse": True}}}, "thresholds.spam.refuse"),
        ({"thresholds": {"spam": {**TWO, "fr": {"hold": 0.95}}}}, "thresholds.spam.fr"),
        ({"premoderation": "some"}, "premoderation"),
        ({"premoderation": ["new"]}, "premoderation"),
        ({"trust_after": -1}, "trust_after"),
        ({"trust_after": 1.5}, "trust_after"),
        ({"trust_after": True}, "trust_after"),
        ({"reports": 3}, "reports"),
        ({"reports": {"hold": 3}}, "reports.hold"),
        *(({"reports": {"hold_at": n}}, "reports.hold_at") for n in (-1, 26, "3", True)),
        ({"other_languages": "refuse"}, "other_languages"),
        ({"thresholds": {"spam": {**TWO, "FR": {}}}}, "thresholds.spam.FR"),
        ({"thresholds": {"spam": {**TWO, "fr": {"holds": 0.1}}}}, "thresholds.spam.fr.holds"),
        ({"words": ["pub"]}, "words"),
        ({"words": {"approve": []}}, "words.approve"),
        ({"words": {"hold": "pub"}}, "words.hold"),
        ({"words": {"hold": ["pub", 3]}}, "words.hold[1]"),
        ({"words": {"hold": ["pub", "**"]}}, "words.hold[1]"),
        ({"words": {"hold": ["x" * 101]}}, "words.hold[0]"),
        ({"words": {"hold": ["pub"] * 5001}}, "words.hold"),
        ({"words": {"hold": ["pub"] * 3000, "spam": ["pub"] * 3000}}, "words.spam"),
        ({"patterns": {"reject": ["promo", "(a"]}}, "patterns.reject[1]"),
        ({"patterns": {"reject": [r"(a)\1"]}}, "patterns.reject[0]"),
        ({"patterns": {"reject": ["(?=a)b"]}}, "patterns.reject[0]"),
        ({"patterns": {"reject": ["a*"]}}, "patterns.reject[0]"),
        ({"patterns": {"reject": [r"\w{1,900}!"]}}, "patterns.reject[0]"),
        ({"patterns": {"reject": ["x" * 501]}}, "patterns.reject[0]"),
        ({"patterns": {"reject": ["promo"] * 101}}, "patterns.reject"),
        ({"patterns": {"hold": [f"a{{{n}}}b" for n in range(300, 320)]}}, "patterns.hold[16]"),
    ],
)
def test_a_policy_that_cannot_be_used_names_the_entry(data: dict[str, Any], names: str) -> None:
    with pytest.raises(PolicyInvalid) as caught:
        policy_from(data)
    assert caught.value.entry == names
    assert str(caught.value).startswith(f"{names}: ")


def test_a_slip_of_the_pen_is_answered_with_the_entry_that_was_meant() -> None:
    with pytest.raises(PolicyInvalid, match="did you mean premoderation"):
        policy_from({"pre-moderation": "new"})


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_is_a_policy(name: str) -> None:
    assert policy_from(merged(default_policy(), preset(name)))


def test_presets_go_from_strict_to_permissive_in_every_attribute() -> None:
    strict, balanced, permissive = (
        policy_from(merged(default_policy(), preset(name))) for name in PRESETS
    )
    never = Threshold(NEVER, NEVER)
    for attribute in Attribute:
        stricter, usual, milder = (
            each.threshold(attribute, "fr") or never for each in (strict, balanced, permissive)
        )
        assert stricter.hold <= usual.hold <= milder.hold
        assert stricter.refuse <= usual.refuse <= milder.refuse


def test_there_is_one_default_policy_and_it_is_the_balanced_one() -> None:
    assert preset(DEFAULT_PRESET) == default_policy()


def test_a_site_s_entries_lie_over_the_default_ones_table_by_table() -> None:
    base = {"premoderation": "none", "thresholds": {"spam": {**TWO}, "insult": {**TWO}}}
    over = {"premoderation": "new", "thresholds": {"spam": {"hold": 0.2}}}
    assert merged(base, over) == {
        "premoderation": "new",
        "thresholds": {"spam": {"hold": 0.2, "refuse": 0.9}, "insult": TWO},
    }
    assert base["thresholds"] == {"spam": TWO, "insult": TWO}


DATA = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
KNOWN = st.sampled_from(ENTRIES)


@given(st.dictionaries(KNOWN, DATA | st.dictionaries(st.sampled_from(Attribute), DATA)))
def test_any_data_makes_a_policy_or_a_named_fault(data: dict[str, Any]) -> None:
    try:
        policy = policy_from(data)
    except PolicyInvalid as error:
        fault = str(error)
    else:
        fault = next(iter(data), "")
        for languages in policy.thresholds.values():
            assert all(0 < t.hold <= t.refuse <= 1.01 for t in languages.values())
    assert not data or any(name in fault for name in data)


def test_a_threshold_said_for_all_languages_replaces_those_of_single_ones() -> None:
    base = {"thresholds": {"insult": {"hold": 0.5, "refuse": 0.9, "fr": {"hold": 0.4}}}}
    policy = policy_from(merged(base, {"thresholds": {"insult": {"hold": 0.8}}}))
    assert policy.threshold(Attribute.INSULT, "fr") == policy.threshold(Attribute.INSULT, "de")
    kept = policy_from(merged(base, {"thresholds": {"insult": {"refuse": 0.95}}}))
    french = kept.threshold(Attribute.INSULT, "fr")
    assert french is not None
    assert (french.hold, french.refuse) == (0.4, 0.95)
    again = {"thresholds": {"insult": {"hold": 0.8, "fr": {"hold": 0.3}}}}
    said_again = policy_from(merged(base, again)).threshold(Attribute.INSULT, "fr")
    assert said_again is not None
    assert said_again.hold == 0.3
