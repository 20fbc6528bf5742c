"""The made-up comments: the same for one seed, distinct, in the promised proportions."""

from __future__ import annotations

from statistics import median

from bench.texts import written
from service.moderation.batch import Batch
from service.moderation.comment import Case, Comment, Facts
from service.moderation.copies import find_copies


def test_same_seed_writes_same_comments() -> None:
    assert written(50, seed=3) == written(50, seed=3)
    assert written(50, seed=3) != written(50, seed=4)


def test_every_comment_and_address_is_another() -> None:
    comments = written(2000, seed=1)
    assert len({comment.content for comment in comments}) == 2000
    assert len({comment.email for comment in comments}) == 2000


def test_one_in_ten_is_spam_and_one_in_twenty_abusive() -> None:
    kinds = [comment.kind for comment in written(4000, seed=1)]
    assert 0.08 < kinds.count("spam") / 4000 < 0.12
    assert 0.035 < kinds.count("toxic") / 4000 < 0.065


def test_half_the_comments_have_eighty_characters_or_fewer_in_two_languages() -> None:
    comments = written(1000, seed=1)
    assert 70 < median(len(comment.content) for comment in comments) < 90
    assert {comment.lang for comment in comments} == {"fr", "en"}


def test_ordinary_comments_are_no_campaign() -> None:
    ordinary = [comment for comment in written(1200, seed=1) if comment.kind == "plain"]
    cases = [
        Case(Comment(str(n), "bench", comment.page, comment.content), Facts(author_key=str(n)))
        for n, comment in enumerate(ordinary)
    ]
    copies = find_copies(Batch(cases))
    assert sum(len(found.ids) >= 5 for found in copies) < 0.01 * len(cases)
