"""Half a surrogate pair, and a byte order mark, do not keep a comment from being judged."""

from __future__ import annotations

import json
from codecs import BOM_UTF8
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.compat.json_sent import NotJson, json_in
from service.store.sites import Site
from tests.api.house import House
from tests.compat.perspective.caller import (
    ANALYZE,
    CORAL_SECRET,
    SUGGEST,
    Caller,
    signature,
)

HALF = "\ud83d"
RUDE = f"You fucking idiot {HALF}"


def sent(body: Any) -> bytes:
    """Write a body as JavaScript does, a lone surrogate as an escape."""
    return json.dumps(body).encode()


@pytest.fixture(scope="module")
def english(house: House) -> Caller:
    house.services.store.sites.create(Site("english", lang="en"))
    return Caller.of(house, "english")


@pytest.mark.parametrize("mark", [b"", BOM_UTF8])
def test_a_rude_comment_with_half_an_emoji_is_rude_at_each_door(
    english: Caller, mark: bytes
) -> None:
    raw = mark + sent({"comment": {"body": RUDE}})
    coral = english.coral_raw(raw, signature(raw, CORAL_SECRET), "english")
    assert coral.get_json()["status"] == "REJECTED"
    asked = {"comment": {"text": RUDE}, "requestedAttributes": {"INSULT": {}}, "languages": ["en"]}
    scores = english.post(ANALYZE, mark + sent(asked)).get_json()["attributeScores"]
    assert scores["INSULT"]["summaryScore"]["value"] > 0.9
    (result,) = english.moderate(mark + sent({"input": RUDE})).get_json()["results"]
    assert result["flagged"] is True
    wanted = {"INSULT": {"summaryScore": {"value": 1}}}
    suggested = {"comment": {"text": RUDE}, "attributeScores": wanted, "languages": ["en"]}
    assert english.post(SUGGEST, mark + sent(suggested)).status_code == 200


def test_spans_count_half_a_pair_as_one_unit_and_a_whole_one_as_two(english: Caller) -> None:
    text = f"Nice {HALF} day \U0001f600. You fucking idiot."
    raw = sent({
        "comment": {"text": text}, "requestedAttributes": {"INSULT": {"scoreThreshold": 0.8}},
        "languages": ["en"], "spanAnnotations": True,
    })  # fmt: skip
    (span,) = english.post(ANALYZE, raw).get_json()["attributeScores"]["INSULT"]["spanScores"]
    units = text.encode("utf-16-le", "surrogatepass")[span["begin"] * 2 : span["end"] * 2]
    assert units.decode("utf-16-le").strip() == "You fucking idiot."


def test_what_is_sent_back_has_no_half_in_it(english: Caller) -> None:
    raw = sent({
        "comment": {"text": "Hello there"}, "requestedAttributes": {"INSULT": {}},
        "clientToken": f"one {HALF}", "languages": ["en"],
    })  # fmt: skip
    assert english.post(ANALYZE, raw).get_json()["clientToken"] == "one \ufffd"


WHOLE = st.text(st.characters(codec="utf-8"), max_size=8)
HALVES = st.lists(WHOLE | st.just(HALF) | st.just("\ude00 "), max_size=4).map("".join)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**53), 2**53) | HALVES,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(HALVES, inner, max_size=3),
        max_leaves=8,
    )
)
def test_only_halves_become_another_letter_in_values_and_names(value: Any) -> None:
    def mended(each: Any) -> Any:
        if isinstance(each, str):
            units = each.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
            return "".join("\ufffd" if "\ud800" <= one <= "\udfff" else one for one in units)
        if isinstance(each, list):
            return [mended(one) for one in each]
        if isinstance(each, dict):
            return {mended(name): mended(one) for name, one in each.items()}
        return each

    assert json_in(sent(value)) == mended(value)


@pytest.mark.parametrize("raw", [b"", b"{", b"\xff\xfe", b"[" * 50_000, b'"\\ud800', b"NaN"])
def test_what_is_no_json_stays_none(raw: bytes) -> None:
    for body in (raw, b'["\\ud800", ' + raw, BOM_UTF8 + raw):
        with pytest.raises(NotJson):
            json_in(body)
