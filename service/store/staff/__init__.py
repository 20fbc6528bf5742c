"""People who sign in: accounts, passwords, sessions, second factors, invitations, mail."""
