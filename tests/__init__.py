"""Tests, laid out as src/ is: unit for what one process can check, e2e for what needs the emulator."""

from pathlib import Path

ROOT = Path(__file__).parents[1]
