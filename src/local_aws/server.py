"""The emulator's process, `python -m local_aws.server`: MiniStack, without one warning that it repeats every second."""

import logging

from common.streams import make_log_visible


def is_worth_a_line(record: logging.LogRecord) -> bool:
    """Return False for MiniStack's warning that it does not run a pipe to Kinesis: a stand-in runs it."""
    return "MiniStack delivers to" not in str(record.msg)


def main() -> None:
    """Run MiniStack until a signal ends it; its settings are environment variables."""
    make_log_visible()
    logging.getLogger("pipes").addFilter(is_worth_a_line)
    from ministack.app import main as run  # type: ignore[import-untyped]  # noqa: PLC0415 - the demo's package

    run()


if __name__ == "__main__":
    main()
