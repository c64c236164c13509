"""The pipe's stand-in takes the template's settings, and refuses all others before it starts."""

import copy

import pytest

from local_aws.deployed import find_properties
from local_aws.errors import SettingsError
from local_aws.pipe.settings import read, resolve
from sales_pipeline.aws.stack import Stack
from tests.unit.template.parsed import TEMPLATE
from transform.columns import KEY

QUEUE_URL = "http://127.0.0.1/1/letters"


class Session:
    """Every client, with this template deployed."""

    def __init__(self, template):
        self.template = template

    def client(self, _):
        return self

    def describe_pipe(self, **_):
        return {name: f"the {name}" for name in ("Name", "Arn", "RoleArn", "Source", "Target")}

    def get_template(self, **_):
        return {"TemplateBody": self.template}

    def describe_stack_resource(self, *, LogicalResourceId, **_):  # noqa: N803
        assert self.template["Resources"][LogicalResourceId]["Type"] == "AWS::SQS::Queue"
        return {"StackResourceDetail": {"PhysicalResourceId": QUEUE_URL}}


def read_with(change=lambda _: None, change_columns="NONE"):
    template = copy.deepcopy(TEMPLATE)
    change(find_properties(template, "AWS::Pipes::Pipe"))
    return read(Stack("stack", {"PipeName": "pipe"}, Session(template), {"ChangeColumns": change_columns}))


def test_the_templates_settings_are_taken():
    settings = read_with()
    assert (settings.source_arn, settings.target_arn, settings.role_arn) == ("the Source", "the Target", "the RoleArn")
    assert settings.partition_key_path == f"$.dynamodb.Keys.{KEY.attribute}.{KEY.type.attribute_type}"
    assert (settings.batch_size, settings.maximum_batching_window_seconds) == (500, 1)
    assert (settings.maximum_retry_attempts, settings.maximum_record_age_seconds) == (10000, 3600)
    assert settings.dead_letter_queue_url == QUEUE_URL


@pytest.mark.parametrize(("change_columns", "removals_pass"), [("NONE", False), ("APPEND", True)])
def test_a_parameter_of_the_stack_decides_the_filter(change_columns, removals_pass):
    matches = read_with(change_columns=change_columns).matches
    assert matches({"eventName": "INSERT"})
    assert matches({"eventName": "REMOVE"}) is removals_pass


def stream(**changes):
    return lambda pipe: pipe["SourceParameters"]["DynamoDBStreamParameters"].update(changes)


def without(name):
    return lambda pipe: pipe["SourceParameters"]["DynamoDBStreamParameters"].pop(name)


def source(**changes):
    return lambda pipe: pipe["SourceParameters"].update(changes)


def target(**changes):
    return lambda pipe: pipe["TargetParameters"].update(changes)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda pipe: pipe.update(Enrichment="arn:aws:lambda:f"), "has Enrichment, which"),
        (source(KinesisStreamParameters={"BatchSize": 1}), "has KinesisStreamParameters, which"),
        (source(FilterCriteria={"Filters": [{"Pattern": '{"eventName": ["INSERT"]}'}]}), "filter is"),
        (target(InputTemplate="<$.dynamodb>"), "has InputTemplate, which"),
        (target(KinesisStreamParameters={"PartitionKey": "constant"}), "PartitionKey constant"),
        (target(KinesisStreamParameters={"PartitionKey": "$.a[0]"}), r"PartitionKey \$\.a\[0\]"),
        (stream(StartingPosition="LATEST"), "StartingPosition LATEST"),
        (stream(ParallelizationFactor=2), "has ParallelizationFactor, which"),
        (stream(BatchSize=501), "BatchSize 501, and the stand-in takes 1 to 500"),
        (stream(BatchSize={"Ref": "Missing"}), "Ref Missing"),
        (stream(BatchSize={"Fn::ImportValue": "x"}), "Fn::ImportValue x"),
        (stream(BatchSize="many"), "BatchSize many"),
        (stream(MaximumRetryAttempts=-1), "MaximumRetryAttempts -1"),
        (without("MaximumRecordAgeInSeconds"), "has no MaximumRecordAgeInSeconds"),
        (without("OnPartialBatchItemFailure"), "has no OnPartialBatchItemFailure"),
        (without("DeadLetterConfig"), "has no DeadLetterConfig"),
        (stream(DeadLetterConfig={"Arn": "arn:aws:sns:us-east-1:1:letters"}), "only a queue of the template"),
        (stream(DeadLetterConfig={"Arn": {"Fn::GetAtt": ["OrderTable", "Arn"]}}), "only a queue of the template"),
    ],
)
def test_every_other_setting_is_refused(change, complaint):
    with pytest.raises(SettingsError, match=complaint) as raised:
        read_with(change)
    assert "\n" not in str(raised.value)


CONDITIONS = {"IsOn": {"Fn::Equals": [{"Ref": "Mode"}, "ON"]}, "IsNot": {"Fn::Not": [{"Condition": "IsOn"}]}}


@pytest.mark.parametrize(("mode", "resolved"), [("ON", {"a": ["200", 1]}), ("OFF", {"a": ["200", 2]})])
def test_ref_and_if_are_replaced_by_their_results(mode, resolved):
    value = {"a": [{"Ref": "Size"}, {"Fn::If": ["IsOn", 1, 2]}]}
    assert resolve(value, {"Size": "200", "Mode": mode}, CONDITIONS) == resolved


@pytest.mark.parametrize("condition", ["IsNot", "Missing"])
def test_a_condition_that_is_not_one_equals_is_refused(condition):
    with pytest.raises(SettingsError, match="only one Fn::Equals"):
        resolve({"Fn::If": [condition, 1, 2]}, {"Mode": "ON"}, CONDITIONS)
