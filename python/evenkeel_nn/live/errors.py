"""The exceptions of this folder: those of the package, by kind."""

try:
    from .. import InputError, UnsupportedError  # the compiled core's
except ImportError:  # without the compiled core

    class InputError(ValueError):
        """What was given cannot be used. The message says what was seen and how to go on."""

    class UnsupportedError(NotImplementedError):
        """What was asked for is not supported."""


def first(items, limit=5):
    """"a, b, c and 4 more": names for a message."""
    items = list(items)
    shown = ", ".join(str(item) for item in items[:limit])
    return shown + (f" and {len(items) - limit} more" if len(items) > limit else "")
