"""Apache PDFBox Preflight, a validator of PDF/A-1b by others than the typesetter's.

There is none for PDF/A-2 and -3 to be had from Debian. What these allow beyond part 1 is known and
named here; whatever else Preflight finds is against all parts.
"""

import subprocess
from pathlib import Path

JARS = (
    "preflight", "pdfbox2", "fontbox2", "xmpbox", "commons-logging", "jaxb-api", "javax.activation",
)  # fmt: skip
LATER_PART = "7.11.2"
"""The metadata claim another part than 1."""
COLOURS_OF_PDF_1_7 = "2.1.6"
"""An ICC profile of version 4."""
ATTACHMENT = {"1.2.9", "1.4.7"}
"""A file within the file: part 3 is part 2 with these."""


def complaints(paper: bytes, folder: Path) -> set[str]:
    """The numbers of the rules of PDF/A-1b that the paper breaks."""
    file = folder / "looked-at.pdf"
    file.write_bytes(paper)
    path = ":".join(f"/usr/share/java/{jar}.jar" for jar in JARS)
    told = subprocess.run(
        ("java", "-Xmx512m", "-cp", path, "org.apache.pdfbox.preflight.Validator_A1b", file),
        capture_output=True,
        text=True,
        check=False,
    )
    lines = told.stdout.splitlines()
    assert any("PDF/A-1b" in line for line in lines), told.stdout[:500] + told.stderr[:500]
    return {line.split(" :")[0] for line in lines if line[:1].isdecimal()}
