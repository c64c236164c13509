"""`sales status`: reads the state of every stage, and prints it on one screen."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from botocore.exceptions import BotoCoreError, ClientError

from sales_pipeline.aws.bucket import Location
from sales_pipeline.aws.stack import Stack, StackError
from sales_pipeline.failures.replayed import replayed_lately
from sales_pipeline.orders.form import RowForm
from sales_pipeline.status import metrics, sources, stages, unknown_attributes
from sales_pipeline.status.stages import Described, Measured, Objects, Stage
from sales_pipeline.status.stand_ins import StandIn, with_stand_in
from sales_pipeline.terminal.table import DataTable, print_table

PERIOD = timedelta(hours=1)


@dataclass(frozen=True)
class Measurements:
    """Where the counts and the last crawl come from, in addition to CloudWatch."""

    absent: str
    """Why CloudWatch may have no value of a metric; empty on AWS, where no value means 0."""
    counts: Callable[[Stack, datetime], dict[str, float]]
    """Returns more counts since a time, by the names in `metrics`."""
    last_crawl: Callable[[Stack, Described], Described]
    """Returns the crawler's last crawl in the form of LastCrawl, from the stack and GetCrawler's crawler."""
    writer: str = ""
    """The command that writes mock orders here besides the schedule; empty if none does as far as anybody knows."""
    stand_ins: Callable[[], Mapping[str, StandIn | None]] = dict
    """Returns the programs that do a stage's work on this machine, by the stage's name; None for one that does not
    run."""


MEASUREMENTS = Measurements("", lambda *_: {}, lambda _, crawler: crawler.get("LastCrawl", {}))


def run(stack: Stack, output: Literal["text", "json"], measurements: Measurements = MEASUREMENTS) -> int:
    """Print the state of every stage. If one cannot be read, its line says so, and the others are printed all the same.

    Returns 0 if every stage could be read and none has a problem, else 1.
    """
    now = datetime.now(UTC)
    found = _Stages(stack, now, measurements).read()
    if output == "json":
        sys.stdout.write(stages.to_json(stack.name, found, now) + "\n")
    else:
        rows = [(each.name, each.state, "; ".join(each.details)) for each in found]
        print_table(DataTable(["stage", "state", "details"], rows))
        problems = [(each.name, problem) for each in found for problem in each.problems]
        if problems:
            sys.stdout.write("\n")
            print_table(DataTable(["stage", "problem"], problems))
    return int(not stages.is_well(found))


class _Stages:
    def __init__(self, stack: Stack, now: datetime, measurements: Measurements) -> None:
        self._stack = stack
        self._now = now
        self._measurements = measurements
        self._measured = Measured(absent="not read")

    def read(self) -> list[Stage]:
        found, stand_ins = [], self._measurements.stand_ins()
        try:
            self._measured = self._measure()
        except (ClientError, BotoCoreError, StackError) as error:
            found.append(stages.unread("metrics", _one_line(error)))
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
                stage = read()
            except (ClientError, BotoCoreError, StackError) as error:
                stage = stages.unread(name, _one_line(error))
            found.append(with_stand_in(stage, stand_ins[name], self._now) if name in stand_ins else stage)
        return found

    def _client(self, service: str) -> Any:  # noqa: ANN401 - .venv has no type stubs of most services
        return self._stack.session.client(service)  # type: ignore[call-overload]

    def _measure(self) -> Measured:
        since = self._now - PERIOD
        # Until the end of this minute, so that its counts are included.
        values = metrics.read(self._stack, since, self._now + timedelta(minutes=1))
        return Measured(values | self._measurements.counts(self._stack, since), self._measurements.absent)

    def _generator(self) -> Stage:
        if self._stack.reads_existing_table:
            return sources.no_generator()
        schedule = self._client("scheduler").get_schedule(Name=self._stack["GeneratorScheduleName"])
        return sources.generator(schedule, self._measured, self._measurements.writer)

    def _table(self) -> Stage:
        described = self._client("dynamodb").describe_table(TableName=self._stack["TableName"])["Table"]
        return sources.table(described, self._stack["TableStreamArn"])

    def _pipe(self) -> Stage:
        return stages.pipe(self._client("pipes").describe_pipe(Name=self._stack["PipeName"]), self._measured)

    def _dead_letters(self) -> Stage:
        answer = self._client("sqs").get_queue_attributes(
            QueueUrl=self._stack["PipeDeadLetterQueueUrl"],
            AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
        )
        return stages.dead_letters(answer["Attributes"])

    def _stream(self) -> Stage:
        answer = self._client("kinesis").describe_stream_summary(StreamName=self._stack["StreamName"])
        return stages.stream(answer["StreamDescriptionSummary"], self._measured)

    def _delivery(self) -> Stage:
        answer = self._client("firehose").describe_delivery_stream(DeliveryStreamName=self._stack["DeliveryStreamName"])
        return stages.delivery(answer["DeliveryStreamDescription"], self._measured)

    def _transform(self) -> Stage:
        name = self._stack["TransformFunctionName"]
        described = self._client("lambda").get_function_configuration(FunctionName=name)
        kept = RowForm.of(self._stack.parameters).other_attributes
        return stages.transform(described, self._measured, self._unknown_attributes(), kept=kept)

    def _unknown_attributes(self) -> list[str] | None:
        try:
            return unknown_attributes.read(self._stack, self._now - PERIOD)
        except (ClientError, BotoCoreError, StackError):  # the function's state is worth more
            return None

    def _lake(self) -> Stage:
        location = self._stack["DataLocation"]
        today, yesterday = (
            self._objects(f"{location}dt={day:%Y-%m-%d}/") for day in (self._now, self._now - timedelta(days=1))
        )
        return stages.lake(today, yesterday, self._now)

    def _errors(self) -> Stage:
        # Errors first: a change that fails again in between is then in both, and not in neither.
        objects = self._objects(self._stack["ErrorLocation"])
        return stages.errors(objects, replayed_lately(self._stack, int(self._now.timestamp() * 1000)), self._now)

    def _objects(self, location: str) -> Objects:
        bucket, prefix = Location.parse(location)
        pages = self._client("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        found = [Objects(1, each["Size"], each["LastModified"]) for page in pages for each in page.get("Contents", [])]
        return sum(found, Objects())

    def _crawler(self) -> Stage:
        crawler = self._client("glue").get_crawler(Name=self._stack["CrawlerName"])["Crawler"]
        last = self._measurements.last_crawl(self._stack, crawler)
        return stages.crawler(crawler, last, self._now)

    def _alarms(self) -> Stage:
        pages = self._client("cloudwatch").get_paginator("describe_alarms")
        topic = self._stack["AlarmTopicArn"]
        # The emulator ignores ActionPrefix, so the alarms are filtered again.
        found = [
            each
            for page in pages.paginate(ActionPrefix=topic)
            for each in page["MetricAlarms"]
            if topic in each["AlarmActions"]
        ]
        return stages.alarms(found)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
