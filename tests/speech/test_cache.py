import os
import stat
import time
from pathlib import Path

import numpy as np
import pytest

from agent.speech.cache import AudioCache, key_of, write_whole
from agent.speech.sound import render_wav

wav = render_wav(np.full(478, 0.5, np.float32))
assert len(wav) == 1000


def opened(folder: Path, limit_bytes: int = 10_000) -> AudioCache:
    cache = AudioCache(folder, limit_bytes)
    cache.open()
    return cache


def grow_old(folder: Path) -> None:
    """As if all were last used an hour ago, in the order of now."""
    for file in folder.glob("*.wav"):
        before = file.stat().st_mtime - 3600
        os.utime(file, (before, before))


def test_what_is_kept_is_found() -> None:
    assert key_of("a", "b") == key_of("a", "b")
    assert len({key_of("a", "b"), key_of("ab"), key_of("a b"), key_of("b", "a")}) == 4


def test_a_kept_sound_is_found_again_also_by_the_next_process(tmp_path: Path) -> None:
    path = opened(tmp_path).keep("k", wav)
    again = opened(tmp_path)
    assert again.find("k") == path
    assert path.read_bytes() == wav
    assert again.find("other") is None


def test_asterisk_may_read_what_is_kept(tmp_path: Path) -> None:
    assert stat.S_IMODE(opened(tmp_path).keep("k", wav).stat().st_mode) == 0o644


def test_the_least_recently_used_goes_first(tmp_path: Path) -> None:
    cache = opened(tmp_path, limit_bytes=3500)
    for key in "abc":
        cache.keep(key, wav)
    grow_old(tmp_path)
    assert cache.find("a")
    cache.keep("d", wav)
    assert cache.find("b") is None
    assert cache.find("a") and cache.find("c") and cache.find("d")
    assert cache.size == 3000


def test_a_smaller_limit_holds_from_the_next_start(tmp_path: Path) -> None:
    for key in "abc":
        opened(tmp_path).keep(key, wav)
    grow_old(tmp_path)
    assert opened(tmp_path, limit_bytes=1500).size == 1000
    assert len(list(tmp_path.glob("*.wav"))) == 1


def test_what_is_about_to_be_played_stays_however_small_the_limit(tmp_path: Path) -> None:
    cache = opened(tmp_path, limit_bytes=0)
    assert cache.keep("a", wav).exists()
    cache.keep("b", wav)
    assert cache.find("a") and cache.find("b")


def test_a_torn_file_counts_as_missing_and_is_made_anew(tmp_path: Path) -> None:
    cache = opened(tmp_path)
    path = cache.keep("a", wav)
    path.write_bytes(wav[:500])
    assert cache.find("a") is None
    assert cache.keep("a", wav) == cache.find("a")


def test_a_file_that_went_away_counts_as_missing(tmp_path: Path) -> None:
    cache = opened(tmp_path)
    cache.keep("a", wav).unlink()
    assert cache.find("a") is None


def test_what_a_dead_process_left_half_written_is_cleared(tmp_path: Path) -> None:
    (tmp_path / "half.tmp").write_bytes(b"RIFF")
    os.utime(tmp_path / "half.tmp", (0, 0))
    (tmp_path / "of_a_living_one.tmp").write_bytes(b"RIFF")
    opened(tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["of_a_living_one.tmp"]


def test_a_file_is_never_seen_half_written(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    write_whole(path, wav)
    with path.open("rb") as reader:
        write_whole(path, b"new")
        assert reader.read() == wav
    assert path.read_bytes() == b"new"
    assert [file.name for file in tmp_path.iterdir()] == ["a.wav"]


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OSError, match="file"):
        opened(tmp_path / "file")


def test_use_moves_the_time_of_the_file_so_that_the_order_survives_a_restart(
    tmp_path: Path,
) -> None:
    cache = opened(tmp_path)
    path = cache.keep("a", wav)
    grow_old(tmp_path)
    cache.find("a")
    assert time.time() - path.stat().st_mtime < 600


def test_a_write_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "a.wav").mkdir()
    with pytest.raises(OSError, match="directory"):
        write_whole(tmp_path / "a.wav", wav)
    assert [file.name for file in tmp_path.iterdir()] == ["a.wav"]
