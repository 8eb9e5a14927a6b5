"""How a whole page is shown in an output cell of a notebook."""

from __future__ import annotations

import html


def framed(page: str, title: str) -> str:
    """The page in a frame of its own: neither its style nor its scripts reach the notebook."""
    # In single quotes, because pages are full of double ones, which would be six characters each.
    held = page.replace("&", "&amp;").replace("'", "&#39;")
    return (f'<iframe title="{html.escape(title)}" style="width:100%;height:48em;border:1px solid #8884;resize:vertical"'
            f" srcdoc='{held}'></iframe>")
