"""The made-up comments: the same for one seed, distinct, in the promised proportions."""

from __future__ import annotations

from bench.texts import written


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


def test_comments_have_about_two_hundred_characters_in_two_languages() -> None:
    comments = written(1000, seed=1)
    assert 180 < sum(len(comment.content) for comment in comments) / 1000 < 230
    assert {comment.lang for comment in comments} == {"fr", "en"}
