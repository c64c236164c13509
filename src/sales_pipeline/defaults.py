"""What commands do where no option says otherwise. Imports nothing, so that `sales --help` stays fast."""

SAMPLES = 5
"""Order ids that are shown of each kind."""

READ_UNITS_PER_SECOND = 1_000.0
"""Read capacity units per second that a command may use of the table."""

BACKFILL_ORDERS_PER_SECOND = 200.0
"""A fifth of what a Kinesis shard takes (Kinesis API reference, PutRecords): the pipe goes on beside it."""

REPLAYS_MAX = 3
"""How often a change is replayed before it is left where it is."""

TRACE_SECONDS = 10.0
"""How long `sales trace` reads in each place."""
