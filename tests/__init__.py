"""The tests, in the same folders as src/: unit tests need one process, e2e tests need the emulator."""

from pathlib import Path

ROOT = Path(__file__).parents[1]
