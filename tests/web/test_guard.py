"""Who asks: sessions, tokens, and what a browser must carry to change something."""

import pytest
from aiohttp.test_utils import make_mocked_request
from multidict import CIMultiDict

from agent.web.guard import TOKEN, address_of, csrf_of, digest_of, is_loopback, make_token
from agent.web.problems import Refused
from tests.web.site import Site


@pytest.mark.parametrize(
    ("host", "own"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("192.0.2.1", False),
        ("localhost.evil.example", False),
        ("", False),
        (None, False),
    ],
)
def test_which_names_are_of_this_machine_alone(host: str | None, own: bool) -> None:
    assert is_loopback(host) is own


def test_a_token_is_recognised_and_only_its_digest_is_kept() -> None:
    token_id, text, digest = make_token()
    assert text.startswith(f"{TOKEN}{token_id}_")
    assert digest == digest_of(text.removeprefix(f"{TOKEN}{token_id}_"))
    assert make_token()[1] != text


def test_the_pages_word_is_of_one_session_and_does_not_tell_its_cookie() -> None:
    assert csrf_of("one") != csrf_of("other")
    assert csrf_of("one") != digest_of("one").hex()


def test_only_a_proxy_on_this_machine_is_believed_about_where_a_request_comes_from() -> None:
    class Transport:
        def __init__(self, peer: str) -> None:
            self.peer = peer

        def get_extra_info(self, name: str, default: object = None) -> object:
            return (self.peer, 1) if name == "peername" else default

    def request(peer: str, forwarded: str | None) -> str:
        headers = CIMultiDict({"X-Forwarded-For": forwarded} if forwarded else {})
        made = make_mocked_request("GET", "/", headers, transport=Transport(peer))
        return address_of(made)

    assert request("127.0.0.1", "198.51.100.9, 192.0.2.1") == "192.0.2.1"
    assert request("192.0.2.5", "198.51.100.9") == "192.0.2.5"
    assert request("127.0.0.1", None) == "127.0.0.1"


async def test_an_account_that_is_forgotten_is_looked_up_at_once(here: Site) -> None:
    browser = await here.log_in("operator")
    assert (await here.get(browser, "/desk"))[0] == 200
    await here.parts.accounts.remove("operator", "test")
    assert (await here.get(browser, "/desk"))[0] == 200, "known for some seconds"
    here.parts.guard.forget("operator")
    assert (await here.get(browser, "/desk"))[0] == 303


def test_a_foreign_page_is_refused_whatever_it_says_of_itself(here: Site) -> None:
    for headers in (
        {},
        {"Origin": "null"},
        {"Origin": "https://evil.example"},
        {"Origin": here.origin, "Sec-Fetch-Site": "cross-site"},
    ):
        host = here.origin.removeprefix("http://")
        request = make_mocked_request("POST", "/", CIMultiDict({"Host": host, **headers}))
        with pytest.raises(Refused) as refused:
            here.parts.guard.refuse_foreign(request)
        assert (refused.value.status, refused.value.reason) == (403, "request_forged")
    request = make_mocked_request("POST", "/", CIMultiDict({"Host": host, "Origin": here.origin}))
    here.parts.guard.refuse_foreign(request)
