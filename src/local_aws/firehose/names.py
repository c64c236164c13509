"""How Firehose names the objects that it writes: prefix expressions and what follows them.

Amazon Data Firehose Developer Guide, "Understand custom prefixes for Amazon S3 objects" and "Configure Amazon S3 object
name format".
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

PROCESSING_FAILED = "processing-failed"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DEFAULT_TIME = "!{timestamp:yyyy/MM/dd/HH/}"
_ERROR_TYPE = "!{firehose:error-output-type}"
_EXPRESSION = re.compile(r"!\{([^:{}]*):([^{}]*)\}")
_PATTERN = re.compile(r"'((?:[^']|'')*)'|(([A-Za-z])\3*)|([^A-Za-z'\[\]{}#]+)")
_HOURS = 12


class PrefixError(Exception):
    """A prefix that Firehose refuses, or that this stand-in can't evaluate; the text says what to write instead."""


def complete_prefixes(prefix: str, error_output_prefix: str) -> tuple[str, str]:
    """Return both prefixes with the defaults that Firehose appends to them.

    Raises PrefixError for what Firehose refuses ("Semantic rules"), and for expressions that nothing here evaluates.
    """
    if "!{" in prefix and not error_output_prefix:
        raise PrefixError("ErrorOutputPrefix is missing: Firehose wants one as soon as Prefix has an expression.")
    if _ERROR_TYPE in prefix:
        raise PrefixError(f"Prefix has {_ERROR_TYPE}, which only ErrorOutputPrefix may have: remove it.")
    if "!{" in error_output_prefix and _ERROR_TYPE not in error_output_prefix:
        raise PrefixError(f"ErrorOutputPrefix has expressions, so it must have {_ERROR_TYPE} among them: add it.")
    if "!{" not in error_output_prefix:
        error_output_prefix = f"{error_output_prefix or prefix}{_ERROR_TYPE}/{_DEFAULT_TIME}"
    if "!{timestamp:" not in prefix:
        prefix += _DEFAULT_TIME
    for each in (prefix, error_output_prefix):
        evaluate(each, 0, PROCESSING_FAILED, lambda: "")
    return prefix, error_output_prefix


def evaluate(prefix: str, arrival_ms: int, error_output_type: str, random_string: Callable[[], str]) -> str:
    """Return a prefix with its expressions replaced.

    `arrival_ms` is when the oldest record of the object arrived, in milliseconds since 1970; `random_string` makes
    another 11 characters for every expression that asks for them. Raises PrefixError for other expressions.
    """
    arrival = _EPOCH + timedelta(milliseconds=arrival_ms)

    def replace(match: re.Match[str]) -> str:
        namespace, value = match.groups()
        if namespace == "timestamp":
            return format_time(value, arrival)
        if (namespace, value) == ("firehose", "error-output-type"):
            return error_output_type
        if (namespace, value) == ("firehose", "random-string"):
            return random_string()
        raise PrefixError(
            f"{match[0]} is no expression that can be evaluated here: use !{{timestamp:<pattern>}}, "
            f"!{{firehose:random-string}} or, in ErrorOutputPrefix, {_ERROR_TYPE}."
        )

    if "!{" in _EXPRESSION.sub("", prefix):
        raise PrefixError(f"{prefix} has an expression that doesn't end: write !{{namespace:value}}.")
    return _EXPRESSION.sub(replace, prefix)


def format_time(pattern: str, time: datetime) -> str:
    """Format a time by a pattern of Java's DateTimeFormatter; what is in single quotes stands for itself.

    Raises PrefixError for letters that no path has a use for.
    """
    parts = []
    end = 0
    for match in _PATTERN.finditer(pattern):
        if match.start() != end:
            break
        end = match.end()
        quoted, letters, letter, other = match.groups()
        if letters:
            parts.append(_field(letter, len(letters), time))
        else:
            parts.append(other or quoted.replace("''", "'") or "'")
    if end != len(pattern):
        raise PrefixError(f"!{{timestamp:{pattern}}} is no pattern at {pattern[end:]!r}: quote it as in yyyy'-'MM.")
    return "".join(parts)


def _field(letter: str, width: int, time: datetime) -> str:
    if letter in "yu":
        return f"{time.year % 100:02}" if width == 2 else f"{time.year:0{width}}"  # noqa: PLR2004 - yy is 26
    if (letter, width) in _NAMES:
        return time.strftime(_NAMES[letter, width])
    if letter == "S" and width <= 6:  # noqa: PLR2004 - microseconds
        return f"{time.microsecond:06}"[:width]
    numbers = {
        "M": (time.month, 2),
        "d": (time.day, 2),
        "D": (time.timetuple().tm_yday, 3),
        "H": (time.hour, 2),
        "k": (time.hour or 2 * _HOURS, 2),
        "K": (time.hour % _HOURS, 2),
        "h": (time.hour % _HOURS or _HOURS, 2),
        "m": (time.minute, 2),
        "s": (time.second, 2),
    }
    number, width_max = numbers.get(letter, (0, 0))
    if width > width_max:
        hint = "write yyyy, Y is the year of the week" if letter == "Y" else "write text in single quotes"
        raise PrefixError(f"{letter * width} in a timestamp expression can't be evaluated here: {hint}.")
    return f"{number:0{width}}"


# English names, as Python's strftime gives them in the C locale, which no caller changes.
_NAMES = {
    ("M", 3): "%b",
    ("M", 4): "%B",
    ("E", 1): "%a",
    ("E", 2): "%a",
    ("E", 3): "%a",
    ("E", 4): "%A",
    ("a", 1): "%p",
}


def object_name(stream_name: str, version: int, arrival_ms: int, uuid: str, extension: str) -> str:
    """Return the part of an object's key that follows the prefix; `extension` has its dot."""
    arrival = _EPOCH + timedelta(milliseconds=arrival_ms)
    return f"{stream_name}-{version}-{arrival:%Y-%m-%d-%H-%M-%S}-{uuid}{extension}"
