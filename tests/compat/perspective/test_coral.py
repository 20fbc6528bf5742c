"""Coral's external moderation phase: signed, and answered by what the policy says."""

from __future__ import annotations

import json

import pytest

from service.compat.markup import written_out
from service.store.doors.door_keys import Door
from service.store.sites import Site
from tests.api.house import House
from tests.compat.perspective.caller import CORAL_SECRET, Caller, signature

INSULT = "<div>Tu es un <b>connard</b> et un abruti fini, ferme ta gueule.</div>"
SPAM = (
    "Best online casino bonus! Play now http://casino-win.xyz http://slots.top/free "
    "http://bet.click/now and earn money fast"
)
FLAG = "FLAG"


def test_an_ordinary_comment_goes_on_without_a_word(caller: Caller) -> None:
    answer = caller.coral("<p>Merci pour cet article très clair.</p>")
    assert answer.status_code == 204
    assert answer.data == b""


def test_an_insult_is_rejected_and_flagged_as_toxic(caller: Caller) -> None:
    assert caller.coral(INSULT).get_json() == {
        "status": "REJECTED",
        "actions": [{"actionType": FLAG, "reason": "COMMENT_DETECTED_TOXIC"}],
    }


def test_spam_is_rejected_and_flagged_as_spam(caller: Caller) -> None:
    assert caller.coral(SPAM).get_json() == {
        "status": "REJECTED",
        "actions": [{"actionType": FLAG, "reason": "COMMENT_DETECTED_SPAM"}],
    }


def test_what_the_policy_holds_waits_for_a_moderator(house: House) -> None:
    never = {"hold": 0.5, "refuse": 1.01}
    mild = {"thresholds": dict.fromkeys(("toxicity", "insult", "profanity"), never)}
    house.services.store.sites.create(Site("mild", lang="fr", policy=mild))
    assert Caller.of(house, "mild").coral(INSULT, site="mild").get_json() == {
        "status": "SYSTEM_WITHHELD",
        "actions": [{"actionType": FLAG, "reason": "COMMENT_DETECTED_TOXIC"}],
    }
    house.services.store.sites.create(Site("slow", lang="fr", policy={"premoderation": "all"}))
    assert Caller.of(house, "slow").coral("Bonjour", site="slow").get_json() == {"status": "PREMOD"}


@pytest.mark.parametrize("role", ["STAFF", "MODERATOR", "ADMIN"])
def test_what_the_staff_writes_goes_on(caller: Caller, role: str) -> None:
    assert caller.coral(INSULT, role=role).status_code == 204


@pytest.mark.parametrize("body", [None, "", "<div><img src='a.gif'></div>"])
def test_of_a_comment_without_words_nothing_is_said(caller: Caller, body: str | None) -> None:
    assert caller.coral(body).status_code == 204


@pytest.mark.parametrize(
    "body",
    [
        "<!-- You fucking idiot, go and die",
        "<script>You fucking idiot</script>",
        "<You fucking idiot>",
        "A fine day. <b title='You fucking idiot, go and die'>",
        "A fine day, says the mayor of this town. <a href='You fucking idiot, go and die'>",
        "<div>A fine day.</div> <style>You fucking idiot, go and die",
    ],
)
def test_what_html_would_hide_is_judged_as_plain_text_too(house: House, body: str) -> None:
    if "english" not in house.services.store.sites.names():
        house.services.store.sites.create(Site("english", lang="en"))
    answer = Caller.of(house, "english").coral(body, site="english")
    assert answer.get_json() == {
        "status": "REJECTED",
        "actions": [{"actionType": FLAG, "reason": "COMMENT_DETECTED_TOXIC"}],
    }


@pytest.mark.parametrize(
    "body",
    [
        '<div>Merci <b>à</b><br/><a href="https://a.test/b?c=1" rel="noopener ugc">lui</a></div>',
        "<p>1 &lt; 2, et a <3 b</p><img src='https://a.test/x.gif' alt=''>",
        '<span class="coral-rte-spoiler">Le majordome</span>',
    ],
)
def test_ordinary_markup_hides_nothing(caller: Caller, body: str) -> None:
    assert written_out(body) == ""
    assert caller.coral(body).status_code == 204


def test_a_comment_nobody_reads_to_its_end_waits(caller: Caller) -> None:
    assert caller.coral("Bonjour ! " * 3000).get_json() == {"status": "PREMOD"}


def test_any_of_the_signatures_in_force_will_do(caller: Caller, house: House) -> None:
    raw = json.dumps({"comment": {"body": "Bonjour"}}).encode()
    both = f"{signature(raw, 'the old one')},{signature(raw, CORAL_SECRET)}"
    assert caller.coral_raw(raw, both).status_code == 204
    house.services.store.door_keys.take("demo", Door.CORAL, "the next one", "")
    assert caller.coral_raw(raw, signature(raw, "the next one")).status_code == 204


def test_what_is_not_signed_for_the_site_is_refused_and_counted(
    caller: Caller, house: House
) -> None:
    raw = json.dumps({"comment": {"body": "Bonjour"}}).encode()
    good = signature(raw, CORAL_SECRET)
    for header in ("", "sha256=", "sha256=00", good[7:], good.upper(), signature(raw, ""), "é"):
        answer = caller.coral_raw(raw, header)
        assert answer.status_code == 401, header
        assert set(answer.get_json()) == {"error", "status"}
    assert caller.coral_raw(raw + b" ", good).status_code == 401
    assert caller.coral_raw(raw, good, site="unknown").status_code == 401
    assert house.services.store.door_counts.unknown()[Door.CORAL].calls >= 9


def test_a_revoked_secret_signs_nothing(house: House) -> None:
    house.services.store.sites.create(Site("past", lang="fr"))
    kept = house.services.store.door_keys.take("past", Door.CORAL, "gone", "")
    house.services.store.door_keys.revoke("past", kept.id)
    raw = b'{"comment": {"body": "Bonjour"}}'
    answer = Caller(house, "", "").coral_raw(raw, signature(raw, "gone"), site="past")
    assert answer.status_code == 401


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"[]", b"{}", b'{"comment": 1}', b'{"comment": {"body": 1}}', b"[" * 50_000]
)
def test_a_body_that_is_none_is_refused(caller: Caller, raw: bytes) -> None:
    answer = caller.coral_raw(raw, signature(raw, CORAL_SECRET))
    assert answer.status_code == 400
    assert answer.get_json()["status"] == 400


def test_other_methods_and_huge_bodies_are_refused_in_the_same_shape(caller: Caller) -> None:
    assert caller.house.client.get("/coral/demo").get_json()["status"] == 405
    raw = b" " * 300_000
    assert caller.coral_raw(raw, signature(raw, CORAL_SECRET)).status_code == 413
