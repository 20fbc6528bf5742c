"""A site's own lists: what they find, where, and that no pattern can stop a worker."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.moderation.batch import Batch
from service.moderation.comment import Case, Comment, Facts
from service.moderation.custom_rules import (
    MOST_PATTERNS,
    Rule,
    RuleInvalid,
    custom_check,
    read_pattern,
)
from service.moderation.pipeline import Pipeline
from service.moderation.policy import decide, merged, policy_from
from service.moderation.signal import Attribute, Signal
from service.moderation.verdict import Action, Verdict
from service.schemas.wording import reasons
from tests.conftest import comment_of

TWO = {"hold": 0.5, "refuse": 0.9}


def verdict_of(policy: dict[str, Any], content: str, **more: Any) -> Verdict:
    comment = comment_of("c1", content, **{"author": "Claire", "lang": "fr", **more})
    (verdict,) = Pipeline(()).review(Batch([Case(comment)]), policy_from(policy))
    return verdict


def seen(policy: dict[str, Any], content: str, **more: Any) -> list[str]:
    """Return the words of the comment that the rules point at."""
    comment = comment_of("c1", content, **{"author": "Claire", **more})
    return [
        getattr(comment, span.field)[span.start : span.end]
        for signal in verdict_of(policy, content, **more).signals
        for item in signal.evidence
        for span in item.spans
    ]


@pytest.mark.parametrize(
    ("name", "action"),
    [("hold", Action.HOLD), ("reject", Action.REJECT), ("spam", Action.SPAM)],
)
@pytest.mark.parametrize("kind", ["words", "patterns"])
def test_a_list_does_what_it_is_called(kind: str, name: str, action: Action) -> None:
    verdict = verdict_of({kind: {name: ["promo"]}}, "Une promo, vite")
    assert (verdict.action, verdict.rule) == (action, f"list.{name}")
    assert verdict_of({kind: {name: ["promo"]}}, "Une remise, vite").action is Action.APPROVE


def test_an_entry_moves_no_score() -> None:
    verdict = verdict_of({"words": {"spam": ["promo"]}}, "Une promo")
    assert not any(verdict.scores.values())


@pytest.mark.parametrize(
    ("entry", "content", "found"),
    [
        ("promo", "La PROMO du jour", ["PROMO"]),
        ("promo", "Une promotion, des promos", []),
        ("promo*", "Une promotion, des promos", ["promo", "promo"]),
        ("*phobe", "Un xénophobe et des phobes", ["phobe"]),
        ("bon plan", "Un bon plan ici", ["bon plan"]),
        ("éhonté", "C'est ehonte !", ["ehonte"]),
        ("ehonte", "C'est éhonté !", ["éhonté"]),
        ("viagra", "v.i.a.g.r.a et v1agra", ["v.i.a.g.r.a", "v1agra"]),
        ("viagra", "vi\u200bagra", ["vi\u200bagra"]),
        ("C++", "J'aime le C++.", ["C++"]),
        (".shop", "voir exemple.shop vite", [".shop"]),
    ],
)
def test_a_word_is_found_as_people_write_it(entry: str, content: str, found: list[str]) -> None:
    assert seen({"words": {"hold": [entry]}}, content) == found


@pytest.mark.parametrize("field", ["author", "url"])
def test_the_author_s_name_and_link_are_read_too(field: str) -> None:
    assert seen({"words": {"spam": ["casino"]}}, "Bonjour", **{field: "casino"}) == ["casino"]
    assert seen({"patterns": {"spam": ["cas.no"]}}, "Bonjour", **{field: "casino"}) == ["casino"]


def test_a_pattern_points_at_characters_though_it_reads_bytes() -> None:
    assert seen({"patterns": {"hold": [r"n°\s*\d+"]}}, "😀 Réf N° 42 été") == ["N° 42"]


def test_a_pattern_may_insist_on_capitals() -> None:
    assert seen({"patterns": {"hold": ["(?-i)PROMO"]}}, "promo PROMO") == ["PROMO"]


def test_a_pattern_that_ends_within_a_letter_points_at_what_comes_before_it() -> None:
    assert seen({"patterns": {"hold": [r"caf\C"]}}, "Un café") == ["caf"]


def test_a_pattern_that_marks_no_words_still_decides() -> None:
    verdict = verdict_of({"patterns": {"hold": [r"\b"]}}, "mot")
    assert verdict.rule == "list.hold"
    assert verdict.signals[0].evidence[0].spans == ()


def test_the_weightiest_list_decides_and_all_are_reported() -> None:
    lists = {"words": {"hold": ["un"], "reject": ["deux"]}, "patterns": {"spam": ["trois"]}}
    verdict = verdict_of(lists, "un deux trois")
    assert verdict.rule == "list.spam"
    assert len(verdict.signals) == 3
    assert verdict_of(lists, "un deux").rule == "list.reject"


def test_a_list_to_hold_saves_nobody_from_refusal() -> None:
    policy = policy_from({"words": {"hold": ["promo"]}, "thresholds": {"spam": TWO}})
    batch = Batch([Case(comment_of("c1", "promo"))])
    spam = Signal("x.y", Attribute.SPAM, 1.0)
    found = Pipeline(()).look(batch, [custom_check(policy.rules)]).signals[0]
    assert decide(policy, batch.cases[0], [*found, spam], ()).rule == "spam.refuse"
    assert decide(policy, batch.cases[0], found, ()).rule == "list.hold"


def test_staff_stands_above_lists() -> None:
    assert verdict_of({"words": {"reject": ["promo"]}}, "promo", is_staff=True).rule == "staff"


def test_reasons_begin_with_the_list_in_both_languages() -> None:
    verdict = verdict_of({"words": {"reject": ["promo*"]}}, "Une promotion")
    assert reasons(verdict, "en") == [
        "This site's own list refuses it.",
        "It contains “promo*”, which is on this site's list.",
    ]
    assert len(set(reasons(verdict, "fr")) | set(reasons(verdict, "en"))) == 4


def test_spans_and_entries_shown_are_bounded() -> None:
    words = [f"mot{number}" for number in range(30)]
    verdict = verdict_of({"words": {"hold": words}}, " ".join(words * 30))
    (signal,) = verdict.signals
    assert len(signal.evidence) == 10
    assert all(len(item.spans) <= 20 for item in signal.evidence)


@pytest.mark.parametrize("written", ["(a", r"(a)\1", "(?=a)b", "(?<!a)b", "a{2000}", "*a"])
def test_what_re2_cannot_run_is_refused_with_its_reason(written: str) -> None:
    with pytest.raises(RuleInvalid, match=r"RE2 cannot read it: .+"):
        read_pattern(written)


@pytest.mark.parametrize(
    ("written", "content"),
    [
        ("(a+)+$", "a" * 20_000 + "?"),
        ("(a|a)*b", "a" * 20_000),
        ("(.*)*x", "a" * 20_000),
        (r"^(\w+\s?)*!", "mot " * 5_000 + "?"),
        ("(x+x+)+y", "x" * 20_000),
        ("(?:a?){50}a{50}$", "a" * 20_000 + "?"),
    ],
)
def test_patterns_that_stop_other_engines_come_to_an_end(written: str, content: str) -> None:
    assert verdict_of({"patterns": {"hold": [written]}}, content).rule == "clean"


def test_as_many_patterns_as_are_allowed_run_on_a_long_comment() -> None:
    patterns = [f"mot{number}[a-z]+ fin" for number in range(MOST_PATTERNS)]
    assert verdict_of({"patterns": {"hold": patterns}}, "mot9 " * 4000).rule == "clean"
    assert verdict_of({"patterns": {"hold": patterns}}, "x mot99abc fin").rule == "list.hold"


WORDS = st.lists(st.text("abcé 1*", min_size=1, max_size=4).filter(lambda w: w.strip(" *")))


@given(WORDS, st.text("abcéA1 .", max_size=12))
def test_listed_words_are_those_that_stand_alone(words: list[str], content: str) -> None:
    folded = content.lower().replace("é", "e")
    wanted = {
        word for word in words if re.search(expression(word.strip().replace("é", "e")), folded)
    }
    verdict = verdict_of({"words": {"hold": words}}, content, author="")
    shown = {str(i.params["entry"]) for s in verdict.signals for i in s.evidence}
    assert wanted <= shown or len(shown) == 10


def expression(word: str) -> str:
    before = "" if word.startswith("*") else r"(?<![^\W_])"
    after = "" if word.endswith("*") else r"(?![^\W_])"
    bare = word.strip("*").strip()
    return f"{before if bare[0] != '*' else ''}{re.escape(bare)}{after}"


@given(st.text(max_size=8))
def test_any_text_is_a_pattern_or_a_named_fault(written: str) -> None:
    try:
        pattern = read_pattern(written)
    except RuleInvalid as error:
        said = str(error)
    else:
        said = "" if pattern.search(b"") else "fine"
    assert said


def test_a_site_s_lists_lie_over_those_of_its_preset() -> None:
    base = {"words": {"hold": ["un"]}}
    over = {"words": {"spam": ["deux"]}}
    rules = policy_from(merged(base, over)).rules
    assert rules.words == (Rule(Action.HOLD, "un"), Rule(Action.SPAM, "deux"))


def test_a_failing_list_holds_the_comment() -> None:
    case = Case(Comment("c1", "s", "p", "promo"), Facts())
    policy = policy_from({"words": {"spam": ["promo"]}})

    class Refusing:
        def __enter__(self) -> None:
            raise TimeoutError

        def __exit__(self, *_: object) -> None: ...

    pipeline = Pipeline((), guard=lambda _check: Refusing())
    (verdict,) = pipeline.review(Batch([case]), policy)
    assert verdict.unscreened == ("custom.rules",)
    assert verdict.action is Action.HOLD
    assert Attribute.SPAM not in verdict.scores
