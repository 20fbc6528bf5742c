"""The linear model: one featuriser, a file that cannot lie, scores that keep their order."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.moderation.batch import Batch
from service.moderation.comment import Case, Comment
from service.moderation.models.features import DENSE, ROWS, Features, features, word_stretches
from service.moderation.models.linear import SHIPPED, LinearModel, shipped_model
from service.moderation.models.weights import (
    ANY_LANGUAGE,
    ATTRIBUTES,
    MAGIC,
    ModelBroken,
    Weights,
    read,
    write,
)
from service.moderation.models.windows import LONG, windows
from service.moderation.signal import Attribute
from service.moderation.text import Text

TEXTS = st.lists(st.text(max_size=40), min_size=1, max_size=8)
TOXICITY = ATTRIBUTES.index(Attribute.TOXICITY)

# Sentences that stand in no training data.
NEUTRAL = {
    "fr": [
        "Le budget de la commune sera voté jeudi soir.",
        "Ma grand-mère polonaise faisait les meilleurs pierogi.",
        "Les personnes transgenres témoignent dans ce documentaire.",
        "Ramadan commence cette semaine, bon courage à tous.",
        "Mon mari est sénégalais et nous vivons à Nantes.",
        "Un couple de lesbiennes tient la librairie de la place.",
        "Les enfants roms vont enfin à l'école du quartier.",
        "La communauté juive de Strasbourg fête Pourim.",
        "Les Noirs américains ont obtenu le droit de vote tardivement.",
        "Elle est aveugle et joue du piano depuis l'enfance.",
        "Je trouve cette réforme injuste, mais débattons-en.",
        "L'équipe de France féminine a gagné deux à zéro.",
        "Pourquoi la bibliothèque ferme-t-elle le samedi ?",
        "Les Turcs de Berlin ont inventé ce sandwich, paraît-il.",
        "Mon neveu homosexuel a présenté son compagnon à Noël.",
        "Le prêtre, l'imam et le rabbin ont signé la tribune.",
        "Attention, le chiffre du tableau 3 est inexact.",
        "Vivement les vacances, il pleut depuis trois semaines.",
        "Les retraités paient déjà assez d'impôts, à mon avis.",
        "J'ai vécu dix ans au Maroc et j'y retourne chaque été.",
    ],
    "en": [
        "The council votes on the budget on Thursday evening.",
        "My Polish grandmother made the best dumplings.",
        "Transgender people tell their stories in this documentary.",
        "Ramadan starts this week, good luck to everyone.",
        "My husband is Nigerian and we live in Leeds.",
        "A lesbian couple runs the bookshop on the square.",
        "The Jewish community celebrates Purim tonight.",
        "She is blind and has played the piano since childhood.",
        "I find this reform unfair, but let us debate it.",
        "The women's team won two nil on Saturday.",
        "Why is the library closed on Saturdays now?",
        "My gay nephew introduced his partner at Christmas.",
        "The priest, the imam and the rabbi signed the letter.",
        "Careful, the figure in table three is off by ten.",
        "Roll on the holidays, it has rained for three weeks.",
        "I lived in Morocco for ten years and go back each summer.",
        "Hispanic voters turned out in larger numbers this year.",
        "Pensioners already pay enough tax, in my opinion.",
        "An Asian supermarket opened next to the station.",
        "Could you add the opening hours to the page, please?",
    ],
}
BLUNT = {
    "fr": ["Espèce de connard, ferme ta gueule", "Bande de sales enculés, allez tous crever"],
    "en": ["You are a fucking idiot, shut up", "Shut your mouth, you stupid cunt"],
}


def texts_of(contents: list[str]) -> list[Text]:
    return [Text.of(content) for content in contents]


def rows_of(found: Features, index: int) -> list[int]:
    """Return the rows of one text, in any order, without the filler."""
    chars = np.append(found.char_starts, found.chars.shape[1])
    words = np.append(found.word_starts, found.words.shape[1])
    rows = np.concatenate(
        [
            found.chars[:, chars[index] : chars[index + 1]].ravel(),
            found.words[:, words[index] : words[index + 1]].ravel(),
        ]
    )
    return sorted(rows[rows > 0].tolist())


def a_model(seed: int = 1) -> LinearModel:
    width = len(ATTRIBUTES)
    generator = np.random.default_rng(seed)
    table = generator.integers(-127, 128, (ROWS, width)).astype(np.int8)
    table[0] = 0
    return LinearModel(
        Weights(
            table,
            np.full(width, 0.01, np.float32),
            generator.normal(size=(len(DENSE), width)).astype(np.float32),
            np.zeros(width, np.float32),
            {ANY_LANGUAGE: np.stack([np.ones(width), np.zeros(width)]).astype(np.float32)},
        )
    )


MODEL = a_model()


@given(TEXTS)
def test_features_of_a_text_do_not_depend_on_its_neighbours(contents: list[str]) -> None:
    texts = texts_of(contents)
    together = features(texts)
    for index, text in enumerate(texts):
        alone = features([text])
        assert rows_of(together, index) == rows_of(alone, 0)
        assert together.counts[index] == alone.counts[0]
        np.testing.assert_array_equal(together.dense[index], alone.dense[0])


@given(TEXTS)
def test_counts_are_the_number_of_features(contents: list[str]) -> None:
    found = features(texts_of(contents))
    # A feature may hash to row 0, the filler: 1 in half a million.
    for index in range(len(found)):
        assert 0 <= found.counts[index] - len(rows_of(found, index)) <= 1


@given(st.text(max_size=60))
def test_word_stretches_match_the_words_of_the_features(content: str) -> None:
    text = Text.of(content)
    stretches = word_stretches(text)
    assert len(stretches) == features([text]).words.shape[1]
    assert all(text.revealed[start:end].isalnum() for start, end in stretches)


@given(TEXTS)
def test_scores_of_a_batch_are_those_of_its_texts_alone(contents: list[str]) -> None:
    texts = texts_of(contents)
    together = MODEL.scores(texts, [""] * len(texts))
    alone = np.concatenate([MODEL.scores([text], [""]) for text in texts])
    np.testing.assert_allclose(together, alone, atol=1e-5)


def test_scores_are_probabilities_one_line_per_text() -> None:
    scores = MODEL.scores(texts_of(["", "un", "deux mots"]), ["", "fr", "xx"])
    assert scores.shape == (3, len(ATTRIBUTES))
    assert ((scores >= 0) & (scores <= 1)).all()


def test_no_texts_have_no_scores() -> None:
    assert MODEL.scores([], []).shape == (0, len(ATTRIBUTES))


def test_a_language_takes_its_own_calibration() -> None:
    shifted = MODEL.weights.calibration[ANY_LANGUAGE] + np.array([[0], [2]], np.float32)
    calibration = {**MODEL.weights.calibration, "fr": shifted}
    model = LinearModel(replace(MODEL.weights, calibration=calibration))
    french, other = model.scores(texts_of(["a", "a"]), ["fr-CA", "it"])
    assert (french > other).all()


def test_batch_scores_use_each_comments_language() -> None:
    batch = Batch([Case(Comment(id="1", site="s", page="p", content="Bonjour", lang="fr"))])
    expected = MODEL.scores(texts_of(["Bonjour"]), ["fr"])
    np.testing.assert_array_equal(batch.once(MODEL.batch_scores), expected)


@given(st.text(min_size=1, max_size=60))
def test_explanations_point_at_words_of_the_original(content: str) -> None:
    for part in MODEL.explain(Text.of(content), Attribute.TOXICITY):
        assert 0 <= part.span.start < part.span.end <= len(content)


def test_explanations_put_the_insult_first() -> None:
    content = "Cher monsieur, vous êtes un c0nnard et je reste poli"
    parts = shipped_model().explain(Text.of(content), Attribute.TOXICITY)
    worst = max(parts, key=lambda part: part.amount)
    assert content[worst.span.start : worst.span.end] == "c0nnard"


@pytest.mark.parametrize("lang", NEUTRAL)
def test_ordinary_comments_score_below_one_half(lang: str) -> None:
    contents = NEUTRAL[lang]
    scores = shipped_model().scores(texts_of(contents), [lang] * len(contents))[:, TOXICITY]
    assert not [
        (content, score) for content, score in zip(contents, scores, strict=True) if score >= 0.5
    ]


@pytest.mark.parametrize("lang", BLUNT)
def test_blunt_insults_score_high(lang: str) -> None:
    contents = BLUNT[lang]
    scores = shipped_model().scores(texts_of(contents), [lang] * len(contents))[:, TOXICITY]
    assert (scores > 0.85).all()


@pytest.mark.parametrize(
    "written",
    ["c o n n a r d", "connaaaard", "cоnnard", "con\u200bnard", "ÇONNÂRD", "c.o.n.n.a.r.d"],
)
def test_a_disguise_scores_like_the_bare_word(written: str) -> None:
    bare, disguised = shipped_model().scores(texts_of(["connard", written]), ["fr", "fr"])
    assert disguised[TOXICITY] > 0.8 * bare[TOXICITY]


def test_an_insult_does_not_drown_in_a_long_comment() -> None:
    polite = "Le rapport rendu hier par la commission mérite d'être lu en entier. "
    content = polite * 15 + "Espèce de connard, ferme ta gueule. " + polite * 3
    (calm, rude) = shipped_model().scores(texts_of([polite * 18, content]), ["fr", "fr"])
    assert calm[TOXICITY] < 0.3
    assert rude[TOXICITY] > 0.5  # from where the default policy holds


@given(st.text(alphabet=st.sampled_from("ab .!?\n"), max_size=900))
def test_windows_cover_a_long_text_in_order(content: str) -> None:
    pieces = windows(content)
    assert all(0 < len(piece) <= 100 for piece in pieces)
    if len(content) > LONG:
        assert "".join("".join(pieces).split()) == "".join(content.split())
    else:
        assert not pieces


# The weights file ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("weights") / "linear.weights"
    write(path, MODEL.weights)
    return path


def test_weights_are_read_back_as_written(written: Path) -> None:
    weights = read(written)
    np.testing.assert_array_equal(weights.table, MODEL.weights.table)
    np.testing.assert_array_equal(weights.dense, MODEL.weights.dense)
    assert set(weights.calibration) == {ANY_LANGUAGE}


def test_the_shipped_file_is_small() -> None:
    assert SHIPPED.stat().st_size < 6_000_000


def test_the_models_that_are_shipped_take_at_most_forty_megabytes_together() -> None:
    encoder = SHIPPED.parent / "encoder"
    data = [SHIPPED, *(path for path in encoder.iterdir() if path.suffix not in {".py", ""})]
    assert {"linear.weights", "model.onnx", "tokenizer.json"} <= {path.name for path in data}
    assert sum(path.stat().st_size for path in data) <= 40_000_000


def test_a_missing_file_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(ModelBroken, match="no weights file"):
        read(tmp_path / "none")


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda data: b"PK" + data[2:], "not a weights file"),
        (lambda data: data[: len(MAGIC) + 20], "header"),
        (lambda data: data[:-1], "SHA-256"),
        (lambda data: data[:-1] + bytes([data[-1] ^ 1]), "SHA-256"),
        (lambda data: data[:0], "not a weights file"),
    ],
)
def test_a_damaged_file_is_refused(written: Path, tmp_path: Path, damage, message: str) -> None:  # type: ignore[no-untyped-def]
    broken = tmp_path / "broken"
    broken.write_bytes(damage(written.read_bytes()))
    with pytest.raises(ModelBroken, match=message):
        read(broken)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("version", 99, "version"),
        ("attributes", ["spam"], "attributes"),
        ("arrays", [], "arrays"),
        ("char_orders", [1], "char_orders"),
        ("calibration", {}, "calibration"),
        ("calibration", {"": [[1], [2]]}, "calibration"),
        ("calibration", {"": [["a"] * 8] * 2}, "calibration"),
        ("calibration", None, "calibration"),
    ],
)
def test_a_header_for_other_code_is_refused(
    written: Path, tmp_path: Path, field: str, value: object, message: str
) -> None:
    broken = tmp_path / "broken"
    broken.write_bytes(with_header(written.read_bytes(), field, value))
    with pytest.raises(ModelBroken, match=message):
        read(broken)


def with_header(data: bytes, field: str, value: object) -> bytes:
    start = len(MAGIC) + 4
    end = start + int.from_bytes(data[len(MAGIC) : start], "little")
    header = json.dumps({**json.loads(data[start:end]), field: value}).encode()
    return MAGIC + len(header).to_bytes(4, "little") + header + data[end:]
