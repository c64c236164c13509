"""The two forms of a stack: it makes its own table, or it reads one that is there already."""

import re

import pytest

from tests.unit.template.parsed import TEMPLATE, as_list, present, references, resolve, statements

STREAM_ARN = "arn:aws:dynamodb:us-east-1:123456789012:table/Orders.eu/stream/2026-11-22T11:26:00.000"
KEY_ARN = "arn:aws:kms:us-east-1:123456789012:key/0f6c1d0e-8a4b-4c58-9c0e-5b0b8f0c9d11"
EXISTING = {"ExistingTableStreamArn": STREAM_ARN}
FORMS = {
    "own": {},
    "own, with a key that nothing needs": {"ExistingTableKeyArn": KEY_ARN},
    "existing": EXISTING,
    "existing with a key": EXISTING | {"ExistingTableKeyArn": KEY_ARN},
}
OF_THE_OWN_TABLE = {"OrderTable", "GeneratorErrorsAlarm"} | {
    f"Generator{each}" for each in ("Function", "Schedule", "Role", "ScheduleRole", "LogGroup")
}
OF_AN_EXISTING_TABLE = {"TableCheck", "TableCheckFunction", "TableCheckRole", "TableCheckLogGroup"}


def granted(role, action, **parameters):
    """Resources on which a role may do this, each with the statement's condition."""
    return [
        (resource, statement.get("Condition"))
        for statement in statements(role, **parameters)
        if action in as_list(statement["Action"])
        for resource in as_list(statement["Resource"])
    ]


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_nothing_in_a_stack_names_what_the_stack_does_not_have(form):
    # "If a resource with a condition isn't created, any resources that depend on that resource aren't created either,
    # regardless of their own conditions" (AWS CloudFormation Template Reference, "Condition attribute").
    resources = present("Resources", **form)
    for name, each in {**resources, **present("Outputs", **form)}.items():
        assert references(each) & TEMPLATE["Resources"].keys() <= resources.keys(), name


def test_a_stack_with_an_existing_table_makes_neither_a_table_nor_the_generator():
    own, existing = present("Resources"), present("Resources", **EXISTING)
    assert own.keys() - existing.keys() == OF_THE_OWN_TABLE
    assert existing.keys() - own.keys() == OF_AN_EXISTING_TABLE
    assert "AWS::DynamoDB::Table" not in {each["Type"] for each in existing.values()}


def test_the_outputs_follow():
    own, existing = present("Outputs"), present("Outputs", **EXISTING)
    assert own.keys() - existing.keys() == {f"Generator{each}Name" for each in ("Function", "LogGroup", "Schedule")}
    assert existing.keys() - own.keys() == {"TableCheckLogGroupName"}
    for output, attribute in (("TableName", "TableName"), ("TableStreamArn", "StreamArn")):
        assert references(own[output]) == {"OrderTable"}
        assert existing[output]["Value"] == {"Fn::GetAtt": ["TableCheck", attribute]}


def test_the_own_table_stays_when_an_existing_one_takes_its_place():
    # AWS does not document whether CloudFormation takes the policy with the old parameters or with the new ones.
    assert resolve(TEMPLATE["Resources"]["OrderTable"]["DeletionPolicy"], **EXISTING) == "RetainExceptOnCreate"


def test_the_pipe_reads_what_the_check_has_passed():
    pipe = present("Resources", **EXISTING)["OrderPipe"]
    assert pipe["Properties"]["Source"] == {"Fn::GetAtt": ["TableCheck", "StreamArn"]}


def test_the_check_gets_the_parameters_and_asks_for_the_key_of_the_own_table():
    given = TEMPLATE["Resources"]["TableCheck"]["Properties"]
    assert given["StreamArn"] == {"Ref": "ExistingTableStreamArn"}
    assert given["EncryptionKeyArn"] == {"Ref": "ExistingTableKeyArn"}
    # Properties, not a part of the function: CloudFormation checks again only if a property changes.
    own = TEMPLATE["Resources"]["OrderTable"]["Properties"]
    assert own["KeySchema"] == [{"AttributeName": given["PartitionKey"], "KeyType": "HASH"}]
    assert own["AttributeDefinitions"] == [
        {"AttributeName": given["PartitionKey"], "AttributeType": given["PartitionKeyType"]}
    ]


def test_the_check_may_look_at_this_table_and_change_nothing():
    table = {"Fn::Select": [0, {"Fn::Split": ["/stream/", {"Ref": "ExistingTableStreamArn"}]}]}
    keys = {"Fn::Sub": "arn:${AWS::Partition}:kms:${AWS::Region}:${AWS::AccountId}:key/*"}
    log = {"Fn::GetAtt": ["TableCheckLogGroup", "Arn"]}
    assert {
        action: granted("TableCheckRole", action, **EXISTING)
        for statement in statements("TableCheckRole", **EXISTING)
        for action in as_list(statement["Action"])
    } == {
        "dynamodb:DescribeTable": [(table, None)],
        "kms:DescribeKey": [(keys, {"StringEquals": {"kms:RequestAlias": "alias/aws/dynamodb"}})],
        "cloudformation:DescribeStacks": [({"Ref": "AWS::StackId"}, None)],
        "logs:CreateLogStream": [(log, None)],
        "logs:PutLogEvents": [(log, None)],
    }


def test_the_pipe_reads_the_stream_of_the_existing_table_and_no_other():
    # The emulator has these four widened, so this test alone holds the template's own resources.
    for action in ("DescribeStream", "GetRecords", "GetShardIterator"):
        stream = {"Fn::GetAtt": ["TableCheck", "StreamArn"]}
        assert granted("OrderPipeRole", f"dynamodb:{action}", **EXISTING) == [(stream, None)]
    streams = {"Fn::Sub": "${TableCheck.TableArn}/stream/*"}
    assert granted("OrderPipeRole", "dynamodb:ListStreams", **EXISTING) == [(streams, None)]


@pytest.mark.parametrize("form", FORMS)
def test_the_pipe_decrypts_with_the_key_of_an_existing_table_through_dynamodb_alone(form):
    key = (
        {"Ref": "ExistingTableKeyArn"},
        {"StringLike": {"kms:ViaService": {"Fn::Sub": "dynamodb*.${AWS::Region}.*"}}},
    )
    assert granted("OrderPipeRole", "kms:Decrypt", **FORMS[form]) == ([key] if form == "existing with a key" else [])


@pytest.mark.parametrize(
    ("parameter", "value", "fits"),
    [
        ("ExistingTableStreamArn", STREAM_ARN, True),
        ("ExistingTableStreamArn", STREAM_ARN.replace("arn:aws:", "arn:aws-us-gov:"), True),
        ("ExistingTableStreamArn", STREAM_ARN.partition("/stream/")[0], False),  # the table's ARN
        ("ExistingTableStreamArn", STREAM_ARN.partition("/")[2], False),
        ("ExistingTableStreamArn", "Orders.eu", False),
        ("ExistingTableStreamArn", "arn:aws:kinesis:us-east-1:123456789012:stream/orders", False),
        ("ExistingTableStreamArn", f"{STREAM_ARN}/", False),
        ("ExistingTableKeyArn", KEY_ARN, True),
        ("ExistingTableKeyArn", KEY_ARN.replace("key/0f6c", "key/mrk-0f6c"), True),
        ("ExistingTableKeyArn", "alias/orders", False),  # a policy needs the key's own ARN
        ("ExistingTableKeyArn", "arn:aws:kms:us-east-1:123456789012:alias/orders", False),
    ],
)
def test_a_parameter_takes_an_arn_of_the_right_kind(parameter, value, fits):
    assert bool(re.fullmatch(TEMPLATE["Parameters"][parameter]["AllowedPattern"], value)) == fits
