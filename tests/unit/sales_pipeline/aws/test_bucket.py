"""The bucket's objects are listed, and their lines are read once each, compressed or not."""

import gzip

import boto3
import pytest
from moto import mock_aws

from sales_pipeline.aws import bucket as module
from sales_pipeline.aws.bucket import Bucket, Folder, Location, Object, UnreadableObjectError
from sales_pipeline.aws.stack import Stack

BUCKET = "lake"
NUMBERS = [str(number) for number in range(100)]


@pytest.fixture
def stack():
    with mock_aws():
        session = boto3.Session(region_name="us-east-1")
        session.client("s3").create_bucket(Bucket=BUCKET)
        yield Stack("sales", {"BucketName": BUCKET}, session)


@pytest.fixture
def bucket(stack):
    return Bucket.of(stack)


@pytest.fixture
def folder(stack):
    return Folder(stack, Location(BUCKET, "rows/"))


def lines_of(numbers):
    return "".join(f"{number}\n" for number in numbers).encode()


def read(folder):
    """All numbers in the folder, and by key how many lines were unreadable."""
    numbers, unreadable = [], {}
    for lines in folder.lines(lambda line: str(int(line)), folder.objects()):
        numbers += lines.read
        unreadable[lines.object.key] = unreadable.get(lines.object.key, []) + lines.unreadable
    return sorted(numbers, key=int), {key: lines for key, lines in unreadable.items() if lines}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("s3://bucket/a/b/", ("bucket", "a/b/")),
        ("s3://bucket/", ("bucket", "")),
        ("s3://bucket", ("bucket", "")),
    ],
)
def test_a_location_is_a_bucket_and_a_prefix(text, expected):
    assert Location.parse(text) == expected


def test_an_object_is_written_read_listed_and_deleted(bucket):
    bucket.write("a/2", b"two")
    bucket.write("a/1", b"one")
    bucket.write("b", b"")
    assert bucket.list("a/") == ["a/1", "a/2"]
    assert bucket.read("a/1") == b"one"
    bucket.delete("a/1")
    bucket.delete("a/1")
    assert bucket.read("a/1") is None


def test_a_folder_lists_what_is_in_it_and_holds_something(bucket, folder):
    bucket.write("rows/", b"")
    bucket.write("rows/1", b"1")
    bucket.write("rows_old/1", b"1")
    assert [each.key for each in folder.objects()] == ["rows/1"]


def test_every_line_of_every_object_is_read_once_compressed_or_not(bucket, folder, monkeypatch):
    monkeypatch.setattr(module, "BATCH_LINES", 3)
    monkeypatch.setattr(module, "LISTED_OBJECTS", 2)
    for start in range(0, 100, 10):
        body = lines_of(NUMBERS[start : start + 10])
        bucket.write(f"rows/{start}", gzip.compress(body) if start % 20 else body.rstrip())
    assert read(folder) == (NUMBERS, {})


def test_lines_that_cant_be_read_are_numbered_without_blank_ones(bucket, folder):
    bucket.write("rows/1", b"1\nno\n \n2\nno")
    assert read(folder) == (["1", "2"], {"rows/1": [2, 4]})


@pytest.mark.parametrize("damage", [lambda body: body[:-9], lambda body: body[:20] + b"\xff" * 9 + body[29:]])
def test_the_whole_lines_of_a_damaged_object_count(bucket, folder, damage):
    bucket.write("rows/1.gz", damage(gzip.compress(lines_of(range(999)), mtime=0)))
    numbers, unreadable = read(folder)
    assert numbers == [str(number) for number in range(len(numbers))]
    assert unreadable == {"rows/1.gz": [len(numbers) + 1]}


def test_an_object_of_another_form_has_no_lines(bucket, folder):
    bucket.write("rows/1", b"1")

    def split(key, _):
        assert key == "rows/1"
        raise UnreadableObjectError
        yield

    (lines,) = folder.lines(bytes, folder.objects(), split)
    assert (lines.read, lines.unreadable, lines.object_is_unreadable) == ([], [], True)


def test_an_archived_object_has_no_lines(stack, folder):
    """Intelligent-Tiering archives objects too, and the list does not tell which."""
    stack.session.client("s3").put_object(Bucket=BUCKET, Key="rows/1", Body=b"1\n", StorageClass="GLACIER")
    (lines,) = folder.lines(bytes, folder.objects())
    assert (lines.read, lines.unreadable, lines.object_is_unreadable) == ([], [], True)


def test_an_object_that_is_gone_since_it_was_listed_has_no_lines(folder):
    assert list(folder.lines(bytes, [Object("rows/gone", 0)])) == []
