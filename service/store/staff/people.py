"""What administrators do with people: invite, change, disable, delete, help back in."""

from __future__ import annotations

from service.store.queue.views import Views
from service.store.staff.accounts import Account, AccountExists, Accounts, Role
from service.store.staff.general_audit import GeneralAudit
from service.store.staff.links import Link, LinkGone, LinkKind, Links
from service.store.staff.mailboxes import Mailboxes
from service.store.staff.passwords import Passwords
from service.store.staff.second_factor import SecondFactor
from service.store.staff.sessions import Sessions


class People:
    """Change accounts, and note in the log who did; what was open to them by then ends."""

    def __init__(
        self,
        accounts: Accounts,
        sessions: Sessions,
        links: Links,
        second_factor: SecondFactor,
        passwords: Passwords,
        mailboxes: Mailboxes,
        views: Views,
        audit: GeneralAudit,
    ) -> None:
        self._accounts = accounts
        self._sessions = sessions
        self._links = links
        self._second_factor = second_factor
        self._passwords = passwords
        self._mailboxes = mailboxes
        self._views = views
        self._audit = audit

    def invite(
        self,
        name: str,
        role: Role,
        sites: frozenset[str],
        actor: str,
        now_ms: int,
        *,
        is_again: bool = False,
    ) -> str:
        """Return the token of an invitation, good for 72 hours; an earlier one is void.

        With ``is_again`` it may give the name of a deleted account. Raises ``AccountExists``
        or ``NameRetired``.
        """
        if self._accounts.is_known(name):
            raise AccountExists(name)
        if not is_again:
            self._accounts.refuse_retired(name)
        token = self._links.make(LinkKind.INVITATION, name, actor, now_ms, role=role, sites=sites)
        self._audit.add("invitation", actor, name=name, role=role, sites=sorted(sites))
        return token

    def issue_reset(self, name: str, actor: str, now_ms: int) -> str:
        """Return the token of a link that sets a new password, good for 24 hours.

        Raises ``AccountUnknown``.
        """
        self._accounts.get(name)
        token = self._links.make(LinkKind.RESET, name, actor, now_ms)
        self._audit.add("reset-link", actor, name=name)
        return token

    def open_links(self, now_ms: int) -> list[Link]:
        """Return the invitations and reset links that can still be used."""
        return self._links.open_links(now_ms)

    def link(self, token: str, now_ms: int) -> Link:
        """Return what a link is good for.

        Raises ``LinkGone``.
        """
        found = self._links.find(token, now_ms)
        if found.kind is LinkKind.RESET and self._is_shut(found.name):
            raise LinkGone
        return found

    def revoke_link(self, link: Link, actor: str) -> None:
        """Void an invitation or a reset link."""
        if self._links.revoke(link.id):
            self._audit.add("link-revoked", actor, name=link.name, link=link.kind)

    def join(self, token: str, password: str, now_ms: int) -> str:
        """Use a link: set the password, make the account it invites; return the account's name.

        Raises ``LinkGone``, ``PasswordTooShort`` or ``AccountExists``.
        """
        link = self.link(token, now_ms)
        hashed = self._passwords.hash_new(password)
        self._links.use(link)
        if link.kind is LinkKind.INVITATION:
            self._accounts.create_with(Account(link.name, link.role, link.sites), hashed)
            self._audit.add("joined", f"account:{link.name}", by=link.by, role=link.role)
        else:
            self._accounts.set_password(link.name, hashed)
            self._sessions.end_all(link.name)
            self._audit.add("password-reset", f"account:{link.name}", by=link.by)
        return link.name

    def welcome(self, name: str, role: Role) -> None:
        """Make an account, on all sites, for somebody whom the provider vouches for.

        Raises ``AccountExists`` or ``NameRetired``: who was deleted comes back by invitation.
        """
        self._accounts.refuse_retired(name)
        self._accounts.create_with(Account(name, role), "")
        self._audit.add("joined", f"account:{name}", by="oidc", role=role)

    def change(self, name: str, role: Role, sites: frozenset[str], actor: str, now_ms: int) -> None:
        """Give somebody another role or other sites.

        Raises ``AccountUnknown`` or ``LastAdministrator``.
        """
        self._accounts.change(name, role, sites)
        self._shut_out(name, now_ms)
        self._audit.add("role", actor, name=name, role=role, sites=sorted(sites))

    def disable(self, name: str, actor: str, now_ms: int) -> None:
        """Let somebody open nothing any more.

        Raises ``AccountUnknown`` or ``LastAdministrator``.
        """
        self._accounts.disable(name)
        self._links.revoke_to(name, now_ms)
        self._shut_out(name, now_ms)
        self._audit.add("disabled", actor, name=name)

    def enable(self, name: str, actor: str) -> None:
        """Let somebody in again.

        Raises ``AccountUnknown``.
        """
        self._accounts.enable(name)
        self._audit.add("enabled", actor, name=name)

    def delete(self, name: str, actor: str, now_ms: int) -> None:
        """Forget somebody's account, and all that was theirs alone.

        What they did stays in the logs, under their name, which nobody gets by accident.
        Raises ``AccountUnknown`` or ``LastAdministrator``.
        """
        self._accounts.disable(name)
        self._links.revoke_to(name, now_ms)
        self._shut_out(name, now_ms)
        self._second_factor.drop(name)
        self._mailboxes.remove(name)
        self._views.forget_all(name)
        self._accounts.delete(name, now_ms)
        self._audit.add("deleted", actor, name=name)

    def reset_password(self, name: str, one_time_password: str, actor: str) -> None:
        """Replace somebody's password by a new one-time password.

        Raises ``AccountUnknown``.
        """
        hashed = self._passwords.hash(one_time_password)
        self._accounts.set_password(name, hashed, must_change=True)
        self._sessions.end_all(name)
        self._audit.add("password-reset", actor, name=name)

    def reset_second_factor(self, name: str, actor: str) -> None:
        """Let somebody sign in by the password alone until a second factor is set up anew.

        Raises ``AccountUnknown``.
        """
        self._accounts.get(name)
        self._second_factor.drop(name)
        self._audit.add("second-factor-reset", actor, name=name)

    def _shut_out(self, name: str, now_ms: int) -> None:
        """End the sessions of somebody, and void the links made with the rights of before."""
        self._links.revoke_by(f"account:{name}", now_ms)
        self._sessions.end_all(name)

    def _is_shut(self, name: str) -> bool:
        kept = self._accounts.find(name)
        return kept is None or kept.account.is_disabled
