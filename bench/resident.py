"""The memory of a worker that has judged: ``python -m bench.resident``, comments on its input.

It loads what a worker loads, judges the comments in a worker's batches, each behind the
window of earlier ones, and says how many bytes it holds then, from /proc (proc(5)).
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import workers.runner  # noqa: F401  a worker is this and what it imports
from bench.children import ROOT, python
from bench.worker import review_in_batches
from config.settings import Settings, default_policy
from service.garbage import keep_what_is_loaded
from service.judge import build_worker_judge, warm_up_judge
from service.moderation.comment import Case, Comment
from service.moderation.policy import policy_from

_RESIDENT = re.compile(r"^VmRSS:\s+(\d+) kB$", re.MULTILINE)


def resident_bytes(cases: Sequence[Case]) -> int:
    """Return what a worker of its own process holds after judging ``cases``.

    Raises ``CalledProcessError`` when it fails.
    """
    lines = (json.dumps([case.comment.content, case.comment.lang]) for case in cases)
    ran = subprocess.run(
        python("bench.resident"),
        input="\n".join(lines),
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    )
    return int(ran.stdout.split()[-1])


def main() -> None:
    """Be that worker."""
    settings = Settings()
    pipeline, policy = build_worker_judge(settings), policy_from(default_policy())
    warm_up_judge(settings)
    keep_what_is_loaded()
    cases = [_case(number, *json.loads(line)) for number, line in enumerate(sys.stdin)]
    review_in_batches(pipeline, cases, policy, settings)
    found = _RESIDENT.search(Path("/proc/self/status").read_text("utf-8"))
    print(int(found[1]) * 1024 if found else 0)


def _case(number: int, content: str, lang: str) -> Case:
    return Case(Comment(id=str(number), site="s", page="/a", content=content, lang=lang))


if __name__ == "__main__":
    main()
