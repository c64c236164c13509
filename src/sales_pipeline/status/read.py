"""`sales status`: each stage of the pipeline on one screen."""

import sys
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from botocore.exceptions import BotoCoreError, ClientError

from sales_pipeline.aws.stack import Stack, StackError
from sales_pipeline.query import Answer, print_table
from sales_pipeline.status import local_logs as status_here
from sales_pipeline.status import metrics as status_metrics
from sales_pipeline.status import stages as status_report
from sales_pipeline.status.stages import Measured, Objects, Stage

PERIOD = timedelta(hours=1)


def run(stack: Stack, output: Literal["text", "json"]) -> int:
    """Print the state of every stage. What can't be read says so in its own line, and hides nothing else.

    Returns 0 if everything could be read, table, pipe, stream, Firehose and transform are up, nothing that failed waits
    to be put back, the last crawl did not fail and no alarm rings; otherwise 1.
    """
    now = datetime.now(UTC)
    stages = _Stages(stack, now).read()
    if output == "json":
        sys.stdout.write(status_report.to_json(stack.name, stages, now) + "\n")
    else:
        rows = [(each.name, each.state, "; ".join(each.says)) for each in stages]
        print_table(Answer(["stage", "state", "what it says"], rows))
        sys.stdout.writelines(f"! {each.name}: {each.problem}\n" for each in stages if each.problem)
    return int(not status_report.is_well(stages))


class _Stages:
    def __init__(self, stack: Stack, now: datetime) -> None:
        self._stack = stack
        self._now = now
        self._is_here = status_here.is_here(stack)
        self._measured = Measured(absent="not read")

    def read(self) -> list[Stage]:
        stages = []
        try:
            self._measured = self._measure()
        except (ClientError, BotoCoreError, StackError) as error:
            stages.append(status_report.unread("metrics", _one_line(error)))
        for name, read in (
            ("generator", self._generator),
            ("table", self._table),
            ("pipe", self._pipe),
            ("dead letters", self._dead_letters),
            ("stream", self._stream),
            ("delivery", self._delivery),
            ("transform", self._transform),
            ("lake", self._lake),
            ("errors", self._errors),
            ("crawler", self._crawler),
            ("alarms", self._alarms),
        ):
            try:
                stages.append(read())
            except (ClientError, BotoCoreError, StackError) as error:
                stages.append(status_report.unread(name, _one_line(error)))
        return stages

    def _client(self, service: str) -> Any:  # noqa: ANN401 - most have no stubs in .venv
        return self._stack.session.client(service)  # type: ignore[call-overload]

    def _measure(self) -> Measured:
        since = self._now - PERIOD
        # What this minute has counted so far is counted, too.
        values = status_metrics.read(self._stack, since, self._now + timedelta(minutes=1))
        if not self._is_here:
            return Measured(values)
        return Measured(values | status_here.count_records(self._stack, since), "not measured here")

    def _generator(self) -> Stage:
        schedule = self._client("scheduler").get_schedule(Name=self._stack["GeneratorScheduleName"])
        return status_report.generator(schedule, self._measured)

    def _table(self) -> Stage:
        return status_report.table(self._client("dynamodb").describe_table(TableName=self._stack["TableName"])["Table"])

    def _pipe(self) -> Stage:
        return status_report.pipe(self._client("pipes").describe_pipe(Name=self._stack["PipeName"]), self._measured)

    def _dead_letters(self) -> Stage:
        answer = self._client("sqs").get_queue_attributes(
            QueueUrl=self._stack["PipeDeadLetterQueueUrl"],
            AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
        )
        return status_report.dead_letters(answer["Attributes"])

    def _stream(self) -> Stage:
        answer = self._client("kinesis").describe_stream_summary(StreamName=self._stack["StreamName"])
        return status_report.stream(answer["StreamDescriptionSummary"], self._measured)

    def _delivery(self) -> Stage:
        answer = self._client("firehose").describe_delivery_stream(DeliveryStreamName=self._stack["DeliveryStreamName"])
        return status_report.delivery(answer["DeliveryStreamDescription"], self._measured)

    def _transform(self) -> Stage:
        name = self._stack["TransformFunctionName"]
        return status_report.transform(
            self._client("lambda").get_function_configuration(FunctionName=name), self._measured
        )

    def _lake(self) -> Stage:
        location = self._stack["DataLocation"]
        today, yesterday = (
            self._objects(f"{location}dt={day:%Y-%m-%d}/") for day in (self._now, self._now - timedelta(days=1))
        )
        return status_report.lake(today, yesterday, self._now)

    def _errors(self) -> Stage:
        return status_report.errors(self._objects(self._stack["ErrorLocation"]), self._now)

    def _objects(self, location: str) -> Objects:
        bucket, _, prefix = location.removeprefix("s3://").partition("/")
        pages = self._client("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        found = [Objects(1, each["Size"], each["LastModified"]) for page in pages for each in page.get("Contents", [])]
        return sum(found, Objects())

    def _crawler(self) -> Stage:
        crawler = self._client("glue").get_crawler(Name=self._stack["CrawlerName"])["Crawler"]
        # The emulator says of its own crawler, which does nothing, that it succeeded.
        last = status_here.last_crawl(self._stack) if self._is_here else crawler.get("LastCrawl", {})
        return status_report.crawler(crawler, last, self._now)

    def _alarms(self) -> Stage:
        pages = self._client("cloudwatch").get_paginator("describe_alarms")
        topic = self._stack["AlarmTopicArn"]
        # The emulator knows no ActionPrefix.
        found = [
            each
            for page in pages.paginate(ActionPrefix=topic)
            for each in page["MetricAlarms"]
            if topic in each["AlarmActions"]
        ]
        return status_report.alarms(found)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
