"""What WordPress's comment form is answered, as WordPress itself puts it."""

from __future__ import annotations

DUPLICATE = "Duplicate comment detected; it looks as though you’ve already said that!"
TOO_QUICK = "You are posting comments too quickly. Slow down."
FILL_IN = "Please fill the required fields."
CLOSED = "Sorry, comments are closed for this item."
NOT_FOUND = "Sorry, nothing by this address takes comments."
WHICH_SITE = "Sorry, several sites share this address; the form must name its own."
NOT_A_FORM = "Send a comment form."
