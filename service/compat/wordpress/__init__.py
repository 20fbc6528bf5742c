"""WordPress's comment form: the address it is sent to, where it leads on, its error page."""
