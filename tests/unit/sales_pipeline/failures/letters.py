"""Messages of a dead-letter queue, of the pipe's form and of any other."""

import json

from hypothesis import strategies as st


def letter(body=None, **batch):
    """The body of a message, with other members than usual in its body or in its batch; None for no such member."""
    usual = {
        "context": {"partnerResourceArn": "arn:aws:pipes:us-east-1:1:pipe/p", "condition": "RetryAttemptsExhausted"},
        "version": "1.0",
        "timestamp": "2026-11-22T13:00:00.123Z",
        "DDBStreamBatchInfo": {
            "shardId": "shardId-1",
            "startSequenceNumber": "100",
            "endSequenceNumber": "200",
            "approximateArrivalOfFirstRecord": "2026-11-22T12:00:00Z",
            "approximateArrivalOfLastRecord": "2026-11-22T12:01:00Z",
            "batchSize": 7,
            "streamArn": "arn:aws:dynamodb:us-east-1:1:table/t/stream/1",
        },
    }
    whole = usual | (body or {})
    whole["DDBStreamBatchInfo"] = usual["DDBStreamBatchInfo"] | batch
    return json.dumps(whole)


_scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
_names = st.text() | st.sampled_from(
    ["context", "condition", "DDBStreamBatchInfo", "shardId", "streamArn", "timestamp"]
)
_any_json = st.recursive(
    _scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_names, inner, max_size=3), max_leaves=6
)


@st.composite
def _odd_letters(draw):
    """Messages of the pipe's form, of which some members are gone or have another value."""
    body = json.loads(letter())
    for members in (body, body["DDBStreamBatchInfo"]):
        for name in draw(st.lists(st.sampled_from(sorted(members)), max_size=2, unique=True)):
            if draw(st.booleans()):
                del members[name]
            else:
                members[name] = draw(_any_json | st.sampled_from(["0", "1" * 40, "9" * 40]))
    return json.dumps(body)


bodies = st.one_of(
    _odd_letters(),
    _any_json.map(json.dumps),
    st.text(min_size=1),
    st.binary(min_size=1).map(lambda data: data.decode("latin-1")),
    st.sampled_from(["[" * 10_000, '{"DDBStreamBatchInfo":' * 2_000]),
)
"""The body of any message that SQS may hold."""
