"""Collect submissions from what an instructor has: a folder, nbgrader's layout, an LMS archive.

Nothing is unpacked to disk and no link is followed. What cannot be read is still a submission: it
goes to the instructor with the reason, and never becomes a silent 0.
"""

import codecs
import os
import re
import stat
import tarfile
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path, PurePosixPath

MOST_BYTES = 20 * 2**20  # of one notebook; those of the course have less than 1 MiB
MOST_MEMBERS, MOST_TOTAL = 20_000, 2 * 2**30  # of an archive
MOST_DEPTH = 4  # folders above a notebook

_IGNORED = {".ipynb_checkpoints", "__MACOSX", "__pycache__"}
# Each damage has a way of its own: a bad header, a cut end, a password, bytes that do not unpack.
_ZIP_FAULTS = (zipfile.BadZipFile, EOFError, OSError, RuntimeError, zlib.error)
# What learning platforms make of names: Canvas's flat files, Moodle's folder for each student.
_CANVAS = re.compile(r"(?P<name>[^_]+)(?:_LATE)?_(?P<id>\d+)_(?P<file>\d+)_.+")
_MOODLE = re.compile(r"(?P<name>.+?)_(?P<id>\d+)_assignsubmission_\w+_?")


class IntakeError(ValueError):
    """The submissions as a whole cannot be read; the message says why and what to give."""


class UnreadableError(ValueError):
    """One submission cannot be read; the message goes on after its name: "is a link ..."."""


@dataclass(frozen=True)
class Submission:
    """One student's notebook, not read before it is graded.

    student: the name in the gradebook. file: where it was found. raw: reads its bytes, at most
    MOST_BYTES + 1 of them. time: when it was handed in, in seconds since 1970. lms_id: the
    learning platform's number. notes: what the instructor should know.
    """

    student: str
    file: str
    raw: Callable[[], bytes]
    time: float = 0.0
    lms_id: str = ""
    notes: tuple[str, ...] = ()

    def read(self) -> tuple[bytes, tuple[str, ...]]:
        """The notebook in UTF-8, and the notes, with one more if it had another encoding.

        Raises: UnreadableError for a link, a pipe, a path that climbs, too large a file.
        """
        path = PurePosixPath(self.file)
        if path.is_absolute() or ".." in path.parts:
            raise UnreadableError("has a path that climbs out of the archive")
        content = self.raw()
        if len(content) > MOST_BYTES:
            raise UnreadableError(f"is larger than {MOST_BYTES:,} bytes")
        try:
            wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
            return content.decode("utf-16" if wide else "utf-8-sig").encode(), self.notes
        except UnicodeDecodeError:
            note = "not UTF-8: read as Latin-1, so that letters outside of English may be others"
            return content.decode("latin-1").encode(), (*self.notes, note)


def collect(source: Path, assignment: str) -> list[Submission]:
    """The submissions of an assignment, one for each student, in the order of their names.

    Args: source: a folder with a notebook for each student (alice.ipynb), with a folder for each
        student, or of nbgrader's layout (alice/01_perceptron/01_perceptron.ipynb); or an archive
        (.zip, .tar, .tar.gz) of one, such as Canvas and Moodle give. assignment: "01_perceptron".
    Raises: IntakeError if there is no such source, it is empty, or an archive is damaged or larger
        than any class's.
    """
    if source.is_dir():
        found = list(_in_folder(source))
    elif zipfile.is_zipfile(source):
        found = list(_in_zip(source))
    elif source.is_file() and tarfile.is_tarfile(source):
        found = list(_in_tar(source))
    else:
        seen = "is neither a folder nor a .zip or .tar archive" if source.exists() else "is missing"
        raise IntakeError(f"{source} {seen}. Give a folder of notebooks, or the archive of one.")
    crowd = Counter(PurePosixPath(one.file).parent for one in found)
    named = [
        replace(one, student=student, lms_id=known["id"] if known else "")
        for one in found
        if (student := _student(path := PurePosixPath(one.file), assignment, crowd))
        for known in [_platform(path)]
    ]
    if not named:
        raise IntakeError(
            f"No notebook of {assignment} in {source}: looked for .ipynb files, at most "
            f"{MOST_DEPTH} folders deep, and saw {len(found)}."
        )
    return _one_each(named)


def _in_folder(folder: Path) -> Iterator[Submission]:
    for base, names, files in os.walk(folder, followlinks=False):
        deep = len(Path(base).relative_to(folder).parts) >= MOST_DEPTH
        names[:] = [] if deep else names
        for name in files:
            path = Path(base, name)
            file = path.relative_to(folder).as_posix()
            if _is_notebook(file):
                yield Submission("", file, partial(_from_disk, path), path.lstat().st_mtime)


def _from_disk(path: Path) -> bytes:
    try:
        # Opened first and looked at afterwards: between a look and an opening a file can change.
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        descriptor = os.open(path, flags | getattr(os, "O_BINARY", 0))
    except OSError as error:
        if path.is_symlink():
            raise UnreadableError("is a link, and links are not followed") from None
        raise UnreadableError(f"cannot be opened: {error.strerror}") from None
    with os.fdopen(descriptor, "rb") as stream:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise UnreadableError("is not a regular file")
        return stream.read(MOST_BYTES + 1)


def _in_zip(path: Path) -> Iterator[Submission]:
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, OSError) as error:
        raise IntakeError(f"{path} cannot be read: {error}") from error
    if len(members) > MOST_MEMBERS:
        raise IntakeError(f"{path} holds more than {MOST_MEMBERS:,} files: that is no class.")
    for member in members:
        if not member.is_dir() and _is_notebook(member.filename):
            try:
                time = datetime(*member.date_time).timestamp()
            except ValueError:  # some programs write day 0 of month 0
                time = 0.0
            yield Submission("", member.filename, partial(_from_zip, path, member), time)


def _from_zip(path: Path, member: zipfile.ZipInfo) -> bytes:
    if stat.S_ISLNK(member.external_attr >> 16):
        raise UnreadableError("is a link, and links are not followed")
    try:
        with zipfile.ZipFile(path) as archive, archive.open(member) as stream:
            return stream.read(MOST_BYTES + 1)  # the size in the header is not believed
    except _ZIP_FAULTS as error:
        raise UnreadableError(f"is damaged in the archive: {error}") from error


def _in_tar(path: Path) -> Iterator[Submission]:
    """A tar can only be read from its start, so that its notebooks are kept in memory."""
    left = MOST_TOTAL
    try:
        with tarfile.open(path) as archive:
            for number, member in enumerate(archive):
                if number >= MOST_MEMBERS:
                    raise IntakeError(f"{path} holds more than {MOST_MEMBERS:,} files.")
                left -= member.size  # unpacked on the way to the next member, wanted or not
                if left < 0:
                    raise IntakeError(f"{path} unpacks to more than {MOST_TOTAL:,} bytes.")
                if member.isdir() or not _is_notebook(member.name):
                    continue
                stream = archive.extractfile(member) if member.isreg() else None
                content = stream.read(MOST_BYTES + 1) if stream else None
                time = float(member.mtime)
                yield Submission("", member.name, partial(_kept, content), time)
    except (tarfile.TarError, EOFError, OSError) as error:
        raise IntakeError(f"{path} cannot be read: {error}") from error


def _kept(content: bytes | None) -> bytes:
    if content is None:
        raise UnreadableError("is a link, and links are not followed")
    return content


def _is_notebook(file: str) -> bool:
    path = PurePosixPath(file)
    hidden = any(part in _IGNORED or part.startswith("._") for part in path.parts)
    return path.suffix.lower() == ".ipynb" and not hidden


def _platform(path: PurePosixPath) -> re.Match[str] | None:
    """The student's name and number in a path that a learning platform made."""
    return next(filter(None, map(_MOODLE.fullmatch, path.parts)), _CANVAS.fullmatch(path.stem))


def _student(path: PurePosixPath, assignment: str, crowd: Counter[PurePosixPath]) -> str | None:
    """Whose notebook this is, from its path; None for a notebook of another assignment."""
    folders, stem = path.parts[:-1], path.stem
    if known := _platform(path):
        # Canvas shortens names, so that two students may have the same one.
        whole = "file" not in known.groupdict()
        return known["name"] if whole else f"{known['name']}_{known['id']}"
    if assignment in folders:  # nbgrader: student/assignment/notebook
        place = folders.index(assignment)
        return folders[place - 1] if place else None
    others = [part for part in (*folders, stem) if re.fullmatch(r"\d\d_\w+", part)]
    if others and assignment not in others:
        return None
    own_folder = stem.startswith(assignment) or crowd[path.parent] == 1
    if folders and own_folder:
        return folders[-1]
    return re.sub(rf"[ _-]*{re.escape(assignment)}.*", "", stem) or stem


def _one_each(submissions: list[Submission]) -> list[Submission]:
    """The newest of each student, which says what was left out."""
    by_student: dict[str, list[Submission]] = {}
    for submission in submissions:
        by_student.setdefault(submission.student, []).append(submission)
    chosen = []
    for student in sorted(by_student):
        *older, newest = sorted(by_student[student], key=lambda one: (one.time, one.file))
        if older:
            files = ", ".join(one.file for one in older)
            note = f"{len(older) + 1} submissions; the newest was graded, left out: {files}"
            newest = replace(newest, notes=(note,))
        chosen.append(newest)
    return chosen
