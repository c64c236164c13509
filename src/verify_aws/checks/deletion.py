"""When the stack is deleted."""

from contextlib import suppress
from typing import Any

from botocore.exceptions import ClientError

from common.answers import error_code
from sales_pipeline.aws.bucket import Bucket
from verify_aws.pipeline import NotShownError, Pipeline

GONE_SECONDS = 180.0  # SQS takes a minute to delete a queue

# How to ask for a resource by its physical id: service, operation, parameter.
ASK = {
    "AWS::Athena::WorkGroup": ("athena", "get_work_group", "WorkGroup"),
    "AWS::DynamoDB::Table": ("dynamodb", "describe_table", "TableName"),
    "AWS::Events::Rule": ("events", "describe_rule", "Name"),
    "AWS::Glue::Crawler": ("glue", "get_crawler", "Name"),
    "AWS::Glue::Database": ("glue", "get_database", "Name"),
    "AWS::Glue::Trigger": ("glue", "get_trigger", "Name"),
    "AWS::IAM::Role": ("iam", "get_role", "RoleName"),
    "AWS::Kinesis::Stream": ("kinesis", "describe_stream_summary", "StreamName"),
    "AWS::KinesisFirehose::DeliveryStream": ("firehose", "describe_delivery_stream", "DeliveryStreamName"),
    "AWS::Lambda::Function": ("lambda", "get_function_configuration", "FunctionName"),
    "AWS::Pipes::Pipe": ("pipes", "describe_pipe", "Name"),
    "AWS::S3::Bucket": ("s3", "get_bucket_location", "Bucket"),
    "AWS::SNS::Topic": ("sns", "get_topic_attributes", "TopicArn"),
    "AWS::SQS::Queue": ("sqs", "get_queue_attributes", "QueueUrl"),
    "AWS::Scheduler::Schedule": ("scheduler", "get_schedule", "Name"),
}
# These list what begins with a name: parameter, the list's name, and the member that holds the name.
LIST: dict[str, tuple[str, str, str, str, str]] = {
    "AWS::CloudWatch::Alarm": ("cloudwatch", "describe_alarms", "AlarmNamePrefix", "MetricAlarms", "AlarmName"),
    "AWS::CloudWatch::Dashboard": (
        *("cloudwatch", "list_dashboards", "DashboardNamePrefix"),
        *("DashboardEntries", "DashboardName"),
    ),
    "AWS::Logs::LogGroup": ("logs", "describe_log_groups", "logGroupNamePrefix", "logGroups", "logGroupName"),
}
WITH_ANOTHER = {
    *("AWS::Athena::NamedQuery", "AWS::Glue::Table", "AWS::Lambda::Permission", "AWS::Logs::LogStream"),
    *("AWS::Logs::MetricFilter", "AWS::S3::BucketPolicy", "AWS::SNS::Subscription", "AWS::SNS::TopicPolicy"),
    *("AWS::SQS::QueuePolicy", "Custom::BucketCleanup", "Custom::TableCheck"),
}
"""What exists only in another resource of the stack, and is gone with it."""
_NO_SUCH = {
    *("ResourceNotFoundException", "NotFoundException", "EntityNotFoundException", "NoSuchEntity", "NoSuchBucket"),
    *("NotFound", "AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist", "InvalidRequestException"),
}


def crawler_refuses_changes(pipeline: Pipeline) -> str:
    """Start a crawl, and leave it running for the deletion."""
    glue, name = pipeline.client("glue"), pipeline.stack["CrawlerName"]
    with suppress(glue.exceptions.CrawlerRunningException):  # the schedule may have started it
        glue.start_crawler(Name=name)
    try:
        glue.update_crawler(Name=name, Description="changed while it runs")
    except glue.exceptions.CrawlerRunningException as error:
        return error_code(error)
    raise NotShownError("Glue has changed a crawler that runs")


def deleted(pipeline: Pipeline) -> str:
    state = pipeline.client("glue").get_crawler(Name=pipeline.stack["CrawlerName"])["Crawler"]["State"]
    objects = len(list(Bucket.of(pipeline.stack).list("")))
    pipeline.delete()
    return f"with {objects} objects in the bucket, and the crawler {state}"


def nothing_left(pipeline: Pipeline) -> str:
    def look() -> str:
        left = [
            each["LogicalResourceId"]
            for each in pipeline.resources
            if each["ResourceType"] not in WITH_ANOTHER
            and is_there(pipeline, each["ResourceType"], each["PhysicalResourceId"])
        ]
        groups = [name for name in _late_groups(pipeline) if is_there(pipeline, "AWS::Logs::LogGroup", name)]
        if left or groups:
            raise NotShownError(f"left: {', '.join(left + groups)}")
        return f"{len(pipeline.resources)} resources are gone{_backups(pipeline)}"

    return pipeline.wait(look, GONE_SECONDS)


def is_there(pipeline: Pipeline, resource_type: str, physical_id: str) -> bool:
    """Say whether a resource exists. Raises NotShownError for a type that nobody has told how to ask for."""
    if resource_type in LIST:
        service, operation, parameter, member, name = LIST[resource_type]
        found = _call(pipeline, service, operation, **{parameter: physical_id})[member]
        return any(each[name] == physical_id for each in found)
    if resource_type not in ASK:
        raise NotShownError(f"nothing here asks for a resource of type {resource_type}")
    service, operation, parameter = ASK[resource_type]
    try:
        _call(pipeline, service, operation, **{parameter: physical_id})
    except ClientError as error:
        if error_code(error) not in _NO_SUCH:
            raise
        return False
    return True


def _call(pipeline: Pipeline, service: str, operation: str, **parameters: str) -> Any:  # noqa: ANN401
    return getattr(pipeline.client(service), operation)(**parameters)


def _late_groups(pipeline: Pipeline) -> list[str]:
    """Return the names of the log groups that a late call of a function would make after the stack's are deleted."""
    functions = [each for each in pipeline.resources if each["ResourceType"] == "AWS::Lambda::Function"]
    return [f"/aws/lambda/{each['PhysicalResourceId']}" for each in functions]


def _backups(pipeline: Pipeline) -> str:
    """Say how many backups DynamoDB has made of a deleted table with point-in-time recovery.

    It keeps a system backup for 35 days at no cost (Amazon DynamoDB Developer Guide, "Enable point-in-time recovery").
    """
    found = pipeline.client("dynamodb").list_backups(TableName=pipeline.stack["TableName"], BackupType="SYSTEM")
    number = len(found.get("BackupSummaries", []))
    return f"; DynamoDB keeps {number} backups of the table for 35 days, without a charge" if number else ""
