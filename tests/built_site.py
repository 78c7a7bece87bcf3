"""The built site, made once for all tests that read it: built anew where its sources changed."""

import hashlib
from pathlib import Path

from engine.course.site import build

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ("docs", "engine", "exercises", "notebooks", "requirements.txt")
SOURCES += tuple(sorted(path.name for path in ROOT.glob("*.md")))


def built_site() -> Path:
    """The folder of the site, in build/, which `make clean` removes."""
    site = ROOT / "build/site-of-tests"
    record, state = site.with_suffix(".sources"), fingerprint()
    if not site.is_dir() or not record.exists() or record.read_text() != state:
        record.unlink(missing_ok=True)
        build(ROOT, site)
        record.write_text(state)
    return site


def fingerprint() -> str:
    """A digest of everything that the site is made from."""
    digest = hashlib.sha256()
    for name in SOURCES:
        files = [ROOT / name] if (ROOT / name).is_file() else sorted((ROOT / name).rglob("*"))
        for path in files:
            if path.is_file() and "__pycache__" not in path.parts:
                digest.update(path.relative_to(ROOT).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()
