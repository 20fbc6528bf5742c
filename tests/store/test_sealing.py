"""Personal data at rest: sealed, bound to its place, and in plain nowhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.moderation.comment import Facts
from service.moderation.verdict import Action, Status
from service.store.sealing import KEY_ID_BYTES, NONCE_BYTES, Personal, SealBroken, Vault
from service.store.store import Store
from tests.conftest import SECRETS, arrival_of, comment_of
from tests.store.shelf import WIDE, decide, raw, settle_all

OLD, NEW = b"o" * 32, b"n" * 32
CLAIRE = Personal("claire@example.org", "192.0.2.7")
PLAIN = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


@pytest.fixture(scope="module")
def vault() -> Vault:
    return Vault(SECRETS.signing, SECRETS.data_keys)


@given(email=PLAIN, ip=PLAIN, context=PLAIN)
def test_what_is_sealed_opens_again(vault: Vault, email: str, ip: str, context: str) -> None:
    personal = Personal(email, ip)
    assert vault.open(vault.seal(personal, context), context) == personal


@given(data=st.data())
def test_a_seal_altered_anywhere_is_refused(vault: Vault, data: st.DataObject) -> None:
    sealed = bytearray(vault.seal(CLAIRE, "c1"))
    place = data.draw(st.integers(0, len(sealed) - 1))
    sealed[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(SealBroken):
        vault.open(bytes(sealed), "c1")


@given(length=st.integers(0, KEY_ID_BYTES + NONCE_BYTES + 20))
def test_a_seal_cut_short_is_refused(vault: Vault, length: int) -> None:
    with pytest.raises(SealBroken):
        vault.open(vault.seal(CLAIRE, "c1")[:length], "c1")


def test_a_seal_moved_to_another_comment_is_refused(vault: Vault) -> None:
    with pytest.raises(SealBroken):
        vault.open(vault.seal(CLAIRE, "c1"), "c2")


def test_two_seals_of_the_same_data_differ(vault: Vault) -> None:
    assert vault.seal(CLAIRE, "c1") != vault.seal(CLAIRE, "c1")


def test_after_rotation_old_seals_open_and_new_ones_need_the_new_key() -> None:
    before, after = Vault(b"s" * 32, (OLD,)), Vault(b"s" * 32, (NEW, OLD))
    assert after.open(before.seal(CLAIRE, "c1"), "c1") == CLAIRE
    fresh = after.seal(CLAIRE, "c1")
    with pytest.raises(SealBroken):
        before.open(fresh, "c1")
    assert Vault(b"s" * 32, (NEW,)).open(fresh, "c1") == CLAIRE


def test_a_key_thrown_away_opens_nothing_any_more() -> None:
    sealed = Vault(b"s" * 32, (OLD,)).seal(CLAIRE, "c1")
    with pytest.raises(SealBroken):
        Vault(b"s" * 32, (NEW,)).open(sealed, "c1")


@given(value=st.text(min_size=1))
def test_a_look_up_hash_depends_on_its_kind_and_on_the_key(vault: Vault, value: str) -> None:
    kinds = ("email", "ip", "idempotency", "author id")
    hashes = {vault.lookup(kind, value) for kind in kinds}
    assert len(hashes) == len(kinds)
    assert all(len(found) == 24 for found in hashes)
    assert vault.lookup("email", value) == vault.lookup("email", value)
    assert Vault(b"another signing key" * 2, (OLD,)).lookup("email", value) not in hashes


def test_nothing_is_looked_up_as_nothing(vault: Vault) -> None:
    assert vault.lookup("email", "") == ""


@given(parts=st.lists(st.text(), max_size=3), purpose=st.sampled_from(["edit", "form"]))
def test_a_signature_holds_for_its_purpose_and_parts_only(
    vault: Vault, parts: list[str], purpose: str
) -> None:
    signature = vault.sign(purpose, *parts)
    assert len(signature) == 43
    assert vault.is_signed(signature, purpose, *parts)
    assert not vault.is_signed(signature, f"{purpose}x", *parts)
    assert not vault.is_signed(signature, purpose, *parts, "more")
    assert not vault.is_signed(signature[:-2] + "é", purpose, *parts)


def test_no_address_stands_in_plain_anywhere_in_the_database(store: Store) -> None:
    for number, action in enumerate(Action):
        arrival = arrival_of(
            comment_of(f"c{number}"),
            personal=CLAIRE,
            limits={**WIDE, "email": WIDE["ip"]},
            facts=Facts(author_key=store.vault.lookup("email", CLAIRE.email)),
            idempotency_scope=f"{CLAIRE.email}\x1f{CLAIRE.ip}\x1f{number}",
        )
        store.comments.accept(arrival)
        store.comments.accept(arrival)
        settle_all(store, action)
        decide(store, f"c{number}", Status.HELD)
    everything = b"\n".join(_kept(raw(store)))
    assert b"Merci pour cet article" in everything  # the scan sees what is in plain
    for secret in (b"claire@example", b"claire%40", b"192.0.2.7"):
        assert secret not in everything.lower()


def _kept(redis: Any) -> Iterator[bytes]:
    """Give every key with its value; a raw dump of a long one would be compressed."""
    readers = {
        b"string": redis.get,
        b"hash": redis.hgetall,
        b"zset": lambda key: redis.zrange(key, 0, -1),
        b"set": redis.smembers,
        b"list": lambda key: redis.lrange(key, 0, -1),
        b"stream": redis.xrange,
        b"none": lambda _: b"",
    }
    for key in redis.scan_iter("*"):
        yield key
        yield redis.dump(key) or b""
        yield from _bytes_in(readers[redis.type(key)](key))


def _bytes_in(value: Any) -> Iterator[bytes]:
    if isinstance(value, bytes):
        yield value
    elif isinstance(value, dict):
        yield from _bytes_in(list(value.items()))
    else:
        for item in value or ():
            yield from _bytes_in(item)
