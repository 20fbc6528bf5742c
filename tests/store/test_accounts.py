"""Who may sign in: one-time passwords, throttling, sessions that end."""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher

from service.store import keys
from service.store.accounts import (
    FAILURES_KEPT_S,
    MAX_FAILURES,
    Account,
    AccountExists,
    Accounts,
    PasswordChangeNeeded,
    PasswordTooShort,
    Role,
    SignInRefused,
    SignInThrottled,
    one_time_password,
)
from service.store.store import Store
from tests.store.shelf import raw

FIRST = "one-time-password"
OWN = "a better password"
MO = Account("mo", Role.MODERATOR, frozenset({"demo", "other"}))


@pytest.fixture
def accounts(store: Store) -> Accounts:
    """Accounts whose passwords are hashed a thousand times cheaper than in service."""
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    opened = Accounts(store.client, hasher=cheap)
    opened.create(MO, FIRST)
    return opened


def test_nobody_exists_at_first(store: Store) -> None:
    assert not store.accounts.any_exist()
    store.accounts.create(MO, FIRST)
    assert store.accounts.any_exist()
    assert raw(store).hget(keys.user("mo"), "password").startswith(b"$argon2id$")


def test_a_name_is_taken_once(accounts: Accounts) -> None:
    with pytest.raises(AccountExists):
        accounts.create(Account("mo", Role.ADMINISTRATOR), "another password")
    token = accounts.sign_in("mo", FIRST, OWN)
    assert accounts.signed_in(token) == MO


def test_a_one_time_password_opens_nothing_until_it_is_changed(accounts: Accounts) -> None:
    with pytest.raises(PasswordChangeNeeded):
        accounts.sign_in("mo", FIRST)
    for bad in ("short", "x" * 11, FIRST):
        with pytest.raises(PasswordTooShort):
            accounts.sign_in("mo", FIRST, bad)
    accounts.sign_in("mo", FIRST, OWN)
    with pytest.raises(SignInRefused):
        accounts.sign_in("mo", FIRST)
    assert accounts.signed_in(accounts.sign_in("mo", OWN)) == MO


def test_a_reset_password_must_be_changed_again(accounts: Accounts) -> None:
    accounts.sign_in("mo", FIRST, OWN)
    accounts.reset_password("mo", "the second one-time")
    with pytest.raises(SignInRefused):
        accounts.sign_in("mo", OWN)
    with pytest.raises(PasswordChangeNeeded):
        accounts.sign_in("mo", "the second one-time")


@pytest.mark.parametrize("name", ["mo", "nobody"])
def test_a_name_is_throttled_after_too_many_failures(accounts: Accounts, name: str) -> None:
    for _ in range(MAX_FAILURES):
        with pytest.raises(SignInRefused):
            accounts.sign_in(name, "wrong")
    with pytest.raises(SignInThrottled) as caught:
        accounts.sign_in(name, FIRST, OWN)
    assert 0 < caught.value.retry_after_s <= FAILURES_KEPT_S


def test_another_name_is_not_throttled(accounts: Accounts) -> None:
    for _ in range(MAX_FAILURES):
        with pytest.raises(SignInRefused):
            accounts.sign_in("nobody", "wrong")
    accounts.sign_in("mo", FIRST, OWN)


def test_signing_in_forgets_earlier_failures(accounts: Accounts) -> None:
    accounts.sign_in("mo", FIRST, OWN)
    for _ in range(2):
        for _ in range(MAX_FAILURES - 1):
            with pytest.raises(SignInRefused):
                accounts.sign_in("mo", "wrong")
        accounts.sign_in("mo", OWN)


def test_a_session_ends_when_its_owner_signs_out(accounts: Accounts) -> None:
    token, other = accounts.sign_in("mo", FIRST, OWN), accounts.sign_in("mo", OWN)
    accounts.sign_out(token)
    assert accounts.signed_in(token) is None
    assert accounts.signed_in(other) == MO


def test_a_session_expires(store: Store, accounts: Accounts) -> None:
    token = accounts.sign_in("mo", FIRST, OWN)
    (session,) = raw(store).scan_iter(keys.session("*"))
    assert 0 < raw(store).ttl(session) <= 28_800
    raw(store).pexpire(session, 1)
    while raw(store).exists(session):
        pass
    assert accounts.signed_in(token) is None


def test_the_sessions_of_a_removed_account_open_nothing(store: Store, accounts: Accounts) -> None:
    token = accounts.sign_in("mo", FIRST, OWN)
    raw(store).delete(keys.user("mo"))
    assert accounts.signed_in(token) is None


def test_a_new_password_ends_the_sessions_opened_with_the_old(accounts: Accounts) -> None:
    stolen = accounts.sign_in("mo", FIRST, OWN)
    accounts.reset_password("mo", "the second one-time")
    assert accounts.signed_in(stolen) is None
    kept = accounts.sign_in("mo", "the second one-time", "an even better one")
    assert accounts.signed_in(kept) == MO


@pytest.mark.parametrize("token", ["", "es_", "es_nothing", "é"])
def test_a_token_that_is_none_opens_nothing(accounts: Accounts, token: str) -> None:
    assert accounts.signed_in(token) is None


def test_neither_password_nor_token_is_kept(store: Store, accounts: Accounts) -> None:
    token = accounts.sign_in("mo", FIRST, OWN)
    redis = raw(store)
    names = list(redis.scan_iter("*"))
    stored = b" ".join([*names, *redis.hgetall(keys.user("mo")).values()])
    for secret in (OWN, FIRST, token, token.removeprefix("es_")):
        assert secret.encode() not in stored


def test_one_time_passwords_are_never_the_same() -> None:
    made = {one_time_password() for _ in range(100)}
    assert len(made) == 100
    assert all(len(password) >= 12 for password in made)
