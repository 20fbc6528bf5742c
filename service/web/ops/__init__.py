"""The operator's room: whether comments flow, why not if not, and what can be done."""
