"""Amounts with their units, for people."""


def counted(count: float, noun: str) -> str:
    """Return a whole number of things, such as `1 order` or `1,200 orders`."""
    return f"{count:,.0f} {noun}{'' if round(count) == 1 else 's'}"


def duration(seconds: float) -> str:
    """Return a duration in its largest unit, rounded down, such as `3 min`."""
    for unit, unit_seconds in (("days", 86400), ("h", 3600), ("min", 60)):
        if seconds >= unit_seconds * (2 if unit == "days" else 1):
            return f"{seconds // unit_seconds:.0f} {unit}"
    return f"{seconds:.0f} s"


def size(size_bytes: float) -> str:
    """Return a size in its largest decimal unit, such as `1.5 KB`."""
    for unit in ("B", "KB", "MB", "GB"):
        if size_bytes < 1000:  # noqa: PLR2004 - what the units are made of
            return f"{size_bytes:.0f} {unit}" if unit == "B" else f"{size_bytes:.1f} {unit}"
        size_bytes /= 1000
    return f"{size_bytes:,.1f} TB"
