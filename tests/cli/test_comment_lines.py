"""Lines of comments: every line once, in order, however they arrive, in bounded memory."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterable, Iterator

from hypothesis import given
from hypothesis import strategies as st

from service.cli import comment_lines
from service.cli.comment_lines import (
    LONGEST_LINE,
    MOST_TOGETHER,
    Entry,
    Form,
    LineInvalid,
    Unread,
    arriving_lines,
    comment_of,
    entries_together,
)


class Pieces:
    """A stream that yields what it was told, piece by piece."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces: Iterator[bytes] = iter(pieces)

    def read1(self, _size: int, /) -> bytes:
        return next(self._pieces, b"")


BYTES = st.lists(st.binary(min_size=1, max_size=12) | st.just(b"\n"), max_size=12)


@given(BYTES)
def test_lines_are_those_of_the_whole_however_it_is_cut(pieces: list[bytes]) -> None:
    whole = b"".join(pieces)
    lines = [line for found in arriving_lines(Pieces(pieces), "-") for line in found]
    wanted = whole.split(b"\n")
    wanted = wanted[:-1] if wanted[-1] == b"" else wanted
    assert [line.raw for line in lines] == wanted
    assert [line.number for line in lines] == list(range(1, len(wanted) + 1))
    assert sum(line.size for line in lines) == len(whole)


@given(st.lists(st.integers(0, 40), max_size=6), st.integers(1, 9))
def test_a_line_that_is_too_long_is_counted_and_not_kept(sizes: list[int], step: int) -> None:
    whole = b"".join(b"x" * size + b"\n" for size in sizes)
    pieces = [whole[start : start + step] for start in range(0, len(whole), step)]
    usual, comment_lines.LONGEST_LINE = comment_lines.LONGEST_LINE, 20
    try:
        lines = [line for found in arriving_lines(Pieces(pieces), "-") for line in found]
    finally:
        comment_lines.LONGEST_LINE = usual
    assert [line.raw is not None for line in lines] == [size <= 20 for size in sizes]
    assert [line.size for line in lines] == [size + 1 for size in sizes]


def peak_bytes(pieces: Iterator[bytes]) -> int:
    tracemalloc.start()
    try:
        for _ in arriving_lines(Pieces(pieces), "-"):
            pass
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_an_endless_line_takes_no_more_memory_than_the_longest_allowed() -> None:
    assert peak_bytes(b"x" * 65_536 for _ in range(1_000)) < 4 * LONGEST_LINE


def test_endless_lines_are_never_held_together() -> None:
    pieces, piece = 300, b"Bonjour !\n" * 1_000
    assert peak_bytes(piece for _ in range(pieces)) < pieces * len(piece) / 3


def test_a_batch_is_bounded_in_comments_and_in_bytes() -> None:
    lines = b"a\n" * 1000 + b"b" * 90_000 + b"\n" + b"c" * 90_000 + b"\n" + b"d" * 90_000 + b"\n"
    sizes = [len(few) for few in _entries(lines)]
    assert sum(sizes) == 1003
    assert max(sizes) == MOST_TOGETHER
    for few in _entries(lines):
        assert sum(entry.line.size for entry in few) <= 300_000


def _entries(raw: bytes, form: Form = Form.AUTO) -> list[list[Entry]]:
    return list(entries_together(Pieces([raw]), "-", form, "fr"))


@given(st.lists(st.binary(max_size=30), max_size=8), st.sampled_from(Form))
def test_every_line_that_is_not_blank_has_its_entry(rows: list[bytes], form: Form) -> None:
    raw = b"\n".join(rows)
    entries = [entry for few in _entries(raw, form) for entry in few]
    numbers = [n for n, line in enumerate(raw.split(b"\n"), 1) if line.strip()]
    assert [entry.line.number for entry in entries] == numbers
    assert all(entry.fault for entry in entries if isinstance(entry, Unread))


@given(st.binary(max_size=60), st.booleans())
def test_any_bytes_are_a_comment_or_a_named_fault(raw: bytes, is_json: bool) -> None:
    try:
        case, _ = comment_of(raw, is_json, "fr")
    except LineInvalid as error:
        said = str(error)
    else:
        said = f"fine: {type(case.comment.content).__name__}"
    assert said


def texts(raw: str, form: Form = Form.AUTO) -> list[str]:
    entries = [entry for few in _entries(raw.encode(), form) for entry in few]
    return [
        "unread" if isinstance(entry, Unread) else entry.case.comment.content for entry in entries
    ]


def test_a_comment_in_json_among_lines_of_text_is_read_as_one() -> None:
    raw = 'Bonjour\n{"text": "Merci", "lang": "fr"}\n{"content": "Encore"}\nAu revoir\n'
    assert texts(raw) == ["Bonjour", "Merci", "Encore", "Au revoir"]


def test_words_in_braces_among_lines_of_text_stay_as_they_are() -> None:
    for line in ("{Hi|Hello} all", '{"lang": "fr"}', '["text"]', "{oops", '{"text": "cut o'):
        assert texts(f"Bonjour\n{line}\n") == ["Bonjour", line]


def test_a_comment_in_json_whose_text_is_none_is_named_and_not_judged_as_it_stands() -> None:
    assert texts('Bonjour\n{"text": 3}\n') == ["Bonjour", "unread"]


def test_a_file_that_begins_with_json_names_whatever_is_none() -> None:
    assert texts('{"text": "Merci"}\nBonjour\n{oops\n[1]\n') == ["Merci"] + 3 * ["unread"]


def test_a_form_that_was_named_holds_for_every_line() -> None:
    raw = 'Bonjour\n{"text": "Merci"}\n'
    assert texts(raw, Form.TEXT) == ["Bonjour", '{"text": "Merci"}']
    assert texts(raw, Form.JSONL) == ["unread", "Merci"]
