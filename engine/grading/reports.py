"""What an instructor takes away: tables for a spreadsheet or a learning platform, pages of HTML."""

import csv
import hashlib
import io
import re
from base64 import b64encode
from collections.abc import Callable
from html import escape

from engine.grading.run import Row

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-{hash}'">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<main>
{body}
</main>
</body>
</html>
"""
_STYLE = """body { font: 16px/1.5 system-ui, sans-serif; color: #222; margin: 2em; }
main { max-width: 50em; margin: auto; }
h2 { font-size: 1.1em; margin: 1.5em 0 0.3em; }
pre { white-space: pre-wrap; background: #f4f4f4; padding: 0.6em 1em; margin: 0; }
.right { color: #00573f; } .wrong { color: #8f3d00; } .unanswered { color: #555; }"""
_STYLE_HASH = b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_STATES = {
    "right": "✓ right",
    "wrong": "✗ not yet",
    "unanswered": "○ open",
    "read": "read",
    "waiting": "waits for a reader",
}


def feedback_page(row: Row, assignment: str) -> str:
    """One student's results as a page of HTML that runs nothing and loads nothing."""
    parts = [f"<h1>{escape(assignment)}</h1>", f"<p>{escape(row.student)}</p>"]
    if row.state == "manual":
        parts.append(f"<p><strong>Not graded yet.</strong> {escape(row.reason)}</p>")
        parts.append("<p>Your instructor will look at it. No points are lost by this.</p>")
    else:
        so_far = f" so far; {row.reason}" if row.state == "reading" else ""
        score = f"{row.earned:g} of {row.points:g} points"
        parts.append(f"<p><strong>{score}</strong>{escape(so_far)}</p>")
    for report in row.reports:
        score = f"{report.earned:g} of {report.points:g}"
        head = f"{report.id} · {_STATES[report.state]} · {score}"
        parts.append(f'<h2 class="{report.state}">{escape(head)}</h2>')
        parts.append(f"<p>{escape(report.summary)}</p>")
        if report.lines:
            parts.append("<pre>" + escape("\n".join(report.lines)) + "</pre>")
    if row.notes:
        parts.append("<h2>Notes</h2><ul>")
        parts += [f"<li>{escape(note)}</li>" for note in row.notes] + ["</ul>"]
    # Names of code stand in backticks, as in the notebook. No tag lies between two of them.
    body = re.sub("`([^`<\n]+)`", r"<code>\1</code>", "\n".join(parts))
    title = escape(f"{assignment}: {row.student}")
    return _PAGE.format(title=title, style=_STYLE, hash=_STYLE_HASH, body=body)


def page_name(student: str) -> str:
    """A file name for any student's name: letters and digits of it, and a mark that differs."""
    safe = re.sub(r"[^\w-]+", "_", student, flags=re.ASCII).strip("_")[:60]
    return f"{safe or 'student'}-{hashlib.sha256(student.encode()).hexdigest()[:8]}.html"


def table(rows: list[Row], assignment: str, form: str = "plain") -> str:
    """The results as CSV. form: "plain", "canvas" or "moodle", whose import reads the columns.

    A learning platform gets points only where nothing waits for a reader.

    Raises: ValueError for another form.
    """
    if form not in FORMS:
        raise ValueError(f"the form of a table is one of {', '.join(FORMS)}, got {form!r}")
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    head, line = FORMS[form]
    writer.writerow(map(_harmless, head(rows, assignment)))
    for row in rows:
        writer.writerow([_harmless(cell) for cell in line(row)])
    return text.getvalue()


def _harmless(cell: object) -> object:
    """A spreadsheet must not take a name for a formula."""
    text = str(cell)
    risky = isinstance(cell, str) and text[:1] in ("=", "+", "-", "@", "\t", "\r", "\n")
    return f"'{text}" if risky else cell


def _plain_head(rows: list[Row], assignment: str) -> list[str]:
    widest = max((row.reports for row in rows), key=len, default=[])
    facts = ["notes", "file", "sandbox", "seed"]
    return ["student", "points", "of", "state", "reason", *facts, *(report.id for report in widest)]


def _plain_line(row: Row) -> list[object]:
    earned = "" if row.state == "manual" else f"{row.earned:g}"
    facts = ["; ".join(row.notes), row.file, row.level, row.seed]
    scores = [f"{report.earned:g}" for report in row.reports]
    return [row.student, earned, f"{row.points:g}", row.state, row.reason, *facts, *scores]


def _canvas_head(rows: list[Row], assignment: str) -> list[str]:
    return ["Student", "ID", "SIS Login ID", "Section", assignment]


def _canvas_line(row: Row) -> list[object]:
    name = row.student.removesuffix(f"_{row.lms_id}")
    return [name, row.lms_id, "", "", f"{row.earned:g}" if row.state == "graded" else ""]


def _moodle_head(rows: list[Row], assignment: str) -> list[str]:
    return ["Identifier", "Full name", "Grade", "Maximum Grade", "Feedback comments"]


def _moodle_line(row: Row) -> list[object]:
    graded = row.state == "graded"
    comment = "; ".join(f"{r.id} {_STATES[r.state]}" for r in row.reports) if graded else row.reason
    grade = f"{row.earned:g}" if graded else ""
    return [f"Participant {row.lms_id}", row.student, grade, f"{row.points:g}", comment]


FORMS: dict[str, tuple[Callable[[list[Row], str], list[str]], Callable[[Row], list[object]]]] = {
    "plain": (_plain_head, _plain_line),
    "canvas": (_canvas_head, _canvas_line),
    "moodle": (_moodle_head, _moodle_line),
}
