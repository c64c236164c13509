"""The program `sales`: imports take a second, and Ctrl-C may come within it."""

import sys


def main() -> None:
    """Run the command line."""
    try:
        from sales_pipeline.cli import app as cli  # noqa: PLC0415 - see above

        cli.main()
    except KeyboardInterrupt:
        sys.exit(130)
