"""Shows the screen on a terminal, in a thread, so that the caller can wait for the end of the command."""

import os
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
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGTSTP)


class Display(threading.Thread):
    """Draws what `look` returns for as long as its `with` block lasts, on the terminal's other screen.

    While Ctrl-Z stops the program, the terminal has its own screen. If drawing fails, this calls `when_failed`, and the
    `with` block raises the error at its end.
    """

    def __init__(
        self, look: Callable[[], Screen], console: PlainConsole, when_failed: Callable[[], None] = lambda: None
    ) -> None:
        super().__init__(daemon=True)
        self._look = look
        self._console = console
        self._when_failed = when_failed
        self._over, self._ended = threading.Event(), threading.Event()
        self._drawing = threading.Lock()
        self._failure: BaseException | None = None

    def run(self) -> None:
        try:
            # What other threads print is not for this screen.
            with Live(
                console=self._console, screen=True, auto_refresh=False, redirect_stdout=False, redirect_stderr=False
            ) as live:
                while True:
                    view = View(self._look(), fills=True)
                    with self._drawing:
                        live.update(view, refresh=True)
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

    def _suspend(self, *_: object) -> None:
        """Give the terminal back, stop the program, and take the terminal again when it goes on."""
        with self._drawing:
            self._console.set_alt_screen(enable=False)
            self._console.show_cursor()
            os.kill(os.getpid(), signal.SIGSTOP)
            if not self._ended.is_set():
                self._console.set_alt_screen()
                self._console.show_cursor(show=False)

    def __enter__(self) -> Self:
        self._before = signal.getsignal(signal.SIGTSTP)
        try:
            before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
            self.start()
            if self._before is not signal.SIG_IGN:
                signal.signal(signal.SIGTSTP, self._suspend)
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        except BaseException:  # a signal that came meanwhile
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """Give the terminal back. No signal keeps it from that."""
        before = {number: signal.signal(number, signal.SIG_IGN) for number in _SIGNALS}
        before[signal.SIGTSTP] = self._before
        try:
            self._over.set()
            self.join()
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
        if self._failure:
            raise self._failure
