"""Submissions from folders and archives: who handed in what, and what is refused before a look."""

import io
import os
import random
import tarfile
import zipfile
from pathlib import Path

import pytest

from engine.grading import intake
from engine.grading.intake import IntakeError, UnreadableError, collect

NAME = "01_perceptron"


def read(submission):
    """(content, problem) of a submission."""
    try:
        return submission.read()[0], ""
    except UnreadableError as error:
        return None, str(error)


def folder(tmp_path, files):
    for name, content in files.items():
        path = tmp_path / "given" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return tmp_path / "given"


def zipped(tmp_path, files, packing=zipfile.ZIP_STORED):
    path = tmp_path / "given.zip"
    with zipfile.ZipFile(path, "w", packing) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def tarred(tmp_path, files):
    path = tmp_path / "given.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


LAYOUTS = {
    "one notebook each": {"alice.ipynb": b"a", "bob.ipynb": b"b", "notes.txt": b"x"},
    "named by assignment": {f"alice_{NAME}.ipynb": b"a", f"bob - {NAME} (1).ipynb": b"b"},
    "a folder of them": {"hw/alice.ipynb": b"a", "hw/bob.ipynb": b"b"},
    "a folder each": {f"alice/{NAME}.ipynb": b"a", "bob/homework.ipynb": b"b"},
    "nbgrader's": {
        f"alice/{NAME}/{NAME}.ipynb": b"a",
        f"bob/{NAME}/{NAME}.ipynb": b"b",
        "bob/02_gradient_descent/02_gradient_descent.ipynb": b"other",
        f"alice/{NAME}/.ipynb_checkpoints/{NAME}-checkpoint.ipynb": b"old",
    },
    "with a folder around it": {
        f"submitted/alice/{NAME}/{NAME}.ipynb": b"a",
        f"submitted/bob/{NAME}/{NAME}.ipynb": b"b",
    },
}


@pytest.mark.parametrize("pack", [folder, zipped, tarred])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_each_layout_gives_each_student_their_own(tmp_path, pack, layout):
    found = collect(pack(tmp_path, LAYOUTS[layout]), NAME)
    assert {one.student: read(one)[0] for one in found} == {"alice": b"a", "bob": b"b"}
    assert not any(one.notes for one in found)


def test_canvas_and_moodle_archives_give_names_and_numbers(tmp_path):
    canvas = {
        f"doejane_4711_99_{NAME}.ipynb": b"a",
        f"doejane_LATE_4712_98_{NAME}-2.ipynb": b"b",
    }
    found = collect(zipped(tmp_path, canvas), NAME)
    assert [(one.student, one.lms_id) for one in found] == [
        ("doejane_4711", "4711"),
        ("doejane_4712", "4712"),
    ]
    moodle = {f'Żaneta, "Z" O\'Hara_815_assignsubmission_file_/{NAME}.ipynb': b"a"}
    (one,) = collect(zipped(tmp_path, moodle), NAME)
    assert (one.student, one.lms_id) == ('Żaneta, "Z" O\'Hara', "815")


def test_the_newest_of_two_counts_and_says_so(tmp_path):
    given = folder(tmp_path, {f"alice/{NAME}.ipynb": b"new", f"alice/old/{NAME}/x.ipynb": b"y"})
    given = folder(tmp_path, {f"later/alice/{NAME}/{NAME}.ipynb": b"newest"})
    os.utime(given / f"alice/{NAME}.ipynb", (1, 1))
    chosen = {one.student: one for one in collect(given, NAME)}["alice"]
    assert read(chosen)[0] == b"newest"
    assert "2 submissions" in chosen.notes[0]
    assert f"alice/{NAME}.ipynb" in chosen.notes[0]


def test_other_encodings_are_read_and_flagged(tmp_path):
    texts = {
        "bom.ipynb": "ü".encode("utf-8-sig"),
        "latin.ipynb": "ü".encode("latin-1"),
        "utf16.ipynb": "ü".encode("utf-16"),
    }
    found = {one.student: one for one in collect(folder(tmp_path, texts), NAME)}
    assert {read(one)[0] for one in found.values()} == {"ü".encode()}
    assert [name for name, one in found.items() if one.read()[1]] == ["latin"]


def test_links_and_pipes_are_not_followed(tmp_path):
    given = folder(tmp_path, {"alice.ipynb": b"a"})
    secret = tmp_path / "shadow"
    secret.write_bytes(b"secret")
    (given / "mallory.ipynb").symlink_to(secret)
    (given / "eve").symlink_to(tmp_path)
    os.mkfifo(given / "pipe.ipynb")
    found = {one.student: one for one in collect(given, NAME)}
    assert set(found) == {"alice", "mallory", "pipe"}
    assert "link" in read(found["mallory"])[1]
    assert read(found["pipe"]) == (None, "is not a regular file")


def test_links_in_archives_are_not_followed(tmp_path):
    path = tmp_path / "given.tar"
    with tarfile.open(path, "w") as archive:
        link = tarfile.TarInfo("mallory.ipynb")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/shadow"
        archive.addfile(link)
    (one,) = collect(path, NAME)
    assert "link" in read(one)[1]
    with zipfile.ZipFile(tmp_path / "given.zip", "w") as archive:
        member = zipfile.ZipInfo("mallory.ipynb")
        member.external_attr = 0o120777 << 16
        archive.writestr(member, "/etc/shadow")
    (one,) = collect(tmp_path / "given.zip", NAME)
    assert "link" in read(one)[1]


@pytest.mark.parametrize("pack", [zipped, tarred])
@pytest.mark.parametrize("name", ["../../alice.ipynb", "/srv/alice.ipynb", "x/../../alice.ipynb"])
def test_paths_that_climb_out_are_looked_at_by_hand(tmp_path, pack, name):
    (one,) = collect(pack(tmp_path, {name: b"a"}), NAME)
    assert "climbs out" in read(one)[1]
    assert not list(tmp_path.glob("alice*"))


def test_a_bomb_costs_no_more_than_the_cap(tmp_path, monkeypatch):
    monkeypatch.setattr(intake, "MOST_BYTES", 1000)
    monkeypatch.setattr(intake, "MOST_TOTAL", 5000)
    bomb = tmp_path / "given.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("alice.ipynb", b"0" * 1_000_000)
    (one,) = collect(bomb, NAME)
    assert read(one) == (None, "is larger than 1,000 bytes")
    with pytest.raises(IntakeError, match="more than 5,000 bytes"):
        collect(tarred(tmp_path, {"alice.ipynb": b"0" * 10_000}), NAME)
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        for student in range(10):
            archive.writestr(f"s{student}.ipynb", b"0" * 900)
    monkeypatch.setattr(intake, "MOST_MEMBERS", 5)
    with pytest.raises(IntakeError, match="more than 5 files"):
        collect(bomb, NAME)


def test_a_large_file_in_a_folder_is_not_read_to_its_end(tmp_path):
    given = folder(tmp_path, {"alice.ipynb": b""})
    with (given / "alice.ipynb").open("wb") as file:
        file.truncate(2**40)  # a terabyte of nothing
    (one,) = collect(given, NAME)
    assert read(one) == (None, f"is larger than {intake.MOST_BYTES:,} bytes")


def test_what_holds_no_submissions_is_refused_in_words(tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.zip").write_bytes(b"no archive")
    broken = tarred(tmp_path, {"alice.ipynb": os.urandom(5000)})
    broken.write_bytes(broken.read_bytes()[:1000])
    for path, words in (
        (tmp_path / "empty", "No notebook of 01_perceptron"),
        (tmp_path / "nowhere", "is missing"),
        (tmp_path / "text.zip", "neither a folder nor"),
        (broken, "cannot be read"),
        (folder(tmp_path, {"02_gradient_descent.ipynb": b""}), "saw 1"),
    ):
        with pytest.raises(IntakeError, match=words):
            collect(Path(path), NAME)


@pytest.mark.parametrize("packing", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_member_that_is_damaged_takes_no_other_with_it(tmp_path, packing):
    noise = random.Random(0).randbytes(5000)
    path = zipped(tmp_path, {"alice.ipynb": noise.hex().encode(), "bob.ipynb": b"b"}, packing)
    content = bytearray(path.read_bytes())
    content[1000:1100] = bytes(100)
    path.write_bytes(content)
    alice, bob = collect(path, NAME)
    assert "damaged" in read(alice)[1]
    assert read(bob) == (b"b", "")
