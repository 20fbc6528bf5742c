"""Stored verdicts: kept whole, and read as they were stored before."""

from __future__ import annotations

import orjson
import pytest

from service.moderation.verdict import Action, Verdict
from service.store.records import verdict_from, verdict_json


def test_the_language_of_a_verdict_is_kept() -> None:
    verdict = Verdict(Action.APPROVE, "clean", lang="pl", is_lang_served=False)
    assert verdict_from(verdict_json(verdict)) == verdict


@pytest.mark.parametrize("missing", [("lang", "is_lang_served"), ("stages",)])
def test_a_verdict_of_an_earlier_version_is_still_read(missing: tuple[str, ...]) -> None:
    verdict = Verdict(Action.HOLD, "spam.hold")
    data = orjson.loads(verdict_json(verdict))
    for name in missing:
        del data[name]
    assert verdict_from(orjson.dumps(data)) == verdict
