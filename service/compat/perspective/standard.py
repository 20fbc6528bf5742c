"""The parameters that every method of Google's APIs takes: how the answer is written, which part.

``alt``, ``prettyPrint`` and ``fields`` (or the header ``X-Goog-FieldMask``), each also with a
``$`` in front (cloud.google.com/apis/docs/system-parameters).
"""

from __future__ import annotations

from service.api.media import asked
from service.compat.perspective import errors
from service.compat.perspective.masks import Mask, MaskBroken, mask_of


def check_format() -> None:
    """Raise ``ApiError`` where another format than JSON is asked for."""
    alt = errors.standard_parameter("alt")
    if alt not in ("", "json"):
        raise errors.format_unknown(alt)


def part_asked(message: str) -> Mask | None:
    """Return the part of a message that is asked for; None: all of it.

    Raises ``ApiError`` for a part that cannot be, or another format than JSON.
    """
    check_format()
    header = asked().environ.get("HTTP_X_GOOG_FIELDMASK", "")
    fields = errors.standard_parameter("fields") or header
    try:
        return mask_of(fields, message) if fields.strip() else None
    except MaskBroken as error:
        raise errors.mask_broken(str(error)) from None
