"""EventBridge event patterns, as far as the filters of a pipe take them.

Source: Amazon EventBridge user guide, "Comparison operators for use in event patterns" (column "Pipe support") and
"Event filtering in Amazon EventBridge Pipes".
"""

import json
import operator
from collections.abc import Callable, Iterable, Mapping

Event = Mapping[str, object]
Matcher = Callable[[Event], bool]
# A rule sees every value that the event has at one place: none where the field is missing or holds an object.
Rule = Callable[[list[object]], bool]

COMPARISONS: Mapping[object, Callable[[float, float], bool]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class PatternError(Exception):
    """A pattern is not one that a pipe takes; the text names the place in it."""


def matcher(patterns: Iterable[str]) -> Matcher:
    """Return a test for events that match one of the patterns (JSON), or for every event if there is no pattern.

    Raises PatternError for what isn't a pattern and for every operator that pipes don't support.
    """
    matchers = [_all_of(_parse(pattern), "$") for pattern in patterns]
    return lambda event: not matchers or any(matches(event) for matches in matchers)


def _parse(pattern: str) -> object:
    try:
        return json.loads(pattern)
    except ValueError as error:
        raise PatternError(f"The event pattern is not JSON: {error}.") from None


def _all_of(pattern: object, path: str) -> Matcher:
    if not isinstance(pattern, dict) or not pattern:
        raise PatternError(f"{path}: expected an object with fields, found {json.dumps(pattern)}.")
    matchers = [_field(name, rules, f"{path}.{name}") for name, rules in pattern.items()]
    return lambda event: all(matches(event) for matches in matchers)


def _field(name: str, rules: object, path: str) -> Matcher:
    if isinstance(rules, dict):
        return _nested(name, _all_of(rules, path))
    if not isinstance(rules, list) or not rules:
        raise PatternError(f"{path}: expected an array of alternatives, found {json.dumps(rules)}.")
    if name == "$or":
        alternatives = [_all_of(each, path) for each in rules]
        return lambda event: any(matches(event) for matches in alternatives)
    tests = [_rule(each, path) for each in rules]

    def matches_one(event: Event) -> bool:
        leaves = _leaves(event.get(name, {}))
        return any(test(leaves) for test in tests)

    return matches_one


def _nested(name: str, matches: Matcher) -> Matcher:
    """Test what lies below a field: each object of an array by itself; nothing lies below a value."""

    def below(event: Event) -> bool:
        value = event.get(name)
        children = value if isinstance(value, list) and value else [value]
        return any(matches(child if isinstance(child, dict) else {}) for child in children)

    return below


def _leaves(value: object) -> list[object]:
    values = value if isinstance(value, list) else [value]
    return [each for each in values if not isinstance(each, dict | list)]


def _rule(rule: object, path: str) -> Rule:
    if not isinstance(rule, dict):
        return _any_leaf(_equals(rule, path))
    if len(rule) != 1:
        raise PatternError(f"{path}: expected one operator, found {json.dumps(rule)}.")
    [(name, operand)] = rule.items()
    if name == "exists" and isinstance(operand, bool):
        return lambda leaves: bool(leaves) == operand
    if name in ("prefix", "suffix", "equals-ignore-case"):
        return _any_leaf(_text(name, operand, path))
    if name == "anything-but":
        return _any_leaf(_anything_but(operand, path))
    if name == "numeric":
        return _any_leaf(_numeric(operand, path))
    raise PatternError(f"{path}: a pipe doesn't support {json.dumps(rule)}.")


def _any_leaf(test: Callable[[object], bool]) -> Rule:
    return lambda leaves: any(test(leaf) for leaf in leaves)


def _equals(wanted: object, path: str) -> Callable[[object], bool]:
    if isinstance(wanted, list):
        raise PatternError(f"{path}: expected a value or an operator, found an array in an array.")
    # In Python True equals 1, in JSON it doesn't.
    return lambda value: value == wanted and isinstance(value, bool) == isinstance(wanted, bool)


def _text(name: str, operand: object, path: str) -> Callable[[object], bool]:
    ignore_case = name == "equals-ignore-case"
    if isinstance(operand, dict) and operand.keys() == {"equals-ignore-case"}:
        ignore_case, operand = True, operand["equals-ignore-case"]
    if not isinstance(operand, str):
        raise PatternError(f"{path}: a pipe doesn't support {json.dumps({name: operand})}.")
    wanted = operand.lower() if ignore_case else operand
    test = {"prefix": str.startswith, "suffix": str.endswith}.get(name, str.__eq__)
    return lambda value: isinstance(value, str) and test(value.lower() if ignore_case else value, wanted)


def _anything_but(operand: object, path: str) -> Callable[[object], bool]:
    unwanted = operand if isinstance(operand, list) else [operand]
    if not unwanted or not all(isinstance(each, str) or _is_number(each) for each in unwanted):
        raise PatternError(f"{path}: a pipe doesn't support {json.dumps({'anything-but': operand})}.")
    tests = [_equals(each, path) for each in unwanted]
    return lambda value: not any(test(value) for test in tests)


def _numeric(operand: object, path: str) -> Callable[[object], bool]:
    if not isinstance(operand, list) or len(operand) not in (2, 4):
        raise PatternError(f"{path}: expected one or two comparisons, found {json.dumps({'numeric': operand})}.")
    bounds = list(zip(operand[::2], operand[1::2], strict=True))
    if not all(isinstance(sign, str) and sign in COMPARISONS and _is_number(bound) for sign, bound in bounds):
        raise PatternError(f"{path}: expected comparisons with numbers, found {json.dumps({'numeric': operand})}.")
    return lambda value: (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and all(COMPARISONS[sign](value, bound) for sign, bound in bounds)
    )


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
