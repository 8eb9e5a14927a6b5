"""What shows how far long work is: a line in a terminal, an output cell in a notebook."""

from __future__ import annotations

import sys
import time
from typing import Any, Optional


def _notebook() -> bool:
    shell = sys.modules.get("IPython")
    if shell is None:
        return False
    try:
        return type(shell.get_ipython()).__name__ == "ZMQInteractiveShell"
    except AttributeError:
        return False


def duration_text(seconds: float) -> str:
    whole = int(max(0.0, seconds) + 0.5)
    return f"{whole // 60}:{whole % 60:02}" if whole < 3600 else f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"


class Line:
    """A line that is drawn over itself; nothing where nobody would see it."""

    def __init__(self, verbose: Any = "auto"):
        if verbose not in ("auto", True, False, 0, 1, 2):
            from ._errors import input_error

            raise input_error("verbose", '"auto", True or False', repr(verbose))
        self.in_notebook = bool(verbose) and _notebook()
        self.in_terminal = bool(verbose) and not self.in_notebook and sys.stderr.isatty()
        self.writes_lines = bool(verbose)
        self.is_live = self.in_notebook or self.in_terminal
        self._handle: Optional[Any] = None
        self._drawn = False
        self.started = time.monotonic()

    def draw(self, part: float, text: str) -> None:
        """`part`: from 0 to 1."""
        if self.in_terminal:
            width = 24
            full = int(width * min(1.0, max(0.0, part)))
            bar = "=" * full + (">" if full < width else "") + " " * (width - full - 1)
            sys.stderr.write(f"\r\x1b[K[{bar}] {text}")
            sys.stderr.flush()
            self._drawn = True
        elif self.in_notebook:
            import html

            self._show(f'<progress value="{part:.4f}" max="1" style="width:16em"></progress> '
                       f"<code>{html.escape(text)}</code>")

    def _show(self, markup: str) -> None:
        from IPython.display import HTML, display

        if self._handle is None:
            self._handle = display(HTML(markup), display_id=True)
        else:
            self._handle.update(HTML(markup))

    def line(self, text: str) -> None:
        """A whole line, which stays."""
        if not self.writes_lines:
            return
        if self.in_notebook:
            import html

            self._show(f"<code>{html.escape(text)}</code>")
            self._handle = None
            return
        sys.stderr.write(("\r\x1b[K" if self._drawn else "") + text + "\n")
        sys.stderr.flush()
        self._drawn = False

    def close(self) -> None:
        """Removes what is not a whole line."""
        if self._drawn:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
            self._drawn = False
        if self._handle is not None:
            self._show("")
            self._handle = None

    def left(self, part: float) -> str:
        spent = time.monotonic() - self.started
        return duration_text(spent / part - spent) + " left" if part > 0.01 else ""

    def __enter__(self) -> "Line":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()


def progress_of(line: Line):
    """What the library calls with (done, of, text); None where nothing would be shown."""
    if not line.is_live:
        return None

    def progress(done: int, of: int, text: str) -> None:
        part = done / of if of else 0.0
        line.draw(part, f"{text}  {line.left(part)}".rstrip())

    return progress
