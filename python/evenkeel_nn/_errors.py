"""The exceptions of the package, by who can correct what is wrong."""

from __future__ import annotations

import re


def in_python(text: str) -> str:
    """What the library says of the program's flags, as arguments."""
    text = re.sub(r"--channels-first\b", "channels_first=True", text)
    text = re.sub(r"--(labels|loss|optimizer|precision|weights|fix) ([a-z0-9_-]+)", r'\1="\2"', text)
    return re.sub(r"(?<![\w-])--([a-z][a-z-]*)", lambda m: m[1].replace("-", "_") + "=", text)


class EvenkeelError(Exception):
    """Base of all exceptions of the package.

    Attributes:
        where: the file, layer, tensor or argument that is wrong; may be empty.
        expected: what would be right; may be empty.
        received: what was seen.
        hint: what to do, in a sentence; may be empty.
    """

    def __init__(self, message: str = "", where: str = "", expected: str = "", received: str = "", hint: str = ""):
        super().__init__(in_python(message))
        self.where, self.expected, self.received, self.hint = where, expected, received, in_python(hint)

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""

    def __reduce__(self):
        return type(self), (str(self), self.where, self.expected, self.received, self.hint)


class InputError(EvenkeelError, ValueError):
    """What was given is wrong: a file, a shape, a value."""


class ResourceError(EvenkeelError, OSError):
    """The machine failed, or does not have enough: disk, memory, permission, network."""


class UnsupportedError(EvenkeelError, NotImplementedError):
    """The request makes sense, but this version or this processor cannot do it."""


class InternalError(EvenkeelError, RuntimeError):
    """A fault of Evenkeel. Please report it."""


class FindingsError(EvenkeelError, AssertionError):
    """The doctor found what `Report.raise_if` was to refuse. Attribute `findings`: these findings."""

    findings: list = []


def input_error(where: str, expected: str, received: str, hint: str = "") -> InputError:
    message = f"{where}: expected {expected}, received {received}." if expected else f"{where}: {received}."
    return InputError((message + " " + hint).strip() if hint else message[:-1], where, expected, received, hint)
