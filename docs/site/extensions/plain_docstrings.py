"""Docstrings of the engine as Sphinx pages show them.

They are written to be read in the source: equations on lines of their own, no markup but backticks.
So their characters mean nothing to Sphinx here, and a line that ends early stays a line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

WIDTH = 100  # of the source
ROOM = 8  # a line that leaves more ends where its author ended it
INDENT = {"module": 0, "method": 8, "property": 8}
_LABEL = re.compile(r"(Args|Attributes|Messages|Raises|Returns|Shapes|Source|Yields)\b[^.:]{0,30}:")
_MARKUP = re.compile(r"([\\*|_<>`])")


def literal(text: str) -> str:
    """Text in which only backticks mean something."""
    parts = re.split(r"(``.+?``|`[^`]+`)", text)
    for i, part in enumerate(parts):
        quoted = i % 2 == 1
        parts[i] = f"``{part.strip('`')}``" if quoted else _MARKUP.sub(r"\\\1", part)
        if quoted and not parts[i + 1].startswith((" ", ",", ".", ";", ":", ")")):
            parts[i] += r"\ "
        if quoted and parts[i - 1] and not parts[i - 1].endswith((" ", "(")):
            parts[i] = rf"\ {parts[i]}"
    return "".join(parts)


def unwrapped(lines: list[str], width: int) -> Iterator[str]:
    """The lines that the author meant: what was wrapped at the margin is one line again."""
    meant = before = ""
    for line in lines:
        ends_early = len(before) + 1 + len(line.split()[0]) <= width - ROOM
        if meant and (ends_early or _LABEL.match(line)):
            yield meant
            meant = ""
        meant, before = f"{meant} {line.strip()}".strip(), line
    yield meant


def blocks(lines: list[str]) -> list[list[str]]:
    """Paragraphs and indented examples: what empty lines part."""
    return [block.split("\n") for block in re.split(r"\n\s*\n", "\n".join(lines).strip("\n"))]


def restructured(lines: list[str], width: int = WIDTH - 4) -> list[str]:
    """The docstring as reStructuredText."""
    result: list[str] = []
    for block in blocks(lines) if any(map(str.strip, lines)) else ():
        if all(line.startswith("    ") for line in block):
            result += ["::", "", *block, ""]
            continue
        for line in unwrapped(block, width):
            label = _LABEL.match(line)
            start = f"**{literal(label[0])}**" if label else ""
            result.append(f"| {start}{literal(line[label.end() if label else 0 :])}")
        result.append("")
    return result


def _process(app, what, name, obj, options, lines: list[str]) -> None:
    lines[:] = restructured(lines, WIDTH - INDENT.get(what, 4))


def _link_back(app, pagename: str, templatename: str, context, doctree) -> None:
    # Sphinx takes it that a module's names are all documented under one module. Those of
    # engine.ops are not: one is engine.relu, another engine.nn.functional.gelu.
    if pagename.startswith("_modules/"):
        objects = app.env.domains.python_domain.objects
        known = {f"{entry.docname}.html#{name}" for name, entry in objects.items()}
        link = r'<a class="viewcode-back" href="(?:\.\./)*([^"]*)">.*?</a>'
        context["body"] = re.sub(link, lambda m: m[0] if m[1] in known else "", context["body"])


def setup(app) -> dict[str, bool]:
    """Called by Sphinx."""
    app.connect("html-page-context", _link_back)
    app.connect("autodoc-process-docstring", _process)
    return {"parallel_read_safe": True}
