"""The exceptions of this folder are the package's."""

from .._errors import InputError, UnsupportedError

__all__ = ["InputError", "UnsupportedError", "first"]


def first(items, limit=5):
    """ "a, b, c and 4 more": names for a message."""
    items = list(items)
    shown = ", ".join(str(item) for item in items[:limit])
    return shown + (f" and {len(items) - limit} more" if len(items) > limit else "")
