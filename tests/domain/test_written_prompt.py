"""Of several versions of a prompt the newest counts, in whatever order they come."""

from agent.domain.written_prompt import WrittenPrompt, newest


def written(prompt: str, version: int) -> WrittenPrompt:
    return WrittenPrompt(prompt=prompt, version=version, text=f"{version}", by="ratna")


def test_the_newest_version_of_each_prompt_counts() -> None:
    old, new, other = written("connecting", 9), written("connecting", 10), written("numbers", 1)
    assert newest([]) == {}
    for order in ([old, new, other], [new, other, old]):
        assert newest(order) == {"connecting": new, "numbers": other}
