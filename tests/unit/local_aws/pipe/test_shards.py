"""Every shard is carried by itself, and a mistake in the program ends it."""

import threading

from botocore.exceptions import ClientError

from local_aws.pipe import __main__ as local_pipe
from local_aws.pipe.shard import Pipe
from tests.unit.local_aws.pipe.test_shard import pipe_in

DEADLINE_SECONDS = 10


class Streams:
    """A stream of two shards with a record each; reading the first lasts until the second's record was put."""

    def __init__(self):
        self.second_put = threading.Event()
        self.denials = 1

    def describe_stream(self, **_):
        if self.denials:
            self.denials -= 1
            error = {"Code": "AccessDeniedException", "Message": "not authorized to perform: dynamodb:DescribeStream"}
            raise ClientError({"Error": error}, "DescribeStream")
        return {"StreamDescription": {"Shards": [{"ShardId": "first"}, {"ShardId": "second"}]}}

    def get_shard_iterator(self, ShardId, **_):  # noqa: N803
        return {"ShardIterator": ShardId}

    def get_records(self, ShardIterator, **_):  # noqa: N803
        if ShardIterator == "first":
            assert self.second_put.wait(DEADLINE_SECONDS)
        change = {"SequenceNumber": "1", "Keys": {"orderid": {"S": ShardIterator}}}
        return {"Records": [{"eventName": "INSERT", "dynamodb": change}]}


def carry(streams, put_records, tmp_path):
    stop = threading.Event()

    class Kinesis:
        def put_records(self, Records, **_):  # noqa: N803
            return put_records(Records[0]["PartitionKey"], stop)

    settings = pipe_in(None, tmp_path).settings
    return local_pipe.carry(Pipe(settings, streams, Kinesis(), None, tmp_path, stop, lambda: 0.0), stop)


def test_a_shard_that_is_held_up_holds_up_no_other(tmp_path, caplog):
    streams, put = Streams(), []

    def put_records(order_id, stop):
        put.append(order_id)
        if order_id == "second":
            streams.second_put.set()
        else:
            stop.set()
        return {"Records": [{}]}

    assert carry(streams, put_records, tmp_path) == 0
    assert put == ["second", "first"]
    assert "could not list shards: AccessDeniedException: not authorized to perform: dynamodb:DescribeStream" in (
        caplog.text
    )


def test_a_mistake_in_the_program_ends_it_with_an_error(tmp_path, caplog):
    streams = Streams()
    streams.second_put.set()
    assert carry(streams, lambda *_: None, tmp_path) == 1
    assert "can't go on" in caplog.text
