"""Accounts: names, roles, sites, and that somebody always administers all of them."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.store import keys
from service.store.staff.accounts import (
    Account,
    AccountExists,
    AccountUnknown,
    LastAdministrator,
    Role,
    is_account_name,
    known_as,
)
from service.store.staff.passwords import one_time_password
from service.store.staff.preferences import Preferences
from service.store.store import Store
from tests.store.people import FIRST, MO, house_of
from tests.store.shelf import raw


@pytest.fixture
def manned(store: Store) -> Store:
    return house_of(store)


def test_nobody_exists_at_first(store: Store) -> None:
    assert not store.accounts.any_exist()
    store.accounts.create(MO, FIRST)
    assert store.accounts.any_exist()
    assert raw(store).hget(keys.user("mo"), "password").startswith(b"$argon2id$")


def test_a_name_is_taken_once(manned: Store) -> None:
    with pytest.raises(AccountExists):
        manned.accounts.create(Account("mo", Role.ADMINISTRATOR), "another password")
    assert manned.accounts.get("mo") == MO


def test_preferences_are_kept_with_the_account(manned: Store) -> None:
    wanted = Preferences(lang="fr", theme="dark", is_greyscale=True)
    manned.accounts.prefer("mo", wanted)
    assert manned.accounts.get("mo").preferences == wanted


def test_everybody_is_listed_by_name(manned: Store) -> None:
    manned.accounts.create(Account("ada", Role.OPS), FIRST)
    assert [each.account.name for each in manned.accounts.every()] == ["ada", "mo"]


def test_who_is_not_there_cannot_be_changed(manned: Store) -> None:
    accounts = manned.accounts
    changes: list[Callable[[], object]] = [
        lambda: accounts.get("nobody"),
        lambda: accounts.change("nobody", Role.OPS, frozenset()),
        lambda: accounts.disable("nobody"),
        lambda: accounts.enable("nobody"),
        lambda: accounts.set_password("nobody", "x"),
    ]
    for change in changes:
        with pytest.raises(AccountUnknown):
            change()
    assert not raw(manned).exists(keys.user("nobody"))


def test_the_last_administrator_of_all_sites_stays_one(manned: Store) -> None:
    accounts = manned.accounts
    accounts.create(Account("root", Role.ADMINISTRATOR), FIRST)
    accounts.create(Account("local", Role.ADMINISTRATOR, frozenset({"demo"})), FIRST)
    changes: list[Callable[[], None]] = [
        lambda: accounts.disable("root"),
        lambda: accounts.change("root", Role.MODERATOR, frozenset()),
        lambda: accounts.change("root", Role.ADMINISTRATOR, frozenset({"demo"})),
    ]
    for change in changes:
        with pytest.raises(LastAdministrator):
            change()
    assert accounts.get("root") == Account("root", Role.ADMINISTRATOR)
    accounts.change("local", Role.ADMINISTRATOR, frozenset())
    accounts.disable("root")
    with pytest.raises(LastAdministrator):
        accounts.disable("local")
    accounts.enable("root")
    accounts.disable("local")


def test_two_administrators_who_disable_each_other_at_once_leave_one(store: Store) -> None:
    names = [f"root{number}" for number in range(8)]
    for name in names:
        store.accounts.create_with(Account(name, Role.ADMINISTRATOR), "")

    def disabled(name: str) -> bool:
        try:
            store.accounts.disable(name)
        except LastAdministrator:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(disabled, names)) == 7
    assert sum(not each.account.is_disabled for each in store.accounts.every()) == 1


@pytest.mark.parametrize(
    ("mine", "theirs", "may"),
    [("", "", True), ("", "a", True), ("a b", "a", True), ("a", "a b", False), ("a", "", False)],
)
def test_an_administrator_of_some_sites_has_a_say_over_their_people_only(
    mine: str, theirs: str, may: bool
) -> None:
    account = Account("x", Role.ADMINISTRATOR, frozenset(mine.split()))
    assert account.may_manage(frozenset(theirs.split())) is may
    assert not Account("x", Role.MODERATOR, account.sites).may_manage(frozenset(theirs.split()))


@pytest.mark.parametrize("name", ["Aïcha", "claire@example.org", "明", "a" * 64])
def test_a_word_or_an_address_is_a_name(name: str) -> None:
    assert is_account_name(name)


@pytest.mark.parametrize(
    "name",
    ["", "a b", "a/b", "a" * 65, "a\n", "a\u202eb", "a\u200bb", "Ai\u0308cha", "\ud800", "a\xa0b"],
)
def test_what_cannot_be_told_apart_by_looking_is_no_name(name: str) -> None:
    assert not is_account_name(name)


@given(st.text(max_size=20))
def test_a_name_has_one_spelling(name: str) -> None:
    assert known_as(known_as(name)) == known_as(name)


def test_one_time_passwords_are_never_the_same() -> None:
    made = {one_time_password() for _ in range(100)}
    assert len(made) == 100
    assert all(len(password) >= 12 for password in made)
