"""What a moderator wishes to get by mail."""

from __future__ import annotations

from marshmallow import EXCLUDE, Schema, fields

from service.schemas.addresses import Email
from service.schemas.submission import BODY_ERRORS
from service.schemas.text import REQUIRED
from service.store.staff.mailboxes import Digest

NO_SUCH_DIGEST = "The digest comes never, hourly or daily."


class MailboxSchema(Schema):
    """Describe an address and how often mail comes there."""

    class Meta:
        """Leave out what the form carries beside."""

        unknown = EXCLUDE

    error_messages = BODY_ERRORS

    address = Email(required=True, error_messages={"required": REQUIRED})
    digest = fields.Enum(
        Digest,
        by_value=True,
        load_default=Digest.NEVER,
        error_messages={"unknown": NO_SUCH_DIGEST},
    )
    alerts = fields.Boolean(load_default=False)
