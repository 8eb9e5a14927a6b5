"""Writes docs/reference/python.md from the docstrings: python write_reference.py [FILE].

Run with the package in PYTHONPATH; `make reference` does. A test compares.
"""

from __future__ import annotations

import inspect
import re
import sys
import textwrap

# The package beside this file has no module; the built one is in PYTHONPATH.
sys.path.pop(0)

import evenkeel_nn as ek  # noqa: E402

SECTIONS = {
    "Models": ["Sequential", "Model", "Weights", "Input", "load", "from_onnx", "from_keras", "summary"],
    "Training": ["fit", "evaluate", "predict", "History", "Evaluation", "Callback", "EarlyStopping",
                 "ReduceLROnPlateau", "TerminateOnNaN"],
    "The doctor": ["diagnose", "repair", "Report", "Finding", "Fact", "Remedy", "Repair", "codes", "repairs"],
    "Data": ["load_data", "plot_images", "Dataset"],
    "Studies": ["study", "StudyResult", "studies"],
    "Errors": ["EvenkeelError", "InputError", "ResourceError", "UnsupportedError", "InternalError", "FindingsError"],
    "Optimizers": list(ek._optimizers.__all__),
    "Layers": [name for name in ek._layers.__all__ if name != "Input"],
}
WIDTH = 106
HEADINGS = ("Args", "Returns", "Raises", "Attributes", "Example", "Keys")


def signature(name: str, value) -> str:
    try:
        text = f"ek.{name}{inspect.signature(value)}"
    except (TypeError, ValueError):
        return f"ek.{name}"
    text = re.sub(r"'(Any|Callable|Model|History|Report|StudyResult|Evaluation|None|Symbol|Sequence\[[^']*\]|"
                  r"Optional\[[^']*\]|Union\[[^']*\]|Dict\[[^']*\]|bool|int|str|float|PathLike)'", r"\1", text)
    text = re.sub(r"ForwardRef\('(\w+)'\)", r"\1", text)
    return "\n".join(textwrap.wrap(text, WIDTH - 8, subsequent_indent=" " * 8, break_long_words=False))


def paragraphs(text: str) -> list:
    """The docstring as Markdown: sections as bold words, their entries as lists."""
    lines, out, section, entry = text.splitlines(), [], None, []

    def flush() -> None:
        nonlocal entry
        if entry and section == "Example":
            out.extend(["```python", *textwrap.dedent("\n".join(entry)).strip().splitlines(), "```"])
        elif entry:
            joined = " ".join(line.strip() for line in entry if line.strip())
            if joined:
                named = re.match(r"^([\w*, ]+?): (.*)", joined) if section in ("Args", "Attributes", "Raises") else None
                joined = f"`{named[1]}`: {named[2]}" if named else joined
                item = section in ("Args", "Attributes", "Raises")
                out.extend(textwrap.wrap(("- " if item else "") + joined, WIDTH,
                                         subsequent_indent="  " if item else "", break_long_words=False,
                                         break_on_hyphens=False))
        entry = []

    indent = None
    for line in lines:
        head = re.match(rf"^({'|'.join(HEADINGS)}):$", line.strip())
        if head and not line.startswith("        "):
            flush()
            section, indent = head[1], None
            out.extend(["", f"**{section}**", ""])
        elif section == "Example":
            entry.append(line)
        elif not line.strip():
            flush()
            if section is None:
                out.append("")
        else:
            depth = len(line) - len(line.lstrip())
            indent = depth if indent is None and section else indent
            if section in ("Args", "Attributes", "Raises") and depth <= (indent or 0):
                flush()
                if depth < (indent or 0):
                    section, indent = None, None
                    out.append("")
            entry.append(line)
    flush()
    return out


def entry(name: str) -> list:
    value = getattr(ek, name)
    lines = ["", f"### {name}", "", "```python", *signature(name, value).splitlines(), "```", ""]
    lines += paragraphs(inspect.getdoc(value) or "")
    if inspect.isclass(value) and not issubclass(value, (ek.Layer, ek.Optimizer)):
        for member, found in vars(value).items():
            if member.startswith("_") or not (inspect.isfunction(found) or isinstance(found, property)):
                continue
            call = str(inspect.signature(found)).replace("(self, ", "(").replace("(self)", "()") \
                if inspect.isfunction(found) else ""
            call = re.sub(r"'([^']*)'", r"\1", call.split(" -> ")[0])
            doc = (inspect.getdoc(found) or "").split("\n\n")[0].replace("\n", " ")
            lines += ["", *textwrap.wrap(f"- `{member}{call}`: {doc}", WIDTH, subsequent_indent="  ",
                                         break_long_words=False, break_on_hyphens=False)]
    return lines


def text() -> str:
    lines = ["# Python", "", "What `import evenkeel_nn as ek` offers, from its docstrings. [Python](../python.md) is",
             "the way in. Written by `make reference`; not to be edited."]
    for title, names in SECTIONS.items():
        lines += ["", f"## {title}"]
        for name in names:
            lines += entry(name)
    clean = re.sub(r"\n{3,}", "\n\n", "\n".join(line.rstrip() for line in lines))
    return clean.strip() + "\n"


if __name__ == "__main__":
    if len(sys.argv) > 1:
        with open(sys.argv[1], "w", encoding="utf-8") as file:
            file.write(text())
    else:
        sys.stdout.write(text())
