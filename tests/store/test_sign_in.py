"""The door: one-time passwords, throttling, the second step."""

from __future__ import annotations

import pyotp
import pytest

from service.store import keys
from service.store.staff.door import (
    HalfSessionGone,
    PasswordChangeNeeded,
    SecondFactorNeeded,
    SignInRefused,
)
from service.store.staff.passwords import PasswordTooShort
from service.store.staff.second_factor import CodeRefused
from service.store.staff.sign_in_limits import (
    FAILURES_KEPT_S,
    MAX_FAILURES,
    MAX_FAILURES_FROM,
    SignInThrottled,
)
from service.store.store import Store
from tests.store.people import FIRST, MINUTE_MS, MO, NOW_MS, OWN, at, enter, house_of, who
from tests.store.shelf import raw


@pytest.fixture
def manned(store: Store) -> Store:
    return house_of(store)


def enrol(store: Store) -> tuple[pyotp.TOTP, list[str]]:
    """Give ``mo`` a second factor; return the app and the recovery codes."""
    app = pyotp.TOTP(store.second_factor.begin("mo"))
    return app, store.second_factor.confirm("mo", app.at(NOW_MS // 1000), NOW_MS)


def half_of(store: Store, minutes: float = 0, password: str = OWN, new: str = "") -> str:
    with pytest.raises(SecondFactorNeeded) as owed:
        store.door.sign_in("mo", password, at(minutes), new)
    return owed.value.half


def kinds(store: Store) -> list[str]:
    return [each.kind for each in reversed(store.general_audit.newest())]


def test_a_one_time_password_opens_nothing_until_it_is_changed(manned: Store) -> None:
    with pytest.raises(PasswordChangeNeeded):
        manned.door.sign_in("mo", FIRST, at())
    for bad in ("short", "x" * 11, FIRST):
        with pytest.raises(PasswordTooShort):
            manned.door.sign_in("mo", FIRST, at(), bad)
    manned.door.sign_in("mo", FIRST, at(), OWN)
    with pytest.raises(SignInRefused):
        manned.door.sign_in("mo", FIRST, at())
    assert who(manned, manned.door.sign_in("mo", OWN, at())) == MO


def test_a_reset_password_must_be_changed_again(manned: Store) -> None:
    stolen = enter(manned)
    manned.people.reset_password("mo", "the second one-time", "cli")
    assert who(manned, stolen) is None
    with pytest.raises(SignInRefused):
        manned.door.sign_in("mo", OWN, at())
    with pytest.raises(PasswordChangeNeeded):
        manned.door.sign_in("mo", "the second one-time", at())


@pytest.mark.parametrize("name", ["mo", "nobody"])
def test_a_name_is_throttled_after_too_many_failures(manned: Store, name: str) -> None:
    for _ in range(MAX_FAILURES):
        with pytest.raises(SignInRefused):
            manned.door.sign_in(name, "wrong", at())
    for _ in range(2):
        with pytest.raises(SignInThrottled) as caught:
            manned.door.sign_in(name, FIRST, at(), OWN)
        assert 0 < caught.value.retry_after_s <= FAILURES_KEPT_S
    assert kinds(manned) == (["sign-in-throttled"] if name == "mo" else [])


def test_an_address_is_throttled_whatever_names_it_tries(manned: Store) -> None:
    for number in range(MAX_FAILURES_FROM):
        with pytest.raises(SignInRefused):
            manned.door.sign_in(f"somebody{number}", "wrong", at(ip_key="a"))
    with pytest.raises(SignInThrottled):
        manned.door.sign_in("mo", FIRST, at(ip_key="a"), OWN)
    manned.door.sign_in("mo", FIRST, at(ip_key="b"), OWN)


def test_signing_in_well_never_uses_an_address_up(manned: Store) -> None:
    enter(manned)
    for _ in range(MAX_FAILURES_FROM + 2):
        manned.door.sign_in("mo", OWN, at(ip_key="office"))


def test_what_addresses_take_up_is_bounded(manned: Store) -> None:
    redis = raw(manned)
    with pytest.raises(SignInRefused):
        manned.door.sign_in("mo", "wrong", at(ip_key="2001:db8::/64"))
    [key] = redis.scan_iter(keys.sign_in_attempts_from("*"))
    assert len(key) == len(keys.sign_in_attempts_from("ffff"))
    assert 0 < redis.ttl(key) <= FAILURES_KEPT_S


def test_signing_in_forgets_earlier_failures(manned: Store) -> None:
    enter(manned)
    for _ in range(2):
        for _ in range(MAX_FAILURES - 1):
            with pytest.raises(SignInRefused):
                manned.door.sign_in("mo", "wrong", at())
        manned.door.sign_in("mo", OWN, at())


def test_neither_password_nor_token_nor_code_is_kept(manned: Store) -> None:
    token = enter(manned)
    app, codes = enrol(manned)
    half = half_of(manned)
    redis = raw(manned)
    readers = {b"string": redis.get, b"hash": redis.hgetall, b"set": redis.smembers}
    stored = b" ".join(
        name + repr(readers.get(redis.type(name), str)(name)).encode()
        for name in redis.scan_iter("*")
    )
    assert b"argon2id" in stored
    secrets = (OWN, FIRST, token, token.removeprefix("es_"), half, app.secret, codes[0])
    for secret in (*secrets, codes[0].replace("-", "")):
        assert secret.encode() not in stored


def test_a_disabled_account_is_refused_like_a_wrong_password(manned: Store) -> None:
    token = enter(manned)
    manned.people.disable("mo", "cli", NOW_MS)
    assert who(manned, token) is None
    with pytest.raises(SignInRefused):
        manned.door.sign_in("mo", OWN, at())
    manned.people.enable("mo", "cli")
    assert who(manned, token) is None
    assert who(manned, manned.door.sign_in("mo", OWN, at()))


def test_a_second_factor_counts_once_its_first_code_is_given(manned: Store) -> None:
    enter(manned)
    app = pyotp.TOTP(manned.second_factor.begin("mo"))
    enter(manned)
    with pytest.raises(CodeRefused):
        manned.second_factor.confirm("mo", "000000", NOW_MS)
    enter(manned)
    manned.second_factor.confirm("mo", app.at(NOW_MS // 1000), NOW_MS)
    half_of(manned)


def test_password_then_code_open_a_session(manned: Store) -> None:
    enter(manned)
    app, _ = enrol(manned)
    half = half_of(manned, 1)
    assert who(manned, half, 1) is None
    token = manned.door.finish(half, app.at(NOW_MS // 1000 + 60), at(1))
    account = who(manned, token, 1)
    assert account is not None
    assert account.has_second_factor
    with pytest.raises(HalfSessionGone):
        manned.door.finish(half, app.at(NOW_MS // 1000 + 90), at(1.5))


@pytest.mark.parametrize(("off_s", "fits"), [(-60, False), (-30, True), (30, True), (60, False)])
def test_a_code_of_the_step_before_or_after_is_taken(manned: Store, off_s: int, fits: bool) -> None:
    enter(manned)
    app, _ = enrol(manned)
    half, code = half_of(manned, 10), app.at(NOW_MS // 1000 + 600 + off_s)
    if fits:
        assert manned.door.finish(half, code, at(10))
    else:
        with pytest.raises(CodeRefused):
            manned.door.finish(half, code, at(10))


def test_a_code_is_accepted_once(manned: Store) -> None:
    enter(manned)
    app, _ = enrol(manned)
    used_to_enrol = app.at(NOW_MS // 1000)
    with pytest.raises(CodeRefused):
        manned.door.finish(half_of(manned), used_to_enrol, at())
    code = app.at(NOW_MS // 1000 + 300)
    manned.door.finish(half_of(manned, 5), code, at(5))
    with pytest.raises(CodeRefused):
        manned.door.finish(half_of(manned, 5), code, at(5))


def test_a_recovery_code_opens_once_however_it_is_typed(manned: Store) -> None:
    enter(manned)
    _, codes = enrol(manned)
    assert len(set(codes)) == 10
    typed = codes[3].upper().replace("-", " ")
    assert manned.door.finish(half_of(manned), typed, at())
    with pytest.raises(CodeRefused):
        manned.door.finish(half_of(manned), codes[3], at())
    assert manned.second_factor.recovery_codes_left("mo") == 9
    assert "recovery-code" in kinds(manned)


def test_new_recovery_codes_void_the_old(manned: Store) -> None:
    enter(manned)
    _, old = enrol(manned)
    new = manned.second_factor.renew_recovery_codes("mo")
    with pytest.raises(CodeRefused):
        manned.door.finish(half_of(manned), old[0], at())
    assert manned.door.finish(half_of(manned), new[0], at())


@pytest.mark.parametrize("code", ["", "12345", "１２３４５６", "abc", "é" * 6, "-"])
def test_what_is_no_code_opens_nothing(manned: Store, code: str) -> None:
    enter(manned)
    enrol(manned)
    with pytest.raises(CodeRefused):
        manned.door.finish(half_of(manned), code, at())


def test_guessing_codes_is_throttled_also_with_the_password_between(manned: Store) -> None:
    enter(manned)
    enrol(manned)
    for _ in range(MAX_FAILURES):
        with pytest.raises(CodeRefused):
            manned.door.finish(half_of(manned), "000000", at())
    with pytest.raises(SignInThrottled):
        manned.door.sign_in("mo", OWN, at(5))


def test_a_half_session_lasts_five_minutes(manned: Store) -> None:
    enter(manned)
    enrol(manned)
    half_of(manned)
    [key] = raw(manned).scan_iter(keys.half_session("*"))
    assert 0 < raw(manned).ttl(key) <= 300


def test_a_half_session_ends_with_the_password_it_was_opened_by(manned: Store) -> None:
    enter(manned)
    app, _ = enrol(manned)
    half = half_of(manned)
    manned.people.reset_password("mo", "the second one-time", "cli")
    with pytest.raises(HalfSessionGone):
        manned.door.finish(half, app.at(NOW_MS // 1000 + 60), at(1))


def test_a_new_password_is_set_only_once_the_code_is_given_too(manned: Store) -> None:
    enter(manned)
    app, _ = enrol(manned)
    manned.people.reset_password("mo", "the second one-time", "cli")
    half = half_of(manned, 1, "the second one-time", "a third password")
    with pytest.raises(PasswordChangeNeeded):
        manned.door.sign_in("mo", "the second one-time", at(1))
    manned.door.finish(half, app.at(NOW_MS // 1000 + 60), at(1))
    half_of(manned, 2, "a third password")


def test_a_secret_sealed_for_one_account_is_none_for_another(manned: Store) -> None:
    enter(manned)
    app, _ = enrol(manned)
    sealed = raw(manned).hget(keys.user("mo"), "totp")
    raw(manned).hset(keys.user("eve"), mapping={"role": "ops", "totp": sealed})
    with pytest.raises(CodeRefused):
        manned.second_factor.take("eve", app.at(NOW_MS // 1000), NOW_MS + 5 * MINUTE_MS)
