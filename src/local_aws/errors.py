"""Errors that a person can do something about."""


class LocalAwsError(Exception):
    """The emulator or a stand-in can't go on. The text is one line that says why, and what to do next."""
