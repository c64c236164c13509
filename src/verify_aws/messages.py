"""The queue that gets the messages of the stack's topic, so that a check sees them arrive."""

import json
from contextlib import suppress
from typing import Any

import boto3
from botocore.exceptions import ClientError

from common.answers import error_code
from verify_aws.names import TAG, Names, NotOursError, is_ours

_NO_QUEUE = {"AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"}


def find(session: boto3.Session, names: Names) -> str | None:
    """Return the URL of the queue, None if there is none. Raises NotOursError for a queue that is not from a run."""
    sqs = _client(session, "sqs")
    try:
        url: str = sqs.get_queue_url(QueueName=names.queue)["QueueUrl"]
        tags = sqs.list_queue_tags(QueueUrl=url).get("Tags", {})
    except ClientError as error:
        if error_code(error) not in _NO_QUEUE:
            raise
        return None
    if not is_ours(tags):
        raise NotOursError(
            f"there is a queue {names.queue} that verify-aws did not make, and that it does not touch: choose another "
            "name with NAME=…"
        )
    return url


def subscribe(session: boto3.Session, names: Names, topic_arn: str) -> str:
    """Make the queue and subscribe it to the topic; return its URL. Raises NotOursError."""
    sqs = _client(session, "sqs")
    url: str = find(session, names) or sqs.create_queue(QueueName=names.queue, tags=dict([TAG]))["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": topic_arn}},
    }
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy)})
    _client(session, "sns").subscribe(TopicArn=topic_arn, Protocol="sqs", Endpoint=arn)
    return url


def take(session: boto3.Session, url: str) -> list[dict[str, Any]]:
    """Return up to ten of the topic's messages that are JSON objects, and delete what was read from the queue."""
    sqs = _client(session, "sqs")
    found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    for each in found:
        sqs.delete_message(QueueUrl=url, ReceiptHandle=each["ReceiptHandle"])
    messages = []
    for each in found:
        with suppress(ValueError, LookupError, TypeError):
            messages.append(json.loads(json.loads(each["Body"])["Message"]))
    return [each for each in messages if isinstance(each, dict)]


def delete(session: boto3.Session, names: Names) -> None:
    """Delete the queue, if it is there. Raises NotOursError."""
    url = find(session, names)
    if url:
        _client(session, "sqs").delete_queue(QueueUrl=url)


def _client(session: boto3.Session, service: str) -> Any:  # noqa: ANN401 - .venv has no type stubs of most services
    return session.client(service)  # type: ignore[call-overload]
