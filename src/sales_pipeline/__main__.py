"""The program `sales`."""

import signal
import sys

from common.streams import standard_streams

# A command that `kill` or a closed terminal ends cleans up, and says what it has done, as after Ctrl-C.
_ENDINGS = (signal.SIGTERM, signal.SIGHUP)


def main() -> None:
    """Run the command line. Ctrl-C, SIGTERM and SIGHUP end it with exit code 130, also while modules are imported.

    After the command they change nothing more: its exit code says what it did.
    """
    try:
        for number in _ENDINGS:
            if signal.getsignal(number) is signal.SIG_DFL:  # nohup ignores SIGHUP
                signal.signal(number, signal.default_int_handler)
        with standard_streams():
            try:
                from sales_pipeline.cli.app import app  # noqa: PLC0415

                app()
            except KeyboardInterrupt:
                sys.exit(130)
    except KeyboardInterrupt:
        sys.exit(130)
    finally:
        # Python takes its handlers away before it has ended: a signal would kill it, in the place of its exit code.
        for number in _ENDINGS:
            signal.signal(number, signal.SIG_IGN)


if __name__ == "__main__":
    main()
