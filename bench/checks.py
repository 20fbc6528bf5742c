"""Comments judged in a second of one processor, by our stages and by the peers.

``python -m bench.checks --data FOLDER [--write] [--rounds N]``. The comments are real ones,
their median 80 characters long; time is the processor's, so that neighbours cost little,
and every contender is asked in every round.
"""

from __future__ import annotations

import argparse
import random
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from better_profanity import profanity as better_profanity
from glin_profanity import Filter
from profanity_check import predict_prob

from bench import report
from bench.report import Spread
from config.settings import default_policy
from service.moderation.batch import Batch
from service.moderation.cascade import cascade_of
from service.moderation.checks import build_pipeline
from service.moderation.comment import Case, Comment
from service.moderation.encoder_options import DEFAULT, LINEAR_ALONE, EncoderMode, EncoderOptions
from service.moderation.pipeline import Pipeline
from service.moderation.policy import policy_from
from service.moderation.signal import TONE
from service.moderation.verdict import Stage
from training.evaluation.peers import GLIN_LANGUAGES
from training.rows import Row, read_rows, read_unlabelled

MEDIAN = 80
BATCH = 256
OURS = ("numpy", "onnxruntime", "ahocorasick-rs", "scikit-learn")
PEERS = ("alt-profanity-check", "better-profanity", "glin-profanity")
# What an ordinary site gets, in parts of the whole: mostly civil, some rude, some spam.
ORDINARY = {"civil": 0.75, "rude": 0.15, "spam": 0.10}

_SEED = 11
_SHORTEST, _LONGEST = 10, 600
_CIVIL = ("ud_french_gsd", "foxnews2017", "cat_context2020", "translated_cat_context2020")
_CIVIL_UNLABELLED = ("ud_french_parisstories", "frwikidisc2014", "commonvoice_fr_misc")
_RUDE = ("posts_read", "civil_toxicspans2021", "translated_civil_toxicspans2021")
_SPAM = ("spam_written", "youtube_spam_collection")

Judge = Callable[[Sequence[Case]], object]


@dataclass(frozen=True, slots=True)
class Contender:
    """Hold a judge of comments, how many it gets in a round, and how many at a time."""

    about: str
    judge: Judge
    count: int
    size: int = BATCH


@dataclass
class Rates:
    """Collect the comments a second of each contender, round after round."""

    seen: dict[str, list[float]] = field(default_factory=dict)

    def note(self, contender: Contender, cases: Sequence[Case]) -> None:
        """Time ``contender`` on its part of ``cases``."""
        mine = cases[: contender.count]
        began = time.process_time()
        for start in range(0, len(mine), contender.size):
            contender.judge(mine[start : start + contender.size])
        rate = len(mine) / (time.process_time() - began)
        self.seen.setdefault(contender.about, []).append(rate)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the tables, or write them into RESULTS.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args(arguments)
    cases = ordinary_mix(options.data, 2048)
    contenders = all_contenders()
    for contender in contenders:
        contender.judge(cases[:8])
    rates = Rates()
    for _ in range(options.rounds):
        for contender in contenders:
            rates.note(contender, cases)
    text = "\n".join(_lines(cases, contenders, rates))
    print(text)
    if options.write:
        report.write("checks", text)


# Comments ------------------------------------------------------------------------------------


def ordinary_mix(data: Path, count: int) -> list[Case]:
    """Return real comments in French and English whose median length is ``MEDIAN``."""
    rng = random.Random(_SEED)
    kinds = _kinds(data)
    chosen = [
        row
        for kind, share in ORDINARY.items()
        for row in _of_median(rng.sample(kinds[kind], len(kinds[kind])), int(count * share))
    ]
    rng.shuffle(chosen)
    return [_case(str(number), row) for number, row in enumerate(chosen)]


def _case(name: str, row: Row) -> Case:
    page = "https://journal.example/a"
    return Case(
        Comment(id=name, site="s", page=page, content=row.text, lang=row.lang, author="Anne")
    )


def _kinds(data: Path) -> Mapping[str, list[Row]]:
    rows = read_rows(data)
    civil = [row for row in rows if row.source in _CIVIL and not _is_rude(row)]
    unlabelled = read_unlabelled(data)
    for source in _CIVIL_UNLABELLED:
        civil += [Row(text, lang, source, {}, 1.0) for text, lang in unlabelled[source][:2000]]
    kinds = {
        "civil": civil,
        "rude": [row for row in rows if row.source in _RUDE and _is_rude(row)],
        "spam": [row for row in rows if row.source in _SPAM and any(row.targets.values())],
    }
    return {
        kind: [row for row in found if _SHORTEST <= len(row.text) <= _LONGEST]
        for kind, found in kinds.items()
    }


def _is_rude(row: Row) -> bool:
    return any(row.targets.get(attribute, 0) > 0.5 for attribute in TONE)


def _of_median(rows: Sequence[Row], count: int) -> Iterator[Row]:
    """Yield ``count`` rows in their order, half of them shorter than ``MEDIAN``, half longer."""
    half = count // 2
    shorter = [row for row in rows if len(row.text) < MEDIAN][:half]
    longer = [row for row in rows if len(row.text) >= MEDIAN][: count - half]
    yield from (*shorter, *longer)


# Contenders ----------------------------------------------------------------------------------


def all_contenders() -> list[Contender]:
    """Return our stages and the peers; the slow ones get fewer comments."""
    better_profanity.load_censor_words()
    glin_all = Filter({"languages": list(GLIN_LANGUAGES), "detect_leetspeak": True})
    glin_english = Filter({"languages": ["english"]})
    fast, default, always = (_review(options) for options in (LINEAR_ALONE, DEFAULT, _ALWAYS))
    encoder = cascade_of(_ALWAYS).reader.encoder()
    return [
        Contender("fast stage, all checks, 256 at a time", fast, 2048),
        Contender("fast stage, all checks, one at a time", fast, 512, 1),
        Contender("default cascade, all checks, 256 at a time", default, 2048),
        Contender("default cascade, all checks, one at a time", default, 256, 1),
        Contender("encoder for every comment, all checks", always, 512),
        Contender("the encoder alone, 256 at a time", lambda c: encoder.judge(*_said(c)), 512),
        Contender("the encoder alone, one at a time", lambda c: encoder.judge(*_said(c)), 128, 1),
        Contender("alt-profanity-check, 256 at a time", lambda c: predict_prob(_said(c)[0]), 2048),
        Contender(
            "alt-profanity-check, one at a time", lambda c: predict_prob(_said(c)[0]), 256, 1
        ),
        Contender("better-profanity", _each(better_profanity.contains_profanity), 128),
        Contender("glin-profanity, English", _each(glin_english.is_profane), 256),
        Contender("glin-profanity, seven languages, leetspeak", _each(glin_all.is_profane), 128),
    ]


_ALWAYS = EncoderOptions(EncoderMode.ALWAYS)


def _review(options: EncoderOptions) -> Judge:
    pipeline, policy = build_pipeline(encoder=options), policy_from(default_policy())
    return lambda cases: pipeline.review(Batch(cases), policy)


def _said(cases: Sequence[Case]) -> tuple[list[str], list[str]]:
    return [case.comment.content for case in cases], [case.comment.lang for case in cases]


def _each(judge: Callable[[str], object]) -> Judge:
    return lambda cases: [judge(case.comment.content) for case in cases]


# Report --------------------------------------------------------------------------------------


def _lines(cases: Sequence[Case], contenders: Sequence[Contender], rates: Rates) -> Iterator[str]:
    lengths = [len(case.comment.content) for case in cases]
    rounds = len(next(iter(rates.seen.values())))
    yield (
        f"{rounds} interleaved rounds, processor time of one thread; {len(cases)} comments of "
        f"{statistics.median(lengths):.0f} characters (median; mean {statistics.mean(lengths):.0f})"
        f", {', '.join(f'{share:.0%} {kind}' for kind, share in ORDINARY.items())}."
    )
    first = rates.seen[contenders[0].about]
    rows = [
        (
            each.about,
            report.number(Spread.of(rates.seen[each.about]).median),
            report.number(min(rates.seen[each.about])),
            report.number(max(rates.seen[each.about])),
            f"{report.ratio(first, rates.seen[each.about]).median:.2f} ×",
        )
        for each in contenders
    ]
    yield ""
    heads = ("contender", "comments/s", "lowest", "highest", "the fast stage is")
    yield report.table(heads, rows)
    yield ""
    yield (
        f"The encoder read {_share_read(cases):.0%} of these comments in the default cascade. "
        "The peers look at profanity alone."
    )
    yield ""
    yield report.machine((*OURS, *PEERS))


def _share_read(cases: Sequence[Case]) -> float:
    pipeline: Pipeline = build_pipeline(encoder=DEFAULT)
    policy = policy_from(default_policy())
    verdicts = [
        verdict
        for start in range(0, len(cases), BATCH)
        for verdict in pipeline.review(Batch(cases[start : start + BATCH]), policy)
    ]
    return sum(Stage.ENCODER in verdict.stages for verdict in verdicts) / len(verdicts)


if __name__ == "__main__":
    main()
