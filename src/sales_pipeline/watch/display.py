"""Shows the screen on a terminal, in a thread, so that whoever waits for the end of the command can do so."""

import signal
import threading
from collections.abc import Callable
from typing import Self

from rich.live import Live

from common.console import PlainConsole
from sales_pipeline.watch.model import Screen
from sales_pipeline.watch.view import View

TICK_SECONDS = 0.5
"""Ages and the time to the next object change each second. A terminal of another size is filled as soon."""
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Display(threading.Thread):
    """Draws what `look` returns for as long as its `with` block lasts, on the terminal's other screen.

    If that fails, it calls `when_failed`, and the `with` block raises the error at its end.
    """

    def __init__(
        self, look: Callable[[], Screen], console: PlainConsole, when_failed: Callable[[], None] = lambda: None
    ) -> None:
        super().__init__(daemon=True)
        self._look = look
        self._console = console
        self._when_failed = when_failed
        self._over, self._ended = threading.Event(), threading.Event()
        self._failure: BaseException | None = None

    def run(self) -> None:
        try:
            # What other threads print is not for this screen.
            with Live(
                console=self._console, screen=True, auto_refresh=False, redirect_stdout=False, redirect_stderr=False
            ) as live:
                while True:
                    live.update(View(self._look(), fills=True), refresh=True)
                    if self._over.wait(TICK_SECONDS):
                        return
        except BaseException as error:  # noqa: BLE001 - the main thread raises it
            self._failure = error
            self._when_failed()
        finally:
            self._ended.set()

    def has_ended(self, seconds: float) -> bool:
        """Wait so long; return whether it has ended by itself. A signal may interrupt this, but not `join`.

        In Python 3.11, a thread whose `join` was interrupted counts as ended (CPython issue 90882).
        """
        return self._ended.wait(seconds)

    def __enter__(self) -> Self:
        try:
            before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
            self.start()
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        except BaseException:  # a signal that came meanwhile
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """Give the terminal back. No signal keeps it from that."""
        before = {number: signal.signal(number, signal.SIG_IGN) for number in _SIGNALS}
        try:
            self._over.set()
            self.join()
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
        if self._failure:
            raise self._failure
