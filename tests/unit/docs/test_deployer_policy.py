"""docs/deployer-policy.json lets its owner deploy the template: held against the resource schemas that cfn-lint ships.

A schema lists the permissions that CloudFormation uses on behalf of the deployer to create, read, update and delete a
resource of the type, whatever its properties are. NOT_USED names those that this template's properties never need.
"""

import json
import re
from fnmatch import fnmatchcase

import pytest
from cfnlint.data import AdditionalSpecs
from cfnlint.helpers import load_resource
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER
from samcli.lib.bootstrap.companion_stack.data_types import CompanionStack

from tests import ROOT
from tests.unit.template.parsed import TEMPLATE, as_list
from tests.unit.template.test_updating import GENERATED

POLICY = json.loads((ROOT / "docs" / "deployer-policy.json").read_text())
KNOWN = load_resource(AdditionalSpecs, "Policies.json")  # by service: its actions, and which resources each takes
POLICY_CHARACTERS = 6144  # IAM quota of a managed policy, without white space
STACK = "sales-data-projection"
TYPES = sorted({resource["Type"] for resource in TEMPLATE["Resources"].values()})

# Types whose schema names no permissions.
UNDOCUMENTED = {
    "AWS::Glue::Table": {"glue:CreateTable", "glue:GetTable", "glue:UpdateTable", "glue:DeleteTable"},
    "Custom::BucketCleanup": {"lambda:InvokeFunction"},
    "Custom::TableCheck": {"lambda:InvokeFunction"},
}
# What `sam deploy` and `sam delete` call themselves: calls in the source of the SAM CLI, and the stack with its bucket.
SAM = {
    *(f"cloudformation:{name}" for name in ("CreateChangeSet", "DeleteStack", "DescribeChangeSet", "DescribeStacks")),
    *(f"cloudformation:{name}" for name in ("DescribeStackEvents", "ExecuteChangeSet", "GetTemplate")),
    *(f"cloudformation:{name}" for name in ("GetTemplateSummary", "ListChangeSets")),
    *(f"s3:{name}" for name in ("DeleteObject", "GetObject", "GetObjectTagging", "PutBucketVersioning", "PutObject")),
}
# Permissions for properties that the template does not set, by type. `*` stands for every type.
NOT_USED = {
    "*": {
        "kms:*": "AWS' own keys: their policies admit everybody in the account who may use the service",
        "iam:CreateServiceLinkedRole": "only for log delivery to Firehose, table replicas and SAML federation",
    },
    "AWS::DynamoDB::Table": {
        "dynamodb:*Replica": "no global table",
        "dynamodb:BatchWriteItem": "no global table and no import, for which CloudFormation writes items",
        "dynamodb:*Item": "as above",
        "dynamodb:Query": "as above",
        "dynamodb:Scan": "as above",
        "dynamodb:ImportTable": "no import",
        "dynamodb:*KinesisStreamingDestination": "changes go through the pipe",
        "dynamodb:PutResourcePolicy": "no resource policy",
        "dynamodb:DeleteResourcePolicy": "no resource policy",
        "dynamodb:UpdateContributorInsights": "no contributor insights",
        "dynamodb:UpdateTimeToLive": "no time to live",
        "kinesis:*": "changes go through the pipe",
        "logs:*": "no import",
        "s3:*": "no import",
    },
    "AWS::Glue::Database": {
        "glue:*Connection": "no federated database",
        "lakeformation:*": "no federated database",
    },
    "AWS::IAM::Role": {"iam:*PermissionsBoundary": "no boundary"},
    "AWS::Kinesis::Stream": {
        "kinesis:*EnhancedMonitoring": "no metrics by shard",
        "kinesis:UpdateMaxRecordSize": "no larger records",
        "kinesis:UpdateStreamWarmThroughput": "no warm throughput",
    },
    "AWS::KinesisFirehose::DeliveryStream": {
        "firehose:*DeliveryStreamEncryption": "only for Direct PUT",
        "iam:GetRole": "allowed anyway",
    },
    "AWS::Lambda::Function": {
        "ec2:*": "no VPC",
        "elasticfilesystem:*": "no file system",
        "s3files:*": "no file system",
        "lambda:*CodeSigningConfig": "no code signing",
        "lambda:GetLayerVersion": "no layer",
        "lambda:PassCapacityProvider": "no capacity provider",
        "lambda:*FunctionConcurrency": "no reserved concurrency",
        "lambda:PutFunction*Config": "no such setting",
        "lambda:PutRuntimeManagementConfig": "no such setting",
        "lambda:PublishVersion": "no version",
    },
    "AWS::Logs::LogGroup": {
        "firehose:*": "the log group is no source of a delivery",
        "s3:*": "the log group is no source of a delivery",
        "logs:*IndexPolicy": "no field index",
        "logs:*DataProtectionPolicy": "no data protection",
        "logs:*KmsKey": "AWS' own key",
        "logs:DeleteResourcePolicy": "no resource policy",
        "logs:PutBearerTokenAuthentication": "no such setting",
        "logs:PutLogGroupDeletionProtection": "no such setting",
    },
    "AWS::Pipes::Pipe": {
        "firehose:*": "its log goes to CloudWatch",
        "s3:*": "its log goes to CloudWatch",
    },
    "AWS::S3::Bucket": {
        "iam:PassRole": "no replication",
        "s3tables:*": "no metadata table",
        "s3:*Metadata*": "no metadata table",
        "s3:DeleteBucket?*": "no property is ever removed",
        "s3:*Acl": "no access control list",
        "s3:PutBucketAbac": "no such setting",
        "s3:PutBucketCORS": "no such setting",
        "s3:PutBucketLogging": "no such setting",
        "s3:PutBucketNotification": "no such setting",
        "s3:PutBucketReplication": "no such setting",
        "s3:PutBucketWebsite": "no such setting",
        "s3:*ObjectLockConfiguration": "no such setting",
        "s3:Put[AIMR]*Configuration": "no acceleration, analytics, tiering, inventory, metrics or replication",
        "s3:DeleteObject": "no object is created with the bucket",
    },
    "AWS::SNS::Subscription": {"iam:*Role": "no subscription of a Firehose stream"},
    "AWS::SNS::Topic": {"iam:*Role": "no delivery log", "sns:PutDataProtectionPolicy": "no data protection"},
}


def matches(action, pattern):
    return fnmatchcase(action.lower(), pattern.lower())


def granted(action):
    return any(matches(action, pattern) for each in POLICY["Statement"] for pattern in as_list(each["Action"]))


def allowed_on(action):
    """ARNs of the resources on which the policy allows an action."""
    return [
        arn
        for statement in POLICY["Statement"]
        if any(matches(action, pattern) for pattern in as_list(statement["Action"]))
        for arn in as_list(statement["Resource"])
    ]


def wanted(resource_type):
    """Permissions that CloudFormation needs for a type."""
    if resource_type in UNDOCUMENTED:
        return UNDOCUMENTED[resource_type]
    kind = GENERATED.get(resource_type, resource_type)
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", kind).schema
    handlers = schema.get("handlers", {})
    found = {each for verb in ("create", "read", "update", "delete") for each in _permissions(handlers, verb)}
    assert found, f"the schema of {kind} names no permissions: name them in UNDOCUMENTED"
    # A stack's tags go to all of its resources: docs/your-own-table.md.
    return found | set(schema.get("tagging", {}).get("permissions", []))


def _permissions(handlers, verb):
    return handlers.get(verb, {}).get("permissions", [])


def unused(resource_type):
    return NOT_USED["*"] | NOT_USED.get(GENERATED.get(resource_type, resource_type), {})


@pytest.mark.parametrize("resource_type", TYPES)
def test_the_deployer_may_do_what_cloudformation_does_for_each_type(resource_type):
    ignored = unused(resource_type)
    missing = {each for each in wanted(resource_type) if not granted(each)}
    missing -= {each for each in missing if any(matches(each, pattern) for pattern in ignored)}
    assert not missing, (
        f"Anyone who deploys a {resource_type} needs {sorted(missing)}. Add them to docs/deployer-policy.json with the "
        "resource's ARN, or to NOT_USED here with the reason why this template never needs them."
    )


def test_no_exception_is_left_over():
    kinds = {GENERATED.get(each, each): wanted(each) for each in TYPES}
    assert NOT_USED.keys() - {"*"} <= kinds.keys()
    for kind, patterns in NOT_USED.items():
        actions = set().union(*kinds.values()) if kind == "*" else kinds[kind]
        assert [pattern for pattern in patterns if not any(matches(each, pattern) for each in actions)] == [], kind


def test_every_permission_is_there_for_something():
    needed = set().union(SAM, *map(wanted, TYPES))
    patterns = [pattern for each in POLICY["Statement"] for pattern in as_list(each["Action"])]
    assert [each for each in patterns if not any(matches(action, each) for action in needed)] == []


def test_what_sam_calls_is_allowed_too():
    assert {each for each in SAM if not granted(each)} == set()
    named = {each for statement in POLICY["Statement"] for each in as_list(statement["Resource"])}
    transforms = {each.rpartition("::")[2] for each in as_list(TEMPLATE["Transform"])}
    assert transforms == {each.rpartition("/")[2] for each in named if ":transform/" in each}


def test_sam_may_look_for_the_stack_of_repositories_before_it_deletes():
    # `sam delete` asks for it by name, and ends with an error where it may not ask.
    asked = f"arn:aws:cloudformation:us-east-1:123456789012:stack/{CompanionStack(STACK).stack_name}/*"
    assert any(fnmatchcase(asked, arn) for arn in allowed_on("cloudformation:DescribeStacks"))


# AWS takes an ARN for these, but `sam` and CloudFormation also call them without one.
WITHOUT_RESOURCE = {"cloudformation:gettemplatesummary", "cloudwatch:describealarms"}


def forms(action):
    """ARN formats of the resources that an action takes; none, if a statement must allow it on `*`."""
    service, _, name = action.lower().partition(":")
    kinds = {kind.lower() for kind in KNOWN[service]["Actions"][name].get("Resources", [])}
    formats = {kind.lower(): each["ARNFormats"] for kind, each in KNOWN[service]["Resources"].items()}
    return [form for kind in kinds for form in formats[kind]]


def names_one_of(arn, forms):
    """Whether an ARN, which may have wildcards, can name a resource of one of these formats."""
    _, _, service, _, _, resource = arn.split(":", 5)
    for form in forms:
        head = re.split(r"\.\*|\$", form.split(":", 5)[5])[0]
        if form.split(":")[2] == service and resource.startswith(head.rstrip("/:")):
            return True
    return False


def test_every_action_is_allowed_on_resources_of_its_kind():
    used = {each for kind in TYPES for each in wanted(kind) if not any(matches(each, x) for x in unused(kind))}
    for action in sorted(used | SAM):
        arns = allowed_on(action)
        known = forms(action)
        if known and action.lower() not in WITHOUT_RESOURCE:
            assert "*" not in arns, f"bind {action} to one of {known}"
            assert any(names_one_of(arn, known) for arn in arns), f"{action} is allowed on {arns}, not on {known}"
        else:
            assert "*" in arns, f"{action} takes no resource: allow it on *"


def test_it_fits_into_one_managed_policy_with_room_for_more():
    assert len(re.sub(r"\s", "", json.dumps(POLICY))) < POLICY_CHARACTERS


def test_the_names_are_those_that_the_stack_gets_by_default():
    parameters = {name: each["Default"] for name, each in TEMPLATE["Parameters"].items()}
    text = json.dumps(POLICY)
    for name in (STACK, parameters["TableName"], parameters["DatabaseName"]):
        assert name in text
    assert f'stack_name = "{STACK}"' in (ROOT / "samconfig.toml").read_text()


# Characters that a name may have, for types whose resources CloudFormation names after stack and logical id.
NAME_CHARACTERS = {
    "AWS::IAM::Role": 64,
    "AWS::KinesisFirehose::DeliveryStream": 64,
    "AWS::S3::Bucket": 63,
    "AWS::SQS::Queue": 80,
    "AWS::Serverless::Function": 64,
}


@pytest.mark.parametrize("resource_type", NAME_CHARACTERS)
def test_no_name_is_so_long_that_cloudformation_cuts_the_stack_s_name_in_it(resource_type):
    for name, resource in TEMPLATE["Resources"].items():
        if resource["Type"] == resource_type:
            assert len(f"{STACK}-{name}-") + 13 <= NAME_CHARACTERS[resource_type], name  # and a random part


def test_roles_are_passed_to_the_services_that_the_template_s_roles_trust():
    (passed,) = (each for each in POLICY["Statement"] if each["Action"] == "iam:PassRole")
    trusted = {
        statement["Principal"]["Service"]
        for resource in TEMPLATE["Resources"].values()
        if resource["Type"] == "AWS::IAM::Role"
        for statement in resource["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    }
    assert set(passed["Condition"]["StringEquals"]["iam:PassedToService"]) == trusted
