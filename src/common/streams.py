"""Standard input, output and error of a program: in UTF-8, safe on a terminal, and able to say that they fail."""

import errno
import logging
import os
import signal
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, NoReturn, TextIO, cast

from common.printable import Styled, visible_lines

BROKEN_PIPE_EXIT_CODE = 128 + signal.SIGPIPE
"""Exit code after the reader of standard output has ended, such as `head`: the one that shells show for SIGPIPE."""
FAILED_EXIT_CODE = 1
USAGE_EXIT_CODE = 2


class OutputError(OSError):
    """Standard output takes no more: its reader has ended, its disk is full, or it is closed."""


class _Stream:
    """What writes on to another stream, and is like that stream in all else."""

    def __init__(self, stream: Any) -> None:  # noqa: ANN401 - a TextIOWrapper, or one of these classes
        self._stream = stream

    def write(self, text: str) -> int:
        self._stream.write(text)
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        self._stream.flush()

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the stream has
        if name == "buffer":  # code that finds it would write past `write`
            raise AttributeError(name)
        return getattr(self._stream, name)


class _Output(_Stream):
    """Standard output: a failure raises OutputError, and is kept."""

    failure: OutputError | None = None

    def write(self, text: str) -> int:
        with self._kept():
            return super().write(text)

    def flush(self) -> None:
        with self._kept():
            super().flush()

    def discard(self) -> None:
        """Write no more, nor what waits in the buffer; forget the failure."""
        with suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), self.fileno())
        self.failure = None

    @contextmanager
    def _kept(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            why = "its reader is gone" if error.errno == errno.EPIPE else error.strerror
            self.failure = OutputError(error.errno, why)
            raise self.failure from None


class _Errors(_Stream):
    """Standard error: a failure is lost, because there is no place left to report it."""

    def write(self, text: str) -> int:
        with suppress(OSError):
            super().write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError):
            super().flush()


class _Terminal(_Stream):
    """A stream to a terminal: it shows what is written, and obeys only `Styled` text."""

    @property
    def rich_proxied_file(self) -> _Stream:
        """Where rich writes. What it writes of others is made visible before: see `console`."""
        stream: _Stream = self._stream
        return stream

    def write(self, text: str) -> int:
        self._stream.write(text if isinstance(text, Styled) else visible_lines(text))
        return len(text)


def _safe(stream: _Stream) -> TextIO:
    """Return the stream to write to. On a terminal, `?` stands for what its encoding lacks; all else is in UTF-8."""
    if stream.isatty():
        stream.reconfigure(errors="replace")
        return cast("TextIO", _Terminal(stream))
    stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    return cast("TextIO", stream)


@contextmanager
def standard_streams() -> Iterator[None]:
    """Prepare the three streams for a program; at the end write out what is left, and end with an exit code.

    Where standard output is closed, it ends at once, with one line on standard error: nothing is done then whose result
    nobody sees. Where the reader of standard output ends early, as `head` does, it ends without a word.

    A library's log goes nowhere: the program says itself what failed, in one line.
    """
    logging.getLogger().addHandler(logging.NullHandler())
    was_closed = _open_closed_streams()
    output = _Output(sys.stdout)
    sys.stdout, sys.stderr = _safe(output), _safe(_Errors(sys.stderr))
    if was_closed:
        _fail("standard output is closed, so nothing was done: give it a file, a pipe or a terminal", FAILED_EXIT_CODE)
    _decode_arguments()
    ended = None
    try:
        yield
    except OutputError:
        pass  # it is kept
    except SystemExit as error:
        ended = error
    with suppress(OutputError):
        output.flush()
    failure = output.failure
    if failure:
        output.discard()
        if failure.errno == errno.EPIPE:
            sys.exit(BROKEN_PIPE_EXIT_CODE)
        _fail(f"writing to standard output failed: {failure.strerror}", FAILED_EXIT_CODE)
    if ended:
        raise ended


def make_log_visible() -> None:
    """Let a program whose output is a log write no command to a terminal: people watch logs, as with `tail -f`."""
    sys.stdout, sys.stderr = cast("TextIO", _Terminal(sys.stdout)), cast("TextIO", _Terminal(sys.stderr))


def _fail(problem: str, exit_code: int) -> NoReturn:
    sys.stderr.write(f"error: {problem}\n")
    sys.exit(exit_code)


def discard_output() -> None:
    """Write to standard output no more, nor what waits in its buffer: nobody reads it, and the caller says so."""
    discard = getattr(sys.stdout, "discard", None)  # tests replace standard output
    if discard:
        discard()


def read_input() -> str:
    """Return all of standard input, which is UTF-8 with or without a byte order mark. Raises ValueError if it isn't."""
    try:
        return sys.stdin.buffer.read().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError("standard input is not UTF-8: convert it, for example with `iconv -t UTF-8`") from None


def _open_closed_streams() -> bool:
    """Open closed streams on /dev/null, and return whether standard output was closed.

    If they stayed closed, the next file that is opened would be in their place.
    """
    was_closed = sys.stdout is None
    for name, number, mode in (("stdin", 0, "r"), ("stdout", 1, "w"), ("stderr", 2, "w")):
        if getattr(sys, name) is None:
            opened = os.open(os.devnull, os.O_RDWR)
            if opened != number:
                os.dup2(opened, number)
                os.close(opened)
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115 - not a path
    return was_closed


def _decode_arguments() -> None:
    """Read the arguments as UTF-8 where Python, in a locale without it, could not. Exits if they are no UTF-8."""
    try:
        sys.argv[1:] = [each if each.isascii() else _decoded(each) for each in sys.argv[1:]]
    except UnicodeDecodeError:
        _fail("an argument is not UTF-8", USAGE_EXIT_CODE)


def _decoded(argument: str) -> str:
    try:
        argument.encode()
    except UnicodeEncodeError:  # it holds bytes that Python could not decode
        return os.fsencode(argument).decode()
    return argument
