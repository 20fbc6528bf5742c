"""Measure what thirty decisions teach a site: ``python -m training.learning --data FOLDER``.

For each of ten words: posts that hold it and that the pipeline publishes. Thirty are refused
by a moderator; twenty stand unnoticed among the 290 comments that the site takes for ordinary;
up to a hundred others show how many are caught before and after. What it costs is counted on
ordinary comments and on posts of the same kind without the word. Of written spam, which says
the same in other words each time, a moderator marks thirty that the pipeline does not refuse,
those it holds first; asked is all it publishes. Everything is asked of the linear model alone
and of the default cascade, and near-copies are left out: they are for ``spam.duplicates``.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from config.settings import default_policy
from service.moderation.batch import Batch
from service.moderation.cascade import cascade_of
from service.moderation.checks import build_pipeline
from service.moderation.comment import Case, Comment
from service.moderation.copies import find_copies
from service.moderation.encoder_options import DEFAULT, LINEAR_ALONE, EncoderOptions
from service.moderation.learning.embedder import CascadeEmbedder
from service.moderation.learning.layer import SiteLayer
from service.moderation.learning.lesson import Lesson, squeezed
from service.moderation.learning.ordinary import Ordinary
from service.moderation.learning.teaching import teaching
from service.moderation.learning.traits import traits
from service.moderation.pipeline import Pipeline
from service.moderation.policy import policy_from
from service.moderation.text import Text
from service.moderation.verdict import Status, Verdict

# Words by which the posts were once collected as hateful, and with which the pipeline publishes
# more than fifty of them: abuse that is not in the shipped lists, or in other senses too. The
# last three are no abuse, but what a site may be tired of: hardest on its other comments.
WORDS = ("cotorep", "muzz", "racaille", "gogol", "kaffir", "kouffar", "métèque",
         "islamisation", "burkini", "mélenchon")  # fmt: skip
TAUGHT, UNNOTICED, ASKED, ORDINARY = 30, 20, 100, 270
MOST_JUDGED, MEASURED = 600, 3000
AT_ONCE = 64
POSTS_SEED, ORDINARY_SEED, SPAM_SEED = 1, 2, 3
LONGEST_CHARS = 1500
POSTS = "haine2022_tweets_fr_gpl"
EVERYDAY = ("commonvoice_fr", "ud_french")
OPTIONS = (LINEAR_ALONE, DEFAULT)
POLICY = policy_from(default_policy())

Rows = Sequence[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Judged:
    """Hold rows, and what becomes of each while nothing is taught.

    ``counted`` are the indices of those that count; the others keep their places, so that
    each is judged in the same company again.
    """

    rows: Rows
    statuses: Sequence[Status]
    counted: Sequence[int]

    @classmethod
    def of(cls, rows: Rows, statuses: Sequence[Status]) -> Judged:
        """Return rows that all count."""
        return cls(rows, statuses, range(len(rows)))

    def among(self, status: Status) -> Rows:
        """Return the rows that come to have that status."""
        return [self.rows[n] for n in self.counted if self.statuses[n] is status]

    def published(self) -> Rows:
        """Return the rows that are published."""
        return self.among(Status.APPROVED)

    def without(self, word: str) -> Judged:
        """Return the same, of which only rows count that do not hold ``word``."""
        return self._only([n for n in self.counted if word not in self.rows[n]["text"].lower()])

    def parted(self, count: int) -> tuple[Judged, Rows]:
        """Return the same without the last ``count`` that are published, and these."""
        published = [n for n in self.counted if self.statuses[n] is Status.APPROVED]
        usual = published[max(len(published) - count, 0) :]
        rest = self._only([n for n in self.counted if n not in set(usual)])
        return rest, [self.rows[n] for n in usual]

    def _only(self, counted: Sequence[int]) -> Judged:
        return Judged(self.rows, self.statuses, counted)


@dataclass(frozen=True, slots=True)
class Course:
    """Hold rows that the pipeline does not refuse, each in one place, none a copy of another.

    ``taught`` are refused by a moderator, ``unnoticed`` stay among what is ordinary, and
    ``asked`` are published before.
    """

    taught: Rows
    unnoticed: Rows
    asked: Rows

    @classmethod
    def in_words(cls, judged: Judged) -> Course:
        """Return the course of rows that share a word: of what is published, the first rows."""
        found, first = judged.published(), TAUGHT + UNNOTICED
        return cls(found[:TAUGHT], found[TAUGHT:first], found[first : first + ASKED])

    @classmethod
    def in_meaning(cls, judged: Judged) -> Course:
        """Return the course of rows that share none: what is held is taught first."""
        found = [*judged.among(Status.HELD)[:TAUGHT], *judged.published()]
        return cls(found[:TAUGHT], (), found[TAUGHT : TAUGHT + ASKED])


@dataclass(frozen=True, slots=True)
class Outcome:
    """Hold shares, 0..1: of rows asked that were caught, and of others judged otherwise since."""

    before: float
    after: float
    ordinary: float
    alike: float


@dataclass(frozen=True)
class School:
    """Judge, teach and judge again; ``options`` say whether the encoder takes part."""

    options: EncoderOptions

    @cached_property
    def pipeline(self) -> Pipeline:
        """Return the checks as a site has them."""
        return build_pipeline(encoder=self.options)

    def judge(self, rows: Rows, layer: SiteLayer | None = None, at_once: int = 1) -> list[Verdict]:
        """Return the verdicts of the rows, at first or as ``layer`` has them."""
        verdicts: list[Verdict] = []
        for start in range(0, len(rows), at_once):
            batch = Batch(_cases(rows[start : start + at_once]), learned=layer)
            verdicts += self.pipeline.review(batch, POLICY)
        return verdicts

    def judged(self, rows: Rows, at_once: int = 1) -> Judged:
        """Return the rows with what becomes of them untaught, without copies of earlier ones."""
        kept = without_copies(rows)
        return Judged.of(kept, [item.status for item in self.judge(kept, at_once=at_once)])

    def layer(self, refused: Rows, target: Status, ordinary: Rows) -> SiteLayer:
        """Return the layer after a moderator moved ``refused`` to ``target``."""
        embedder = CascadeEmbedder(cascade_of(self.options))
        vectors = embedder.embed([row["text"] for row in refused])
        found = traits([Text.of(row["text"]) for row in refused])
        lessons = []
        for index, verdict in enumerate(self.judge(refused)):
            said = teaching(target, "", verdict.signals)
            if said is None:
                continue
            place = {} if vectors is None else {"embedding": squeezed(vectors[index])}
            lessons.append(Lesson(said, found.of(index), "-", 0, embedder=embedder.name, **place))
        usual = Ordinary.of(
            [str(number) for number in range(len(ordinary))],
            traits([Text.of(row["text"]) for row in ordinary]),
            embedder.embed([row["text"] for row in ordinary]),
            embedder.name,
        )
        return SiteLayer.learned(lessons, usual, 0.0)

    def taught(
        self, course: Course, target: Status, usual: Rows, ordinary: Judged, alike: Judged
    ) -> Outcome:
        """Return what comes of the course on a site that takes ``usual`` for ordinary."""
        layer = self.layer(course.taught, target, [*usual, *course.unnoticed])
        return Outcome(
            self._caught(course.asked),
            self._caught(course.asked, layer),
            self._changed(ordinary, layer),
            self._changed(alike, layer),
        )

    def _caught(self, rows: Rows, layer: SiteLayer | None = None) -> float:
        verdicts = self.judge(rows, layer)
        return _share([verdict.status is not Status.APPROVED for verdict in verdicts])

    def _changed(self, judged: Judged, layer: SiteLayer) -> float:
        after = self.judge(judged.rows, layer, AT_ONCE)
        return _share([judged.statuses[n] is not after[n].status for n in judged.counted])


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a line for each word and one for spam, without and with the encoder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    folder = parser.parse_args(arguments).data
    everything = [*read(folder, "unlabelled"), *read(folder, "toxicity")]
    posts = shuffled([row for row in everything if row["source"] == POSTS], POSTS_SEED)
    everyday = [row for row in everything if row["source"].startswith(EVERYDAY)]
    written = shuffled([*read(folder, "spam_fr"), *read(folder, "spam_en")], SPAM_SEED)
    print(f"seeds: posts {POSTS_SEED}, ordinary {ORDINARY_SEED}, spam {SPAM_SEED}")
    for school in map(School, OPTIONS):
        ordinary = school.judged(shuffled(everyday, ORDINARY_SEED)[:MEASURED], AT_ONCE)
        print(f"\nencoder {school.options.mode}, {len(ordinary.rows)} ordinary comments\n")
        print(f"{'':14} published  asked  before   after  ordinary changed  alike changed")
        print_words(school, posts, ordinary)
        print_spam(school, written, ordinary)


def print_words(school: School, posts: Rows, ordinary: Judged) -> None:
    """Print a line for each word."""
    others = school.judged(posts[:MEASURED], AT_ONCE)
    for word in WORDS:
        holding = [row for row in posts if word in row["text"].lower()]
        judged = school.judged(holding[:MOST_JUDGED])
        course = Course.in_words(judged)
        alike, usual = others.without(word).parted(ORDINARY)
        outcome = school.taught(course, Status.REJECTED, usual, ordinary, alike)
        _print_line(word, judged, course, outcome)


def print_spam(school: School, written: Rows, ordinary: Judged) -> None:
    """Print the line for spam, held against comments that look like it and are not."""
    judged = school.judged([row for row in written if row["label"] == 1])
    course = Course.in_meaning(judged)
    ham = school.judged([row for row in written if row["label"] == 0], AT_ONCE)
    alike, usual = ham.parted(ORDINARY + UNNOTICED)
    outcome = school.taught(course, Status.SPAM, usual, ordinary, alike)
    _print_line("written spam", judged, course, outcome)


def _print_line(name: str, judged: Judged, course: Course, outcome: Outcome) -> None:
    published = f"{len(judged.published())}/{len(judged.rows)}"
    print(
        f"{name:14} {published:>9} {len(course.asked):6} {outcome.before:7.1%} {outcome.after:7.1%}"
        f" {outcome.ordinary:17.2%} {outcome.alike:14.2%}"
    )


def read(folder: Path, name: str) -> list[dict[str, Any]]:
    """Return the rows of one file, texts cut to what a comment usually has."""
    with gzip.open(folder / f"{name}.jsonl.gz", "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    return [{**row, "text": row["text"][:LONGEST_CHARS]} for row in rows]


def shuffled(rows: Rows, seed: int) -> Rows:
    """Return the rows in the random order that ``seed`` makes."""
    return random.Random(seed).sample(rows, len(rows))


def without_copies(rows: Rows) -> Rows:
    """Return the rows that are no copies of earlier ones, as ``spam.duplicates`` sees them."""
    texts = {row["text"]: row for row in reversed(rows)}
    once = [row for row in rows if texts[row["text"]] is row]
    copies = find_copies(Batch(_cases(once)))
    return [row for row, found in zip(once, copies, strict=True) if not found.ids]


def _cases(rows: Rows) -> list[Case]:
    return [
        Case(
            Comment(
                id=f"c{number}",
                site="-",
                page="-",
                content=row["text"],
                author=row.get("author") or "",
                lang=row.get("lang") or "",
            )
        )
        for number, row in enumerate(rows)
    ]


def _share(marks: Sequence[bool]) -> float:
    return sum(marks) / max(len(marks), 1)


if __name__ == "__main__":
    main()
