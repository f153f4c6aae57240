"""Commands that ask the running service say in one sentence when nobody answers."""

from tests.commands.shell import Shell


async def test_a_service_that_does_not_run_is_said_to(shell: Shell, url: str) -> None:
    done = await shell.run(url, "form", "show", "1/2026")
    assert done.exit_code == 2
    assert "must run" in done.stderr
    assert done.stderr.count("\n") == 1
