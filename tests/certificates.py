"""Certificates of this machine's own name, for as long as a test lasts."""

import subprocess
from pathlib import Path


def make_certificate(folder: Path, days: int = 2) -> tuple[Path, Path]:
    """A certificate of localhost that nobody has signed but itself, and its key."""
    made, key = folder / "certificate.pem", folder / "key.pem"
    command = ["/usr/bin/openssl", "req", "-x509", "-nodes", "-days", str(days), "-newkey", "ec"]
    command += ["-pkeyopt", "ec_paramgen_curve:P-256", "-subj", "/CN=localhost"]
    command += ["-addext", "subjectAltName=DNS:localhost", "-out", str(made), "-keyout", str(key)]
    subprocess.run(command, check=True, capture_output=True)
    return made, key
