"""The archive in a real store that speaks S3: written once, read again, whatever fails is said."""

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import obstore
import pytest
from obstore.exceptions import AlreadyExistsError

from agent.documents.archive import archived_sha256
from agent.documents.archive_store import ArchiveFailed
from agent.documents.object_store import ObjectStore
from agent.domain.events import FormArchived
from tests.documents.papers import archive_in, record_in
from tests.documents.s3_server import BUCKET, KEY_ID, SECRET, s3_server
from tests.domain.story import CALL, MORNING, solved

TRIES = 6


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with s3_server(tmp_path_factory.mktemp("s3")) as address:
        yield address


def store_at(endpoint: str, url: str, secret: str = SECRET) -> ObjectStore:
    return ObjectStore(url, endpoint, "us-east-1", KEY_ID, secret)


@pytest.fixture
def store(endpoint: str, request: pytest.FixtureRequest) -> ObjectStore:
    """A prefix of this test's own."""
    name = hashlib.sha256(request.node.name.encode()).hexdigest()[:16]
    return store_at(endpoint, f"s3://{BUCKET}/{name}/arsip/")


async def test_a_form_is_archived_there_as_in_a_folder(store: ObjectStore) -> None:
    performed = await archive_in(store).write(solved().call)
    assert isinstance(performed.event, FormArchived)
    event = performed.event
    assert event.path == f"{MORNING.year}/{CALL}.pdf"
    content = store.read(event.path)
    assert content
    assert hashlib.sha256(content).hexdigest() == event.sha256 == archived_sha256(store, event.path)
    assert record_in(content)
    assert list(store.paths()) == [event.path]


def test_what_is_written_is_never_written_over(store: ObjectStore) -> None:
    assert store.keep("2026/a.pdf", b"one") == b"one"
    assert store.keep("2026/a.pdf", b"two") == b"one"
    assert store.read("2026/a.pdf") == b"one"


def test_of_two_who_write_at_once_one_wins_and_both_know(store: ObjectStore) -> None:
    def keep(content: bytes) -> bytes:
        """As the archive does: what failed is tried again. A busy server may be long in coming."""
        for _ in range(TRIES):
            try:
                return store.keep("2026/b.pdf", content)
            except ArchiveFailed as error:
                failed = error
        raise failed

    contents = [str(number).encode() for number in range(16)]
    with ThreadPoolExecutor(len(contents)) as threads:
        answers = set(threads.map(keep, contents))
    assert answers == {store.read("2026/b.pdf")}


def test_the_store_itself_refuses_a_second_writing(store: ObjectStore) -> None:
    store.keep("2026/c.pdf", b"one")
    with pytest.raises(AlreadyExistsError):
        obstore.put(store._store, "2026/c.pdf", b"two", mode="create", use_multipart=False)


def test_nothing_outside_the_prefix_is_reached(endpoint: str, store: ObjectStore) -> None:
    store_at(endpoint, f"s3://{BUCKET}").keep("outside.pdf", b"not yours")
    for path in (
        "../outside.pdf",
        "/outside.pdf",
        "none.pdf",
        "",
        "a//b",
        "\0",
        "x/../../outside.pdf",
    ):
        assert store.read(path) is None, path
    assert list(store.paths()) == []


@pytest.mark.parametrize("what", ["server", "secret", "bucket"])
async def test_a_store_that_cannot_be_used_is_a_failed_wish(endpoint: str, what: str) -> None:
    away = ObjectStore(f"s3://{BUCKET}", "http://127.0.0.1:1", "us-east-1", KEY_ID, SECRET)
    stores = {
        "server": away,
        "secret": store_at(endpoint, f"s3://{BUCKET}/x", "wrong"),
        "bucket": store_at(endpoint, "s3://none/x"),
    }
    store = stores[what]
    with pytest.raises(ArchiveFailed) as failed:
        await archive_in(store).write(solved().call)
    assert len(str(failed.value).splitlines()) == 1
    assert SECRET not in str(failed.value)
    if what != "bucket":  # this server lists a bucket that is not there as an empty one
        with pytest.raises(ArchiveFailed):
            list(store.paths())
