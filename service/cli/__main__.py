"""``python -m service.cli`` is the `ecluse` command."""

from service.cli import main

main()
