"""`sales status`: reads the state of every stage, and prints it on one screen."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

from sales_pipeline.aws.bucket import Location
from sales_pipeline.aws.stack import Stack, StackError
from sales_pipeline.failures.replayed import replayed_lately
from sales_pipeline.orders.form import RowForm
from sales_pipeline.status import metrics, sources, stages, unknown_attributes
from sales_pipeline.status.measured import Measured, Period, Series
from sales_pipeline.status.stages import Described, Objects, Stage
from sales_pipeline.status.stand_ins import StandIn, with_stand_in
from sales_pipeline.terminal.table import DataTable, print_table

UNREAD = (ClientError, BotoCoreError, StackError)
"""What a stage that cannot be read raises."""
PERIOD = timedelta(hours=1)


class Rhythm(NamedTuple):
    """How often there are new counts. CloudWatch has one per minute, and is late by a minute or two."""

    read_seconds: float = 60.0
    """To read them more often shows nothing new."""
    late: timedelta = timedelta(minutes=2)
    span: timedelta = timedelta(minutes=5)
    """The time over which a count per minute is taken."""


RHYTHM = Rhythm()


@dataclass(frozen=True)
class Measurements:
    """Where the counts and the last crawl come from, in addition to CloudWatch."""

    absent: str
    """Why CloudWatch may have no value of a metric; empty on AWS, where no value means 0."""
    counts: Callable[[Stack, datetime], Series]
    """Returns more counts since a time, by the names in `metrics`."""
    last_crawl: Callable[[Stack, Described], Described]
    """Returns the crawler's last crawl in the form of LastCrawl, from the stack and GetCrawler's crawler."""
    writer: str = ""
    """The command that writes mock orders here besides the schedule; empty if none does as far as anybody knows."""
    stand_ins: Callable[[], Mapping[str, StandIn | None]] = dict
    """Returns the programs that do a stage's work on this machine, by the stage's name; None for one that does not
    run."""
    rhythm: Rhythm = RHYTHM


MEASUREMENTS = Measurements("", lambda *_: {}, lambda _, crawler: crawler.get("LastCrawl", {}))


def run(stack: Stack, output: Literal["text", "json"], measurements: Measurements = MEASUREMENTS) -> int:
    """Print the state of every stage. If one cannot be read, its line says so, and the others are printed all the same.

    Returns 0 if every stage could be read and none has a problem, else 1.
    """
    now = datetime.now(UTC)
    found = Reader(stack, measurements).stages(now)
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


class Reader:
    """Reads the stages of a stack, one by one. Raises the errors of boto3 and StackError."""

    def __init__(self, stack: Stack, measurements: Measurements) -> None:
        self._stack = stack
        self._measurements = measurements
        self._stages: dict[str, Callable[[datetime, Measured], Stage]] = {
            "generator": self._generator,
            "table": self._table,
            "pipe": self._pipe,
            "dead letters": self._dead_letters,
            "stream": self._stream,
            "delivery": self._delivery,
            "transform": self._transform,
            "lake": self._lake,
            "errors": self._errors,
            "crawler": self._crawler,
            "alarms": self._alarms,
        }

    @property
    def names(self) -> list[str]:
        """The names of the stages, in the order in which `sales status` shows them."""
        return list(self._stages)

    def stage(self, name: str, now: datetime, measured: Measured) -> Stage:
        """Return the stage of this name as it is now, with what was measured."""
        return self._with_stand_in(self._stages[name](now, measured), now)

    def stages(self, now: datetime) -> list[Stage]:
        """Return all stages; one that could not be read says so."""
        found, measured = [], Measured(absent="not read")
        try:
            measured = self.measure(now)
        except UNREAD as error:
            found.append(stages.unread("metrics", one_line(error)))
        for name in self._stages:
            try:
                found.append(self.stage(name, now, measured))
            except UNREAD as error:
                found.append(self._with_stand_in(stages.unread(name, one_line(error)), now))
        return found

    def measure(self, now: datetime) -> Measured:
        """Return what the metrics of the last hour say."""
        since, rhythm = now - PERIOD, self._measurements.rhythm
        # Until the end of this minute, so that its counts are included.
        series = metrics.read(self._stack, since, now + timedelta(minutes=1))
        last = Period(now - rhythm.late - rhythm.span, now - rhythm.late)
        counts = self._measurements.counts(self._stack, since)
        return Measured.of({**series, **counts}, self._measurements.absent, metrics.LAGS, last)

    def _with_stand_in(self, stage: Stage, now: datetime) -> Stage:
        stand_ins = self._measurements.stand_ins()
        return with_stand_in(stage, stand_ins[stage.name], now) if stage.name in stand_ins else stage

    def _client(self, service: str) -> Any:  # noqa: ANN401 - .venv has no type stubs of most services
        return self._stack.session.client(service)  # type: ignore[call-overload]

    def _generator(self, _now: datetime, measured: Measured) -> Stage:
        if self._stack.reads_existing_table:
            return sources.no_generator()
        schedule = self._client("scheduler").get_schedule(Name=self._stack["GeneratorScheduleName"])
        return sources.generator(schedule, measured, self._measurements.writer)

    def _table(self, _now: datetime, _measured: Measured) -> Stage:
        described = self._client("dynamodb").describe_table(TableName=self._stack["TableName"])["Table"]
        return sources.table(described, self._stack["TableStreamArn"])

    def _pipe(self, _now: datetime, measured: Measured) -> Stage:
        return stages.pipe(self._client("pipes").describe_pipe(Name=self._stack["PipeName"]), measured)

    def _dead_letters(self, _now: datetime, measured: Measured) -> Stage:
        answer = self._client("sqs").get_queue_attributes(
            QueueUrl=self._stack["PipeDeadLetterQueueUrl"],
            AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
        )
        return stages.dead_letters(answer["Attributes"], measured)

    def _stream(self, _now: datetime, measured: Measured) -> Stage:
        answer = self._client("kinesis").describe_stream_summary(StreamName=self._stack["StreamName"])
        return stages.stream(answer["StreamDescriptionSummary"], measured)

    def _delivery(self, _now: datetime, measured: Measured) -> Stage:
        answer = self._client("firehose").describe_delivery_stream(DeliveryStreamName=self._stack["DeliveryStreamName"])
        return stages.delivery(answer["DeliveryStreamDescription"], measured)

    def _transform(self, now: datetime, measured: Measured) -> Stage:
        name = self._stack["TransformFunctionName"]
        described = self._client("lambda").get_function_configuration(FunctionName=name)
        kept = RowForm.of(self._stack.parameters).other_attributes
        return stages.transform(described, measured, self._unknown_attributes(now), kept=kept)

    def _unknown_attributes(self, now: datetime) -> list[str] | None:
        try:
            return unknown_attributes.read(self._stack, now - PERIOD)
        except (ClientError, BotoCoreError, StackError):  # the function's state is worth more
            return None

    def _lake(self, now: datetime, _measured: Measured) -> Stage:
        today = self._day(now)
        return stages.lake(today, Objects() if today.count else self._day(now - timedelta(days=1)), now)

    def _errors(self, now: datetime, _measured: Measured) -> Stage:
        # Errors first: a change that fails again in between is then in both, and not in neither.
        objects = self._objects(self._stack["ErrorLocation"])
        return stages.errors(objects, replayed_lately(self._stack, int(now.timestamp() * 1000)), now)

    def _day(self, day: datetime) -> Objects:
        return self._objects(f"{self._stack['DataLocation']}dt={day:%Y-%m-%d}/")

    def _objects(self, location: str) -> Objects:
        bucket, prefix = Location.parse(location)
        pages = self._client("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        objects = (each for page in pages for each in page.get("Contents", []))
        return sum((Objects.one(each["Key"], each["Size"], each["LastModified"]) for each in objects), Objects())

    def _crawler(self, now: datetime, _measured: Measured) -> Stage:
        crawler = self._client("glue").get_crawler(Name=self._stack["CrawlerName"])["Crawler"]
        last = self._measurements.last_crawl(self._stack, crawler)
        return stages.crawler(crawler, last, now)

    def _alarms(self, _now: datetime, _measured: Measured) -> Stage:
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


def one_line(error: Exception) -> str:
    return " ".join(str(error).split())
