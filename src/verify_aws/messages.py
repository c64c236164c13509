"""The queue that gets the messages of the stack's alarms, so that a check sees them arrive."""

import json
from typing import Any

import boto3
from botocore.exceptions import ClientError

from common.answers import error_code
from verify_aws.names import Names

_NO_QUEUE = {"AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"}


def subscribe(session: boto3.Session, names: Names, topic_arn: str) -> str:
    """Make the queue and subscribe it to the topic; return its URL."""
    sqs = _client(session, "sqs")
    url: str = sqs.create_queue(QueueName=names.queue)["QueueUrl"]
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
    """Return up to ten of the alarms' messages, and delete them from the queue."""
    sqs = _client(session, "sqs")
    found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    for each in found:
        sqs.delete_message(QueueUrl=url, ReceiptHandle=each["ReceiptHandle"])
    return [json.loads(json.loads(each["Body"])["Message"]) for each in found]


def delete(session: boto3.Session, names: Names) -> None:
    """Delete the queue, if it is there."""
    sqs = _client(session, "sqs")
    try:
        sqs.delete_queue(QueueUrl=sqs.get_queue_url(QueueName=names.queue)["QueueUrl"])
    except ClientError as error:
        if error_code(error) not in _NO_QUEUE:
            raise


def _client(session: boto3.Session, service: str) -> Any:  # noqa: ANN401 - .venv has no type stubs of most services
    return session.client(service)  # type: ignore[call-overload]
