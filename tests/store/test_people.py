"""What administrators do with people: invitations, resets, and what ends with a change."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from service.store import keys
from service.store.queue.views import View
from service.store.staff.accounts import (
    Account,
    AccountExists,
    AccountUnknown,
    LastAdministrator,
    NameRetired,
    Role,
)
from service.store.staff.links import HOUR_MS, LinkGone
from service.store.staff.mailboxes import Mailbox
from service.store.staff.passwords import PasswordTooShort
from service.store.store import Store
from service.store.tokens import digest
from tests.store.people import FIRST, MO, NOW_MS, OWN, at, enter, house_of, who
from tests.store.shelf import raw

ROOT = "account:root"
DEMO = frozenset({"demo"})


@pytest.fixture
def manned(store: Store) -> Store:
    return house_of(store)


def test_an_invitation_makes_the_account_it_says(manned: Store) -> None:
    token = manned.people.invite("ada", Role.OPS, DEMO, ROOT, NOW_MS)
    assert not manned.accounts.is_known("ada")
    assert manned.people.join(token, OWN, NOW_MS) == "ada"
    assert who(manned, manned.door.sign_in("ada", OWN, at())) == Account("ada", Role.OPS, DEMO)


def test_a_link_opens_once(manned: Store) -> None:
    token = manned.people.invite("ada", Role.OPS, DEMO, ROOT, NOW_MS)
    with pytest.raises(PasswordTooShort):
        manned.people.join(token, "short", NOW_MS)
    manned.people.join(token, OWN, NOW_MS)
    with pytest.raises(LinkGone):
        manned.people.join(token, OWN, NOW_MS)


def test_an_invitation_is_good_for_three_days_a_reset_for_one(manned: Store) -> None:
    invitation = manned.people.invite("ada", Role.OPS, DEMO, ROOT, NOW_MS)
    reset = manned.people.issue_reset("mo", ROOT, NOW_MS)
    for token, hours in ((invitation, 72), (reset, 24)):
        end_ms = NOW_MS + hours * HOUR_MS
        assert manned.people.link(token, end_ms - 1)
        with pytest.raises(LinkGone):
            manned.people.link(token, end_ms)
    for key in raw(manned).scan_iter(keys.link("*")):
        assert 0 < raw(manned).ttl(key) <= 72 * 3600
    assert [each.name for each in manned.people.open_links(NOW_MS + 25 * HOUR_MS)] == ["ada"]


def test_a_token_is_kept_as_its_hash_only(manned: Store) -> None:
    token = manned.people.invite("ada", Role.OPS, DEMO, ROOT, NOW_MS)
    [key] = raw(manned).scan_iter(keys.link("*"))
    kept = key + repr(raw(manned).hgetall(key)).encode() + repr(raw(manned).keys()).encode()
    assert token.encode() not in kept


def test_a_revoked_link_opens_nothing(manned: Store) -> None:
    token = manned.people.invite("ada", Role.OPS, DEMO, ROOT, NOW_MS)
    [link] = manned.people.open_links(NOW_MS)
    manned.people.revoke_link(link, ROOT)
    with pytest.raises(LinkGone):
        manned.people.join(token, OWN, NOW_MS)
    assert manned.people.open_links(NOW_MS) == []


def test_the_last_link_to_somebody_is_the_one_that_opens(manned: Store) -> None:
    first = manned.people.issue_reset("mo", ROOT, NOW_MS)
    second = manned.people.issue_reset("mo", ROOT, NOW_MS)
    with pytest.raises(LinkGone):
        manned.people.join(first, OWN, NOW_MS)
    assert manned.people.join(second, OWN, NOW_MS) == "mo"


def test_a_reset_link_sets_a_password_and_ends_all_sessions(manned: Store) -> None:
    token = enter(manned)
    manned.people.join(manned.people.issue_reset("mo", ROOT, NOW_MS), "a third password", NOW_MS)
    assert who(manned, token) is None
    assert who(manned, manned.door.sign_in("mo", "a third password", at())) == MO


def test_nobody_is_invited_by_a_name_that_is_taken(manned: Store) -> None:
    with pytest.raises(AccountExists):
        manned.people.invite("mo", Role.OPS, DEMO, ROOT, NOW_MS)
    token = manned.people.invite("ada", Role.OPS, DEMO, ROOT, NOW_MS)
    manned.accounts.create(Account("ada", Role.MODERATOR), FIRST)
    with pytest.raises(AccountExists):
        manned.people.join(token, OWN, NOW_MS)


def test_a_reset_link_to_nobody_is_none(manned: Store) -> None:
    with pytest.raises(AccountUnknown):
        manned.people.issue_reset("nobody", ROOT, NOW_MS)


@pytest.mark.parametrize("change", ["disabled", "demoted"])
def test_links_of_somebody_who_lost_the_right_open_nothing(manned: Store, change: str) -> None:
    for name in ("root", "eve"):
        manned.accounts.create(Account(name, Role.ADMINISTRATOR), FIRST)
    back_door = manned.people.invite("eve2", Role.ADMINISTRATOR, DEMO, "account:eve", NOW_MS)
    other = manned.people.invite("ada", Role.OPS, DEMO, ROOT, NOW_MS)
    if change == "disabled":
        manned.people.disable("eve", ROOT, NOW_MS)
    else:
        manned.people.change("eve", Role.MODERATOR, DEMO, ROOT, NOW_MS)
    with pytest.raises(LinkGone):
        manned.people.join(back_door, OWN, NOW_MS)
    assert manned.people.join(other, OWN, NOW_MS)


def test_a_reset_link_does_not_open_a_disabled_account(manned: Store) -> None:
    manned.people.disable("mo", ROOT, NOW_MS)
    token = manned.people.issue_reset("mo", ROOT, NOW_MS)
    with pytest.raises(LinkGone):
        manned.people.join(token, OWN, NOW_MS)


def test_the_log_says_who_did_what_to_whom(manned: Store) -> None:
    people = manned.people
    people.join(people.invite("ada", Role.OPS, DEMO, ROOT, NOW_MS), OWN, NOW_MS)
    people.change("ada", Role.MODERATOR, DEMO, ROOT, NOW_MS)
    people.disable("ada", ROOT, NOW_MS)
    people.enable("ada", ROOT)
    people.issue_reset("ada", ROOT, NOW_MS)
    people.revoke_link(people.open_links(NOW_MS)[0], ROOT)
    people.reset_second_factor("ada", ROOT)
    people.reset_password("ada", FIRST, ROOT)
    log = list(reversed(manned.general_audit.newest()))
    assert [(each.kind, each.actor) for each in log] == [
        ("invitation", ROOT),
        ("joined", "account:ada"),
        ("role", ROOT),
        ("disabled", ROOT),
        ("enabled", ROOT),
        ("reset-link", ROOT),
        ("link-revoked", ROOT),
        ("second-factor-reset", ROOT),
        ("password-reset", ROOT),
    ]
    assert log[2].detail == {"name": "ada", "role": "moderator", "sites": ["demo"]}
    assert all(each.at_ms > 0 for each in log)


def test_a_deleted_account_leaves_nothing_but_its_name_in_the_logs(manned: Store) -> None:
    token = enter(manned)
    manned.second_factor.renew_recovery_codes("mo")
    manned.views.save("mo", View("mine", "site=demo"))
    manned.mailboxes.save("mo", Mailbox("mo@example.org"))
    manned.mailboxes.confirm("mo", "mo@example.org")
    assert manned.mailboxes.begin_reset("mo")
    invited = manned.people.invite("ada", Role.OPS, DEMO, "account:mo", NOW_MS)
    reset = manned.people.issue_reset("mo", ROOT, NOW_MS)
    manned.people.delete("mo", ROOT, NOW_MS)
    assert who(manned, token) is None
    for link in (invited, reset):
        with pytest.raises(LinkGone):
            manned.people.link(link, NOW_MS)
    assert [*raw(manned).scan_iter("*:mo*"), *raw(manned).scan_iter("*session:*")] == []
    assert raw(manned).smembers(keys.MAILBOXES) == set()
    assert [each.account.name for each in manned.accounts.every()] == []
    with pytest.raises(AccountUnknown):
        manned.people.delete("mo", ROOT, NOW_MS)
    newest, *before = manned.general_audit.newest()
    assert (newest.kind, newest.actor, newest.detail) == ("deleted", ROOT, {"name": "mo"})
    assert "account:mo" in {each.actor for each in before}


def test_a_deleted_accounts_name_is_given_again_knowingly_only(manned: Store) -> None:
    manned.people.delete("mo", ROOT, NOW_MS)
    unknowing: list[Callable[[], object]] = [
        lambda: manned.people.invite("mo", Role.OPS, DEMO, ROOT, NOW_MS),
        lambda: manned.people.welcome("mo", Role.OPS),
        lambda: manned.accounts.create(MO, FIRST),
    ]
    for give in unknowing:
        with pytest.raises(NameRetired) as caught:
            give()
        assert caught.value.at_ms == NOW_MS
    token = manned.people.invite("mo", Role.OPS, DEMO, ROOT, NOW_MS, is_again=True)
    manned.people.join(token, OWN, NOW_MS)
    assert manned.accounts.get("mo") == Account("mo", Role.OPS, DEMO)
    manned.accounts.refuse_retired("mo")


def test_what_was_open_to_the_one_before_does_not_open_to_a_namesake(manned: Store) -> None:
    token = enter(manned)
    kept = raw(manned).hgetall(keys.session(digest(token)))
    manned.people.delete("mo", ROOT, NOW_MS)
    manned.accounts.create(MO, FIRST, is_again=True)
    raw(manned).hset(keys.session(digest(token)), mapping=kept)
    assert who(manned, token) is None


def test_the_last_administrator_is_never_deleted(manned: Store) -> None:
    for name in ("root", "ada"):
        manned.accounts.create(Account(name, Role.ADMINISTRATOR), FIRST)
    manned.people.delete("root", "account:root", NOW_MS)
    with pytest.raises(LastAdministrator):
        manned.people.delete("ada", "account:ada", NOW_MS)
    assert manned.accounts.get("ada").administers_all
