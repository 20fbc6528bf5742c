"""A real mail server in the test's own process, and the service over a fresh database."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from config.settings import Settings, SmtpSecurity
from tests.conftest import free_port


class Letterbox:
    """Keep every letter; refuse those to addresses that begin with `refused`."""

    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []

    async def handle_RCPT(  # noqa: N802  the server asks for it by this name
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        if address.startswith("refused"):
            return "550 nobody of that name"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        letter = message_from_bytes(envelope.content, policy=policy.default)
        self.letters.append(letter)
        return "250 OK"

    def text(self, index: int = -1) -> str:
        """Return the words of a letter."""
        return str(self.letters[index].get_content())


@pytest.fixture
def letterbox(settings: Settings) -> Iterator[Letterbox]:
    box = Letterbox()
    controller = Controller(box, hostname="127.0.0.1", port=settings.smtp_port)
    controller.start()
    yield box
    controller.stop()


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(
        settings,
        smtp_host="127.0.0.1",
        smtp_port=free_port(),
        smtp_security=SmtpSecurity.NONE,
        mail_from="Écluse <moderation@journal.example>",
        public_url="https://comments.example",
    )
