"""Runs `sales` with rows that a query gives without AWS: for each command of the JSON in its argument, in a fork.

Prints JSON: for each command its exit code, what it wrote to standard output and standard error, and its queries.
Standard output can be a pipe, a terminal, a full disk, a pipe whose reader is gone, or closed.
"""

import json
import logging
import os
import pty
import sys
from decimal import Decimal

from sales_pipeline import crawl, query
from sales_pipeline.__main__ import main
from sales_pipeline.aws import stack
from sales_pipeline.cli import data, options, recovery
from sales_pipeline.terminal.table import DataTable

NASTY = "a\x1b[31mred\x9b1m\u202egnp\u200b\u2028\x07\rb"
ROWS = {
    "nasty": DataTable(["name\x1b[1m", "n"], [(NASTY, 1)]),
    "umlaut": DataTable(["name", "price"], [("Kürbis 漢字 ⓐ", Decimal("1.50"))]),
    "twice": DataTable(["a", "a"], [(1, 2)]),
    "many": DataTable(["n"], [(number,) for number in range(50_000)]),
}


def fake_ask(_stack, sql):
    asked.append(sql)
    if sql == "fails":
        # As PyAthena does. Where nobody handles a log, Python writes it to standard error.
        logging.getLogger("pyathena").error("Failed to execute query.")
        raise query.QueryError(f"Athena says: no column {NASTY}")
    return ROWS.get(sql) or DataTable(["sql"], [(sql,)])


def opened(target):
    """Return file descriptors: one to write to as `target` says, and one from which to read what arrives, or None."""
    if target == "terminal":
        read, write = pty.openpty()
    elif target == "full":
        read, write = None, os.open("/dev/full", os.O_WRONLY)
    else:
        read, write = os.pipe()
    if target == "gone":
        os.close(read)
        read = None
    return read, write


def read_all(descriptor):
    found = b""
    while descriptor is not None:
        try:
            some = os.read(descriptor, 65536)
        except OSError:  # so ends a terminal
            break
        if not some:
            break
        found += some
    return found


def run(case):
    output, errors = opened(case.get("output", "pipe")), opened(case.get("errors", "pipe"))
    facts, given = os.pipe(), os.pipe()
    os.write(given[1], bytes.fromhex(case.get("input", "")))
    os.close(given[1])
    child = os.fork()
    if child == 0:
        os.dup2(given[0], 0)
        for number, (read, write) in {1: output, 2: errors}.items():
            os.dup2(write, number)
            for each in (read, write):
                if each is not None:
                    os.close(each)
        for name, number in (("output", 1), ("errors", 2)):
            if case.get(name) == "closed":
                os.close(number)
                setattr(sys, "stdout" if number == 1 else "stderr", None)
        sys.argv = ["sales", *case["command"]]
        code = 0
        try:
            main()
        except SystemExit as ended:
            code = ended.code
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os.write(facts[1], json.dumps([code, asked]).encode())
        os._exit(0)
    for each in (given[0], output[1], errors[1], facts[1]):
        os.close(each)
    printed, said, fact = read_all(output[0]), read_all(errors[0]), read_all(facts[0])
    os.waitpid(child, 0)
    code, was_asked = json.loads(fact) if fact else (None, None)
    return {
        "code": code,
        "output": printed.decode(errors="backslashreplace"),
        "errors": said.decode(errors="backslashreplace"),
        "asked": was_asked,
    }


asked = []
query.ask = fake_ask
found = stack.Stack("sales", {}, None)
options.Target.say_where = lambda *_: None  # there is no session to ask
data.locate = recovery.locate = lambda *_: options.Target(found)
crawl.run = lambda *_: "made by others " + NASTY

if __name__ == "__main__":
    print(json.dumps([run(case) for case in json.loads(sys.argv[1])]))  # noqa: T201
