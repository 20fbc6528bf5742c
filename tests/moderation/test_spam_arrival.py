"""What a comment's arrival gives away: honeypot, form time, flood, throwaway address."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.moderation.batch import Batch, Check
from service.moderation.checks.spam.disposable_email import DisposableEmail
from service.moderation.checks.spam.flood import Flood
from service.moderation.checks.spam.form_time import FormTime
from service.moderation.checks.spam.honeypot import Honeypot
from service.moderation.comment import Case, Comment, Facts, FormToken
from service.moderation.signal import Attribute, combine

COMMENT = Comment(id="1", site="s", page="/p", content="Bonjour à tous")
VALID = Facts(form_token=FormToken.VALID)


def look(check: Check, facts: Facts) -> tuple[list[str], float]:
    signals = check.review(Batch([Case(COMMENT, facts)]))[0]
    return [s.evidence[0].code for s in signals], combine(signals).get(Attribute.SPAM, 0.0)


@pytest.mark.parametrize("check", [Honeypot(), FormTime(), Flood(), DisposableEmail()])
def test_an_ordinary_arrival_says_nothing(check: Check) -> None:
    assert look(check, replace(VALID, seconds_to_submit=40.0)) == ([], 0.0)


def test_a_filled_honeypot_is_enough_to_refuse() -> None:
    codes, total = look(Honeypot(), Facts(honeypot_filled=True))
    assert codes == ["honeypot"]
    assert total >= 0.9


def test_a_throwaway_address_holds_nothing_alone() -> None:
    facts = Facts(email_is_disposable=True, email_domain="throwaway.example")
    codes, total = look(DisposableEmail(), facts)
    assert codes == ["email.disposable"]
    assert 0.2 < total < 0.55


@pytest.mark.parametrize("token", [FormToken.EXPIRED, FormToken.NOT_EXPECTED])
def test_an_expired_or_unexpected_token_says_nothing(token: FormToken) -> None:
    assert look(FormTime(), Facts(form_token=token)) == ([], 0.0)


def test_a_missing_token_is_a_weak_hint_and_a_forged_one_a_strong_one() -> None:
    absent = look(FormTime(), Facts(form_token=FormToken.ABSENT))
    forged = look(FormTime(), Facts(form_token=FormToken.FORGED))
    assert absent[0] == ["form.absent"]
    assert forged[0] == ["form.forged"]
    assert absent[1] < 0.2 < forged[1] < 0.55


def test_a_comment_sent_within_three_seconds_is_too_fast() -> None:
    codes, total = look(FormTime(), replace(VALID, seconds_to_submit=0.4))
    assert codes == ["form.too_fast"]
    assert 0.4 < total < 0.55


@given(st.floats(-5, 10), st.floats(-5, 10))
def test_the_faster_the_more_suspicious(one: float, other: float) -> None:
    slow, fast = max(one, other), min(one, other)
    slow_total = look(FormTime(), replace(VALID, seconds_to_submit=slow))[1]
    assert slow_total <= look(FormTime(), replace(VALID, seconds_to_submit=fast))[1] <= 0.5


@given(st.floats(0, 0.5))
def test_half_a_rate_limit_is_a_lively_discussion(pressure: float) -> None:
    facts = Facts(ip_pressure=pressure, email_pressure=pressure)
    assert look(Flood(), facts) == ([], 0.0)


def test_a_shared_connection_at_its_limit_holds_nothing_alone() -> None:
    codes, total = look(Flood(), Facts(ip_pressure=1.0))
    assert codes == ["flood.ip"]
    assert total < 0.55


def test_an_author_and_an_address_both_at_their_limits_are_held() -> None:
    codes, total = look(Flood(), Facts(ip_pressure=1.0, email_pressure=1.4))
    assert codes == ["flood.ip", "flood.email"]
    assert total >= 0.55
