"""`ecluse score`: judge comments here and now, without any server."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

import click
import orjson

from config.settings import Settings, default_policy
from service.cli.comment_lines import (
    Entry,
    Form,
    Read,
    Unread,
    comment_of,
    entries_of_all,
)
from service.cli.highlights import highlights
from service.cli.output import as_json_anyway
from service.cli.progress import progress_over
from service.cli.values import LANG, POLICY_FILE
from service.judge import build_judge, cascade
from service.moderation.batch import Batch
from service.moderation.cascade import Cascade
from service.moderation.comment import Case
from service.moderation.graded import graded
from service.moderation.models.weights import ModelBroken
from service.moderation.pipeline import Pipeline
from service.moderation.policy import Policy, merged, policy_from
from service.moderation.signal import Attribute, Evidence, Signal
from service.moderation.verdict import Verdict
from service.schemas.messages import DEFAULT_LANGUAGE, LANGUAGES
from service.schemas.wording import reasons

Scores = Mapping[Attribute, float]


@click.command()
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@click.option("--text", help="Judge this text instead of files.")
@click.option("--format", "form", type=click.Choice([form.value for form in Form]), default="auto",
              show_default=True, help="One comment a line, as it stands or as JSON. "
              "auto: all JSON if the first line is, else each object with a text.")  # fmt: skip
@click.option("--lang", type=LANG, help="Language to expect where a comment's words decide none.")
@click.option("--policy", type=POLICY_FILE, default="balanced", show_default=True,
              help="A preset (strict, balanced, permissive), or a TOML file.")  # fmt: skip
@click.option("--explain", "is_explained", is_flag=True,
              help="Say which words moved each score, and by how much.")  # fmt: skip
@as_json_anyway
def score(
    files: tuple[str, ...],
    text: str | None,
    form: str,
    lang: str | None,
    policy: Mapping[str, Any],
    is_explained: bool,
) -> None:
    """Judge the comments in FILES, or on standard input, and print one JSON line for each.

    A line is a comment's text, or an object: {"text": …, "lang": …}, and if you like
    "author", "url", "page", and an "id" to find in the answer. The answers come in order and
    as the comments arrive. Each comment is judged by itself: copies are not counted.

    A line that cannot be read is answered by {"error": …, "file": …, "line": …}, and the
    exit code is 1 in the end.
    """
    if text is not None and files:
        raise click.UsageError("--text goes without files")
    judge = Judge(policy_from(merged(default_policy(), policy)), is_explained)
    if text is not None:
        case, data = comment_of(orjson.dumps({"text": text}), True, lang or "")
        _write([judge.answer(case, data)])
        return
    sources = files or ("-",)
    unread = total = 0
    with progress_over(sources, is_hidden=sys.stdout.isatty()) as done:
        for entries in entries_of_all(sources, Form(form), lang or ""):
            _write(judge.answers(entries))
            done(entries)
            total += len(entries)
            unread += sum(isinstance(entry, Unread) for entry in entries)
    if unread:
        raise click.ClickException(f"{unread} of {total} lines could not be read")


def _write(answers: Sequence[Mapping[str, Any]]) -> None:
    """Write what is ready, so that nobody waits for the next comment."""
    out = sys.stdout.buffer
    out.write(b"".join(orjson.dumps(answer, option=_JSON) for answer in answers))
    out.flush()


_JSON = orjson.OPT_APPEND_NEWLINE | orjson.OPT_SERIALIZE_NUMPY


class Judge:
    """Answer entries by verdicts under one policy."""

    def __init__(self, policy: Policy, is_explained: bool) -> None:
        self._policy = policy
        self._is_explained = is_explained
        settings = Settings.from_environment()
        self._pipeline: Pipeline = build_judge(settings)
        try:
            self._cascade: Cascade | None = cascade(settings)
        except ModelBroken:
            # The pipeline holds every comment then, and says why.
            self._cascade = None

    def answer(self, case: Case, data: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return what is to be said of one comment."""
        [(verdict, scores)] = self._reviewed([case])
        return self._said(case, data, verdict, scores)

    def answers(self, entries: Sequence[Entry]) -> list[Mapping[str, Any]]:
        """Return what is to be said of each entry, in order."""
        read = [entry for entry in entries if isinstance(entry, Read)]
        found = iter(self._reviewed([entry.case for entry in read]))
        return [
            self._said(entry.case, entry.data, *next(found))
            if isinstance(entry, Read)
            else {"error": entry.fault, "file": entry.line.source, "line": entry.line.number}
            for entry in entries
        ]

    def _reviewed(self, cases: Sequence[Case]) -> list[tuple[Verdict, Scores]]:
        """Return each case's verdict, and its scores in every attribute the models know."""
        if not cases:
            return []
        batch = Batch(cases)
        verdicts = self._pipeline.review(batch, self._policy)
        if self._cascade is None:
            return [(verdict, verdict.scores) for verdict in verdicts]
        rows = batch.once(self._cascade.judge).scores.tolist()
        return [
            (verdict, graded(verdict.scores, numbers) if verdict.is_lang_served else verdict.scores)
            for verdict, numbers in zip(verdicts, rows, strict=True)
        ]

    def _said(
        self, case: Case, data: Mapping[str, Any], verdict: Verdict, scores: Scores
    ) -> Mapping[str, Any]:
        said = {"id": data["id"]} if "id" in data else {}
        said |= _data(verdict, scores)
        if not self._is_explained or self._cascade is None:
            return said
        return {**said, **highlights(self._cascade, case, verdict)}


def _data(verdict: Verdict, scores: Scores) -> dict[str, Any]:
    lang = verdict.lang if verdict.lang in LANGUAGES else DEFAULT_LANGUAGE
    return {
        "lang": verdict.lang,
        "scores": {name.value: _rounded(scores.get(name, 0.0)) for name in Attribute},
        "verdict": verdict.action.value,
        "rule": verdict.rule,
        "reasons": reasons(verdict, lang),
        "signals": [_signal(signal) for signal in verdict.signals],
        "unscreened": verdict.unscreened,
        "stages": verdict.stages,
    }


def _signal(signal: Signal) -> dict[str, Any]:
    return {
        "check": signal.check,
        "attribute": signal.attribute.value,
        "score": _rounded(signal.score),
        "weight": _rounded(signal.weight),
        "evidence": [_evidence(item) for item in signal.evidence],
    }


def _evidence(item: Evidence) -> dict[str, Any]:
    spans = [{"field": s.field, "start": s.start, "end": s.end} for s in item.spans]
    return {"code": item.code, "params": dict(item.params), "spans": spans}


def _rounded(value: float) -> float:
    return round(float(value), 4)
