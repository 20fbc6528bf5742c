"""The registry: every check is there, is well-behaved, and fails without taking others along."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.moderation import checks
from service.moderation.batch import Batch
from service.moderation.checks import CHECKS, attributes_of, build_pipeline
from service.moderation.comment import Case, Comment, Facts
from service.moderation.pipeline import Pipeline
from service.moderation.signal import REFUSALS, TONE, Attribute
from tests.conftest import comment_of

ANYTHING = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=200),
    st.sampled_from(["", " ", "\x00", "a" * 5000, "😀" * 300, "http://" * 50, "\u202e\u200b" * 50]),
)


@pytest.fixture(scope="module")
def pipeline() -> Pipeline:
    return build_pipeline()


def test_every_check_loads(pipeline: Pipeline) -> None:
    assert pipeline.faulty == ()
    assert len(pipeline.checks) == len(CHECKS)


def test_a_check_is_named_by_where_it_stands(pipeline: Pipeline) -> None:
    modules = [entry.partition(":")[0] for entry in CHECKS]
    assert [check.name for check in pipeline.checks] == modules
    assert len(set(modules)) == len(modules)


def test_every_file_that_holds_a_check_is_registered() -> None:
    folder = Path(checks.__file__).parent
    with_check = {
        f"{path.parent.name}.{path.stem}"
        for path in folder.glob("*/*.py")
        if "def review(self, batch" in path.read_text("utf-8")
    }
    assert with_check == {entry.partition(":")[0] for entry in CHECKS}


@pytest.mark.parametrize("entry", ["spam.nowhere:Nowhere", "spam.links:Nowhere"])
def test_a_check_that_fails_to_load_is_named_and_the_others_stay(
    monkeypatch: pytest.MonkeyPatch, entry: str
) -> None:
    monkeypatch.setattr(checks, "CHECKS", ("spam.shouting:Shouting", entry, "spam.flood:Flood"))
    built = build_pipeline()
    assert [check.name for check in built.checks] == ["spam.shouting", "spam.flood"]
    assert built.faulty == (entry.partition(":")[0],)


def test_no_check_stumbles_over_an_empty_batch(pipeline: Pipeline) -> None:
    for check in pipeline.checks:
        assert list(check.review(Batch([]))) == []


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(contents=st.lists(ANYTHING, min_size=1, max_size=4), author=ANYTHING, url=ANYTHING)
def test_every_check_judges_anything_and_answers_as_it_must(
    pipeline: Pipeline, contents: list[str], author: str, url: str
) -> None:
    batch = Batch([
        Case(comment_of(f"c{number}", content, author=author, url=url), Facts(author_key="a"))
        for number, content in enumerate(contents)
    ])  # fmt: skip
    findings = pipeline.look(batch)
    assert findings.unscreened == [[] for _ in contents]
    for case, signals in zip(batch.cases, findings.signals, strict=True):
        for signal in signals:
            assert signal.attribute in attributes_of(signal.check)
            assert 0 <= signal.score <= 1
            assert -1 <= signal.weight <= 1
            for evidence in signal.evidence:
                assert evidence.code
                for span in evidence.spans:
                    text = getattr(case.comment, span.field)
                    assert 0 <= span.start < span.end <= len(text)


def test_a_check_speaks_of_nothing_but_what_is_declared_of_it(pipeline: Pipeline) -> None:
    contents = [
        "He is not an idiot",
        "You are a fucking idiot, I will kill you tonight, you dirty whore.",
        "Je vais te tuer, sale connard de merde.",
        "Best online casino!!! BUY NOW http://casino-win.xyz http://bit.ly/free",
    ]
    cases = [Case(comment_of(f"c{n}", content)) for n, content in enumerate(contents)]
    said: dict[str, set[Attribute]] = {}
    for signals in pipeline.look(Batch(cases)).signals:
        for signal in signals:
            said.setdefault(signal.check, set()).add(signal.attribute)
    assert {REFUSALS, "toxicity.lexicon", "toxicity.encoder", "spam.linear"} <= set(said)
    assert all(about <= attributes_of(check) for check, about in said.items())
    assert attributes_of(REFUSALS) == {Attribute.INSULT}
    assert attributes_of("toxicity.encoder") == TONE
    assert attributes_of("spam.links") == {Attribute.SPAM}
    assert attributes_of("site.layer") == attributes_of("remote") == set(Attribute)


def test_a_comment_is_judged_alike_alone_and_in_company(pipeline: Pipeline) -> None:
    contents = ["Merci beaucoup.", "BUY NOW http://a.test", "You idiot", "Une belle photo."]
    cases = [
        Case(Comment(f"c{n}", "demo", "/p", content, author="Claire"))
        for n, content in enumerate(contents)
    ]
    together = pipeline.look(Batch(cases)).signals
    for case, signals in zip(cases, together, strict=True):
        (alone,) = pipeline.look(Batch([case])).signals
        assert [(s.check, s.attribute) for s in alone] == [(s.check, s.attribute) for s in signals]
        assert [s.score for s in alone] == pytest.approx([s.score for s in signals], abs=1e-6)
