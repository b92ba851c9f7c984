"""How objects look in a notebook."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


_MOST_ROWS = 30


def heading(title: str, *facts: str) -> str:
    """One line: what it is, then facts about it."""
    rest = "".join(f" &middot; {escape(fact)}" for fact in facts)
    return f"<div><b>{escape(title)}</b>{rest}</div>"


def table(header: Sequence[str], rows: Iterable[Sequence[str]], *, left: int = 1) -> str:
    """Make a table; the first `left` columns are texts, the others figures."""

    def cell(tag: str, i: int, text: str) -> str:
        return f'<{tag} style="text-align: {"left" if i < left else "right"}">{escape(text)}</{tag}>'

    head = "".join(cell("th", i, text) for i, text in enumerate(header))
    body = "".join("<tr>" + "".join(cell("td", i, text) for i, text in enumerate(row)) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def text_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Make a table in plain text; the first column is texts, the others figures."""
    lines = [list(header), *(list(row) for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(header))]
    pad = [str.ljust if i == 0 else str.rjust for i in range(len(header))]
    return "\n".join("  ".join(pad[i](cell, widths[i]) for i, cell in enumerate(line)).rstrip() for line in lines)


def short_frame(frame: pd.DataFrame) -> str:
    """Show the first rows of a frame, saying how many there are."""
    html = str(frame.head(_MOST_ROWS).to_html(index=False, border=0, na_rep="–"))
    more = len(frame) - _MOST_ROWS
    return html + (f"<div>and {more} more rows</div>" if more > 0 else "")
