"""The skim's weights: what they foretell of the network, and that they are the same each time."""

from pathlib import Path
from shutil import copy

import numpy as np
import pytest
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from service.moderation.models.encoder.head import odds_of
from service.moderation.models.encoder.skim import Skim
from service.moderation.models.linear import LinearModel
from service.moderation.signal import Attribute
from service.moderation.text import Text
from training.encoder import skim
from training.encoder.exported import logits_of
from training.encoder.lessons import tokenized
from training.rows import Row

# What the network of chance knows: not imported, for JAX starts threads and other tests fork.
VOCABULARY = 43
PIECES = 32
TEXTS = 600


@pytest.fixture(scope="module")
def folder(exported: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a network of chance with words of its own."""
    found = tmp_path_factory.mktemp("skimmed")
    copy(exported / "model.onnx", found)
    listed = {"<s>": 0, "<pad>": 1, "</s>": 2, "<unk>": 3}
    listed |= {f"w{n}": n for n in range(4, VOCABULARY)}
    tokenizer = Tokenizer(models.WordLevel(listed, "<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    tokenizer.save(str(found / "tokenizer.json"))
    return found


def some_rows(seed: int) -> list[Row]:
    rng = np.random.default_rng(seed)
    texts = [
        " ".join(f"w{n}" for n in rng.integers(4, VOCABULARY, rng.integers(2, 20)))
        for _ in range(TEXTS)
    ]
    return [Row(text, "fr", "made", {Attribute.TOXICITY: 0.0}, 1.0) for text in texts]


def test_it_foretells_what_the_network_says_of_texts_it_has_not_seen(folder: Path) -> None:
    skim.write(folder, some_rows(1), PIECES)
    fitted = Skim.load(folder / skim.NAME)
    texts = [row.text for row in some_rows(2)]
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    linear = odds_of(LinearModel.load().scores([Text.of(text) for text in texts], ["fr"] * TEXTS))
    found = fitted.log_odds(tokenized(texts, tokenizer, PIECES), linear)
    wanted = logits_of(folder / "model.onnx", tokenizer, texts, PIECES)
    likeness = [np.corrcoef(found[:, n], wanted[:, n])[0, 1] for n in range(wanted.shape[1])]
    assert min(likeness) > 0.5
    assert np.abs(found.mean(axis=0) - wanted.mean(axis=0)).max() < 0.2 * np.ptp(wanted)


def test_the_same_rows_give_the_same_file(folder: Path) -> None:
    def written() -> bytes:
        skim.write(folder, some_rows(1), PIECES)
        return (folder / skim.NAME).read_bytes()

    assert written() == written()


def test_only_texts_of_its_languages_teach_it_and_no_endless_ones(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(skim, "SHARES", {"fr": 500})
    skim.write(folder, some_rows(1), PIECES)
    alone = (folder / skim.NAME).read_bytes()
    others = [Row("w5 " * 300, "fr", "made", {}, 1.0), Row("w5 w6", "de", "made", {}, 1.0)]
    skim.write(folder, [*some_rows(1), *others], PIECES)
    assert (folder / skim.NAME).read_bytes() == alone
