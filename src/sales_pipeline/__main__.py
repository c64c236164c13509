"""The program `sales`."""

import sys

from common.streams import standard_streams


def main() -> None:
    """Run the command line. Ctrl-C ends it with exit code 130, also while its modules are imported."""
    try:
        with standard_streams():
            try:
                from sales_pipeline.cli.app import app  # noqa: PLC0415

                app()
            except KeyboardInterrupt:
                sys.exit(130)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
