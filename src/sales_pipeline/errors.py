"""Errors that a person can do something about."""


class SalesError(Exception):
    """A command can't go on. The text is one line that says why, and what to do next; `sales` prints it and exits 1."""
