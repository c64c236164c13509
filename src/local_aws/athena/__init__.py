"""A stand-in for Amazon Athena: runs its SQL on DuckDB, over the objects that Athena would read.

Athena's engine is Trino. The rules come from the Amazon Athena User Guide, and where it is silent from Trino's
documentation and source. A statement that this package can't run as Athena does fails with a reason.
"""
