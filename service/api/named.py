"""The comment that an address names."""

from __future__ import annotations

from service.api.services import services
from service.schemas.submission import is_comment_id
from service.store.comments import CommentUnknown
from service.store.records import Record


def named_id(comment_id: str) -> str:
    """Return the id as it is; raise ``CommentUnknown`` for what no comment can be called."""
    if not is_comment_id(comment_id):
        raise CommentUnknown(comment_id)
    return comment_id


def named(site: str, comment_id: str) -> Record:
    """Return the comment; raise ``CommentUnknown``."""
    return services().store.comments.get(site, named_id(comment_id))
