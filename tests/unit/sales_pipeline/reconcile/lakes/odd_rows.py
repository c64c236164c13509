"""Oddities of rows: what the text of a line is, and what it says about its event."""

import re
from collections import Counter

from tests.unit.sales_pipeline.reconcile.lakes.odd import odd, pick, replace, start_of

LINES = [
    (rb"^", b"\n"),  # a blank line
    (rb"$", b"\n"),
    (rb"^", b" \t\n"),
    (rb"^", b"\r"),
    (rb"$", b"\r"),
    (rb"^", b" "),
    (rb"$", b" \t"),
    (rb"^", b"\xef\xbb\xbf"),  # a BOM
    (rb"^", b"\xc2\xa0"),
    (rb"^", b"\x00"),
    (rb"$", b"\x00"),
    (rb",", b",\n"),  # over two lines
    (rb",", b",\r"),
    (rb",", b" ,\t"),
    (rb"$", b"{}"),
    (rb"$", b"x"),
    (rb"$", b","),
    (rb"^.*$", rb"\g<0>\g<0>"),  # two rows in a line
    (rb"^.*$", rb"[\g<0>]"),
    (rb"^.*$", b"{}"),
    (rb"^.*$", b"null"),
    (rb".$", b""),
    (rb'"product_name":"', b"\\g<0>\xff"),  # not UTF-8
    (rb'"product_name":"', b"\\g<0>\xed\xa0\x80"),
    (rb'"product_name":"', b"\\g<0>\xc0\xaf"),
    (rb'"product_name":"', rb"\g<0>\\ud800"),  # half a pair
    (rb'"product_name":"', rb"\g<0>\\u004"),
    (rb'"product_name":"', rb"\g<0>\\x"),
    (rb'"product_name":"', b"\\g<0>\t"),
    (rb'"product_name":"L', rb'"product_name":"\\u004c'),  # the same letter
    (rb'"product_name":"[^"]*"', b'"product_name":""'),
    (rb'"product_name":"[^"]*"', b'"product_name":null'),
    (rb'"product_name":"[^"]*"', b'"product_name":7'),
    (rb'"product_name":"[^"]*"', b'"product_name":["x"]'),
    (rb'"product_name":"[^"]*"', b'"product_name":{"x":1}'),
    (rb'"product_name":"[^"]*",', b""),
    (rb'"product_name"', b'"PRODUCT_NAME"'),
    (rb'"price"', b'"Price"'),
    (rb'"orderid"', b'"OrderId"'),
    (rb'"quantity"', b'"quantit\xc5\xb8"'),
    (rb'"price"', b'"pr\xc4\xb1ce"'),  # a dotless i: its upper case is I
    (rb'"price"', rb'"pr\\u0069ce"'),
    (rb'"price":[^,}]*', rb"\g<0>,\g<0>"),  # a key twice
    (rb'"price":[^,}]*', rb'"price":1.0,\g<0>'),
    (rb'"price":[^,}]*', rb'\g<0>,"PRICE":1.0'),
    (rb'"price":[^,}]*', rb'"PRICE":1.0,\g<0>'),
    (rb'"price":[^,}]*', rb'\g<0>,"pr\\u0069ce":1.0'),
    (rb'"orderid":"[^"]*"', rb'\g<0>,"orderid":"b"'),
    (rb'"orderid":"[^"]*"', b'"orderid":"b"'),
    (rb'"orderid":"[^"]*"', b'"orderid":""'),
    (rb'"orderid":"[^"]*"', b'"orderid":null'),
    (rb'"orderid":"[^"]*"', b'"orderid":1'),
    (rb'"orderid":"[^"]*",', b""),
    (rb'"quantity":([-\d]+)', rb'"quantity":\1.0'),
    (rb'"quantity":([-\d]+)', rb'"quantity":\1e0'),
    (rb'"quantity":([-\d]+)', rb'"quantity":"\1"'),
    (rb'"quantity":([-\d]+)', rb'"quantity":0\1'),
    (rb'"quantity":([-\d]+)', b'"quantity":-0'),
    (rb'"quantity":([-\d]+)', b'"quantity":2147483648'),
    (rb'"quantity":([-\d]+)', b'"quantity":-2147483648'),
    (rb'"quantity":([-\d]+)', b'"quantity":true'),
    (rb'"quantity":([-\d]+)', b'"quantity":null'),
    (rb'"quantity":[-\d]+,', b""),
    (rb'"quantity":([-\d]+)', b'"quantity":12345678901234567890123456789'),
    (rb'"price":([-\d]+)\.0\b', rb'"price":\1'),
    (rb'"price":([-\d]+)\.0\b', rb'"price":\1e0'),
    (rb'"price":0.0\b', b'"price":-0.0'),
    (rb'"price":0.0\b', b'"price":0E+5'),
    (rb'"price":0.000000001', b'"price":1e-9'),
    (rb'"price":([-\d.]+)', rb'"price":"\1"'),
    (rb'"price":([-\d.]+)', rb'"price":\1e0'),
    (rb'"price":([-\d.]+)', rb'"price":\g<1>00'),
    (rb'"price":349.0', b'"price":3.49E2'),
    (rb'"price":([-\d]+)\.', rb'"price":\g<1>00000000000000000000.'),  # more digits than the column holds
    (rb'"price":([-\d.]+)', rb'"price":\g<1>0000000001'),
    (rb'"price":([-\d.]+)', rb'"price":\g<1>E+19'),
    (rb'"price":([-\d.]+)', rb'"price":\g<1>e-10'),
    (rb'"price":([-\d.]+)', b'"price":NaN'),
    (rb'"price":([-\d.]+)', b'"price":1e'),
    (rb'"price":([-\d.]+)', b'"price":.5'),
    (rb'"price":([-\d.]+)', b'"price":true'),
    (rb'"price":([-\d.]+)', b'"price":null'),
    (rb'"price":([-\d.]+)', b'"price":[1.0]'),
    (rb',"price":[-\d.]+', b""),
    (rb"}$", b',"note":"x"}'),
    (rb"}$", b',"note":1,"NOTE":2}'),
    (rb"}$", b',"note":{"x":[1,{"y":"a\\"b"}]}}'),
    (rb"}$", b',"note":{"x":1,"x":1}}'),
    (rb"}$", b',"note":{"x":1,"X":1}}'),
    (rb"}$", b',"_col2":9}'),
    (rb"}$", b',"_COL2":9}'),
    (rb"}$", b',"_col99":9}'),
    (rb"}$", b',"":9}'),
    (rb"^{", b'{"note":"x",'),
]


@odd(weight=6, variants=LINES, of=("four",))
def line(lake, rng, change):
    """Change the text of a line."""
    replace(lake, rng, *change)


CHANGE_COLUMNS = [
    (rb',"event_id".*', b"}"),  # as before the switch
    (rb'"sequence_number":"', rb"\g<0>0"),
    (rb'"sequence_number":"\d+"', b'"sequence_number":"0"'),
    (rb'"sequence_number":"\d+"', b'"sequence_number":"99"'),
    (rb'"sequence_number":"\d+"', b'"sequence_number":"100"'),
    (rb'"sequence_number":"\d+"', b'"sequence_number":"111100000000087654321572"'),
    (rb'"sequence_number":"\d+"', b'"sequence_number":""'),
    (rb'"sequence_number":"\d+"', b'"sequence_number":"1e3"'),
    (rb'"sequence_number":"\d+"', b'"sequence_number":" 1"'),
    (rb'"sequence_number":"\d+"', b'"sequence_number":null'),
    (rb'"sequence_number":"(\d+)"', rb'"sequence_number":\1'),
    (rb'"sequence_number":"\d+"', '"sequence_number":"٣"'.encode()),
    (rb'"sequence_number":"\d+"', b'"sequence_number":"' + b"1" * 41 + b'"'),
    (rb',"sequence_number":"\d+"', b""),
    (rb'"sequence_number"', b'"SEQUENCE_NUMBER"'),
    (rb'"event_id":"', rb"\g<0>backfill-"),
    (rb'"event_id":"', rb"\g<0>BACKFILL-"),
    (rb'"event_id":"', rb"\g<0>backfill_"),
    (rb'"event_id":"[^"]*("[^}]*"sequence_number":")\d+', rb'"event_id":"another\g<1>7'),
    (rb'"event_id":"[^"]*"', b'"event_id":"same"'),
    (rb'"event_id":"[^"]*"', b'"event_id":"backfill-same"'),
    (rb'"event_id":"[^"]*"', b'"event_id":""'),
    (rb'"event_id":"[^"]*"', b'"event_id":null'),
    (rb'"event_id":"[^"]*"', b'"event_id":1'),
    (rb'"event_id":"[^"]*",', b""),
    (rb'"event_name":"[^"]*"', b'"event_name":"INSERT"'),
    (rb'"event_name":"[^"]*"', b'"event_name":"REMOVE"'),
    (rb'"event_name":"[^"]*"', b'"event_name":"remove"'),
    (rb'"event_name":"[^"]*"', b'"event_name":""'),
    (rb'"event_name":"[^"]*"', b'"event_name":null'),
    (rb'"event_name":"[^"]*"', b'"event_name":7'),
    (rb'"event_name":"[^"]*",', b""),
    (rb'"event_name"', b'"Event_Name"'),
    (rb'"event_time":"[^"]*"', b'"event_time":null'),
    (rb'"event_time":"[^"]*"', b'"event_time":"yesterday"'),
    (rb'"event_time":"[^"]*"', b'"event_time":""'),
    (rb'"event_time":"[^"]*"', b'"event_time":"2026-11-22T11:26:00Z"'),
    (rb'"event_time":"[^"]*"', b'"event_time":"2026-02-29T11:26:00.000Z"'),
    (rb'"event_time":"[^"]*"', b'"event_time":"2026-11-22T24:00:00.000Z"'),
    (rb'"event_time":"[^"]*"', b'"event_time":"2024-02-29T23:59:59.999Z"'),
    (rb'"event_time":"[^"]*"', b'"event_time":7'),
    (rb"}$", b',"event_id":null,"event_name":null,"event_time":null,"sequence_number":null}'),
    (rb"}$", b',"event_id":"new","event_name":"INSERT","event_time":null,"sequence_number":"0"}'),
    (rb"}$", b',"sequence_number":"7"}'),
    (rb"}$", b',"event_name":"REMOVE"}'),
]


@odd(weight=3, variants=CHANGE_COLUMNS)
def change_columns(lake, rng, change):
    """Change what a row says about its event, or what all rows of the order say."""
    if orderid := replace(lake, rng, *change):
        for each in lake.objects if rng.random() < 0.5 else []:
            each.lines = [re.sub(*change, text, count=1) if start_of(text) == orderid else text for text in each.lines]


@odd()
def same_event_of_orders(lake, rng):
    """Let rows of any orders name one event."""
    for _ in range(2):
        if picked := pick(lake, rng, re.compile(rb'"event_id":"')):
            each, position = picked
            each.lines[position] = re.sub(rb'"event_id":"[^"]*"', b'"event_id":"one"', each.lines[position])


@odd()
def same_event(lake, rng):
    """Let several rows of an order name one event, whatever they hold."""
    named = [line for each in lake.objects for line in each.lines if b'"event_id":"' in line]
    starts = Counter(map(start_of, named))
    if orderids := [start for start, count in starts.items() if count > 1]:
        orderid = rng.choice(orderids)
        for each in lake.objects:
            each.lines = [
                re.sub(rb'"event_id":"[^"]*"', b'"event_id":"same"', line) if start_of(line) == orderid else line
                for line in each.lines
            ]
