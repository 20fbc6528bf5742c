"""Comments written for judging: what the default policy does to each label of them.

They were written, half in French and half in English, as people write under articles, in blogs
and forums, and labelled as a fair moderator would, before any of their scores was known. The
harmless ones are hard where life is: imperatives, sharp criticism, abuse that is quoted or told,
violence in games, illness, history. No model was taught by them and no list grown for them; but
whoever wrote them knew what the service is for, so the shares of the three labels are no
newspaper's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from config.settings import default_policy
from service.moderation.checks import build_pipeline
from service.moderation.encoder_options import DEFAULT, LINEAR_ALONE, EncoderOptions
from service.moderation.policy import policy_from
from service.moderation.verdict import Action
from training.evaluation.contenders import batches
from training.rows import Row

FATES: Mapping[str, frozenset[Action]] = {
    "published": frozenset({Action.APPROVE}),
    "held": frozenset({Action.HOLD}),
    "refused": frozenset({Action.REJECT, Action.SPAM}),
}
LABELS = ("ok", "toxic", "spam")
STAGES = {"fast stage": LINEAR_ALONE, "all checks": DEFAULT}
_FOLDER = Path(__file__).parent.parent / "written" / "judging"


@dataclass(frozen=True, slots=True)
class Written:
    """Hold one comment: ``ok``, ``toxic`` or ``spam``, and of what kind it is."""

    label: str
    kind: str
    text: str
    lang: str


def written(lang: str) -> list[Written]:
    """Return the comments in ``lang``, ``fr`` or ``en``, in order."""
    lines = (_FOLDER / f"comments_{lang}.tsv").read_text("utf-8").splitlines()
    rows = (line.split("\t", 2) for line in lines if not line.startswith("#"))
    return [Written(label, kind, text, lang) for label, kind, text in rows]


def fates(comments: Sequence[Written], options: EncoderOptions) -> list[str]:
    """Return what becomes of each comment under the default policy (``FATES``)."""
    pipeline, policy = build_pipeline(encoder=options), policy_from(default_policy())
    rows = [Row(each.text, each.lang, "comments_written", {}, 1.0) for each in comments]
    verdicts = [each for batch in batches(rows) for each in pipeline.review(batch, policy)]
    return [
        next(name for name, actions in FATES.items() if verdict.action in actions)
        for verdict in verdicts
    ]


def written_comments() -> Iterator[str]:
    """Yield the lines of the table."""
    yield from ("", "#### Comments written before any of their scores was known", "")
    heads = [f"{stage}: {fate}" for stage in STAGES for fate in FATES]
    yield f"| which | rows | {' | '.join(heads)} |"
    yield "|---|--:|" + "--:|" * len(heads)
    for lang in ("fr", "en"):
        comments = written(lang)
        found = {stage: fates(comments, options) for stage, options in STAGES.items()}
        for label in LABELS:
            yield _line(label, lang, comments, found)


def _line(
    label: str, lang: str, comments: Sequence[Written], found: Mapping[str, Sequence[str]]
) -> str:
    here = [row for row, each in enumerate(comments) if each.label == label]
    counts = [Counter(part[row] for row in here) for part in found.values()]
    cells = [f"{each[fate] / len(here):.1%}" for each in counts for fate in FATES]
    return f"| {label}, {lang} | {len(here)} | {' | '.join(cells)} |"
