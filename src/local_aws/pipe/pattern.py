"""The event patterns that the template gives the pipe as its filter."""

import json
from collections.abc import Callable, Iterable, Mapping

from local_aws.errors import SettingsError

Matcher = Callable[[Mapping[str, object]], bool]

EVENT_NAMES = (["INSERT", "MODIFY"], ["INSERT", "MODIFY", "REMOVE"])


def matcher(patterns: Iterable[str]) -> Matcher:
    """Return a test for the events that a filter lets through.

    Raises SettingsError unless there is one pattern, and it chooses events by one of EVENT_NAMES.
    """
    patterns = list(patterns)
    for names in EVENT_NAMES:
        if [_parse(each) for each in patterns] == [{"eventName": names}]:
            return lambda event: event.get("eventName") in names
    choices = " or ".join(json.dumps({"eventName": names}) for names in EVENT_NAMES)
    raise SettingsError(f"The pipe's filter is {patterns}, and the stand-in takes only one pattern: {choices}.")


def _parse(pattern: str) -> object:
    try:
        document: object = json.loads(pattern)
    except ValueError:
        return None
    if isinstance(document, dict) and isinstance(names := document.get("eventName"), list):
        document["eventName"] = sorted(names, key=str)  # their order means nothing
    return document
