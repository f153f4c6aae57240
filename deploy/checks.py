"""Every check of the project in its order, the same at the desk and in CI; stops at the first."""

from __future__ import annotations

import subprocess
import sys

PYTHON = sys.executable
PARTS = {
    "format": [PYTHON, "-m", "ruff", "format", "--check", "."],
    "lint": [PYTHON, "-m", "ruff", "check", "."],
    "types": [PYTHON, "-m", "mypy", "-p", "agent", "-p", "deploy"],
    "layers": [PYTHON, "-c", "from importlinter.cli import lint_imports_command as c; c()"],
    "registries": [PYTHON, "-m", "deploy.registry_names"],
    # tests/conftest.py: what beside what
    "tests": [PYTHON, "-m", "pytest", "-n3", "--no-loadscope-reorder"],
}


def main() -> None:
    """Run the part named in argv with the arguments after it, or all parts."""
    wanted, arguments = sys.argv[1:2] or list(PARTS), sys.argv[2:]
    for part in wanted:
        if part != "tests":  # its own closing line stays the last of all
            print(f"── {part}", flush=True)
        status = subprocess.run([*PARTS[part], *arguments]).returncode
        if status:
            print(f"Stopped at {part}. This part alone: ./deploy/test {part}", file=sys.stderr)
            sys.exit(status)


if __name__ == "__main__":
    main()
