"""The console of rich for what this project prints on it: plain text, in which nothing is a command to the terminal."""

import os
import sys
from typing import Any

from rich.console import Console
from rich.text import Text

from common.printable import visible_lines


class PlainConsole(Console):
    """A console without markup, emoji, highlights and line breaks of its own. It makes text `visible`."""

    def __init__(self, *, stderr: bool = False) -> None:
        stream = sys.stderr if stderr else sys.stdout
        # A terminal's own stream would escape the commands by which rich draws.
        file = getattr(stream, "rich_proxied_file", stream)
        # These would count for ever, and a change of the terminal's size would not.
        environment = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "LINES"}}
        super().__init__(
            file=file,
            stderr=stderr,
            highlight=False,
            markup=False,
            emoji=False,
            soft_wrap=True,
            _environ=environment,
        )

    def render_str(self, text: str, **options: Any) -> Text:  # noqa: ANN401 - rich's own
        """Render a text: rich calls this for each one that it prints."""
        return super().render_str(visible_lines(text), **options)

    def on_broken_pipe(self) -> None:
        """Let the caller report it: rich would end the program."""
        raise BrokenPipeError("its reader is gone")
