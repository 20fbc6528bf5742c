"""A group that imports a command when it is asked for, and says in one line what went wrong."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click


class LateCommands(click.Group):
    """Import a command's module when the command is asked for; turn errors into one line.

    ``modules`` are the modules of the commands by the commands' names, in the order of the
    help; a module holds its commands by name too. All of them together take most of a second
    to import, which no command has to wait for.
    """

    def __init__(self, *arguments: Any, modules: Mapping[str, str], **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.modules = modules

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click's own form
        """Return the commands' names."""
        return list(self.modules)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Return a command, imported now, or None where no command has that name."""
        if cmd_name not in self.modules:
            return None
        held = vars(import_module(self.modules[cmd_name])).values()
        return next(
            each for each in held if isinstance(each, click.Command) and each.name == cmd_name
        )

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; an error the user can act on becomes a line, never a traceback."""
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise
        except Exception as error:
            from service.cli.errors import sentence

            said = sentence(error)
            if said is None:
                raise
            raise click.ClickException(said) from None
