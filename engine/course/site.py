"""`course site`: the executed course as web pages that ask no other machine for anything."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import typer

from engine.course.links import LINK as SOURCE_LINK
from engine.course.links import label
from engine.course.paths import course_root

SITE = "build/site"
# What becomes a page, by its place in the course, and what pages show or link to.
PAGES = (
    "notebooks/*.ipynb",
    "exercises/*/*.ipynb",
    "docs/*.md",
    "engine/datasets/LICENSES.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
)
BESIDE = ("docs/images/*", "LICENSE")
# Links that lead somewhere else in the site than in the course.
INSTEAD = {"README.md": "index.md", "exercises": "exercises/index.md"}
LISTING = "_modules"  # where Sphinx puts the listings of modules
_LINK = re.compile(r"(\]\()(?!\w+:|#)([^)\s#]+)")


def site() -> None:
    """Build the executed course as web pages in build/site; start page: build/site/index.html."""
    root, began = course_root(), time.monotonic()
    build(root, root / SITE)
    size = sum(path.stat().st_size for path in (root / SITE).rglob("*") if path.is_file())
    seconds = time.monotonic() - began
    typer.echo(f"{SITE}/index.html: {size / 2**20:.1f} MB, built in {seconds:.0f} s")


def build(root: Path, out: Path) -> None:
    """Build the site afresh. Sphinx's warnings are errors.

    Raises: typer.Exit where Sphinx failed; it has said why. LookupError naming a link into the
    source that no listing has.
    """
    pages = out.with_name(f"{out.name}-pages")
    for folder in (pages, out):
        shutil.rmtree(folder, ignore_errors=True)
    gather(root, pages)
    command: list[str | Path] = [sys.executable, "-m", "sphinx", "-b", "html", "--quiet"]
    command += ["-W", "--keep-going"]
    command += ["-c", root / "docs/site", "-d", pages / ".doctrees", pages, out]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    result = subprocess.run(command, env=environment, cwd=root).returncode
    if result:
        raise typer.Exit(result)
    mark_listings(out)


def mark_listings(out: Path) -> None:
    """Give what pages link to in a listing a mark there; Sphinx marks what the reference has."""
    pages = [page.read_text(encoding="utf-8") for page in sorted(out.rglob("*.html"))]
    wanted = set(re.findall(rf"{LISTING}/([\w/]+\.html)#([\w.]+)", "".join(pages)))
    for file, name in sorted(wanted):
        listing = out / LISTING / file
        if not listing.exists():
            raise LookupError(f"{file}: a page links to it; add its module to docs/site/reference/")
        text, at = listing.read_text(encoding="utf-8"), 0
        if f'id="{name}"' in text:
            continue
        for part in name.split("."):  # a method stands below its class
            found = re.compile(rf'<span class="(?:n[cf]|fm)">{part}</span>').search(text, at)
            if not found:
                raise LookupError(f"{file}: a page links to {name}, which the listing has not")
            at = found.end()
        marked = f'{text[: found.start()]}<span id="{name}"></span>{text[found.start() :]}'
        listing.write_text(marked, encoding="utf-8")


def gather(root: Path, pages: Path) -> None:
    """Copy what becomes a page to where it stands in the site, links set to what is there."""
    shutil.copytree(root / "docs/site", pages, ignore=shutil.ignore_patterns("*.py", "_*"))
    sources = [path for pattern in (*PAGES, *BESIDE) for path in sorted(root.glob(pattern))]
    places = {path.relative_to(root).as_posix() for path in sources}
    for path in sources:
        target = pages / path.relative_to(root)
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix in (".md", ".ipynb"):
            text = path.read_text(encoding="utf-8")
            folder = path.relative_to(root).parent.as_posix()
            target.write_text(relinked(text, folder, places), encoding="utf-8")
        else:
            shutil.copy(path, target)
    readme = relinked((root / "README.md").read_text(encoding="utf-8"), ".", places)
    contents = (pages / "index.md").read_text(encoding="utf-8")
    (pages / "index.md").write_text(f"{readme}\n{contents}", encoding="utf-8")


def relinked(text: str, folder: str, places: set[str]) -> str:
    """Markdown with its links set from places in the course to places in the site.

    Args: text: Markdown, or a notebook that contains it. folder: where it stands, from the root.
    places: the files that the site has.
    """

    def link(match: re.Match[str]) -> str:
        target = os.path.normpath(f"{folder}/{match[2]}").replace(os.sep, "/")
        if target in places or target not in INSTEAD and not target.endswith(".py"):
            return match[0]
        if target in INSTEAD:
            return match[1] + os.path.relpath(INSTEAD[target], folder).replace(os.sep, "/")
        module = target.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        return f"{match[1]}#{module}"  # its entry in the reference, which leads to the listing

    def listing(match: re.Match[str]) -> str:
        module, name = match["file"].removesuffix(".py"), match["name"]
        page = os.path.relpath(f"{LISTING}/{module}.html", folder).replace(os.sep, "/")
        # As HTML, since Sphinx writes the listings after it has read the pages.
        return f"<a href='{page}#{name}'>{label(name)}, {match['file']}</a>"

    return _LINK.sub(link, SOURCE_LINK.sub(listing, text))
