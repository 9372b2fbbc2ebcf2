"""Large files are on the disk once, read-only, and what goes in comes out again."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from pathlib import Path

import pytest

from git_gage.errors import IntegrityError
from git_gage.files import sidecar as sidecar_module
from git_gage.files.notes import Notes, stamp_of
from git_gage.files.sidecar import Sidecar, digest_file
from git_gage.system import clone_file

MODEL = b"weights" * 1000
SHA256 = hashlib.sha256(MODEL).hexdigest()


@pytest.fixture
def sidecar(tmp_path: Path) -> Sidecar:
    return Sidecar(tmp_path / "lfs")


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return write(tmp_path / "run-1" / "model.bin")


def write(path: Path, content: bytes = MODEL, mode: int = 0o644) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    path.chmod(mode)
    return path


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def no_room(*_: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def refuse_links(source: Path, fresh: Path) -> None:
    raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))


def clone_by_copy(source: Path, fresh: Path) -> bool:
    """What a file system with reflinks does, as far as anybody can see."""
    fresh.write_bytes(source.read_bytes())
    return True


def test_a_file_is_kept_as_git_lfs_keeps_it(sidecar: Sidecar, model: Path) -> None:
    sidecar.take(model, SHA256)
    place = sidecar.root / "objects" / SHA256[:2] / SHA256[2:4] / SHA256
    assert place == sidecar.path(SHA256)
    assert place.read_bytes() == model.read_bytes() == MODEL
    assert mode_of(place) == mode_of(model) == 0o444
    assert sidecar.has(SHA256, len(MODEL))
    assert not sidecar.has(SHA256, 1)
    assert list(sidecar.list()) == [(SHA256, len(MODEL))]
    assert digest_file(model) == (SHA256, len(MODEL))


def test_two_runs_with_the_same_file_share_its_bytes(sidecar: Sidecar, model: Path) -> None:
    again = write(model.parent.parent / "run-2" / "model.bin")
    for path in (model, again, again):
        sidecar.take(path, SHA256)
    assert os.path.samefile(model, again)
    assert os.path.samefile(model, sidecar.path(SHA256))
    assert not list(again.parent.glob(".gage-*"))


def test_a_program_and_a_text_of_the_same_bytes_keep_their_modes(
    sidecar: Sidecar, model: Path
) -> None:
    tool = write(model.with_name("tool"), mode=0o755)
    sidecar.take(model, SHA256)
    sidecar.take(tool, SHA256)
    assert (mode_of(model), mode_of(tool)) == (0o444, 0o555)


@pytest.mark.parametrize("damage", [b"", MODEL[::-1]])
def test_a_damaged_object_is_replaced_and_never_handed_to_a_run(
    sidecar: Sidecar, model: Path, damage: bytes
) -> None:
    sidecar.take(model, SHA256)
    place = sidecar.path(SHA256)
    place.unlink()
    place.write_bytes(damage)
    again = write(model.with_name("again.bin"))
    sidecar.take(again, SHA256)
    assert place.read_bytes() == again.read_bytes() == MODEL


def test_where_a_file_system_clones_files_they_are_cloned(
    sidecar: Sidecar, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sidecar_module, "clone_file", clone_by_copy)
    sidecar.take(model, SHA256)
    again = write(model.with_name("again.bin"), mode=0o755)
    os.utime(again, ns=(5, 5))
    sidecar.take(again, SHA256)
    assert (mode_of(again), again.stat().st_mtime_ns) == (0o555, 5)
    assert not os.path.samefile(model, sidecar.path(SHA256))
    out = model.with_name("out.bin")
    sidecar.put(SHA256, out, 0o644)
    assert (out.read_bytes(), mode_of(out)) == (MODEL, 0o644)


def test_how_a_file_is_cloned(
    sidecar: Sidecar, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import fcntl

    asked = []
    monkeypatch.setattr(fcntl, "ioctl", lambda *words: asked.append(words[1]))
    assert clone_file(model, model.with_name("fresh"))
    assert asked == [0x40049409]


def test_on_another_disk_a_file_is_copied(
    sidecar: Sidecar, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "link", refuse_links)
    sidecar.take(model, SHA256)
    again = write(model.with_name("again.bin"))
    sidecar.take(again, SHA256)
    sidecar.put(SHA256, model.with_name("out.bin"), 0o444)
    assert again.read_bytes() == sidecar.path(SHA256).read_bytes() == MODEL
    assert list(sidecar.list()) == [(SHA256, len(MODEL))]


def test_what_changed_since_it_was_measured_is_not_kept_as_a_copy(
    sidecar: Sidecar, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "link", refuse_links)
    with pytest.raises(IntegrityError, match="does not hold it any more"):
        sidecar.take(model, "0" * 64)
    assert not list(sidecar.list())
    assert not list((sidecar.root / "tmp").iterdir())


def test_a_full_disk_leaves_the_file_and_nothing_else(
    sidecar: Sidecar, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "link", refuse_links)
    monkeypatch.setattr(os, "fsync", no_room)
    with pytest.raises(OSError, match="No space left"):
        sidecar.take(model, SHA256)
    assert model.read_bytes() == MODEL
    assert not list(sidecar.list())
    assert not list((sidecar.root / "tmp").iterdir())


def test_what_goes_in_comes_out_again(sidecar: Sidecar, model: Path, tmp_path: Path) -> None:
    sidecar.take(model, SHA256)
    same, own = tmp_path / "out" / "deep" / "same.bin", tmp_path / "out" / "own.bin"
    sidecar.put(SHA256, same, 0o444)
    assert os.path.samefile(same, model)
    for _ in "ab":
        sidecar.put(SHA256, own, 0o755)
        assert (own.read_bytes(), mode_of(own)) == (MODEL, 0o755)
    assert not os.path.samefile(own, model)
    sidecar.put(SHA256, model, 0o444)
    assert sorted(path.name for path in own.parent.iterdir()) == ["deep", "own.bin"]


def test_what_is_not_here_or_damaged_does_not_come_out(sidecar: Sidecar, model: Path) -> None:
    with pytest.raises(FileNotFoundError):
        sidecar.put(SHA256, model, 0o644)
    sidecar.take(model, SHA256)
    place = sidecar.path(SHA256)
    place.unlink()
    place.write_bytes(MODEL[::-1])
    with pytest.raises(IntegrityError, match="does not hold it any more"):
        sidecar.put(SHA256, model, 0o644)
    assert model.read_bytes() == MODEL
    sidecar.remove(SHA256)
    sidecar.remove(SHA256)
    assert not sidecar.has(SHA256, len(MODEL))


def test_what_arrives_is_taken_only_whole_and_right(sidecar: Sidecar) -> None:
    part = sidecar.incoming(SHA256)
    part.write_bytes(MODEL[:100])
    with pytest.raises(IntegrityError, match="arrived damaged"):
        sidecar.accept(SHA256, len(MODEL), part)
    assert not part.exists()
    part.write_bytes(MODEL)
    sidecar.accept(SHA256, len(MODEL), part)
    assert not part.exists()
    assert sidecar.path(SHA256).read_bytes() == MODEL
    assert mode_of(sidecar.path(SHA256)) == 0o444


def test_what_else_lies_there_is_no_object(sidecar: Sidecar, model: Path) -> None:
    sidecar.take(model, SHA256)
    folder = sidecar.path(SHA256).parent
    (folder / "notes.txt").touch()
    (folder / ("0" * 64)).touch()
    (folder / (SHA256[:4] + "0" * 60)).mkdir()
    assert list(sidecar.list()) == [(SHA256, len(MODEL))]


def test_a_name_that_is_no_digest_leads_nowhere(sidecar: Sidecar) -> None:
    for name in ("../../config", SHA256.upper(), ""):
        with pytest.raises(IntegrityError, match="no sha256"):
            sidecar.path(name)


def test_an_object_is_read_again_once_somebody_touched_it(
    sidecar: Sidecar, model: Path, tmp_path: Path
) -> None:
    sidecar.take(model, SHA256)
    for known in (True, False):
        sidecar.put(SHA256, tmp_path / "copy", 0o444)
        stamp = stamp_of(sidecar.path(SHA256).stat())
        assert Notes(sidecar.root / "sound").knows(SHA256, stamp) == known
        sidecar.forget(SHA256)
    assert sidecar.is_sound(SHA256, len(MODEL))
    model.chmod(0o644)
    model.write_bytes(MODEL[::-1])
    assert sidecar.has(SHA256, len(MODEL))
    assert not sidecar.is_sound(SHA256, len(MODEL))
    assert not sidecar.is_sound(SHA256, 1)
