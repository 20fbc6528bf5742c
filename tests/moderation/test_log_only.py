"""Checks on trial: what they find is kept and weighs nothing; and deciding again from signals."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.moderation.batch import Batch
from service.moderation.checks import CHECK_NAMES, build_pipeline
from service.moderation.comment import Case, Comment, Facts
from service.moderation.custom_rules import CHECK, Rule, Rules
from service.moderation.pipeline import Pipeline
from service.moderation.policy import Policy, PolicyInvalid, Threshold, decide, policy_from
from service.moderation.redecide import redecided
from service.moderation.signal import Attribute, Evidence, Signal
from service.moderation.verdict import Action
from service.schemas.wording import reasons
from service.store.records import verdict_from, verdict_json

HALF = {attribute: {"*": Threshold(0.5, 0.9)} for attribute in Attribute}
LIVE = Policy(HALF)
WATCHING = Policy(HALF, log_only=frozenset({"spam.links"}))
LINKS = Signal("spam.links", Attribute.SPAM, 0.95, evidence=(Evidence("links.only"),))
CASE = Case(Comment("c1", "demo", "/p", "Achetez des montres ici"))


def test_a_check_on_trial_is_kept_and_weighs_nothing() -> None:
    verdict = decide(WATCHING, CASE, [LINKS], ())
    assert verdict.action is Action.APPROVE
    assert verdict.signals == (LINKS,)
    assert verdict.log_only == ("spam.links",)
    assert verdict.weighing == ()
    assert verdict.scores == {}
    assert decide(LIVE, CASE, [LINKS], ()).action is Action.SPAM


def test_the_other_checks_weigh_as_ever() -> None:
    other = Signal("spam.linear", Attribute.SPAM, 0.6)
    verdict = decide(WATCHING, CASE, [LINKS, other], ())
    assert (verdict.action, verdict.scores) == (Action.HOLD, {Attribute.SPAM: 0.6})


def test_nothing_waits_because_a_check_on_trial_failed() -> None:
    assert decide(WATCHING, CASE, [], ["spam.links"]).action is Action.APPROVE
    verdict = decide(WATCHING, CASE, [], ["spam.links", "spam.linear"])
    assert (verdict.rule, verdict.unscreened) == ("unscreened", ("spam.linear",))


def test_lists_on_trial_refuse_nobody() -> None:
    rules = Rules(words=(Rule(Action.SPAM, "montres"),))
    batch = Batch([CASE])
    for policy, action in (
        (Policy(rules=rules), Action.SPAM),
        (Policy(rules=rules, log_only=frozenset({CHECK})), Action.APPROVE),
    ):
        (verdict,) = Pipeline(()).review(batch, policy)
        assert verdict.action is action
        assert [each.check for each in verdict.signals] == [CHECK]


def test_an_author_is_given_no_reason_that_did_not_count() -> None:
    held = Signal("spam.linear", Attribute.SPAM, 0.6)
    assert "It is nothing but a link." not in reasons(
        decide(WATCHING, CASE, [LINKS, held], ()), "en"
    )
    assert "It is nothing but a link." in reasons(decide(LIVE, CASE, [LINKS, held], ()), "en")


def test_a_verdict_remembers_which_checks_were_on_trial() -> None:
    verdict = decide(WATCHING, CASE, [LINKS], ())
    assert verdict_from(verdict_json(verdict)).log_only == ("spam.links",)
    assert verdict_from(verdict_json(decide(LIVE, CASE, [LINKS], ()))).log_only == ()


def test_only_checks_that_are_there_can_be_put_on_trial() -> None:
    assert policy_from({"log_only": ["spam.links"]}, CHECK_NAMES).log_only == {"spam.links"}
    with pytest.raises(PolicyInvalid, match=r"log_only\[1\]: .* did you mean spam\.links\?"):
        policy_from({"log_only": ["spam.flood", "spam.link"]}, CHECK_NAMES)
    for wrong in ("spam.links", 3, [3]):
        with pytest.raises(PolicyInvalid, match="log_only"):
            policy_from({"log_only": wrong}, CHECK_NAMES)


def test_the_names_are_those_the_checks_sign_with() -> None:
    assert {check.name for check in build_pipeline().checks} <= set(CHECK_NAMES)


SIGNALS = st.lists(
    st.builds(
        Signal,
        st.sampled_from(["spam.links", "spam.linear", "toxicity.linear"]),
        st.sampled_from(Attribute),
        st.floats(0, 1),
        st.floats(-1, 1),
    )
)
POLICIES = st.sampled_from(
    [LIVE, WATCHING, Policy(), Policy(HALF, log_only=frozenset(CHECK_NAMES))]
)


@given(POLICIES, POLICIES, SIGNALS)
def test_deciding_again_is_deciding_from_the_same_signals(
    first: Policy, second: Policy, signals: list[Signal]
) -> None:
    before = decide(first, CASE, signals, ())
    (again,) = redecided(Batch([CASE]), [before], second)
    fresh = decide(second, CASE, signals, ())
    assert (again.action, again.rule, again.scores) == (fresh.action, fresh.rule, fresh.scores)


def test_what_no_policy_decides_stays_when_deciding_again() -> None:
    for facts in (Facts(is_trusted=True), Facts(is_shadow_banned=True)):
        known = Case(CASE.comment, facts)
        before = decide(WATCHING, known, [LINKS], ())
        (again,) = redecided(Batch([CASE]), [before], WATCHING)
        assert (again.action, again.rule) == (before.action, before.rule)


def test_deciding_again_looks_for_the_new_policy_s_own_words() -> None:
    old = Policy(rules=Rules(words=(Rule(Action.SPAM, "montres"),)))
    new = Policy(rules=Rules(words=(Rule(Action.HOLD, "achetez"),)))
    batch = Batch([CASE])
    before = Pipeline(()).review(batch, old)
    assert [each.action for each in redecided(batch, before, new)] == [Action.HOLD]
    assert [each.action for each in redecided(batch, before, Policy())] == [Action.APPROVE]
    assert redecided(batch, before, old) == before
