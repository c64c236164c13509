import pytest

from local_aws.errors import SettingsError
from local_aws.firehose.names import DAY, ERROR_TYPE, check_prefix, evaluate, object_name

ARRIVAL_MS = 1535328309123  # 2018-08-27T00:05:09.123Z


@pytest.mark.parametrize(
    ("prefix", "expected"),
    [
        ("sales_data/dt=!{timestamp:yyyy-MM-dd}/", "sales_data/dt=2018-08-27/"),
        (
            "errors/!{firehose:error-output-type}/dt=!{timestamp:yyyy-MM-dd}/",
            "errors/processing-failed/dt=2018-08-27/",
        ),
    ],
)
def test_the_templates_prefixes_evaluate_as_the_guide_says(prefix, expected):
    assert evaluate(prefix, ARRIVAL_MS) == expected


@pytest.mark.parametrize(
    ("prefix", "expressions"),
    [
        ("", (DAY,)),
        ("rows/", (DAY,)),
        ("rows/!{timestamp:yyyy/MM/dd}/", (DAY,)),
        (f"rows/{DAY}/!{{firehose:random-string}}/", (DAY,)),
        (f"rows/{DAY}/{ERROR_TYPE}/", (DAY,)),
        (f"rows/{DAY}/!{{timestamp:HH", (DAY,)),
        (f"errors/{ERROR_TYPE}/", (ERROR_TYPE, DAY)),
        (f"errors/{DAY}/", (ERROR_TYPE, DAY)),
    ],
)
def test_every_other_prefix_is_refused(prefix, expressions):
    with pytest.raises(SettingsError, match="takes !"):
        check_prefix("Prefix", prefix, expressions)


def test_an_object_is_named_after_its_stream_its_oldest_record_and_a_uuid():
    name = object_name("sales-DeliveryStream", 3, ARRIVAL_MS, "5c4974e2-b441-44e8-8f92-18f0f65ee24a", ".json")
    assert name == "sales-DeliveryStream-3-2018-08-27-00-05-09-5c4974e2-b441-44e8-8f92-18f0f65ee24a.json"
