import pytest

from agent.asterisk.errors import AsteriskUnfit
from agent.asterisk.version import check_version


@pytest.mark.parametrize(
    "version", ["22.10.1", "22.10.1~dfsg+~cs6.15.60671435-1", "22.10.2", "22.11.0", "23.0.0"]
)
def test_a_version_with_the_security_fixes_is_fit(version: str) -> None:
    check_version(version)


@pytest.mark.parametrize(
    "version", ["22.10.0", "22.9.9", "20.18.0", "18.10.1", "16.28.0~dfsg-0+deb11u4", "2.22.10"]
)
def test_an_older_version_is_refused_with_what_to_install(version: str) -> None:
    with pytest.raises(AsteriskUnfit, match=r"too old: install 22\.10\.1 or newer") as refused:
        check_version(version)
    assert version in str(refused.value)


@pytest.mark.parametrize("version", ["", "GIT-master-1a2b3c", "22", "22.10", "latest"])
def test_a_version_that_cannot_be_read_is_refused(version: str) -> None:
    with pytest.raises(AsteriskUnfit):
        check_version(version)


def test_the_release_candidate_that_crashes_is_refused() -> None:
    with pytest.raises(AsteriskUnfit, match="crashes"):
        check_version("22.11.0-rc1")
