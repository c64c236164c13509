"""The emulator's process, `python -m local_aws.server`: MiniStack behind the gate.

The stand-in for Athena runs in it too, because it takes MiniStack's place for one step of a query. One warning stays
out of MiniStack's log that comes every second.
"""

import logging
import os

from common.streams import make_log_visible

KEY_ID_NAME, SECRET_NAME = "GATE_ACCESS_KEY_ID", "GATE_SECRET_ACCESS_KEY"


def is_worth_a_line(record: logging.LogRecord) -> bool:
    """Return False for MiniStack's warning that it does not run a pipe to Kinesis: a stand-in runs it."""
    return "MiniStack delivers to" not in str(record.msg)


def main() -> None:
    """Run MiniStack until a signal ends it. Its settings, and the key of its root user, are environment variables."""
    make_log_visible()
    # Functions inherit the environment, and may have no more than their role.
    key_id, secret = os.environ.pop(KEY_ID_NAME), os.environ.pop(SECRET_NAME)
    logging.getLogger("pipes").addFilter(is_worth_a_line)
    from ministack import app as emulator  # type: ignore[import-untyped]  # noqa: PLC0415 - the demo's package

    from local_aws.athena import hook  # noqa: PLC0415 - it imports the demo's packages
    from local_aws.gate import asgi, keys  # noqa: PLC0415 - they import the demo's package

    hook.install()
    keys.hide_function_keys()
    keys.register_root(key_id, secret)
    emulator.app = asgi.Gate(emulator.app, keys.secret_of)
    emulator.main()


if __name__ == "__main__":
    main()
