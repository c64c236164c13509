"""`sales reconcile` gives no verdict on a table `orders` that shows the lake otherwise than the template's does."""

import copy

import pytest

from sales_pipeline.errors import SalesError
from sales_pipeline.orders.form import RowForm
from sales_pipeline.reconcile import declared_table
from tests.unit.sales_pipeline.columns import EVERY_TYPE, FOUR
from tests.unit.sales_pipeline.reconcile.stacks import BUCKET, Glue
from tests.unit.template.parsed import TEMPLATE, resolve
from transform.columns import COLUMNS

PARAMETERS, STORAGE = ("Parameters",), ("StorageDescriptor",)
SERDE, SERDE_PARAMETERS = (*STORAGE, "SerdeInfo"), (*STORAGE, "SerdeInfo", "Parameters")
TEXT = {"Type": "string"}
OF_CHANGE = [TEXT | {"Name": name} for name in ("event_id", "event_name", "event_time", "sequence_number")]


def changed(table, path, change):
    """The table with these members changed at a path; None removes one."""
    table = copy.deepcopy(table)
    place = table
    for name in path:
        place = place.setdefault(name, {})
    place.update(change)
    for name in [name for name, value in change.items() if value is None]:
        del place[name]
    return table


def with_columns(table, change, *, partition=False):
    """The table with a changed list of columns."""
    place = table if partition else table["StorageDescriptor"]
    name = "PartitionKeys" if partition else "Columns"
    return changed(table, () if partition else STORAGE, {name: change(copy.deepcopy(place[name]))})


def retyped(name, catalog_type):
    return lambda columns: [each | {"Type": catalog_type} if each["Name"] == name else each for each in columns]


def differences(table, change_columns="NONE"):
    form = RowForm(change_columns == "APPEND", columns=FOUR)
    return declared_table.differences(table, f"s3://{BUCKET}/sales_data/", form)


@pytest.fixture
def table(change_columns):
    return Glue(change_columns).table


@pytest.mark.parametrize("other_attributes", ["DROP", "KEEP"])
@pytest.mark.parametrize("change_columns", ["NONE", "APPEND"])
def test_the_templates_table_is_as_declared(change_columns, other_attributes):
    parameters = {"ChangeColumns": change_columns, "OtherAttributes": other_attributes}
    table = resolve(TEMPLATE["Resources"]["DeclaredTable"]["Properties"]["TableInput"], Bucket=BUCKET, **parameters)
    location = f"s3://{BUCKET}/sales_data/"
    assert declared_table.differences(table, location, RowForm.of(parameters, COLUMNS)) == []


@pytest.mark.parametrize(
    ("change_columns", "other_attributes", "more"),
    [
        ("NONE", "DROP", []),
        ("NONE", "KEEP", ["other_attributes"]),
        ("APPEND", "DROP", ["event_id", "event_name", "event_time", "sequence_number"]),
        ("APPEND", "KEEP", ["event_id", "event_name", "event_time", "sequence_number", "other_attributes"]),
    ],
)
def test_the_parameters_decide_which_columns_follow_those_of_the_order(change_columns, other_attributes, more):
    parameters = {"ChangeColumns": change_columns, "OtherAttributes": other_attributes}
    assert declared_table.columns(RowForm.of(parameters, EVERY_TYPE)) == [
        *("order_no bigint", "image string", "class boolean", "gift-wrap string", "order id int"),
        *("price decimal(28,9)", "views bigint", "paid boolean", "shipping string"),
        *(f"{name} string" for name in more),
    ]


def test_a_stack_from_before_a_parameter_has_what_it_had_then():
    assert RowForm.of({}, FOUR) == RowForm.of({"ChangeColumns": "NONE", "OtherAttributes": "DROP"}, FOUR)


@pytest.mark.parametrize(
    ("path", "change"),
    [
        (PARAMETERS, {"EXTERNAL": None, "classification": None}),
        (PARAMETERS, {"transient_lastDdlTime": "1795348800", "last_modified_by": "hadoop", "comment": "orders"}),
        (PARAMETERS, {"projection.dt.interval": "1", "projection.dt.interval.unit": "DAYS"}),  # the defaults
        (PARAMETERS, {"read_restored_glacier_objects": "false", "skip.header.line.count": "0"}),
        (SERDE_PARAMETERS, {"serialization.format": "1"}),
        (STORAGE, {"Compressed": False, "NumberOfBuckets": -1, "BucketColumns": [], "Parameters": {}}),
        ((), {"Description": None, "Retention": 0, "Owner": "hadoop"}),
    ],
)
def test_what_changes_no_row_passes(table, path, change):
    assert differences(changed(table, path, change)) == []


@pytest.mark.parametrize(
    ("path", "change", "says"),
    [
        (PARAMETERS, {"projection.enabled": "false"}, "projection.enabled is false, and must be true"),
        (PARAMETERS, {"projection.enabled": None}, "projection.enabled is absent, and must be true"),
        (PARAMETERS, {"projection.dt.type": "injected"}, "projection.dt.type is injected, and must be date"),
        (PARAMETERS, {"projection.dt.format": "yyyy-MM"}, "projection.dt.format is yyyy-MM, and must be yyyy-MM-dd"),
        (PARAMETERS, {"projection.dt.interval": "2"}, "projection.dt.interval is 2"),
        (PARAMETERS, {"projection.dt.interval.unit": "WEEKS"}, "projection.dt.interval.unit is WEEKS"),
        (PARAMETERS, {"projection.hour.type": "integer"}, "projection.hour.type is integer, and must not be there"),
        (PARAMETERS, {"storage.location.template": f"s3://{BUCKET}/old/dt=${{dt}}/"}, "storage.location.template is "),
        (PARAMETERS, {"storage.location.template": None}, "storage.location.template is "),
        (PARAMETERS, {"skip.header.line.count": "1"}, "skip.header.line.count is 1, and must not be there"),
        (PARAMETERS, {"compressionType": "gzip"}, "compressionType is gzip"),
        (PARAMETERS, {"read_restored_glacier_objects": "true"}, "read_restored_glacier_objects is true"),
        (PARAMETERS, {"ignore.malformed.json": "true"}, "ignore.malformed.json is true"),
        (PARAMETERS, {"table_type": "ICEBERG"}, "table_type is ICEBERG"),
        (
            STORAGE,
            {"Location": f"s3://{BUCKET}/old/"},
            f"Location is s3://{BUCKET}/old/, and must be s3://{BUCKET}/sales_",
        ),
        (STORAGE, {"InputFormat": "org.apache.hadoop.mapred.SequenceFileInputFormat"}, "InputFormat is org.apache"),
        (STORAGE, {"OutputFormat": "x"}, "OutputFormat is x"),
        (STORAGE, {"NumberOfBuckets": 8, "BucketColumns": ["orderid"]}, "NumberOfBuckets is 8"),
        ((*STORAGE, "Parameters"), {"skip.header.line.count": "1"}, "skip.header.line.count is 1"),
        (SERDE, {"SerializationLibrary": "org.openx.data.jsonserde.JsonSerDe"}, "SerializationLibrary is org.openx"),
        (SERDE, {"SerializationLibrary": None}, "SerializationLibrary is absent"),
        (SERDE_PARAMETERS, {"ignore.malformed.json": "true"}, "ignore.malformed.json is true, and must not be there"),
        (SERDE_PARAMETERS, {"mapping.price": "cost"}, "mapping.price is cost"),
        (SERDE_PARAMETERS, {"case.insensitive": "false"}, "case.insensitive is false"),
        (SERDE_PARAMETERS, {"comment": "x"}, "comment is x"),
        ((), {"TableType": "VIRTUAL_VIEW"}, "TableType is VIRTUAL_VIEW, and must be EXTERNAL_TABLE"),
        ((), {"StorageDescriptor": None, "Parameters": None}, "Location is absent"),
        ((), {"PartitionKeys": []}, "partition key 1 is absent, and must be dt string"),
    ],
)
def test_a_property_that_changes_what_the_table_shows_is_named(table, path, change, says):
    assert says in "\n".join(differences(changed(table, path, change)))


def test_a_table_that_shows_the_lake_otherwise_is_an_error_that_says_what_to_do(stack, run):
    stack.session.glue.table = changed(stack.session.glue.table, PARAMETERS, {"projection.enabled": "false"})
    stack.session.glue.table = changed(stack.session.glue.table, SERDE_PARAMETERS, {"mapping.price": "cost"})
    with pytest.raises(SalesError) as raised:
        run()
    assert str(raised.value) == (
        "the declared table declared.orders does not show the lake as it must: projection.enabled is false, and must "
        "be true; SerDe's mapping.price is cost, and must not be there: correct it, as in template.yaml"
    )


def test_no_property_hides_another(table):
    hidden = changed(table, PARAMETERS, {"Location": table["StorageDescriptor"]["Location"]})
    assert "Location is s3://elsewhere/" in differences(changed(hidden, STORAGE, {"Location": "s3://elsewhere/"}))[0]
    twice = changed(table, PARAMETERS, {"skip.header.line.count": "0"})
    twice = changed(twice, (*STORAGE, "Parameters"), {"skip.header.line.count": "1"})
    assert differences(twice) == ["skip.header.line.count is 1, and must not be there"]


@pytest.mark.parametrize("change_columns", ["NONE", "APPEND"])
@pytest.mark.parametrize(
    ("change", "says"),
    [
        (retyped("price", "double"), "column 4 is price double, and must be price decimal(28,9)"),
        (retyped("price", "decimal(5,1)"), "column 4 is price decimal(5,1), and must be price decimal(28,9)"),
        (retyped("quantity", "bigint"), "column 3 is quantity bigint, and must be quantity int"),
        (lambda columns: columns[:3], "column 4 is absent, and must be price decimal(28,9)"),
        (lambda columns: [*columns, TEXT | {"Name": "note"}], "is note string, and must not be there"),
        (lambda columns: [TEXT | {"Name": "id"}, *columns[1:]], "column 1 is id string, and must be orderid string"),
        (
            lambda columns: [columns[1], columns[0], *columns[2:]],
            "column 1 is product_name string, and must be orderid",
        ),
    ],
)
def test_another_column_is_named(table, change_columns, change, says):
    assert says in "\n".join(differences(with_columns(table, change), change_columns))


def test_the_columns_are_those_of_the_deployed_change_columns(table):
    assert differences(table, "APPEND")[0] == "column 5 is absent, and must be event_id string"
    appended = with_columns(table, lambda columns: columns + OF_CHANGE)
    assert differences(appended)[0] == "column 5 is event_id string, and must not be there"


def test_the_case_of_a_name_or_a_type_doesnt_count(table):
    price = {"Name": "Price", "Type": "DECIMAL(28, 9)"}
    assert differences(with_columns(table, lambda columns: [*columns[:3], price])) == []


def test_a_days_column_of_another_type_is_named(table):
    other = with_columns(table, retyped("dt", "date"), partition=True)
    assert differences(other) == ["partition key 1 is dt date, and must be dt string"]
