"""A text in pieces: evidence marked where it stands, unseen characters shown, nothing lost."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from service.moderation.signal import Attribute, Evidence, Signal, Span, evidence_spans
from service.web.queue.marking import Kind, Piece, pieces


def marked(text: str, *spans: tuple[int, int]) -> list[str]:
    found = pieces(text, [Span(start, end) for start, end in spans])
    return [piece.text for piece in found if piece.kind is Kind.MARKED]


def test_a_word_after_emoji_is_marked_where_it_stands() -> None:
    text = "👍🏽👨‍👩‍👧 quel idiot 🇫🇷"
    start = text.index("idiot")
    assert marked(text, (start, start + 5)) == ["idiot"]


def test_spans_that_overlap_or_touch_become_one() -> None:
    assert marked("abcdefgh", (1, 4), (3, 6), (6, 7)) == ["bcdefg"]


def test_spans_beyond_the_text_are_cut_to_it() -> None:
    assert marked("abc", (-3, 1), (2, 90), (50, 60)) == ["a", "c"]


def test_characters_that_nobody_sees_are_named() -> None:
    found = pieces("a\u202eb\u200bc", [])
    assert found == [
        Piece("a"),
        Piece("U+202E", Kind.UNSEEN),
        Piece("b"),
        Piece("U+200B", Kind.UNSEEN),
        Piece("c"),
    ]


def test_what_speaks_for_a_comment_is_not_marked() -> None:
    said = (Evidence("site.approved", {"count": 3}, (Span(0, 3),)),)
    good = Signal("site.layer", Attribute.SPAM, 0.9, -0.5, said)
    bad = Signal("spam.links", Attribute.SPAM, 0.9, 0.5, said)
    assert evidence_spans([good], "content") == []
    assert evidence_spans([good, bad], "content") == [Span(0, 3)]


def test_evidence_is_marked_in_its_own_field_only() -> None:
    said = (Evidence("author.trade", {"phrase": "x"}, (Span(0, 1, "author"),)),)
    signal = Signal("spam.author_link", Attribute.SPAM, 0.9, 0.5, said)
    assert evidence_spans([signal], "content") == []
    assert evidence_spans([signal], "author") == [Span(0, 1, "author")]


@given(
    st.text("abc👍é ", max_size=30), st.lists(st.tuples(st.integers(-5, 40), st.integers(-5, 40)))
)
def test_the_pieces_of_a_text_are_the_text(text: str, spans: list[tuple[int, int]]) -> None:
    found = pieces(text, [Span(start, end) for start, end in spans])
    assert "".join(piece.text for piece in found) == text
    assert all(piece.text for piece in found)
