"""An archive in a store that speaks S3: forms are put there on the condition that none is there."""

from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import S3Store

from agent.documents.archive_store import ArchiveFailed

ANSWERS_WITHIN = timedelta(seconds=5)
TRIED_FOR = timedelta(seconds=10)
"""For all tries together; step 7's clock runs, and the call's own next try comes anyway."""


class ObjectStore:
    """One bucket, or one prefix in it."""

    def __init__(
        self, url: str, endpoint: str | None, region: str, key_id: str, secret: str
    ) -> None:
        """`url` is s3://bucket/prefix; without `endpoint` it is Amazon's own."""
        where = urlsplit(url)
        self._store = S3Store(
            where.netloc,
            config={"endpoint": endpoint} if endpoint else None,
            prefix=where.path.strip("/") or None,
            access_key_id=key_id,
            secret_access_key=secret,
            region=region,
            client_options={
                "timeout": ANSWERS_WITHIN,
                "connect_timeout": ANSWERS_WITHIN,
                "allow_http": (endpoint or "").startswith("http://"),
            },
            retry_config={"max_retries": 2, "retry_timeout": TRIED_FOR},
        )

    def keep(self, path: str, content: bytes) -> bytes:
        """Write it unless it is there, and answer what is there then. Raises ArchiveFailed."""
        # Asked first, because not every store that speaks S3 heeds the condition of a write.
        there = self.read(path)
        if there is not None:
            return there
        try:
            obstore.put(self._store, path, content, mode="create", use_multipart=False)
        except AlreadyExistsError:
            there = self.read(path)
            if there is None:
                raise ArchiveFailed(f"{path} is there and cannot be read") from None
            return there
        except (BaseError, FileNotFoundError) as error:  # the second: there is no such bucket
            # The answer may be all that was lost; then it is there, this one or another's.
            there = self.read(path)
            if there is None:
                raise _failed(error) from error
            return there
        return content

    def read(self, path: str) -> bytes | None:
        """What is kept there; None where nothing is. Raises ArchiveFailed."""
        try:
            return bytes(obstore.get(self._store, path).bytes())
        except (FileNotFoundError, ValueError):
            return None  # a record that was tampered with may name what can be no path
        except BaseError as error:
            raise _failed(error) from error

    def remove(self, path: str) -> None:
        """Take away what is kept there; gone already is no error. Raises ArchiveFailed."""
        try:
            obstore.delete(self._store, path)
        except FileNotFoundError:
            pass
        except BaseError as error:
            raise _failed(error) from error

    def paths(self) -> Iterator[str]:
        """Every path below the prefix. Raises ArchiveFailed."""
        try:
            for page in obstore.list(self._store):
                yield from (entry["path"] for entry in page)
        except (BaseError, FileNotFoundError) as error:
            raise _failed(error) from error


def _failed(error: Exception) -> ArchiveFailed:
    said = str(error).strip().splitlines()
    return ArchiveFailed(f"the archive's store: {said[0][:200] if said else type(error).__name__}")
