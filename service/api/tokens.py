"""Signed tokens given to forms and authors: form time, nudge, edit."""

from __future__ import annotations

from service.moderation.comment import FormToken
from service.store.sealing import Vault

FORM_TOKEN_LIFE_S = 86_400.0
NUDGE_TOKEN_LIFE_S = 3_600.0


def make_form_token(vault: Vault, site: str, now: float) -> str:
    """Return ``{time}.{signature}``, the moment a form was shown, in seconds."""
    issued = f"{now:.1f}"
    return f"{issued}~{vault.sign('form', site, issued)}"


def read_form_token(
    vault: Vault, site: str, token: str, now: float
) -> tuple[FormToken, float | None]:
    """Return what a form token is worth, and its age in seconds when it is ours."""
    issued, _, signature = token.partition("~")
    if not vault.is_signed(signature, "form", site, issued):
        return FormToken.FORGED, None
    age_s = now - float(issued)
    return (FormToken.VALID if age_s <= FORM_TOKEN_LIFE_S else FormToken.EXPIRED), age_s


def make_nudge_token(vault: Vault, site: str, author: str, now: float) -> str:
    """Return the token that lets a nudged author go on, changed or not."""
    issued = f"{now:.0f}"
    return f"{issued}~{vault.sign('nudge', site, author, issued)}"


def is_nudge_token(vault: Vault, site: str, author: str, token: str, now: float) -> bool:
    """Say whether this author was nudged in the last hour."""
    issued, _, signature = token.partition("~")
    is_ours = vault.is_signed(signature, "nudge", site, author, issued)
    return is_ours and now - float(issued) <= NUDGE_TOKEN_LIFE_S


def make_edit_token(vault: Vault, site: str, comment_id: str) -> str:
    """Return the token by which an author is known to a comment."""
    return vault.sign("edit", site, comment_id)


def is_edit_token(vault: Vault, site: str, comment_id: str, token: str) -> bool:
    """Say whether the token belongs to the comment."""
    return vault.is_signed(token, "edit", site, comment_id)
