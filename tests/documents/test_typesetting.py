"""What makes a PDF/A and what does not."""

from datetime import UTC, datetime, timedelta

import pytest

from agent.documents.typesetting import MAIN, NotTypeset, Paper, typeset

AT = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


def test_the_same_files_and_time_give_the_same_bytes() -> None:
    paper = Paper({MAIN: b'Halo #read("x")', "x": b"dunia"}, AT)
    assert typeset(paper) == typeset(paper)
    assert typeset(paper).startswith(b"%PDF-1.7")
    assert typeset(Paper(paper.files, AT + timedelta(seconds=1))) != typeset(paper)


@pytest.mark.parametrize(
    "main",
    [b'#panic("x")', b'#image("x")', b'#read("../../etc/passwd")', "Rahasia 😀".encode()],
)
def test_what_cannot_be_typeset_is_refused_without_the_papers_words(main: bytes) -> None:
    with pytest.raises(NotTypeset, match="the paper cannot be typeset: ") as refused:
        typeset(Paper({MAIN: main, "x": b"no picture"}, AT))
    assert "😀" not in str(refused.value)
