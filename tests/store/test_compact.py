"""What is stored of a comment: one block, nothing that is as it is for most, and read the same."""

from __future__ import annotations

import orjson
import pytest

from service.moderation.comment import Facts, FormToken
from service.moderation.signal import Attribute, Evidence, Signal
from service.moderation.verdict import Action, Verdict
from service.store.records import facts_from, facts_json, verdict_from, verdict_json

FULL = Verdict(
    Action.REJECT,
    "toxicity",
    {Attribute.INSULT: 0.91},
    (Signal("words", Attribute.INSULT, 0.91, 1.0, (Evidence("word", {"word": "x"}),)),),
    ("links",),
    Attribute.INSULT,
    0.0,
    "de",
    False,
    ("linear",),
    ("links",),
    0,
)


@pytest.mark.parametrize("verdict", [Verdict(Action.APPROVE, "default"), FULL])
def test_a_verdict_is_read_as_it_was_written(verdict: Verdict) -> None:
    assert verdict_from(verdict_json(verdict)) == verdict


def test_a_verdict_of_nothing_found_is_short() -> None:
    stored = orjson.loads(verdict_json(Verdict(Action.APPROVE, "default")))
    assert stored == {"action": "approve", "rule": "default"}


@pytest.mark.parametrize(
    "facts",
    [
        Facts(),
        Facts(email_domain="example.org", form_token=FormToken.VALID, seconds_to_submit=0.0),
        Facts(is_shadow_banned=True, honeypot_filled=True, email_is_disposable=True),
    ],
)
def test_facts_are_read_as_they_were_written(facts: Facts) -> None:
    assert facts_from({b"facts": facts_json(facts, ())}) == facts


@pytest.mark.parametrize(
    ("limits", "pressures", "ip", "email"),
    [
        (("ip", "email", "site", "page"), b"0.25 0.5 1 0", 0.25, 0.5),
        (("email", "page"), b"0.5 1", 0.0, 0.5),
        (("site", "page"), b"1 1", 0.0, 0.0),
        ((), b"", 0.0, 0.0),
    ],
)
def test_pressures_are_those_of_the_limits_that_were_counted(
    limits: tuple[str, ...], pressures: bytes, ip: float, email: float
) -> None:
    found = facts_from({b"facts": facts_json(Facts(), limits), b"pressures": pressures})
    assert (found.ip_pressure, found.email_pressure) == (ip, email)


def test_facts_of_an_earlier_version_are_read() -> None:
    stored = b'{"email_domain":"a.fr","form_token":"valid","dimensions":["ip","email","site"]}'
    found = facts_from({b"facts": stored, b"pressures": b"0.1000 0.2000 0.3000"})
    assert found == Facts(
        email_domain="a.fr", form_token=FormToken.VALID, ip_pressure=0.1, email_pressure=0.2
    )
