"""How long an order takes from the table to the lake."""

from sales_pipeline.aws.stack import Stack

# How long it takes besides Firehose's buffer for S3. The pipe's window and the buffer before the transform take 11 s
# (template.yaml); the rest is for each stage to notice and to work.
OTHER_STAGES_SECONDS = 45.0


def delivery_seconds(stack: Stack) -> float:
    """Return how many seconds an order may take to the lake, or to `errors/`: the stack's buffer for S3 and 45 s."""
    return float(stack.parameters["BufferIntervalSeconds"]) + OTHER_STAGES_SECONDS
