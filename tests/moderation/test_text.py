"""Texts are folded and revealed, and every character knows where it came from."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.moderation.signal import Span
from service.moderation.text import Text, _revealed

TRICKY = st.text(
    alphabet=st.one_of(
        st.sampled_from(
            "aeosxcnnrdABC éÉçœßﬁıİсоеНα\u0301\u200b\u202e\u00ad\n\t\r .-_*0134@$!ｶﾞ각가"
        ),
        st.characters(),
    )
)


@pytest.mark.parametrize(
    "written",
    [
        "c0nnard",
        "c o n n a r d",
        "c.o.n.n.a.r.d",
        "c-o-n-n-a-r-d",
        "c . o . n . n . a . r . d",
        "connaaaard",
        "cоnnard",  # Cyrillic о
        "con\u200bnard",
        "co\u00adnnard",
        "ÇONNÂRD",
        "ｃｏｎｎａｒｄ",
        "𝒄𝒐𝒏𝒏𝒂𝒓𝒅",
        "ⓒⓞⓝⓝⓐⓡⓓ",
        "c̶o̶n̶n̶a̶r̶d̶",
        "conn@rd",
        "c\u202eonnard",
    ],
)
def test_disguises_are_undone(written: str) -> None:
    assert Text.of(written).revealed == "connard"


@pytest.mark.parametrize(
    ("written", "revealed"),
    [
        ("f.u.c.k", "fuck"),
        ("$alope", "salope"),
        ("a$$", "ass"),
        ("5alope", "salope"),
        ("c0nn4$$3", "connasse"),
        ("$4l0p3", "salope"),
        ("pu741n", "putain"),
        ("€nfo!ré", "enfoire"),
        ("what a b a s t a r d", "what a bastard"),
        ("a s s h o l e", "asshole"),
    ],
)
def test_signs_and_separators_are_read_as_letters(written: str, revealed: str) -> None:
    assert Text.of(written).revealed == revealed


@pytest.mark.parametrize(
    "written",
    [
        "@pierre",
        "24h",
        "g20",
        "le 14 juillet",
        "bravo !",
        "y a",
        "c2c",
        "5 000 €",
        "1984",
        "covid19",
        "8h30",
        "4x4",
        "cash$$$",
    ],
)
def test_numbers_mentions_and_short_words_stay_as_they_are(written: str) -> None:
    assert Text.of(written).revealed == written


def test_plain_keeps_what_revealed_undoes() -> None:
    text = Text.of("C0nnaaaard, va !")
    assert (text.plain, text.revealed) == ("c0nnaaaard, va !", "connard, va !")


@pytest.mark.parametrize(
    "genuine", ["москва", "все хорошо, it-шник", "ελλάδα νίκη", "сосо и москва", "오늘", "שלום"]
)
def test_other_scripts_are_not_turned_into_latin(genuine: str) -> None:
    assert Text.of(genuine).plain == genuine


def test_a_word_of_lookalikes_in_a_latin_text_is_latin() -> None:
    assert Text.of("you ѕех you").plain == "you sex you"


def test_ligatures_and_typographic_signs_are_plain() -> None:
    assert Text.of("Œuvre, Straße, ﬁn, l’État").plain == "oeuvre, strasse, fin, l'etat"


def test_control_characters_leave_and_line_feeds_stay() -> None:
    assert Text.of("a\x00b\nc\td\x1be").plain == "ab\nc\tde"


def test_a_plain_span_points_at_the_original() -> None:
    text = Text.of("un \u200bŒuf")
    start = text.plain.index("oeuf")
    assert text.plain_offsets().span(start, start + 2) == Span(4, 5)


def test_a_revealed_span_covers_the_disguise() -> None:
    text = Text.of("Oh, c.o.n.n.a.r.d !")
    start = text.revealed.index("connard")
    span = text.revealed_offsets().span(start, start + len("connard"))
    assert text.original[span.start : span.end] == "c.o.n.n.a.r.d"


@given(TRICKY)
def test_offsets_run_forward_within_the_original(original: str) -> None:
    text = Text.of(original)
    for spans in (_plain_spans(text), _revealed_spans(text)):
        assert all(0 <= span.start < span.end <= len(original) for span in spans)
        assert [span.start for span in spans] == sorted(span.start for span in spans)
        assert [span.end for span in spans] == sorted(span.end for span in spans)


@given(TRICKY)
def test_plain_text_rebuilt_from_the_offsets_is_the_plain_text(original: str) -> None:
    """Fold each stretch that the offsets name, on its own: both ways must agree."""
    text = Text.of(original)
    stretches = dict.fromkeys(_plain_spans(text))
    if not _has_lookalikes(original):
        rebuilt = "".join(Text.of(original[span.start : span.end]).plain for span in stretches)
        assert rebuilt == text.plain


@given(TRICKY, st.data())
def test_a_span_reaches_from_its_first_letter_to_its_last(
    original: str, data: st.DataObject
) -> None:
    text = Text.of(original)
    for offsets, spans in (
        (text.plain_offsets(), _plain_spans(text)),
        (text.revealed_offsets(), _revealed_spans(text)),
    ):
        if spans:
            first = data.draw(st.integers(0, len(spans) - 1))
            last = data.draw(st.integers(first, len(spans) - 1))
            found = offsets.span(first, last + 1)
            assert (found.start, found.end) == (spans[first].start, spans[last].end)


def test_offsets_of_a_long_text_hold_what_is_odd_in_it_and_not_every_letter() -> None:
    text = Text.of("un mot ordinaire, " * 1000 + "ﬁn\u0301 ï… " + "ｃｏｎ " * 1000)
    assert len(text.plain_offsets().begins) < 10
    assert text.plain_offsets() is text.plain_offsets()


@given(TRICKY)
def test_no_letter_stands_three_times_in_a_row_once_revealed(original: str) -> None:
    revealed = Text.of(original).revealed
    triples = zip(revealed, revealed[1:], revealed[2:], strict=False)
    assert not any(a == b == c and re.match(r"[^\W\d_]", a) for a, b, c in triples)


@given(st.lists(st.text(alphabet="aabé01478!|@$€. -\n_²五😀", max_size=12), max_size=4))
def test_no_disguise_is_passed_over_for_its_shape_alone_or_among_others(texts: list[str]) -> None:
    prepared = Text.each(texts)
    assert [text.revealed for text in prepared] == [_revealed(text.plain)[0] for text in prepared]
    assert prepared == [Text.of(text) for text in texts]


# What Latin-1 has no letter for, and no other character joins.
BEYOND_LATIN_1 = "\u2603"


@given(st.text(alphabet=st.characters(max_codepoint=255)))
def test_latin_1_is_folded_as_any_text_is(original: str) -> None:
    beside = Text.of(original + BEYOND_LATIN_1)
    assert Text.of(original).plain + BEYOND_LATIN_1 == beside.plain


@given(st.text(alphabet=st.characters(max_codepoint=127)))
def test_ascii_is_only_lowered_and_freed_of_controls(original: str) -> None:
    kept = "".join(c for c in original if c.isprintable() or c in "\n\t" or c.isspace())
    assert Text.of(original).plain.split() == kept.lower().split()


def _plain_spans(text: Text) -> list[Span]:
    offsets = text.plain_offsets()
    return [offsets.span(place, place + 1) for place in range(len(text.plain))]


def _revealed_spans(text: Text) -> list[Span]:
    offsets = text.revealed_offsets()
    return [offsets.span(place, place + 1) for place in range(len(text.revealed))]


def _has_lookalikes(text: str) -> bool:
    """Tell whether a letter's folding may depend on its neighbours."""
    composed = unicodedata.normalize("NFKC", text)
    return any("\u0370" <= char <= "\u058f" or "\u13a0" <= char <= "\u13ff" for char in composed)


def test_a_sign_that_stands_for_a_phrase_is_no_longer_than_itself() -> None:
    prepared = Text.of("avant ﷺ après")
    assert prepared.plain == "avant   apres"
    assert prepared.plain_offsets().span(8, 13) == Span(8, 13)
