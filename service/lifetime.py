"""How long a process lives: no longer than the one that started it.

``python -m service.lifetime PARENT SIGNAL COMMAND…`` becomes COMMAND, bound to PARENT;
so does a server that knows nothing of us.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Sequence

PR_SET_PDEATHSIG = 1  # linux/prctl.h


def die_with(parent: int, by: signal.Signals = signal.SIGKILL) -> None:
    """Have the kernel send ``by`` to this process when ``parent``, who started it, ends.

    Ends the process at once when ``parent`` is gone already. Does nothing where the
    kernel is not Linux.
    """
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(by), 0, 0, 0)
    if os.getppid() != parent:
        raise SystemExit(1)


def bound(command: Sequence[str], by: signal.Signals = signal.SIGKILL) -> list[str]:
    """Return the command that runs ``command`` bound to the calling process."""
    return [sys.executable, "-m", "service.lifetime", str(os.getpid()), by.name, *command]


def end_quietly() -> None:
    """Have SIGTERM and SIGINT end a process that is still starting without a traceback."""
    for signum in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signum, lambda *_: os._exit(0))


def main() -> None:
    """Become the command in the arguments."""
    parent, by, *command = sys.argv[1:]
    die_with(int(parent), signal.Signals[by])
    os.execvp(command[0], command)  # noqa: S606  the command is ours, made by `bound`


if __name__ == "__main__":
    main()
