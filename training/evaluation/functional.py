"""Functional tables: how often each contender flags sentences made to be hard.

Flagged by us is what the default policy holds or refuses; profanity, which no threshold
guards, is found where profanity or toxicity reaches one half. A peer flags by its own
answer, from one half.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from config.settings import default_policy
from service.moderation.checks import build_pipeline
from service.moderation.encoder_options import DEFAULT, LINEAR_ALONE, EncoderOptions
from service.moderation.models.weights import ATTRIBUTES
from service.moderation.policy import policy_from
from service.moderation.signal import Attribute
from service.moderation.verdict import Action
from training.encoder.templates import held_back
from training.evaluation.contenders import Contender, batches
from training.evaluation.disguises import TRICKS, disguised, harmless
from training.rows import Row, read_unlabelled

Flags = NDArray[np.bool_]
Flag = Callable[[Sequence[Row]], Flags]

HALF = 0.5
_SEED = 3
_CLEAN_OF_EACH = 300
_CLEAN_SOURCES = (
    "commonvoice_fr_misc",
    "commonvoice_fr_theatre",
    "commonvoice_fr_parl",
    "commonvoice_en",
    "ud_french_rhapsodie",
    "ud_french_parisstories",
)
_TOXICITY, _PROFANITY = map(ATTRIBUTES.index, (Attribute.TOXICITY, Attribute.PROFANITY))
# The slots that name a group of people, or one of them.
_IDENTITIES = ("{pl}", "{fpl}", "{ms}", "{fs}")


def by_policy() -> dict[str, Flag]:
    """Return the fast stage alone and all checks, flagging as the default policy does."""
    return {"fast stage": _held(LINEAR_ALONE), "all checks": _held(DEFAULT)}


def by_answer(contenders: Sequence[Contender], attributes: Sequence[int]) -> dict[str, Flag]:
    """Return ``contenders``, flagging where one of ``attributes`` reaches one half."""
    return {each.name: _reaching(each, attributes) for each in contenders}


def functional(data: Path, ours: Sequence[Contender], peers: Sequence[Contender]) -> Iterator[str]:
    """Yield the lines of the functional tables."""
    answers = by_answer(peers, [_TOXICITY])
    yield from _templates({**by_policy(), **answers})
    profane = by_answer(ours, [_TOXICITY, _PROFANITY])
    yield from _profanity(data, {**profane, **answers})


def _held(options: EncoderOptions) -> Flag:
    pipeline, policy = build_pipeline(encoder=options), policy_from(default_policy())

    def flags(rows: Sequence[Row]) -> Flags:
        verdicts = [each for batch in batches(rows) for each in pipeline.review(batch, policy)]
        return np.array([verdict.action is not Action.APPROVE for verdict in verdicts])

    return flags


def _reaching(contender: Contender, attributes: Sequence[int]) -> Flag:
    def flags(rows: Sequence[Row]) -> Flags:
        return np.asarray((contender.score(rows)[:, attributes] >= HALF).any(axis=1))

    return flags


# Templates -----------------------------------------------------------------------------------


def _templates(flags: Mapping[str, Flag]) -> Iterator[str]:
    yield from ("", "#### Templates held back from training: toxic found, clean flagged", "")
    yield f"| which | rows | {' | '.join(flags)} |"
    yield "|---|--:|" + "--:|" * len(flags)
    rows = held_back(_SEED)
    flagged = {name: flag(rows) for name, flag in flags.items()}
    toxicity = np.array([row.targets[Attribute.TOXICITY] for row in rows])
    for lang in ("fr", "en"):
        here = np.array([row.lang == lang for row in rows])
        toxic, clean = here & (toxicity > 0.7), here & (toxicity < 0.3)
        neutral = here & np.array([_is_neutral(row) for row in rows])
        yield _shares(f"toxic, {lang}", flagged, toxic)
        yield _shares(f"clean, {lang}", flagged, clean)
        yield _shares(f"identities named without ill will, {lang}", flagged, neutral)
        accuracies = [
            f"{(part[toxic].mean() + 1 - part[clean].mean()) / 2:.3f}" for part in flagged.values()
        ]
        yield (
            f"| balanced accuracy, {lang} | {toxic.sum() + clean.sum()} | "
            f"{' | '.join(accuracies)} |"
        )


def _is_neutral(row: Row) -> bool:
    """Tell whether a template names an identity, and nothing rude, attacked or quoted."""
    return any(place in row.block for place in _IDENTITIES) and not any(row.targets.values())


def _shares(name: str, flagged: Mapping[str, Flags], chosen: Flags) -> str:
    shares = [f"{part[chosen].mean():.1%}" for part in flagged.values()]
    return f"| {name} | {chosen.sum()} | {' | '.join(shares)} |"


# Profanity -----------------------------------------------------------------------------------


def _profanity(data: Path, flags: Mapping[str, Flag]) -> Iterator[str]:
    yield from ("", "#### Rude words under disguise found, harmless sentences flagged", "")
    yield f"| which | rows | {' | '.join(flags)} |"
    yield "|---|--:|" + "--:|" * len(flags)
    rude = {name: disguised(trick) for name, trick in TRICKS.items()}
    clean = {"harmless words that look rude": harmless(), **_clean(data)}
    found = {
        group: {name: flag(rows) for name, flag in flags.items()}
        for group, rows in {**rude, **clean}.items()
    }
    for group in rude:
        yield _shares(group, found[group], ~np.zeros(len(rude[group]), bool))
    together = {name: np.concatenate([found[group][name] for group in rude]) for name in flags}
    yield _shares("all of these", together, ~np.zeros(sum(map(len, rude.values())), bool))
    for group in clean:
        yield _shares(group, found[group], ~np.zeros(len(clean[group]), bool))


def _clean(data: Path) -> dict[str, list[Row]]:
    """Return a sample of the sentences whose sources vouch for them, by language."""
    rng, found = random.Random(_SEED), read_unlabelled(data)
    rows = [
        Row(text, lang, source, {}, 1.0)
        for source in _CLEAN_SOURCES
        for text, lang in rng.sample(found[source], min(_CLEAN_OF_EACH, len(found[source])))
    ]
    return {
        f"clean sentences, {lang}": [row for row in rows if row.lang == lang]
        for lang in ("fr", "en")
    }
