"""What the encoder is taught: how many rows of each source, and how far each counts."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from tokenizers import Tokenizer

from service.moderation.text import Text
from training.encoder import templates
from training.encoder.disguise import disguised
from training.encoder.source import Floats
from training.rows import (
    CALM_SOURCES,
    COMMENTS_READ,
    SENTENCES_BESIDE,
    SENTENCES_READ,
    WORD_SOURCES,
    Row,
)
from training.targets import targets_of, weights_of

LANGUAGES = ("fr", "en", "de", "pt", "es", "it", "nl")

# A source that is artificial, one-sided, noisy or of another domain gives this many rows.
_MOST: Mapping[str, int] = {
    "davidson2017": 5000,
    "paradetox2022": 8000,
    "mlma2019": 4500,
    "convabuse2021": 1200,
    "vicomtech2018": 3500,
    "germeval2018": 4500,
    "toldbr2020": 5000,
    "cat_context2020": 11000,
    "measuringhate2020": 12000,
    "edos2023": 2500,
    "misogyny_eacl2021": 3500,
    "jigsaw_templates2021": 1200,
    "gahd2024": 4000,
    "sms_spam_uci2011": 1500,
    "sms_spam_mt2022": 1500,
    "edos2023_not_sexist": 2000,
    "civil_toxicspans2021_ambiguous": 2000,
    "links_added": 1500,
    "commonvoice_fr_misc": 1000,
    "commonvoice_fr_theatre": 500,
    "commonvoice_fr_parl": 500,
    "commonvoice_en": 500,
    "commonvoice_es": 800,
    "commonvoice_pt": 500,
    "commonvoice_nl": 800,
    "commonvoice_it": 800,
    "ud_french_parisstories": 800,
    "ud_french_rhapsodie": 800,
}
# The linear model's trust in a source, corrected: comments that readers wrote count more.
FACTORS: Mapping[str, float] = {
    "cat_context2020": 2.0,
    "civil_toxicspans2021": 1.6,
    "measuringhate2020": 1.6,
    "foxnews2017": 1.3,
    "frwikidisc2014": 0.5,
    "hatemojibuild2022": 1.3,
    "contrast_written": 0.6,
    "sentences_written": 0.5,
}
# The same in the second phase, which reads some sources several times.
CAREFUL_FACTORS: Mapping[str, float] = {
    **FACTORS,
    "posts_read": 0.7,
    COMMENTS_READ: 1.0,
    SENTENCES_BESIDE: 1.7,
    SENTENCES_READ: 0.5,
    # At the linear model's trust in them calm sentences taught nothing.
    **dict.fromkeys(CALM_SOURCES, 3.0),
    "measuringhate2020": 2.2,
    "hatemojibuild2022": 2.0,
    "gahd2024": 2.0,
    "germeval2018": 1.5,
    "toldbr2020": 1.5,
    "vicomtech2018": 1.5,
    "edos2023": 1.5,
}
_MOST_WEIGHT = 4.0


@dataclass(frozen=True, slots=True)
class Mix:
    """Say how often a phase reads the rows labelled by reading, and what it rehearses.

    ``contrasts`` and ``mentions`` say in how many fillings the templates are read.
    ``rehearsed`` is the share read again of what each source may give, ``more`` what is
    added to it for some sources.
    """

    contrasts: int
    mentions: int
    times: Mapping[str, float]
    rehearsed: float
    more: Mapping[str, float]


SECOND = Mix(
    contrasts=9,
    mentions=6,
    times={
        "posts_read": 1.0,
        COMMENTS_READ: 1.0,
        SENTENCES_READ: 1.0,
        "translated_civil_toxicspans2021": 1.0,
        "translated_foxnews2017": 1.0,
        "translated_hatemojibuild2022": 1.0,
        "translated_cat_context2020": 1.0,
        "contrast_written": 2.5,
        "sentences_written": 1.5,
        SENTENCES_BESIDE: 2.0,
        "spam_written": 0.7,
    },
    rehearsed=0.1,
    more={
        "civil_toxicspans2021": 0.06,
        "cat_context2020": 0.06,
        "measuringhate2020": 0.06,
        "hatemojibuild2022": 0.3,
        "foxnews2017": 1.0,
        **dict.fromkeys(CALM_SOURCES, 1.0),
    },
)
# How much the loss of each attribute counts, in their order.
_ATTRIBUTES = np.array([0.7, 1.0, 0.3, 0.5, 0.4, 0.5, 0.4, 0.3], np.float32)
_SMOOTHING = 0.04
_DISGUISED, _REVEALED = 0.14, 0.08


@dataclass(frozen=True, slots=True)
class Lessons:
    """Hold tokenized rows: ids per row, targets and weights (rows, attributes)."""

    ids: Sequence[Sequence[int]]
    targets: Floats
    weights: Floats


def is_taught(row: Row) -> bool:
    """Tell whether a row is a sentence in a served language."""
    return row.source not in WORD_SOURCES and row.lang in LANGUAGES


def all_sources(rows: Sequence[Row], seed: int, share: float = 1.0) -> list[Row]:
    """Return ``share`` of what each source may give, chosen by ``seed``."""
    rng = random.Random(seed)
    by_source: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_source[row.source].append(row)
    chosen: list[Row] = []
    for source, given in by_source.items():
        most = min(len(given), _MOST.get(source, len(given)))
        chosen += rng.sample(given, round(share * most))
    return chosen


def careful(rows: Sequence[Row], mix: Mix, seed: int) -> list[Row]:
    """Return the rows labelled by reading and the templates, and a rehearsal of all sources."""
    rng = random.Random(seed)
    chosen = templates.contrasts(seed, mix.contrasts) + templates.mentions(seed, mix.mentions)
    for row in rows:
        times = mix.times.get(row.source, 0.0)
        chosen += [row] * (int(times) + (rng.random() < times % 1))
    for source, share in ((None, mix.rehearsed), *mix.more.items()):
        chosen += all_sources([row for row in rows if source in (None, row.source)], seed, share)
    return chosen


def prepared(
    rows: Sequence[Row],
    tokenizer: Tokenizer,
    most_pieces: int,
    seed: int,
    factors: Mapping[str, float],
) -> Lessons:
    """Return ``rows`` as lessons, some of them disguised, each cut at ``most_pieces``.

    ``factors`` correct the trust in sources.
    """
    rng = random.Random(seed)
    texts = [_varied(row.text, rng) for row in rows]
    known = targets_of(rows)
    targets = np.nan_to_num(known) * (1 - _SMOOTHING) + _SMOOTHING / 2
    weights = weights_of(rows, known)
    weights *= np.array([[factors.get(row.source, 1.0)] for row in rows], np.float32)
    weights = np.minimum(weights / weights[weights > 0].mean(), _MOST_WEIGHT) * _ATTRIBUTES
    return Lessons(tokenized(texts, tokenizer, most_pieces), targets, weights)


def _varied(text: str, rng: random.Random) -> str:
    chance = rng.random()
    if chance < _DISGUISED:
        return disguised(text, rng)
    return Text.of(text).revealed if chance < _DISGUISED + _REVEALED else text


def tokenized(texts: Sequence[str], tokenizer: Tokenizer, most_pieces: int) -> list[list[int]]:
    """Return the ids of each text between ``<s>`` and ``</s>``, ``most_pieces`` at the most."""
    found = (encoding.ids for encoding in tokenizer.encode_batch(list(texts)))
    return [ids if len(ids) <= most_pieces else [*ids[: most_pieces - 1], ids[-1]] for ids in found]
