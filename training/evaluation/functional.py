"""Functional tables: how often each contender flags sentences made to be hard.

Flagged by us is what the default policy holds or refuses; profanity, which no threshold
guards, is found where profanity or toxicity reaches one half; and, in a column of its own,
where profanity reaches one half or toxicity ``CLEARLY``. A peer flags by its own answer, from
one half.

Clean sentences are those of the judged fold whose sources vouch for them. Some are lines of
plays and of talk, with rude words in them: a sentence is not clean in which the project's
lists find a word as it is written, of a strength of ``RUDE`` or more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from config.settings import default_policy
from service.moderation.checks import build_pipeline
from service.moderation.checks.toxicity.lexicon import shipped_words
from service.moderation.encoder_options import DEFAULT, LINEAR_ALONE, EncoderOptions
from service.moderation.models.weights import ATTRIBUTES
from service.moderation.policy import policy_from
from service.moderation.signal import Attribute
from service.moderation.text import Text
from service.moderation.verdict import Action
from training.encoder.templates import held_back
from training.evaluation.contenders import CHECKS, Contender, batches
from training.evaluation.disguises import TRICKS, disguised, harmless, innocent
from training.rows import CALM_SOURCES, Row

Flags = NDArray[np.bool_]
Flag = Callable[[Sequence[Row]], Flags]

HALF, CLEARLY = 0.5, 0.7
RUDE = 0.6
_SEED = 3
_TOXICITY, _PROFANITY = map(ATTRIBUTES.index, (Attribute.TOXICITY, Attribute.PROFANITY))
# The slots that name a group of people, or one of them.
_IDENTITIES = ("{pl}", "{fpl}", "{ms}", "{fs}")


def by_policy() -> dict[str, Flag]:
    """Return the fast stage alone and all checks, flagging as the default policy does."""
    return {"fast stage": _held(LINEAR_ALONE), "all checks": _held(DEFAULT)}


def by_answer(contenders: Sequence[Contender], least: Mapping[int, float]) -> dict[str, Flag]:
    """Return ``contenders``, flagging where an attribute reaches its ``least``."""
    return {each.name: _reaching(each, least) for each in contenders}


def functional(
    judged: Sequence[Row], ours: Sequence[Contender], peers: Sequence[Contender]
) -> Iterator[str]:
    """Yield the lines of the functional tables; of ``judged`` only clean sentences count."""
    clean, policies = (
        {
            "harmless words that look rude": harmless(),
            "ordinary words that hold a rude one": innocent(),
            **clean_sentences(judged),
        },
        by_policy(),
    )
    answers = by_answer(peers, {_TOXICITY: HALF})
    yield from _templates({**policies, **answers})
    profane = by_answer(ours, {_TOXICITY: HALF, _PROFANITY: HALF})
    [checks] = [each for each in ours if each.name == CHECKS]
    clearly = {
        f"{CHECKS}, toxicity from {CLEARLY}": _reaching(
            checks, {_TOXICITY: CLEARLY, _PROFANITY: HALF}
        )
    }
    yield from _profanity(clean, {**profane, **clearly, **answers})
    yield from _held_clean(clean, policies)


def _held(options: EncoderOptions) -> Flag:
    pipeline, policy = build_pipeline(encoder=options), policy_from(default_policy())

    def flags(rows: Sequence[Row]) -> Flags:
        verdicts = [each for batch in batches(rows) for each in pipeline.review(batch, policy)]
        return np.array([verdict.action is not Action.APPROVE for verdict in verdicts])

    return flags


def _reaching(contender: Contender, least: Mapping[int, float]) -> Flag:
    def flags(rows: Sequence[Row]) -> Flags:
        reached = contender.score(rows)[:, list(least)] >= list(least.values())
        return np.asarray(reached.any(axis=1))

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


def _profanity(clean: Mapping[str, Sequence[Row]], flags: Mapping[str, Flag]) -> Iterator[str]:
    yield from ("", "#### Rude words under disguise found, harmless sentences flagged", "")
    yield f"| which | rows | {' | '.join(flags)} |"
    yield "|---|--:|" + "--:|" * len(flags)
    rude = {name: disguised(trick) for name, trick in TRICKS.items()}
    found = {
        group: {name: flag(rows) for name, flag in flags.items()}
        for group, rows in {**rude, **clean}.items()
    }
    for group in rude:
        yield _shares(group, found[group], ~np.zeros(len(rude[group]), bool))
    together = {name: np.concatenate([found[group][name] for group in rude]) for name in flags}
    yield _shares("all of these", together, ~np.zeros(sum(map(len, rude.values())), bool))
    for group, rows in clean.items():
        yield _shares(group, found[group], ~np.zeros(len(rows), bool))


def _held_clean(clean: Mapping[str, Sequence[Row]], flags: Mapping[str, Flag]) -> Iterator[str]:
    yield from ("", "#### Clean sentences that the default policy holds or refuses", "")
    yield f"| which | rows | {' | '.join(flags)} |"
    yield "|---|--:|" + "--:|" * len(flags)
    for group, rows in clean.items():
        found = {name: flag(rows) for name, flag in flags.items()}
        yield _shares(group, found, ~np.zeros(len(rows), bool))


def clean_sentences(judged: Sequence[Row]) -> dict[str, list[Row]]:
    """Return the sentences that are clean by their source and hold no rude word, by language."""
    vouched_for = [row for row in judged if row.source in CALM_SOURCES and not _is_rude(row)]
    return {
        f"clean sentences, {lang}": [row for row in vouched_for if row.lang == lang]
        for lang in ("fr", "en")
    }


def _is_rude(row: Row) -> bool:
    """Tell whether a listed word of some strength stands in ``row``, as it is written."""
    hits = shipped_words().hits(Text.of(row.text).plain, row.lang)
    return any(max(hit.entry.strengths.values()) >= RUDE for hit in hits)
