"""The cascade: who is read by the encoder, what becomes of the scores, and what when it fails."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from service.moderation.batch import Batch
from service.moderation.cascade import Cascade
from service.moderation.checks.spam.linear import LinearSpam
from service.moderation.checks.toxicity.encoder import EncoderToxicity
from service.moderation.checks.toxicity.linear import LinearToxicity
from service.moderation.comment import Case, Comment, Facts
from service.moderation.encoder_options import EncoderMode, EncoderOptions
from service.moderation.models.encoder import Encoder
from service.moderation.models.linear import LinearModel
from service.moderation.models.weights import ATTRIBUTES, ModelBroken
from service.moderation.pipeline import Pipeline
from service.moderation.policy import Policy, Threshold
from service.moderation.reader import MOST_FAILURES_IN_A_ROW, REST_ASKS, Reader
from service.moderation.signal import Attribute
from service.moderation.verdict import Action, Stage
from service.schemas.wording import ENCODER_FAILED, reasons
from tests.encoders import BIAS, WEIGHTS, linear_that_says, write_encoder

TOXICITY, SPAM, PROFANITY = map(
    ATTRIBUTES.index, (Attribute.TOXICITY, Attribute.SPAM, Attribute.PROFANITY)
)
POLICY = Policy({Attribute.TOXICITY: {"*": Threshold(0.5, 0.9)}})
DOUBT, CALM, ALARM = 0.0, -4.0, 4.0
"""Log-odds of the linear model within the band of 0.2 to 0.8, far below it and above."""
UNEASY = -2.0
"""Log-odds just below the band, where words decide whether a comment is read."""


def linear_of(
    toxicity: float, spam: float = -6.0, learned: Sequence[str] = ("en", "fr")
) -> LinearModel:
    """Return a linear model that gives every text the same log-odds."""
    biases = np.full(len(ATTRIBUTES), -6.0, np.float32)
    biases[[TOXICITY, SPAM]] = toxicity, spam
    return linear_that_says(biases, learned)


@pytest.fixture
def encoder(tmp_path: Path) -> Encoder:
    return Encoder.load(write_encoder(tmp_path / "encoder"))


@pytest.fixture
def cascade_of(encoder: Encoder) -> Callable[..., Cascade]:
    def made(
        toxicity: float = DOUBT, mode: EncoderMode = EncoderMode.UNCERTAIN, **more: Any
    ) -> Cascade:
        return Cascade(linear_of(toxicity, **more), Reader(lambda: encoder), mode)

    return made


def batch_of(*contents: str, lang: str = "en") -> Batch:
    return Batch(
        [
            Case(Comment(f"c{n}", "demo", "/p", content, lang=lang), Facts(site_lang=lang))
            for n, content in enumerate(contents)
        ]
    )


def sigmoid(value: float) -> float:
    return 1 / (1 + math.exp(-value))


def read(cascade: Cascade, *contents: str, lang: str = "en") -> list[bool]:
    flags: list[bool] = cascade.judge(batch_of(*contents, lang=lang)).is_read.tolist()
    return flags


def toxicity(cascade: Cascade, content: str, lang: str = "en") -> float:
    return float(cascade.judge(batch_of(content, lang=lang)).scores[0, TOXICITY])


# Who is read ------------------------------------------------------------------------------


@pytest.mark.parametrize(("odds", "is_read"), [(DOUBT, True), (CALM, False), (ALARM, False)])
def test_comments_in_the_band_are_read(
    cascade_of: Callable[..., Cascade], odds: float, is_read: bool
) -> None:
    assert read(cascade_of(odds), "The house is green", "A tree") == [is_read] * 2


def test_each_language_has_its_band(tmp_path: Path) -> None:
    band = {"": [0.2, 0.8], "fr": [0.001, 0.8]}
    encoder = Encoder.load(write_encoder(tmp_path, band=band))
    cascade = Cascade(linear_of(CALM, learned=("en", "fr")), Reader(lambda: encoder))
    assert read(cascade, "The house is green", lang="en") == [False]
    assert read(cascade, "La maison est verte", lang="fr") == [True]


@pytest.mark.parametrize(
    "content",
    [
        "Les musulmans de mon quartier",
        "As a gay man I agree",
        "I know where you live",
        "Je sais où tu habites",
        "I hate that they call us names",
        "On nous traite de tout",
        "L'arabe du coin",
        "quel c0nnard",
    ],
)
@pytest.mark.parametrize("odds", [UNEASY, ALARM])
def test_words_that_call_for_a_reader_of_meaning_have_one(
    cascade_of: Callable[..., Cascade], content: str, odds: float
) -> None:
    assert read(cascade_of(odds), content, "The house is green") == [True, False]


def test_where_nothing_speaks_against_a_comment_only_threats_call_for_a_reader(
    cascade_of: Callable[..., Cascade],
) -> None:
    contents = ("Je sais où tu habites", "Les musulmans de mon quartier", "quel c0nnard")
    assert read(cascade_of(CALM), *contents) == [True, False, False]


def test_a_refusal_is_read_where_there_is_a_score_to_lower(
    cascade_of: Callable[..., Cascade],
) -> None:
    assert read(cascade_of(UNEASY), "Nobody deserves this") == [True]
    assert read(cascade_of(-3.0), "Nobody deserves this") == [False]


@pytest.mark.parametrize(("odds", "is_read"), [(UNEASY, False), (-0.5, False), (0.5, True)])
def test_what_is_surely_spam_is_read_only_when_rude(
    cascade_of: Callable[..., Cascade], odds: float, is_read: bool
) -> None:
    assert read(cascade_of(odds, spam=6.0), "quel c0nnard") == [is_read]


@pytest.mark.parametrize(("odds", "is_read"), [(-6.0, False), (1.0, True), (3.5, False)])
def test_doubtful_spam_is_read(
    cascade_of: Callable[..., Cascade], odds: float, is_read: bool
) -> None:
    assert read(cascade_of(CALM, spam=odds), "The house is green") == [is_read]


def test_always_means_every_comment_in_a_language_it_knows(
    cascade_of: Callable[..., Cascade],
) -> None:
    cascade = cascade_of(CALM, mode=EncoderMode.ALWAYS)
    russian = "Добрый вечер, дорогие друзья, как ваши дела сегодня?"
    assert read(cascade, "A green house", russian, "", lang="") == [True, False, True]


def test_a_language_that_the_linear_model_has_not_learned_is_read_by_the_encoder_alone(
    cascade_of: Callable[..., Cascade],
) -> None:
    cascade = cascade_of(CALM, learned=("en",))
    assert read(cascade, "La casa è verde", lang="it") == [True]
    assert toxicity(cascade, "vile vile", lang="it") == pytest.approx(sigmoid(BIAS + 12.0))


def test_switched_off_the_encoder_is_never_even_loaded() -> None:
    loaded = []
    cascade = Cascade(linear_of(DOUBT), Reader(lambda: loaded.append(1)), EncoderMode.OFF)  # type: ignore[arg-type, return-value]
    judgement = cascade.judge(batch_of("vile"))
    cascade.warm_up()
    assert not loaded
    assert not (judgement.is_read | judgement.is_missed).any()


# Skimmed ------------------------------------------------------------------------------------


@pytest.fixture
def skimming(tmp_path: Path) -> Callable[..., Cascade]:
    """Return cascades over an encoder that calls everything below 0.4 calm, in English."""
    encoder = Encoder.load(write_encoder(tmp_path / "calm", calm={"en": 0.4}))

    def made(mode: EncoderMode = EncoderMode.UNCERTAIN, odds: float = DOUBT) -> Cascade:
        return Cascade(linear_of(odds, learned=("en", "fr")), Reader(lambda: encoder), mode)

    return made


def test_a_mild_doubt_is_read_unless_a_skim_finds_nothing(
    skimming: Callable[..., Cascade],
) -> None:
    contents = ["The house is green", "kind kind kind", "vile", "refuse", "so kind and so vile"]
    assert read(skimming(), *contents) == [True, False, True, False, True]


def test_what_may_be_profane_is_skimmed_and_read_too(tmp_path: Path) -> None:
    encoder = Encoder.load(write_encoder(tmp_path, calm={"en": 0.4}))
    linear = linear_of(CALM)
    linear.weights.biases[PROFANITY] = DOUBT
    cascade = Cascade(linear, Reader(lambda: encoder))
    rude = {**WEIGHTS, "oath": {Attribute.PROFANITY: 6.0}, "word": {Attribute.PROFANITY: -8.0}}
    knowing = Encoder.load(write_encoder(tmp_path / "rude", rude, calm={"en": 0.4}))
    assert read(cascade, "green") == [True]
    assert read(Cascade(linear, Reader(lambda: knowing)), "word", "oath") == [False, True]


def test_what_a_skim_settles_has_the_score_that_it_expects(
    skimming: Callable[..., Cascade],
) -> None:
    judgement = skimming().judge(batch_of("refuse", "vile"))
    expected = sigmoid(0.75 * (-8.0 / 3 + DOUBT) + 0.25 * DOUBT)
    assert judgement.scores[0, TOXICITY] == pytest.approx(expected, abs=1e-3)
    assert judgement.scores[0, SPAM] == pytest.approx(sigmoid(-6.0), abs=1e-4)
    assert not judgement.is_missed.any()
    assert judgement.embeddings is not None
    assert len(judgement.embeddings) == 1


def test_what_a_skim_leaves_has_the_score_of_whoever_reads_it(
    skimming: Callable[..., Cascade], cascade_of: Callable[..., Cascade]
) -> None:
    found = toxicity(skimming(), "vile kind")
    assert found == pytest.approx(toxicity(cascade_of(), "vile kind"), abs=1e-4)


def test_a_strong_doubt_is_read_however_calm_its_skim(skimming: Callable[..., Cascade]) -> None:
    contents = ["refuse quel connard", "refuse les musulmans", "refuse and I will find you"]
    assert read(skimming(), *contents) == [True, True, True]


def test_a_language_of_which_nobody_says_what_is_calm_is_read(
    skimming: Callable[..., Cascade],
) -> None:
    assert read(skimming(), "refuse", lang="fr") == [True]


def test_with_the_encoder_always_everything_is_read(skimming: Callable[..., Cascade]) -> None:
    assert read(skimming(EncoderMode.ALWAYS), "refuse", "kind") == [True, True]
    assert read(skimming(EncoderMode.OFF), "refuse", "vile") == [False, False]


def test_a_comment_outside_the_band_is_not_even_skimmed(skimming: Callable[..., Cascade]) -> None:
    assert toxicity(skimming(odds=CALM), "refuse") == pytest.approx(sigmoid(CALM), abs=1e-4)


def test_where_a_skim_fails_everything_in_doubt_is_read(tmp_path: Path) -> None:
    encoder = Encoder.load(write_encoder(tmp_path, calm={"en": 0.4}))
    assert encoder.skimming is not None
    bad = replace(encoder, skimming=replace(encoder.skimming, pieces=np.zeros((0, 8), np.float32)))
    cascade = Cascade(linear_of(DOUBT), Reader(lambda: bad))
    assert read(cascade, "refuse", "vile") == [True, True]
    assert cascade.reader.failures == 1


# What becomes of the scores -----------------------------------------------------------------


@pytest.mark.parametrize("odds", [DOUBT, 1.0, -1.0])
@pytest.mark.parametrize(("content", "own"), [("vile", BIAS + 6.0), ("refuse vile", BIAS - 2.0)])
def test_a_score_is_that_of_both_log_odds_together(
    cascade_of: Callable[..., Cascade], odds: float, content: str, own: float
) -> None:
    expected = sigmoid(0.75 * own + 0.25 * odds)
    assert toxicity(cascade_of(odds), content) == pytest.approx(expected, abs=1e-4)


def test_a_refusal_of_an_insult_scores_lower_than_its_words(
    cascade_of: Callable[..., Cascade],
) -> None:
    quoted = "They call us vile and we refuse"
    assert toxicity(cascade_of(ALARM), quoted) < 0.5 < sigmoid(ALARM)


def test_the_shares_of_both_are_the_encoders_to_say(tmp_path: Path) -> None:
    blend = {"": [0.5, 0.5], "fr": [1.0, 0.0]}
    encoder = Encoder.load(write_encoder(tmp_path, blend=blend))
    cascade = Cascade(linear_of(1.0, learned=("en", "fr")), Reader(lambda: encoder))
    own = BIAS + 6.0
    assert toxicity(cascade, "vile") == pytest.approx(sigmoid((own + 1) / 2), abs=1e-4)
    assert toxicity(cascade, "vile", lang="fr") == pytest.approx(sigmoid(own), abs=1e-4)


def test_spam_is_scored_by_both_as_tone_is(cascade_of: Callable[..., Cascade]) -> None:
    scores = cascade_of(DOUBT, spam=1.0).judge(batch_of("offer")).scores
    assert scores[0, SPAM] == pytest.approx(sigmoid(0.75 * (BIAS + 6.0) + 0.25), abs=1e-4)


def test_comments_are_judged_alike_alone_and_in_company(
    cascade_of: Callable[..., Cascade],
) -> None:
    contents = ["vile", "kind words", "refuse " * 30, "", "offer vile"] * 8
    cascade = cascade_of()
    together = cascade.judge(batch_of(*contents)).scores
    for content, scores in zip(contents, together, strict=True):
        alone = cascade.judge(batch_of(content)).scores[0]
        assert alone == pytest.approx(scores, abs=1e-5)


# When it fails ------------------------------------------------------------------------------


def broken() -> Encoder:
    raise ModelBroken("no files")


def test_without_an_encoder_the_linear_model_decides_and_the_verdict_says_so() -> None:
    cascade = Cascade(linear_of(1.0), Reader(broken))
    pipeline = Pipeline((LinearToxicity(cascade), EncoderToxicity(cascade)))
    (verdict,) = pipeline.review(batch_of("The house"), POLICY)
    assert verdict.stages == (Stage.LINEAR, Stage.ENCODER_FAILED)
    assert (verdict.action, verdict.unscreened) == (Action.HOLD, ())
    assert verdict.scores[Attribute.TOXICITY] == pytest.approx(sigmoid(1.0), abs=1e-4)
    assert ENCODER_FAILED in reasons(verdict, "en")
    assert any("Le second modèle" in reason for reason in reasons(verdict, "fr"))


def test_comments_the_encoder_was_not_needed_for_do_not_mention_its_failure() -> None:
    cascade = Cascade(linear_of(-3.2), Reader(broken))  # below the default band
    pipeline = Pipeline((LinearToxicity(cascade), EncoderToxicity(cascade)))
    verdicts = pipeline.review(batch_of("The house", "quel connard"), POLICY)
    assert [verdict.stages for verdict in verdicts] == [
        (Stage.LINEAR,), (Stage.LINEAR, Stage.ENCODER_FAILED),
    ]  # fmt: skip


def test_a_failure_is_counted_each_time_and_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    reader = Reader(broken)
    with caplog.at_level(logging.INFO):
        for _ in range(2 * REST_ASKS):
            assert reader.ask(lambda encoder: encoder.about) is None
    assert len(caplog.records) == 1
    assert MOST_FAILURES_IN_A_ROW <= reader.failures <= MOST_FAILURES_IN_A_ROW + 3


def test_an_encoder_that_comes_back_is_asked_again(encoder: Encoder) -> None:
    tries: list[int] = []

    def load() -> Encoder:
        tries.append(1)
        if len(tries) <= MOST_FAILURES_IN_A_ROW:
            raise ModelBroken("not yet")
        return encoder

    cascade = Cascade(linear_of(DOUBT), Reader(load))
    answers = [read(cascade, "vile")[0] for _ in range(REST_ASKS + 2 * MOST_FAILURES_IN_A_ROW)]
    assert answers[0] is False
    assert answers[-1] is True
    assert len(tries) == MOST_FAILURES_IN_A_ROW + 1


def test_a_comment_the_encoder_stumbles_over_costs_the_others_nothing(tmp_path: Path) -> None:
    weights = {**WEIGHTS, "poison": {Attribute.TOXICITY: math.nan}}
    encoder = Encoder.load(write_encoder(tmp_path, weights))
    cascade = Cascade(linear_of(DOUBT), Reader(lambda: encoder))
    judgement = cascade.judge(batch_of("vile", "poison", "kind", "vile kind"))
    assert judgement.is_read.tolist() == [True, False, True, True]
    assert judgement.is_missed.tolist() == [False, True, False, False]
    clean = Cascade(linear_of(DOUBT), Reader(lambda: encoder))
    expected = clean.judge(batch_of("vile", "kind", "vile kind"))
    assert judgement.scores[[0, 2, 3]] == pytest.approx(expected.scores, abs=1e-5)
    assert judgement.scores[1, TOXICITY] == pytest.approx(0.5)
    assert judgement.embeddings == pytest.approx(expected.embeddings, abs=1e-5)


# The checks ---------------------------------------------------------------------------------


def test_each_comment_has_the_signals_of_one_stage(cascade_of: Callable[..., Cascade]) -> None:
    cascade = cascade_of(-1.9)  # 0.13: worth a signal, below the band
    pipeline = Pipeline((LinearToxicity(cascade), EncoderToxicity(cascade)))
    verdicts = pipeline.review(batch_of("A green house", "vile musulman"), POLICY)
    checks = [
        {signal.check for signal in verdict.signals if signal.attribute is Attribute.TOXICITY}
        for verdict in verdicts
    ]
    assert checks == [{"toxicity.linear"}, {"toxicity.encoder"}]
    assert [v.stages for v in verdicts] == [(Stage.LINEAR,), (Stage.LINEAR, Stage.ENCODER)]
    together = sigmoid(0.75 * (BIAS + 6.0) + 0.25 * -1.9)
    assert verdicts[1].scores[Attribute.TOXICITY] == pytest.approx(together, abs=1e-4)


def test_where_the_encoder_speaks_a_language_the_word_of_both_counts_in_full(
    cascade_of: Callable[..., Cascade],
) -> None:
    cascade = cascade_of(DOUBT, learned=("en",))
    (signals,) = EncoderToxicity(cascade).review(batch_of("La casa vile", lang="it"))
    assert {signal.weight for signal in signals} == {1.0}


def test_doubtful_spam_has_the_score_of_both(cascade_of: Callable[..., Cascade]) -> None:
    (signals,) = LinearSpam(cascade_of(CALM, spam=0.0)).review(batch_of("offer"))
    assert [signal.score for signal in signals] == pytest.approx([sigmoid(0.75 * (BIAS + 6.0))])


def test_the_options_choose_the_encoder(tmp_path: Path) -> None:
    options = EncoderOptions(EncoderMode.ALWAYS, tmp_path / "none.onnx")
    assert LinearToxicity.over(options)._cascade is EncoderToxicity.over(options)._cascade
    with pytest.raises(ModelBroken, match=r"none\.toml"):
        options.load()
