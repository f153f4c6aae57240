"""What the README says is true: rooms, settings, commands, keys, dependencies."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import msgspec
import pytest

from agent.domain.consultation import Outcome
from agent.domain.numbers import parse_ticket_number
from agent.settings import ROOT, Settings
from deploy.checks import PARTS

README = (ROOT / "README.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def table(heading: str) -> list[list[str]]:
    """The rows of the first table under a heading, without backquotes."""
    _, _, after = README.partition(f"# {heading}\n")
    found = re.search(r"(?:^\|.*\n)+", after, re.M)
    assert found, f"no table under {heading}"
    rows = [line.strip("|\n ").split("|") for line in found[0].splitlines()[2:]]
    return [[cell.strip().replace("`", "") for cell in row] for row in rows]


def test_the_room_map_is_the_folders() -> None:
    told = {row[0] for row in table("Rooms")}
    folders = {"agent/", "dialplan/", "sql/", "deploy/", "tests/"} | {
        f"agent/{folder.name}/"
        for folder in (ROOT / "agent").iterdir()
        if folder.is_dir() and not folder.name.startswith("__")
    }
    assert told == folders


def test_the_settings_table_is_the_settings() -> None:
    told = {row[0]: row[1] for row in table("Settings")}
    fields = msgspec.structs.fields(Settings)
    assert list(told) == [field.name for field in fields]
    for field in fields:
        assert told[field.name] == _shown(field.default), field.name


def _shown(default: object) -> str:
    if default is msgspec.NODEFAULT or default is None:
        return ""
    if isinstance(default, Path):
        return str(default.relative_to(ROOT) if default.is_relative_to(ROOT) else default)
    return str(int(default)) if isinstance(default, float) else str(default)


def test_the_table_of_commands_is_the_command_line() -> None:
    told = {row[0].split()[0].rstrip(",") for row in table("Look things up")}
    help_text = _lpse_agent("--help")
    offered = set(re.findall(r"^│ ([a-z]+)  ", help_text, re.M))
    assert offered
    assert told == offered


@pytest.mark.parametrize("command", [row[0] for row in table("Look things up")])
def test_every_command_of_the_table_explains_itself(command: str) -> None:
    words = re.findall(r"\b[a-z-]+\b", command)
    for line in [words] if len(words) == 1 else [[words[0], verb] for verb in words[1:]]:
        assert "Usage: lpse-agent" in _lpse_agent(*line, "--help")


def _lpse_agent(*arguments: str) -> str:
    done = subprocess.run(
        (sys.executable, "-m", "agent", *arguments), capture_output=True, text=True, check=True
    )
    return done.stdout


def test_every_dependency_has_its_reason_and_no_other_is_named() -> None:
    told = {name for row in table("Dependencies") for name in row[0].split(", ")}
    wanted = {re.split(r"[<>=]", line)[0] for line in PROJECT["dependencies"]}
    assert told == wanted


def test_what_only_the_tests_need_is_named() -> None:
    _, _, told = README.partition("Only for the demo's phones and the tests:")
    told = told.partition("From Debian")[0]
    for line in PROJECT["optional-dependencies"]["dev"]:
        name = re.split(r"[<>=]", line)[0]
        assert name == "setuptools" or name in told, name


def test_the_table_of_faults_is_the_suite() -> None:
    told = {(row[0], row[1]) for row in table("Faults")}
    tried: set[tuple[str, str]] = set()
    for file in (ROOT / "tests" / "faults").glob("test_*.py"):
        module = ast.parse(file.read_text(encoding="utf-8"))
        constants = {
            target.id: node.value
            for node in module.body
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for node in ast.walk(module):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.fault":
                fault, promise = (
                    ast.literal_eval(constants[word.id] if isinstance(word, ast.Name) else word)
                    for word in node.args
                )
                tried.add((fault, promise))
    assert tried
    assert told == tried


def test_every_outcome_is_explained() -> None:
    _, _, told = README.partition("Outcomes: ")
    for outcome in Outcome:
        assert outcome is Outcome.IN_PROGRESS or f"`{outcome}`" in told


def test_its_files_and_links_exist() -> None:
    for path in re.findall(r"`((?:agent|deploy|tests|sql|dialplan)/[\w./-]+)`", README):
        assert (ROOT / path).exists(), path
    for link in re.findall(r"\]\(([^)#]+)\)", README):
        assert (ROOT / link).exists(), link
    for command in re.findall(r"^ +(?:\S+=\S+ )?(\./deploy/\w+)", README, re.M):
        assert (ROOT / command).exists(), command


def test_its_checks_are_those_that_run() -> None:
    contributing = (ROOT / ".github" / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = re.search(r"in order: ((?:`\w+`,?\s*)+)", contributing)
    assert named
    assert re.findall(r"\w+", named[1]) == list(PARTS)


def test_examples_of_ticket_numbers_can_be_typed_as_they_stand() -> None:
    files = [ROOT / "README.md", *(ROOT / "agent").rglob("*.py"), *(ROOT / "agent").rglob("*.html")]
    shown = {
        number
        for file in files
        for number in re.findall(r"\b\d{2}-\d{5}-\d\b", file.read_text(encoding="utf-8"))
    }
    assert shown
    for number in shown:
        parse_ticket_number(number)
