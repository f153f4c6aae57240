"""The house keeps itself in order: what no linter knows of shared habits is checked here."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
AGENT = ROOT / "agent"
TESTS = ROOT / "tests"

SOURCES = sorted(AGENT.rglob("*.py"))
MODULES = [source for source in SOURCES if source.name != "__init__.py"]
PACKAGES = [source for source in SOURCES if source.name == "__init__.py"]
DOMAIN = [source for source in MODULES if source.parent == AGENT / "domain"]

MAY_ENTER_THE_DOMAIN = {
    "collections.abc",
    "datetime",
    "enum",
    "math",
    "typing",
    "re",
    "unicodedata",
    "msgspec",
    "msgspec.structs",
    "phonenumbers",
    "stdnum",
    "stdnum.exceptions",
    "stdnum.id",
}
NEVER_IN_THE_DOMAIN = {"open", "print", "input", "eval", "exec", "now", "utcnow", "today", "time"}
NAMES_THAT_SAY_NOTHING = {"utils", "util", "helpers", "common", "core", "base", "manager", "misc"}
LONGEST_FILE = 400

WITHOUT_A_TEST_OF_ITS_NAME = {
    "agent/__main__.py": "one line that calls the command line, which its commands' tests call",
    "agent/readiness.py": "what /health/ready says; every journey and the faults of it look there",
    "agent/service.py": "joins all rooms; every journey on a real Asterisk runs it",
    "agent/asterisk/errors.py": "names only, raised and caught in its room's tests",
    "agent/database/errors.py": "names only, raised and caught in its room's tests",
    "agent/handover/errors.py": "names only, raised and caught in its room's tests",
    "agent/runtime/doors.py": "protocols only, kept by the rooms that implement them",
    "agent/runtime/errors.py": "names only, raised and caught in its room's tests",
    "agent/runtime/metrics.py": "declarations only, counted up in the tests of those who count",
    "agent/web/parts.py": "names only, joined by tests/web/site.py for all pages",
    "agent/runtime/recorder.py": "a protocol and its records, kept by journal and writer",
}


def _named(source: Path) -> str:
    return str(source.relative_to(ROOT))


def _tree(source: Path) -> ast.Module:
    return ast.parse(source.read_text(), _named(source))


def _imports(tree: ast.Module) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(f"{'.' * node.level}{node.module or ''}")
    return found


@pytest.mark.parametrize("source", DOMAIN, ids=_named)
def test_the_domain_imports_only_what_has_no_wire(source: Path) -> None:
    strangers = {
        name
        for name in _imports(_tree(source))
        if name not in MAY_ENTER_THE_DOMAIN and name.split(".")[:2] != ["agent", "domain"]
    }
    assert not strangers, f"{_named(source)} imports {strangers}"


@pytest.mark.parametrize("source", DOMAIN, ids=_named)
def test_the_domain_reads_no_clock_opens_nothing_and_awaits_nothing(source: Path) -> None:
    for node in ast.walk(_tree(source)):
        line = getattr(node, "lineno", 0)
        waits = isinstance(node, (ast.Await, ast.AsyncFunctionDef, ast.AsyncFor, ast.AsyncWith))
        assert not waits, f"{_named(source)}:{line} waits for something"
        if isinstance(node, ast.Call):
            called = node.func
            name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
            assert name not in NEVER_IN_THE_DOMAIN, f"{_named(source)}:{line} calls {name}()"


def test_the_check_of_the_domain_sees_what_it_forbids() -> None:
    tree = ast.parse("import socket\nfrom . import call\nfrom agent.runtime import clock")
    assert _imports(tree) == {"socket", ".", "agent.runtime"}
    assert {"call.py", "consultation.py", "floor.py"} <= {source.name for source in DOMAIN}


@pytest.mark.parametrize("source", MODULES, ids=_named)
def test_every_source_file_has_a_test_file_of_its_name(source: Path) -> None:
    mirrored = TESTS / source.parent.relative_to(AGENT) / f"test_{source.name}"
    assert mirrored.is_file() or _named(source) in WITHOUT_A_TEST_OF_ITS_NAME, (
        f"{_named(source)} has no {_named(mirrored)}"
    )


def test_the_list_of_files_without_a_test_names_only_such_files() -> None:
    for name, reason in WITHOUT_A_TEST_OF_ITS_NAME.items():
        source = ROOT / name
        mirrored = TESTS / source.parent.relative_to(AGENT) / f"test_{source.name}"
        assert source.is_file(), f"{name} is gone"
        assert not mirrored.exists(), f"{name} has a test now"
        assert reason


@pytest.mark.parametrize("package", PACKAGES, ids=_named)
def test_a_package_says_in_one_sentence_what_lives_there_and_holds_nothing_else(
    package: Path,
) -> None:
    tree = _tree(package)
    assert len(tree.body) == 1, f"{_named(package)} holds more than a docstring"
    sentence = ast.get_docstring(tree)
    assert sentence
    assert "\n" not in sentence
    assert sentence.endswith(".")


def test_the_service_imports_nothing_that_only_the_tests_depend_on() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    depended_on = {re.split("[<>=]", line)[0] for line in project["dependencies"]}
    distributions = packages_distributions()
    for source in MODULES:
        for name in _imports(_tree(source)):
            top = name.split(".")[0]
            if top and top != "agent" and top not in sys.stdlib_module_names:
                given_by = {d.replace("_", "-").lower() for d in distributions.get(top, [top])}
                assert given_by & depended_on, f"{_named(source)} imports {top}"


def test_every_folder_of_source_files_is_a_package() -> None:
    assert {source.parent for source in MODULES} == {package.parent for package in PACKAGES}


@pytest.mark.parametrize("source", MODULES, ids=_named)
def test_modules_and_public_types_say_what_they_are(source: Path) -> None:
    tree = _tree(source)
    assert ast.get_docstring(tree), f"{_named(source)} has no docstring"
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            assert ast.get_docstring(node), f"{_named(source)}: {node.name} has no docstring"


def test_no_name_says_nothing() -> None:
    for folder in (AGENT, TESTS, ROOT / "deploy"):
        for path in folder.rglob("*.py"):
            for name in (*path.parent.relative_to(ROOT).parts, path.stem):
                words = set(name.lower().split("_"))
                assert not words & NAMES_THAT_SAY_NOTHING, f"{_named(path)}: {name} says nothing"


@pytest.mark.parametrize("source", SOURCES, ids=_named)
def test_no_file_is_too_long_to_read_at_once(source: Path) -> None:
    lines = len(source.read_text().splitlines())
    assert lines <= LONGEST_FILE, f"{_named(source)} has {lines} lines"
