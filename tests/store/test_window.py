"""What the duplicate window keeps of a comment, and what it makes of its lines."""

from __future__ import annotations

from service.moderation.batch import Batch
from service.moderation.comment import Case, Comment, Facts
from service.store.window import is_needed, recent_from, window_lines

LONG = "La nouvelle passerelle du canal sera ouverte aux piétons dès le printemps prochain."


def case(name: str, content: str = LONG, *, is_staff: bool = False) -> Case:
    comment = Comment(id=name, site="s", page="/p", content=content, is_staff=is_staff)
    return Case(comment, Facts(author_key="ann"))


def test_lines_say_what_the_batch_knows_of_its_comments() -> None:
    batch = Batch([case("c1"), case("c2", "Une tout autre affaire occupe la rue du moulin.")])
    recent = recent_from(window_lines(batch))
    assert recent.ids == ("c1", "c2")
    assert recent.fingerprints.tolist() == batch.traces.fingerprints.tolist()
    assert recent.authors.tolist() == batch.traces.authors.tolist()
    assert recent.pages.tolist() == batch.traces.pages.tolist()


def test_of_a_comment_s_lines_only_the_latest_counts() -> None:
    (old,) = window_lines(Batch([case("c1")]))
    (other,) = window_lines(Batch([case("c2")]))
    (new,) = window_lines(Batch([case("c1", "short")]))
    recent = recent_from([old, other, new])
    assert recent.ids == ("c2", "c1")
    assert not recent.fingerprints[1].any()


def test_a_short_text_takes_no_room_unless_it_replaces_a_longer_one() -> None:
    (short,) = window_lines(Batch([case("c1", "short")]))
    assert not is_needed(short, 0)
    assert is_needed(short, 1)


def test_staff_may_say_the_same_to_everybody() -> None:
    (line,) = window_lines(Batch([case("c1", is_staff=True)]))
    assert not is_needed(line, 0)


def test_lines_of_an_earlier_release_are_left_out() -> None:
    (line,) = window_lines(Batch([case("c1")]))
    assert recent_from([bytes(24), line]).ids == ("c1",)


def test_an_empty_window_is_no_error() -> None:
    recent = recent_from([])
    assert recent.ids == ()
    assert recent.fingerprints.shape == (0, 32)
