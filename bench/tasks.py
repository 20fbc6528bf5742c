"""The plain design's task: moderate one comment, named in its own RQ job."""

from __future__ import annotations

from service.store.inbox import Entry
from workers.moderate import moderator, policies_of

NO_ENTRY = "0-1"
"""The plain design has no inbox; settling drops an entry that is not there."""


def moderate_one(site_name: str, comment_id: str) -> int:
    """Load one comment, review it with every check, settle it; return how many were settled."""
    here = moderator()
    site = here.sites.get(site_name).site
    return here.review(site, policies_of(site), [Entry(NO_ENTRY, comment_id, 0)])
