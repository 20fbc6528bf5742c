"""`ecluse admin`."""

from __future__ import annotations

import pytest

from service.store.accounts import Accounts, PasswordChangeNeeded, Role, SignInRefused
from service.store.connection import connect
from tests.cli.conftest import Ecluse


@pytest.fixture
def accounts(redis_url: str) -> Accounts:
    return Accounts(connect(redis_url))


def test_the_one_time_password_opens_once_a_new_one_is_set(
    ecluse: Ecluse, accounts: Accounts
) -> None:
    password = ecluse("admin", "create", "claire", "--json").data["one_time_password"]
    with pytest.raises(PasswordChangeNeeded):
        accounts.sign_in("claire", password)
    account = accounts.signed_in(accounts.sign_in("claire", password, "a longer password"))
    assert account is not None
    assert account.role is Role.ADMINISTRATOR


def test_a_moderator_is_bound_to_sites(ecluse: Ecluse, demo: str, accounts: Accounts) -> None:
    made = ecluse("admin", "create", "max", "--role", "moderator", "--site", demo, "--json").data
    token = accounts.sign_in("max", made["one_time_password"], "a longer password")
    account = accounts.signed_in(token)
    assert account is not None
    assert (account.role, account.sites) == (Role.MODERATOR, frozenset({demo}))


def test_a_reset_ends_the_old_password(ecluse: Ecluse, accounts: Accounts) -> None:
    old = ecluse("admin", "create", "claire", "--json").data["one_time_password"]
    new = ecluse("admin", "reset", "claire", "--json").data["one_time_password"]
    with pytest.raises(SignInRefused):
        accounts.sign_in("claire", old, "a longer password")
    assert accounts.sign_in("claire", new, "a longer password")


def test_what_cannot_be_is_said_in_one_line(ecluse: Ecluse) -> None:
    ecluse("admin", "create", "claire")
    taken = ecluse("admin", "create", "claire")
    assert (taken.code, taken.err) == (1, "Error: an account called 'claire' exists already\n")
    unknown = ecluse("admin", "reset", "nobody")
    assert (unknown.code, unknown.err) == (1, "Error: no account is called 'nobody'\n")
    assert ecluse("admin", "create", "max", "--site", "nobody").code == 1
    assert ecluse("admin", "create", "a b").code == 2
