"""The checks: functions that take a Pipeline, and return what they saw.

A check raises NotShownError if AWS does something else than the behaviour says.
"""
