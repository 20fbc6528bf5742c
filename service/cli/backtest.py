"""`ecluse backtest`: what a policy would have done to comments that were decided."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import click

from config.settings import Settings, default_policy
from service.cli.comment_lines import Entry, Form, Read, Unread, entries_of_all
from service.cli.opening import open_here
from service.cli.output import as_json, print_json, print_table
from service.cli.progress import progress_over
from service.cli.values import LANG, POLICY_FILE, SITE
from service.judge import build_judge
from service.moderation.batch import Batch
from service.moderation.pipeline import Pipeline
from service.moderation.policy import Policy, merged, policy_from
from service.moderation.tally import Group, Tally
from service.moderation.verdict import STATUS_AFTER, Action, Verdict

DECISIONS = {
    **{action.value: action for action in Action},
    **{status.value: action for action, status in STATUS_AFTER.items()},
}
"""How a decision may be written: as an action, or as the status it led to."""

_MOST_FAULTS_SHOWN = 5
_WIDEST_EXAMPLE = 100
_LONGEST_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Example:
    """Hold one comment: where it stands, how it begins, and what the policies made of it."""

    file: str
    line: int
    text: str
    decision: Action
    present_rule: str
    new_rule: str
    score: float | None
    threshold: float | None

    @classmethod
    def of(
        cls, place: tuple[str, int], text: str, decision: Action, present: Verdict, new: Verdict
    ) -> Example:
        """Return a comment as an example, with what the new policy compared."""
        shown = text[:_LONGEST_SHOWN] + ("…" if len(text) > _LONGEST_SHOWN else "")
        score = round(float(new.scores[new.attribute]), 4) if new.attribute else None
        return cls(*place, shown, decision, present.rule, new.rule, score, new.threshold)


@click.command()
@click.argument("policy", type=POLICY_FILE)
@click.argument("files", nargs=-1, required=True,
                type=click.Path(exists=True, dir_okay=False, allow_dash=True))  # fmt: skip
@click.option("--present", type=POLICY_FILE,
              help="Policy to compare with: a preset or a file.  [default: balanced]")  # fmt: skip
@click.option("--site", type=SITE, help="Compare with this site's policy, as the store has it.")
@click.option("--lang", type=LANG, help="Language to expect where a comment's words decide none.")
@click.option("--examples", type=click.IntRange(0, 100), default=3, show_default=True,
              help="Examples of each change and disagreement.")  # fmt: skip
@as_json
def backtest(
    policy: Mapping[str, Any],
    files: tuple[str, ...],
    present: Mapping[str, Any] | None,
    site: str | None,
    lang: str | None,
    examples: int,
    is_json: bool,
) -> None:
    """Show what POLICY, a preset or a file, would have done to the decided comments in FILES.

    Each line of FILES (- is standard input) is an object: {"text": …, "decision": …}, the
    decision being approve, hold, reject or spam, and if you like "lang", "author", "email",
    "url".

    Each comment is judged by its words: what the file does not hold (copies, rate limits,
    the age of the form) speaks neither for it nor against it. For premoderation, an author's
    record is made of the lines before, of the same e-mail or, without one, the same name;
    so let the oldest come first.
    """
    if present is not None and site is not None:
        raise click.UsageError("--present goes without --site")
    before = open_here().sites.get(site).site.policy if site else present or {}
    judges = _Judges(_policy(before), _policy(policy))
    tally: Tally[Example] = Tally(examples)
    faults = _Faults()
    _judge_all(judges, files, lang or "", tally, faults)
    if is_json:
        print_json(_data(tally, faults.count))
    else:
        _print(tally)
    _complain(faults, tally.total)


def _policy(entries: Mapping[str, Any]) -> Policy:
    return policy_from(merged(default_policy(), entries))


class _Judges:
    """Judge comments under the present policy and the new one; the checks run once."""

    def __init__(self, present: Policy, new: Policy) -> None:
        self._present, self._new = present, new
        self._pipeline: Pipeline = build_judge(Settings.from_environment())

    def examples(self, decided: Sequence[tuple[Read, Action]]) -> Iterator[_Judged]:
        """Yield what the policies make of each comment."""
        batch = Batch([entry.case for entry, _ in decided])
        present = self._pipeline.review(batch, self._present)
        new = self._pipeline.review(batch, self._new)
        for (entry, said), before, after in zip(decided, present, new, strict=True):
            place = (entry.line.source, entry.line.number)
            content = entry.case.comment.content
            yield _Judged(
                said, before.action, after.action, Example.of(place, content, said, before, after)
            )


@dataclass(frozen=True, slots=True)
class _Judged:
    said: Action
    present: Action
    new: Action
    example: Example


@dataclass
class _Authors:
    """Count what was approved of each author by then; who is not named is new each time."""

    _approved: Counter[str] = field(default_factory=Counter)

    def known(self, entry: Read, said: Action) -> Read:
        """Return a comment with its author's record, in which it counts from now on."""
        name = entry.data.get("email") or entry.case.comment.author
        if not isinstance(name, str) or not name:
            return entry
        facts = replace(entry.case.facts, approved_before=self._approved[name])
        self._approved[name] += said is Action.APPROVE
        return replace(entry, case=replace(entry.case, facts=facts))


@dataclass
class _Faults:
    """Count the lines that could not be read, and keep what is wrong with the first few."""

    count: int = 0
    shown: list[str] = field(default_factory=list)

    def add(self, entry: Entry, said: str) -> None:
        self.count += 1
        if len(self.shown) < _MOST_FAULTS_SHOWN:
            self.shown.append(f"{entry.line.source}:{entry.line.number}: {said}")


def _judge_all(
    judges: _Judges, files: Sequence[str], lang: str, tally: Tally[Example], faults: _Faults
) -> None:
    """Count every decided comment of ``files`` in ``tally``, and what is none in ``faults``."""
    authors = _Authors()
    with progress_over(files, is_hidden=False) as done:
        for entries in entries_of_all(files, Form.JSONL, lang):
            for judged in judges.examples(list(_decided(entries, authors, faults))):
                tally.add((judged.said, judged.present, judged.new), judged.example)
            done(entries)


def _decided(
    entries: Sequence[Entry], authors: _Authors, faults: _Faults
) -> Iterator[tuple[Read, Action]]:
    for entry in entries:
        if isinstance(entry, Unread):
            faults.add(entry, entry.fault)
            continue
        said = entry.data.get("decision", entry.data.get("status"))
        action = DECISIONS.get(said) if isinstance(said, str) else None
        if action is None:
            faults.add(entry, f"`decision` is none of {', '.join(Action)}")
        else:
            yield authors.known(entry, action), action


def _complain(faults: _Faults, total: int) -> None:
    for fault in faults.shown:
        click.echo(fault, err=True)
    if faults.count:
        raise click.ClickException(
            f"{faults.count} of {total + faults.count} lines could not be read"
        )


# What is said ----------------------------------------------------------------------------------


def _data(tally: Tally[Example], unread: int) -> dict[str, Any]:
    return {
        "comments": tally.total,
        "unread": unread,
        "present": _policy_data(tally, is_new=False),
        "new": _policy_data(tally, is_new=True),
        "changes": [
            {"present": present, "new": new, **_group_data(group)}
            for present, new, group in tally.changes()
        ],
        "disagreements": [
            {"decision": said, "new": new, **_group_data(group)}
            for said, new, group in tally.disagreements()
        ],
    }


def _policy_data(tally: Tally[Example], is_new: bool) -> dict[str, Any]:
    confusion = tally.confusion(is_new)
    shares = asdict(tally.shares(is_new)).items()
    return {
        **{name: {"count": count, "of": total} for name, (count, total) in shares},
        "confusion": {said.value: _named(row) for said, row in confusion.items()},
    }


def _group_data(group: Group[Example]) -> dict[str, Any]:
    return {
        "count": group.count,
        "decisions": _named(group.decisions),
        "examples": [asdict(example) for example in group.examples],
    }


def _named(counts: Mapping[Action, int]) -> dict[str, int]:
    return {action.value: count for action, count in counts.items()}


def _print(tally: Tally[Example]) -> None:
    click.echo(f"{tally.total} decided comments\n")
    present, new = (tally.shares(is_new) for is_new in (False, True))
    names = ("held for a moderator", "refused, though approved", "published, though refused")
    print_table(
        ("", "present policy", "new policy"),
        [
            (name, _share(before), _share(after))
            for name, before, after in zip(
                names, asdict(present).values(), asdict(new).values(), strict=True
            )
        ],
    )
    click.echo("\nWhat moderators decided, and what the new policy would have done:\n")
    confusion = tally.confusion(is_new=True)
    print_table(
        ("", *(f"would {action}" for action in Action)),
        [(f"decided {said}", *confusion[said].values()) for said in Action],
    )
    _print_groups("What changes", tally.changes(), "{} -> {}")
    _print_groups(
        "Where the new policy and the moderators disagree", tally.disagreements(),
        "decided {}, would be {}",
    )  # fmt: skip


def _share(counted: tuple[int, int]) -> str:
    count, total = counted
    return f"{count} of {total} ({count / total:.1%})" if total else "-"


def _print_groups(
    title: str, groups: Sequence[tuple[Action, Action, Group[Example]]], heading: str
) -> None:
    click.echo(f"\n{title}:" if groups else f"\n{title}: nothing.")
    for one, other, group in groups:
        said = ", ".join(f"{count} {action}" for action, count in group.decisions.items())
        click.echo(f"\n  {heading.format(one, other)}: {group.count} (moderators: {said})")
        for example in group.examples:
            click.echo(f"    {_why(example)}  {_shown(example.text)}")


def _why(example: Example) -> str:
    if example.score is None:
        return example.new_rule
    return f"{example.new_rule} {example.score:.2f} >= {example.threshold:.2f}"


def _shown(text: str) -> str:
    """Return a visitor's words on one line, without what could steer a terminal."""
    line = "".join(char if char.isprintable() else " " for char in text)
    return f"“{line[:_WIDEST_EXAMPLE]}{'…' if len(line) > _WIDEST_EXAMPLE else ''}”"
