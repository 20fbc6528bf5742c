"""Soft labels: what both models together make of posts and comments that nobody labelled.

Where they err they seldom err alike, and their sum ranks better than either.
"""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from service.moderation.models.linear import LinearModel
from service.moderation.models.weights import ATTRIBUTES
from service.moderation.signal import TONE
from service.moderation.text import Text
from training.encoder import learn
from training.encoder.learn import Encoder
from training.encoder.lessons import tokenized
from training.rows import Row, Targets

# How many of each source's texts are labelled so.
_MOST: Mapping[str, int] = {
    "haine2022_tweets_fr_gpl": 10_000,
    "civil_toxicspans2021_ambiguous": 2_500,
}
_WEIGHT = 1.5


def softened(
    data: Path, encoder: Encoder, tokenizer: Tokenizer, pieces: int, seed: int
) -> list[Row]:
    """Return rows with the mean of the log-odds of ``encoder`` and the shipped linear model."""
    rows = _unlabelled(data, seed)
    texts = [text for _, text, _ in rows]
    logits = learn.judged(encoder, tokenized(texts, tokenizer, pieces))
    linear = LinearModel.load().log_odds([Text.of(text) for text in texts])
    scores = 1 / (1 + np.exp(-(logits + linear) / 2))
    return [
        Row(text, lang, source, _targets(found), _WEIGHT)
        for (source, text, lang), found in zip(rows, scores.tolist(), strict=True)
    ]


def _targets(scores: Sequence[float]) -> Targets:
    return {name: score for name, score in zip(ATTRIBUTES, scores, strict=True) if name in TONE}


def _unlabelled(data: Path, seed: int) -> list[tuple[str, str, str]]:
    """Return source, text and language of the rows chosen by ``seed``."""
    rng = random.Random(seed)
    with gzip.open(data / "unlabelled.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    chosen = []
    for source, most in _MOST.items():
        given = [(source, row["text"], row["lang"]) for row in rows if row["source"] == source]
        chosen += rng.sample(given, min(most, len(given)))
    return chosen
