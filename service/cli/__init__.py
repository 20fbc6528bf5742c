"""The `ecluse` command: one module per group of commands."""

from __future__ import annotations

import click

from service.cli.backtest import backtest
from service.cli.backup import backup, digest, restore
from service.cli.by_address import erase
from service.cli.dead_letters import dead_letters
from service.cli.doctor import doctor
from service.cli.errors import OneLineErrors
from service.cli.exporting import export
from service.cli.importing import import_comments
from service.cli.keys import keys
from service.cli.learn import learn
from service.cli.policies import policies
from service.cli.queue import queue, requeue
from service.cli.retention import retention
from service.cli.score import score
from service.cli.serving import scheduler, up, web, worker
from service.cli.sites import sites
from service.cli.tasks import tasks
from service.cli.top import top
from service.cli.users import users
from service.cli.verify import rebuild, verify
from service.cli.webhooks import webhooks


@click.group(
    cls=OneLineErrors,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 done, 1 it could not be done (one line on stderr says why), "
    "2 the command line is wrong.",
)
@click.version_option(package_name="ecluse", prog_name="ecluse")
def main() -> None:
    """Moderate comments: start the service, look after sites, keys and people.

    Every setting is an environment variable that begins with ECLUSE_; they are listed
    in docs/configuration.md. A `.env` file in the current folder is read too.
    """


for command in (
    up,
    web,
    worker,
    scheduler,
    doctor,
    top,
    sites,
    keys,
    webhooks,
    users,
    policies,
    queue,
    requeue,
    retention,
    score,
    backtest,
    learn,
    dead_letters,
    tasks,
    verify,
    rebuild,
    backup,
    restore,
    digest,
    import_comments,
    export,
    erase,
):
    main.add_command(command)
