"""Soft labels: what the encoder makes of texts that nobody has read, for the linear model.

``python -m training.soft --data FOLDER --out FILE`` writes them once; ``python -m
training.train --soft FILE`` learns from them. The encoder is the shipped one.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path

from service.moderation.models.encoder import SHIPPED, Encoder
from service.moderation.models.weights import ATTRIBUTES
from service.moderation.signal import TONE
from training.readings import key_of, readings
from training.rows import Raw, Row, Targets, read_unlabelled

SOURCE = "encoder_soft"

# French tweets found by words of hate, then what is civil: as many as an hour allows.
_SHARES = {
    "haine2022_tweets_fr_gpl": 30_000,
    "civil_toxicspans2021_ambiguous": 5_000,
    "edos2023_not_sexist": 6_000,
    "frwikidisc2014": 334,
    "commonvoice_fr_theatre": 1_500,
    "ud_french_parisstories": 1_000,
}
_BATCH = 256
_SEED = 7
# A guess of the encoder's beside 1 for a careful human label.
_WEIGHT = 0.5


def main(arguments: Sequence[str] | None = None) -> None:
    """Score a part of the unlabelled texts and write it down, a line of JSON for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--encoder", type=Path, default=SHIPPED)
    options = parser.parse_args(arguments)
    encoder = Encoder.load(options.encoder)
    with options.out.open("w", encoding="utf-8") as file:
        for line in _lines(_chosen(options.data), encoder):
            file.write(line)
            file.flush()


def _chosen(data: Path) -> list[tuple[str, str]]:
    """Return texts and languages, in an order in which any beginning is a fair sample."""
    rng = random.Random(_SEED)
    found: list[tuple[str, str]] = []
    for source, every in read_unlabelled(data).items():
        texts = [(text, lang) for text, lang in every if key_of(text) not in readings()]
        count = min(_SHARES.get(source, 0), len(texts))
        found += rng.sample(texts, count)
    rng.shuffle(found)
    return found


def _lines(chosen: Sequence[tuple[str, str]], encoder: Encoder) -> Iterator[str]:
    for start in range(0, len(chosen), _BATCH):
        part = chosen[start : start + _BATCH]
        judged = encoder.judge([text for text, _ in part], [lang for _, lang in part])
        for (text, lang), scores in zip(part, judged.scores.tolist(), strict=True):
            rounded = [round(score, 4) for score in scores]
            line = {"text": text, "lang": lang, "scores": rounded}
            yield json.dumps(line, ensure_ascii=False) + "\n"


def read_soft(path: Path) -> list[Row]:
    """Return the rows of a file of soft labels; they teach tone, not spam."""
    with path.open(encoding="utf-8") as lines:
        return [_row(json.loads(line)) for line in lines]


def _row(raw: Raw) -> Row:
    scores: Targets = dict(zip(ATTRIBUTES, raw["scores"], strict=True))
    tone = {attribute: score for attribute, score in scores.items() if attribute in TONE}
    return Row(raw["text"], raw["lang"], SOURCE, tone, _WEIGHT)


if __name__ == "__main__":
    main()
