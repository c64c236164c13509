"""The gate in front of the emulator: only requests that a key of this run has signed reach it."""
