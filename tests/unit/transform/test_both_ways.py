"""Every JSON value at every place of a change event: the fast way takes none that the complete way refuses."""

import itertools
import json

import pytest

from tests.unit.transform.test_fuzz import EVERY_TYPE, WHOLE
from transform.complete import values_of
from transform.record import RowWriter
from transform.values import RecordError

SCALARS = ("null", "true", "false", "0", '""', '"1"', '"-0"', '"1\\n2"', '"\\ud800"', "NaN", "[]", "{}")
TYPES = ("S", "N", "BOOL", "NULL", "B", "value", "c0")
ATTRIBUTES = (
    *SCALARS,
    *(f'{{"{name}":{value}}}' for name in TYPES for value in SCALARS),
    *(
        f'{{"{name}":{value},"NULL":{null}}}'
        for name in ("S", "N", "BOOL", "NULL")
        for value in SCALARS
        for null in ("true", "false", "null")
    ),
)
CHANGE = {"eventID": '"a"', "eventName": '"INSERT"'}
STREAM_RECORD = {
    "SequenceNumber": '"111"',
    "ApproximateCreationDateTime": "1792540800",
    "Keys": '{"orderid":{"N":"7"}}',
}
IMAGE = {name: json.dumps(attribute) for name, attribute in WHOLE.items()}


def text(members):
    return "{" + ",".join(f'"{name}":{value}' for name, value in members.items()) + "}"


def events():
    """Events of which one part is another JSON value, or is there twice."""
    for event_name in ('"INSERT"', '"REMOVE"'):
        change = CHANGE | {"eventName": event_name}
        for name, value in itertools.product(change, SCALARS):
            yield change | {name: value}, STREAM_RECORD, text(IMAGE)
        for name, value in itertools.product((*STREAM_RECORD, "NewImage"), ATTRIBUTES):
            yield change, STREAM_RECORD | {name: value}, text(IMAGE)
    for name, value in itertools.product((*IMAGE, "note"), ATTRIBUTES):
        yield CHANGE, STREAM_RECORD, text(IMAGE | {name: value})
        yield CHANGE, STREAM_RECORD, f'{text(IMAGE)[:-1]},"{name}":{value}}}'


EVENTS = [
    text(change | {"dynamodb": text({"NewImage": image} | stream_record)}).encode()
    for change, stream_record, image in events()
]


@pytest.mark.parametrize("other_attributes", [False, True], ids=["DROP", "KEEP"])
@pytest.mark.parametrize("change_columns", [False, True], ids=["NONE", "APPEND"])
def test_the_fast_way_answers_as_the_complete_way_or_not_at_all(change_columns, other_attributes):
    parameters = {"change_columns": change_columns, "other_attributes": other_attributes}
    writer = RowWriter(EVERY_TYPE, **parameters)
    different = []
    for event in EVENTS:
        rows = writer.rows([event])
        if rows is None:
            continue
        try:
            values = [json.loads(value, parse_float=str) for value in values_of(event, EVERY_TYPE, **parameters)]
        except RecordError as error:
            values = str(error)
        found = list(json.loads(rows[0], parse_float=str).values()) if rows[0] else []
        if found != values:
            different.append((event, found, values))
    assert not different
