"""Comments judged in a second of one processor, by our stages and by the peers.

``python -m bench.checks --data FOLDER [--write] [--rounds N] [--ours]``. The comments are real
ones, their median 80 characters long; time is the processor's, so that neighbours cost little,
and every contender is asked in every round. ``--ours`` leaves the peers out.
"""

from __future__ import annotations

import argparse
import random
import statistics
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from bench import report
from bench.contender import BATCH, Contender, Judge, Rates, said
from bench.hostile import hostile_texts
from bench.long_comments import Long, long_comments
from bench.report import Limit, Spread
from bench.resident import resident_bytes
from config.settings import default_policy
from service.garbage import keep_what_is_loaded
from service.moderation.batch import Batch
from service.moderation.cascade import cascade_of
from service.moderation.checks import build_pipeline
from service.moderation.comment import Case, Comment
from service.moderation.encoder_options import DEFAULT, LINEAR_ALONE, EncoderMode, EncoderOptions
from service.moderation.pipeline import Pipeline
from service.moderation.policy import policy_from
from service.moderation.signal import TONE
from service.moderation.verdict import Stage
from training.rows import Row, read_rows, read_unlabelled

MEDIAN = 80
OURS = ("numpy", "onnxruntime", "ahocorasick-rs")
# What an ordinary site gets, in parts of the whole: mostly civil, some rude, some spam.
ORDINARY = {"civil": 0.75, "rude": 0.15, "spam": 0.10}

FAST, FAST_ALONE = "fast stage, all checks, 256 at a time", "fast stage, all checks, one at a time"
CASCADE = "default cascade, all checks, 256 at a time"
ENCODER, ENCODER_ALONE = "the encoder alone, 256 at a time", "the encoder alone, one at a time"
# The fewest comments a second that are promised (and 6 ms for one that the encoder reads).
LEAST = {FAST: 5000, FAST_ALONE: 1500, CASCADE: 1000, ENCODER: 300, ENCODER_ALONE: 1000 / 6}

_SEED = 11
_SHORTEST, _LONGEST = 10, 600
_CIVIL = ("ud_french_gsd", "foxnews2017", "cat_context2020", "translated_cat_context2020")
_CIVIL_UNLABELLED = ("ud_french_parisstories", "frwikidisc2014", "commonvoice_fr_misc")
_RUDE = ("posts_read", "civil_toxicspans2021", "translated_civil_toxicspans2021")
_SPAM = ("spam_written", "youtube_spam_collection")
_MB = 1 << 20


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the tables, or write them into RESULTS.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--ours", action="store_true")
    options = parser.parse_args(arguments)
    cases = ordinary_mix(options.data, 2048)
    peers, packages = ([], ()) if options.ours else _peers()
    contenders = [*our_contenders(), *peers]
    for contender in contenders:
        contender.judge(cases[:8])
    keep_what_is_loaded()
    rates, long = Rates(), Long.of(cases, _review(LINEAR_ALONE), _review(_ALWAYS))
    for _ in range(options.rounds):
        for contender in contenders:
            rates.note(contender, cases)
        long.note()
    text = "\n".join(_lines(cases, contenders, rates, long, packages))
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


def our_contenders() -> list[Contender]:
    """Return our stages; the slow ones get fewer comments."""
    fast, default, always = (_review(options) for options in (LINEAR_ALONE, DEFAULT, _ALWAYS))
    encoder = cascade_of(_ALWAYS).reader.encoder()
    return [
        Contender(FAST, fast, 2048),
        Contender(FAST_ALONE, fast, 512, 1),
        Contender(CASCADE, default, 2048),
        Contender("default cascade, all checks, one at a time", default, 256, 1),
        Contender("encoder for every comment, all checks", always, 512),
        Contender(ENCODER, lambda cases: encoder.judge(*said(cases)), 512),
        Contender(ENCODER_ALONE, lambda cases: encoder.judge(*said(cases)), 128, 1),
    ]


def _peers() -> tuple[list[Contender], tuple[str, ...]]:
    """Return the peers and the packages they come in, which need not be installed for ours."""
    from bench.word_peers import PACKAGES, word_peers

    return word_peers(), PACKAGES


_ALWAYS = EncoderOptions(EncoderMode.ALWAYS)


def _review(options: EncoderOptions) -> Judge:
    pipeline, policy = build_pipeline(encoder=options), policy_from(default_policy())
    return lambda cases: pipeline.review(Batch(cases), policy)


# Report --------------------------------------------------------------------------------------


def _lines(
    cases: Sequence[Case],
    contenders: Sequence[Contender],
    rates: Rates,
    long: Long,
    packages: Sequence[str],
) -> Iterator[str]:
    lengths = [len(case.comment.content) for case in cases]
    rounds = len(next(iter(rates.seen.values())))
    yield (
        f"{rounds} interleaved rounds, processor time of one thread; {len(cases)} comments of "
        f"{statistics.median(lengths):.0f} characters (median; mean {statistics.mean(lengths):.0f})"
        f", {', '.join(f'{share:.0%} {kind}' for kind, share in ORDINARY.items())}."
    )
    first = rates.seen[FAST]
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
    yield report.limits_table([*_paces(rates), *long.limits(), _memory(cases)])
    yield ""
    yield f"The text that costs most for its length is that of {long.worst()}."
    yield ""
    yield report.machine((*OURS, *packages))


def _paces(rates: Rates) -> Iterator[Limit]:
    """Yield what a comment may take, for each rate that is promised."""
    for about, least in LEAST.items():
        taken = [1e6 / rate for rate in rates.seen[about]]
        yield Limit(f"{about}, for each comment", "µs", 1e6 / least, Spread.of(taken))


def _memory(cases: Sequence[Case]) -> Limit:
    """Return what a worker holds after these comments and the longest and worst."""
    texts = (*long_comments(cases), *hostile_texts().values())
    many = [
        *cases,
        *(_case(str(number), Row(text, "fr", "", {}, 1.0)) for number, text in enumerate(texts)),
    ]
    return Limit(
        "memory of a worker that has judged", "MB", 350.0, Spread.of([resident_bytes(many) / _MB])
    )


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
