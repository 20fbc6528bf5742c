"""The comments written for judging: labelled, taught to nobody, and judged by the policy."""

from __future__ import annotations

import re

import pytest

from service.moderation.encoder_options import LINEAR_ALONE
from training.evaluation.comments import FATES, LABELS, fates, written
from training.rows import written_rows


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_each_comment_has_a_label_and_a_kind_and_is_there_once(lang: str) -> None:
    comments = written(lang)
    assert {each.label for each in comments} == set(LABELS)
    assert all(each.kind and each.text.strip() for each in comments)
    assert len({each.text for each in comments}) == len(comments) > 200


def test_none_of_them_has_taught() -> None:
    def bare(text: str) -> str:
        return re.sub(r"\W+", " ", text.lower()).strip()

    taught = {bare(row.text) for row in written_rows()}
    assert taught.isdisjoint(bare(each.text) for lang in ("fr", "en") for each in written(lang))


def test_the_policy_decides_about_each() -> None:
    comments = written("fr")
    found = fates(comments, LINEAR_ALONE)
    assert len(found) == len(comments)
    assert set(found) == set(FATES)
    refused = [each for each, fate in zip(comments, found, strict=True) if fate == "refused"]
    assert not [each.text for each in refused if each.label == "ok"]
