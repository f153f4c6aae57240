"""How often a password is looked at, by a clock that the test moves."""

from agent.web.attempts import OF_ACCOUNT, OF_ADDRESS, REMEMBERED, WITHIN_S, Attempts


class Clock:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def test_an_account_has_its_tries_and_has_them_anew_after_a_quarter_of_an_hour() -> None:
    clock = Clock()
    attempts = Attempts(clock)
    for _ in range(OF_ACCOUNT):
        assert attempts.allowed("siti", "192.0.2.1", False)
        attempts.failed("siti", "192.0.2.1", False)
    assert not attempts.allowed("siti", "192.0.2.1", False)
    assert not attempts.allowed("siti", "192.0.2.2", False), "from anywhere"
    clock.now_s = WITHIN_S
    assert attempts.allowed("siti", "192.0.2.1", False)


def test_a_known_browser_is_not_shut_out_by_strangers_but_by_itself() -> None:
    attempts = Attempts(Clock())
    for _ in range(OF_ACCOUNT):
        attempts.failed("siti", "192.0.2.1", False)
    assert attempts.allowed("siti", "192.0.2.7", True)
    for _ in range(OF_ACCOUNT):
        attempts.failed("siti", "192.0.2.7", True)
    assert not attempts.allowed("siti", "192.0.2.7", True)


def test_an_address_that_tries_many_accounts_is_stopped() -> None:
    attempts = Attempts(Clock())
    for number in range(OF_ADDRESS):
        assert attempts.allowed(f"account-{number}", "192.0.2.1", False)
        attempts.failed(f"account-{number}", "192.0.2.1", False)
    assert not attempts.allowed("another", "192.0.2.1", False)
    assert attempts.allowed("another", "192.0.2.2", False)


def test_who_succeeds_begins_anew_and_his_address_does_not() -> None:
    attempts = Attempts(Clock())
    for number in range(OF_ADDRESS):
        attempts.failed("siti" if number < OF_ACCOUNT else f"a-{number}", "192.0.2.1", False)
    attempts.succeeded("siti", "192.0.2.1", False)
    assert attempts.allowed("siti", "192.0.2.2", False)
    assert not attempts.allowed("siti", "192.0.2.1", False)


def test_what_was_not_looked_at_is_taken_back() -> None:
    attempts = Attempts(Clock())
    attempts.take_back("siti", "192.0.2.1", False)
    for known in (False, True):
        for _ in range(OF_ADDRESS):
            attempts.failed("siti", "192.0.2.1", known)
            attempts.take_back("siti", "192.0.2.1", known)
        assert attempts.allowed("siti", "192.0.2.1", known)
    assert attempts.allowed("another", "192.0.2.1", False)


def test_what_is_remembered_is_bounded() -> None:
    attempts = Attempts(Clock())
    for number in range(REMEMBERED + 50):
        attempts.failed(f"account-{number}", f"address-{number}", False)
    assert len(attempts._failures) <= REMEMBERED
