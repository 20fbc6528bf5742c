"""The `ecluse` command: one module per group of commands."""

from __future__ import annotations

import click

from service.cli.group import LateCommands

MODULES = {
    "up": "service.cli.serving",
    "web": "service.cli.serving",
    "worker": "service.cli.serving",
    "scheduler": "service.cli.serving",
    "doctor": "service.cli.doctor",
    "top": "service.cli.top",
    "sites": "service.cli.sites",
    "keys": "service.cli.keys",
    "webhooks": "service.cli.webhooks",
    "users": "service.cli.users",
    "policies": "service.cli.policies",
    "queue": "service.cli.queue",
    "requeue": "service.cli.queue",
    "retention": "service.cli.retention",
    "score": "service.cli.score",
    "backtest": "service.cli.backtest",
    "learn": "service.cli.learn",
    "dead-letters": "service.cli.dead_letters",
    "tasks": "service.cli.tasks",
    "verify": "service.cli.verify",
    "rebuild": "service.cli.verify",
    "backup": "service.cli.backup",
    "restore": "service.cli.backup",
    "digest": "service.cli.backup",
    "import": "service.cli.importing",
    "export": "service.cli.exporting",
    "erase": "service.cli.by_address",
}


@click.group(
    cls=LateCommands,
    modules=MODULES,
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
