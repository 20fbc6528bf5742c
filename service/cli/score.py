"""`ecluse score`: judge one text here and now, without any server."""

from __future__ import annotations

import sys
from typing import Any

import click

from config.settings import default_policy
from service.cli.output import as_json, print_json
from service.cli.values import LANG, POLICY_FILE
from service.moderation.batch import Batch
from service.moderation.checks import build_pipeline
from service.moderation.comment import Case, Comment
from service.moderation.policy import merged, policy_from
from service.moderation.verdict import Verdict
from service.schemas.wording import reasons


@click.command()
@click.argument("text")
@click.option("--lang", type=LANG, default="en", show_default=True,
              help="Language of the text, and of the reasons.")  # fmt: skip
@click.option("--author", default="", help="Name the comment is signed with.")
@click.option("--policy", type=POLICY_FILE, help="TOML file over the default policy.")
@click.option("--explain", "is_explained", is_flag=True, help="Print every signal found.")
@as_json
def score(
    text: str,
    lang: str,
    author: str,
    policy: dict[str, Any] | None,
    is_explained: bool,
    is_json: bool,
) -> None:
    """Judge TEXT (- reads it from standard input) and say why."""
    content = sys.stdin.read() if text == "-" else text
    comment = Comment(id="-", site="-", page="-", content=content, author=author, lang=lang)
    rules = policy_from(merged(default_policy(), policy or {}))
    [verdict] = build_pipeline().review(Batch([Case(comment)]), rules)
    if is_json:
        print_json(_data(verdict, lang, is_explained))
    else:
        _print(verdict, lang, is_explained)


def _print(verdict: Verdict, lang: str, is_explained: bool) -> None:
    click.echo(f"{verdict.action} ({verdict.rule})")
    for name, value in _scores(verdict).items():
        click.echo(f"  {name:<18} {value:.2f}")
    for reason in reasons(verdict, lang):
        click.echo(f"- {reason}")
    if is_explained:
        for signal in _signals(verdict):
            found = ", ".join(signal["evidence"])
            click.echo(f"  {signal['check']:<24} {signal['attribute']:<16} "
                       f"{signal['score']:.2f}  {found}")  # fmt: skip


def _data(verdict: Verdict, lang: str, is_explained: bool) -> dict[str, Any]:
    data: dict[str, Any] = {
        "action": verdict.action,
        "rule": verdict.rule,
        "scores": _scores(verdict),
        "reasons": list(reasons(verdict, lang)),
        "unscreened": list(verdict.unscreened),
    }
    return {**data, "signals": _signals(verdict)} if is_explained else data


def _scores(verdict: Verdict) -> dict[str, float]:
    ordered = sorted(verdict.scores.items(), key=lambda item: -item[1])
    return {str(name): round(float(value), 4) for name, value in ordered}


def _signals(verdict: Verdict) -> list[dict[str, Any]]:
    return [
        {
            "check": signal.check,
            "attribute": str(signal.attribute),
            "score": round(float(signal.score), 4),
            "evidence": [item.code for item in signal.evidence],
        }
        for signal in verdict.signals
    ]
