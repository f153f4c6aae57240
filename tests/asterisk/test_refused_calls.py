from pathlib import Path

import pytest

from agent.asterisk.refused_calls import RefusedCall, refused_calls

REAL = """\
[2026-11-25 14:01:48.502] Asterisk 22.10.1 built by nobody @ buildd.debian.org
[2026-11-25 14:02:04.496] NOTICE[2449] res_pjsip_session.c:  trunk: Call (UDP:127.0.0.4:52293) to \
extension '0085298765432' rejected because extension not found in context 'from-trunk'.
[2026-11-25 14:02:04.498] NOTICE[2449] res_pjsip/pjsip_distributor.c: Request 'INVITE' from \
'<sip:stranger@127.0.0.1>' failed for '127.0.0.66:58500' (callid: 44ce) - No matching endpoint found
[2026-11-25 14:02:05.181] NOTICE[2449] res_pjsip_session.c:  op-101: Call (UDP:127.0.0.1:59446) to \
extension '00
nothing' rejected because extension not found in context 'from-operators'.
"""


def test_each_refused_call_tells_when_and_who_and_not_what_was_dialled(tmp_path: Path) -> None:
    log = tmp_path / "messages"
    log.write_text(REAL)
    assert refused_calls(log) == [
        RefusedCall("2026-11-25 14:02:04", "trunk", "127.0.0.4"),
        RefusedCall("2026-11-25 14:02:05", "op-101", "127.0.0.1"),
    ]


def test_a_log_that_is_not_there_is_an_error_and_not_peace(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="messages"):
        refused_calls(tmp_path / "messages")
