"""Second factors: codes, and secrets that no copy of the database holds."""

from pathlib import Path

import pyotp
import pytest

from agent.runtime.person_keys import PersonKeys
from agent.web.problems import Refused
from agent.web.second_factor import SecondFactors, enrolment, make_seed, period_of


def test_a_secret_is_made_of_the_key_the_account_and_the_seed(tmp_path: Path) -> None:
    here, elsewhere = (SecondFactors(PersonKeys(tmp_path / name)) for name in ("a.key", "b.key"))
    seed = make_seed()
    secret = here.secret_of("siti", seed)
    assert len(secret) == 32
    assert pyotp.TOTP(secret).now()
    assert secret == here.secret_of("siti", seed)
    others = (
        here.secret_of("budi", seed),
        here.secret_of("siti", make_seed()),
        elsewhere.secret_of("siti", seed),
    )
    assert secret not in others


def test_a_secret_of_before_counts_as_it_is(tmp_path: Path) -> None:
    assert (
        SecondFactors(PersonKeys(tmp_path / "key")).secret_of("siti", "secret:ABC234") == "ABC234"
    )
    assert not (tmp_path / "key").exists()


def test_a_key_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("short")
    with pytest.raises(Refused) as refused:
        SecondFactors(PersonKeys(tmp_path / "key")).secret_of("siti", make_seed())
    assert (refused.value.status, refused.value.reason) == (503, "key_unreadable")


def test_a_code_is_of_now_or_of_the_period_before_or_after() -> None:
    secret, period = pyotp.random_base32(), 59_000_000
    now_s = period * 30 + 12.0
    totp = pyotp.TOTP(secret)
    for near in (period - 1, period, period + 1):
        assert period_of(secret, totp.generate_otp(near), now_s) == near
    assert period_of(secret, totp.generate_otp(period + 2), now_s) is None
    code = totp.generate_otp(period)
    assert period_of(secret, f"{code[:3]} {code[3:]}", now_s) == period
    assert period_of(secret, "", now_s) is None


def test_an_authenticator_reads_the_office_and_the_account() -> None:
    parsed = pyotp.parse_uri(enrolment(pyotp.random_base32(), "siti", "LPSE Bontang"))
    assert (parsed.name, parsed.issuer) == ("siti", "LPSE Bontang")
