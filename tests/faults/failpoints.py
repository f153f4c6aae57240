"""The agent with failpoints: it kills itself at one await of its call loop. For tests alone.

`python -m tests.faults.failpoints FILE serve` is `python -m agent serve`, but each await of the
modules in ROOMS is rewritten while it is loaded, so that it tells how far it is. FILE names points,
one a line: at the first one the process dies by SIGKILL, and the line is taken out in that moment,
so that the next process goes on to the next. FILE.passed gets the name of every point when it is
passed for the first time. Nothing of this is in the agent, and an await that is new tomorrow is a
failpoint tomorrow.

A point is an await's place, one of its moments, and the event or effect that was in hand there. An
`async with` waits where it is entered and where it is left. An await of another function of the
same module is none: that function's own awaits are.
"""

import ast
import importlib.abc
import importlib.machinery
import os
import signal
import sys
from collections.abc import Awaitable, Generator, Mapping
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import CodeType, ModuleType, TracebackType
from typing import Any, NamedTuple

CALL_LOOP = ("agent.runtime.call_loop", "agent.runtime.wishes")
ROOMS = (*CALL_LOOP, "agent.asterisk.ari_effects")
MOMENTS = ("before", "asleep", "woken", "after")
"""Before it asks; when it has asked and waits; when an answer is there; when it goes on."""
ROOT = Path(__file__).resolve().parents[2]


class Point(NamedTuple):
    """One moment of one await."""

    place: str
    moment: str
    in_hand: str

    def __str__(self) -> str:
        return " | ".join(self)


def passed_beside(file: Path) -> Path:
    """Where the processes of this FILE tell what they passed."""
    return file.with_suffix(".passed")


def points_in(text: str) -> list[Point]:
    """Those that a file names, one a line."""
    return [Point(*line.split(" | ")) for line in text.splitlines()]


def places_of(module: str) -> list[str]:
    """Every place at which a module waits. Raises ValueError for a form unknown here."""
    source = (ROOT / module.replace(".", "/")).with_suffix(".py").read_text()
    rewriter = _Rewriter(module)
    rewriter.visit(ast.parse(source))
    return rewriter.places


class Failpoints:
    """What the rewritten awaits of this process tell."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._passed: set[Point] = set()

    def passed(self, point: Point) -> None:
        """Die here, if this is the point."""
        if point not in self._passed:
            self._passed.add(point)
            with passed_beside(self._file).open("a") as told:
                told.write(f"{point}\n")
        next_one, _, later = self._file.read_text().partition("\n")
        if next_one == str(point):
            self._file.write_text(later)
            os.kill(os.getpid(), signal.SIGKILL)

    def wait(self, awaited: Awaitable[Any], place: str, known: Mapping[str, Any]) -> "_Waiting":
        """What an `await` waits for instead."""
        return _Waiting(self, awaited, place, _in_hand(known))

    def hold(self, context: Any, place: str, known: Mapping[str, Any]) -> "_Context":
        """What an `async with` enters instead."""
        return _Context(self, context, place, known)


class _Waiting:
    """An awaitable that passes its moments on the way."""

    def __init__(
        self, failpoints: Failpoints, awaited: Awaitable[Any], place: str, in_hand: str
    ) -> None:
        self._failpoints = failpoints
        self._awaited = awaited
        self._place = place
        self._in_hand = in_hand

    def __await__(self) -> Generator[Any, Any, Any]:
        self._pass("before")
        inner = self._awaited.__await__()
        try:
            wish = next(inner)
            self._pass("asleep")
            given = yield from self._first(inner, wish)
        except StopIteration as done:
            given = done.value
        self._pass("after")
        return given

    def _first(self, inner: Any, wish: Any) -> Generator[Any, Any, Any]:
        """Go on as the inner one does; only its first waking is told."""
        told = False
        while True:
            try:
                given = yield wish
            except BaseException as error:
                step = lambda error=error: inner.throw(error)  # noqa: E731
            else:
                if not told:
                    self._pass("woken")
                    told = True
                step = lambda given=given: inner.send(given)  # noqa: E731
            try:
                wish = step()
            except StopIteration as done:
                return done.value

    def _pass(self, moment: str) -> None:
        self._failpoints.passed(Point(self._place, moment, self._in_hand))


class _Context:
    """A context manager whose entrance and exit are two awaits."""

    def __init__(
        self, failpoints: Failpoints, context: Any, place: str, known: Mapping[str, Any]
    ) -> None:
        self._failpoints = failpoints
        self._context = context
        self._place = place
        self._in_hand = _in_hand(known)

    async def __aenter__(self) -> Any:
        return await self._waiting(self._context.__aenter__(), "enter")

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> Any:
        return await self._waiting(self._context.__aexit__(kind, error, trace), "leave")

    def _waiting(self, awaited: Awaitable[Any], what: str) -> _Waiting:
        return _Waiting(self._failpoints, awaited, f"{self._place} {what}", self._in_hand)


def _in_hand(known: Mapping[str, Any]) -> str:
    """The effect or event that a function has in hand, and a prompt's name."""
    for name in ("effect", "event"):
        if name in known:
            kind = type(known[name]).__name__
            return f"{kind} {known[name].prompt}" if hasattr(known[name], "prompt") else kind
    return ""


class _Rewriter(ast.NodeTransformer):
    """Puts a failpoint round every await, and remembers its place."""

    def __init__(self, module: str) -> None:
        self.places: list[str] = []
        self._module = module.rpartition(".")[2]
        self._functions: set[str] = set()
        self._inside = ""

    def visit_Module(self, node: ast.Module) -> ast.AST:
        self._functions = {
            found.name for found in ast.walk(node) if isinstance(found, ast.AsyncFunctionDef)
        }
        return self.generic_visit(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        outside, self._inside = self._inside, node.name
        self.generic_visit(node)
        self._inside = outside
        return node

    def visit_Await(self, node: ast.Await) -> ast.AST:
        what = node.value
        name = ast.unparse(what)
        self.generic_visit(node)
        if (
            isinstance(what, ast.Call)
            and isinstance(what.func, ast.Attribute)
            and ast.unparse(what.func.value) == "self"
            and what.func.attr in self._functions
        ):
            return node
        node.value = self._wrapped(node.value, "wait", self._place(name))
        return node

    def visit_AsyncWith(self, node: ast.AsyncWith) -> ast.AST:
        for item in node.items:
            place = self._place(ast.unparse(item.context_expr), "enter", "leave")
            item.context_expr = self._wrapped(item.context_expr, "hold", place)
        return self.generic_visit(node)

    def visit_AsyncFor(self, node: ast.AsyncFor) -> ast.AST:
        raise ValueError(f"line {node.lineno}: an `async for` has no failpoints yet")

    def visit_comprehension(self, node: ast.comprehension) -> ast.AST:
        if node.is_async:
            raise ValueError("an `async for` has no failpoints yet")
        return self.generic_visit(node)

    def _place(self, what: str, *parts: str) -> str:
        place = f"{self._module}.{self._inside}: {what}"
        for told in [f"{place} {part}" for part in parts] or [place]:
            if told in self.places:
                raise ValueError(f"two awaits have one name: {told}")
            self.places.append(told)
        return place

    def _wrapped(self, what: ast.expr, how: str, place: str) -> ast.expr:
        here = ast.copy_location(ast.Name("__failpoints__", ast.Load()), what)
        call = ast.Call(
            ast.Attribute(here, how, ast.Load()),
            [what, ast.Constant(place), ast.Call(ast.Name("locals", ast.Load()), [], [])],
            [],
        )
        return ast.fix_missing_locations(ast.copy_location(call, what))


class _Loader(importlib.machinery.SourceFileLoader):
    """Loads a module with failpoints in it."""

    failpoints: Failpoints

    def get_code(self, fullname: str) -> CodeType:
        """From the source, for what is kept compiled has none."""
        tree = _Rewriter(fullname).visit(ast.parse(self.get_data(self.path)))
        code: CodeType = compile(tree, self.path, "exec", dont_inherit=True)
        return code

    def exec_module(self, module: ModuleType) -> None:
        """Give it what its awaits tell."""
        vars(module)["__failpoints__"] = self.failpoints
        super().exec_module(module)


class _Finder(importlib.abc.MetaPathFinder):
    """Finds the modules in ROOMS."""

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> ModuleSpec | None:
        """As ever, but for the loader."""
        if fullname not in ROOMS:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        assert spec
        assert spec.origin
        spec.loader = _Loader(fullname, spec.origin)
        return spec


def main() -> None:
    """Serve until it dies."""
    _Loader.failpoints = Failpoints(Path(sys.argv.pop(1)))
    sys.meta_path.insert(0, _Finder())
    from agent.__main__ import main as serve

    serve()


if __name__ == "__main__":
    main()
