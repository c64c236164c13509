"""Oddities of objects: where they are, how they are called and encoded, and which rows they have."""

import re
from datetime import date, timedelta

from tests.unit.sales_pipeline.reconcile.lakes.lake import DATA, NOW, Object
from tests.unit.sales_pipeline.reconcile.lakes.odd import add, odd, pick, start_of

FOLDERS = [
    "",
    "other/",
    "dt=2026-1-1/",
    "dt=2026-11-2/",
    "dt=2026-13-01/",
    "dt=2026-02-29/",
    "dt=2026-11-22T00/",
    "dt=2026-11-22 /",
    "dt= 2026-11-22/",
    "DT=2026-11-22/",
    "dt=20261122/",
    "dt=2026-11-２２/",  # noqa: RUF001 - digits of another script
    "dt=/",
    "2026-11-22/",
    "x/dt=2026-11-22/",
    "_x/dt=2026-11-22/",
    "dt=__HIVE_DEFAULT_PARTITION__/",
    "dt={before}/",
    "dt={first}/",
    "dt={today}/",
    "dt={tomorrow}/",
    "dt=2099-01-01/",
    "dt=0001-01-01/",
    "dt=2026-11-22/x/",
    "dt=2026-11-22/2026-11-22-11-59-59/",
    "dt=2026-11-22/dt=2026-11-21/",
    "dt=2026-11-22/_temporary/",
    "dt=2026-11-22/x/.hive-staging/",
    "dt=2026-11-22/x_/",
    "dt=2026-11-22//",
]


@odd(weight=3, variants=FOLDERS)
def folder(lake, rng, new):
    """Move an object to another folder: outside of what the declared table shows, or only nearly so."""
    if lake.objects:
        each = rng.choice(lake.objects)
        _, _, file = each.key.removeprefix(DATA).partition("/")
        first, day = date.fromisoformat(lake.first_day), timedelta(days=1)
        days = {"before": first - day, "first": first, "today": NOW.date(), "tomorrow": NOW.date() + day}
        each.key = DATA + new.format(**days) + file


FILE_NAMES = [
    "",
    "_{file}",
    ".{file}",
    "_SUCCESS",
    "-_{file}",
    "{file}_",
    "{file}.",
    "{file}_$folder$",
    "rows",
    "part-00000.json",
    "part-00001.json",
    "2026-11-22-10-00-00.json",
    "o-1-2026-11-22-10-00-00",
    "o-1-2026-11-22-10-00-00-2f.json",
    "o-1-2026-11-22-10-00-00-2020-01-01-00-00-00.json",
    "o-1-2020-01-01-00-00-00-2026-11-22-11-00-00.json",
    "o-1-2026-11-22-10-00-00-99.json",
    "o-1-2026-11-22-10-00-00-00-00.json",
    "o-1-12026-11-22-10-00-001.json",
    "o-1-2026-99-99-99-99-99-2f.json",
    "o-1-2026-11-22-24-00-00-2f.json",
    "o-1-2026-11-22-10-00-0-2f.json",
    "o-1-2026-11-22T10-00-00-2f.json",
    "o-1-٢٠٢٦-١١-٢٢-١٠-٠٠-٠٠-2f.json",  # noqa: RUF001
    "o-1-9999-12-31-23-59-59-2f.json",
]


@odd(weight=3, variants=FILE_NAMES)
def file_name(lake, rng, new):
    """Call an object otherwise in its folder."""
    if lake.objects:
        each = rng.choice(lake.objects)
        place, _, file = each.key.rpartition("/")
        each.key = f"{place}/{new.format(file=file)}"


@odd(variants=["GLACIER", "DEEP_ARCHIVE", "GLACIER_IR", "STANDARD_IA", "INTELLIGENT_TIERING", "OUTPOSTS"])
def storage_class(lake, rng, new):
    """Let a lifecycle rule move an object to another storage class."""
    if lake.objects:
        rng.choice(lake.objects).storage_class = new


@odd(weight=2)
def swap_days(lake, rng):
    """Exchange the folders of two objects, so that their days contradict the times in their names."""
    pairs = [
        (one, other)
        for one in lake.objects
        for other in lake.objects
        if one.key.rpartition("/")[0] < other.key.rpartition("/")[0]
    ]
    if pairs:
        one, other = rng.choice(pairs)
        (place, _, file), (other_place, _, other_file) = one.key.rpartition("/"), other.key.rpartition("/")
        one.key, other.key = f"{other_place}/{file}", f"{place}/{other_file}"


@odd(weight=2)
def same_second(lake, rng):
    """Give two objects names of the same second, perhaps on different days."""
    if len(lake.objects) > 1:
        one, other = rng.sample(lake.objects, 2)
        time = rng.choice(["2026-11-22-10-00-00", "2026-11-21-23-59-59"])
        for number, each in enumerate((one, other)):
            place = each.key.rpartition("/")[0] if rng.random() < 0.3 else f"{DATA}dt=2026-11-22"
            each.key = f"{place}/o-1-{time}-{number}{'.gz' if each.encoding != 'plain' else ''}"


EXTENSIONS = [
    "",
    *(".json", ".gz", ".json.gz", ".GZ", ".gz.json", ".gzip", ".tar.gz", ".gz.", ".txt", ".parquet"),
    *(".bz2", ".snappy", ".zst", ".lz4", ".deflate", ".lzo"),
]
ENCODED = [
    ("plain", ".json"),
    ("gzip", ".gz"),
    *(("gzip", extension) for extension in EXTENSIONS),
    *(("plain", extension) for extension in EXTENSIONS),
    ("gzip in two members", ".json.gz"),
    ("gzip cut short", ".gz"),
    ("gzip with a wrong checksum", ".gz"),
    ("gzip with text behind it", ".gz"),
    ("gzip in gzip", ".gz"),
    ("gzip in gzip", ".json"),
    ("bzip2", ".bz2"),
    ("bzip2", ".gz"),
    ("bzip2", ".json"),
]


@odd(weight=3, variants=ENCODED)
def encoding(lake, rng, new):
    """Encode and call an object otherwise, so that they fit or do not."""
    if lake.objects:
        each = rng.choice(lake.objects)
        each.encoding, extension = new
        each.key = re.sub(r"(\.[a-z]+)*$", "", each.key) + extension


@odd(variants=["dt=2026-11-22/", "", "_SUCCESS", "dt=2026-11-22/_SUCCESS", "dt=2026-11-22/x.json", "x_$folder$"])
def empty_object(lake, _rng, key):
    """Add an object without a row, as consoles and other programs leave them."""
    add(lake, Object(DATA + key))


@odd()
def empty_gzip(lake, _rng):
    """Add a compressed object without a row: it has bytes, but nothing to show."""
    add(lake, Object(f"{DATA}dt=2026-11-22/o-1-2026-11-22-10-00-00-e.gz", encoding="gzip"))


@odd(variants=["sales_data_old/dt=2026-11-22/x.json", "athena-results/x.csv", "sales_data"])
def elsewhere(lake, rng, key):
    """Add an object with rows that is not in the data location: it is nothing to reconcile."""
    if picked := pick(lake, rng):
        add(lake, Object(key, [picked[0].lines[picked[1]]]))


@odd(weight=3)
def move_row(lake, rng):
    """Move a row to another object, so that an older version may arrive last, or two versions in one object."""
    if picked := pick(lake, rng):
        each, position = picked
        line = each.lines.pop(position)
        lines = rng.choice(lake.objects).lines
        lines.insert(rng.randint(0, len(lines)), line)


@odd(weight=7)
def tie(lake, rng):
    """Put all rows of an order into one object, where nothing but a sequence number tells which is newest.

    Perhaps errors/ has what the table holds, too.
    """
    if picked := pick(lake, rng):
        each, position = picked
        start = start_of(each.lines[position])
        rows = [line for other in lake.objects for line in other.lines if start_of(line) == start]
        for other in lake.objects:
            other.lines = [line for line in other.lines if start_of(line) != start]
        each.lines += rng.sample(rows, len(rows))
        if rng.random() < 0.3:
            number = rb'"sequence_number":"8"'
            each.lines = [re.sub(rb'"sequence_number":"\d+"', number, line) for line in each.lines]
        if rng.random() < 0.2:
            lake.errors += map(lake.event_of, lake.items)


@odd(weight=3)
def copy_row(lake, rng):
    """Deliver a row a second time."""
    if picked := pick(lake, rng):
        each, position = picked
        lines = rng.choice([each, *lake.objects]).lines
        lines.insert(rng.randint(0, len(lines)), each.lines[position])


@odd(weight=2)
def drop_row(lake, rng):
    if picked := pick(lake, rng):
        del picked[0].lines[picked[1]]


@odd()
def reverse_rows(lake, rng):
    if lake.objects:
        rng.choice(lake.objects).lines.reverse()


@odd()
def merge(lake, rng):
    """Put all rows of two objects into one."""
    if len(lake.objects) > 1:
        one, other = rng.sample(lake.objects, 2)
        one.lines += other.lines
        lake.objects.remove(other)


@odd(variants=[b"\r\n", b"\r", b"\n\r", b"\n\n", b"\n"])
def line_ends(lake, rng, ends):
    if lake.objects:
        each = rng.choice(lake.objects)
        each.ends = ends
        each.last_ends = rng.random() < 0.5
