"""How the package is built: floors, no circles, one name for one thing.

The import graph is drawn from the source, imports inside functions and under ``TYPE_CHECKING``
included.
"""

import ast
from collections import Counter, defaultdict
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = "gemma_nb"

#: The rooms from the ground up; those of one line stand on one floor. A module imports from its own
#: room and from lower floors only.
FLOORS = (
    ("i18n",),
    ("errors",),
    ("language", "text_utils", "files", "html_markup", "arguments"),
    ("display",),
    ("catalog",),
    ("hardware",),
    ("backend",),
    ("fit",),
    ("prompts",),
    ("hub",),
    ("loading",),
    ("generation",),
    ("reply_request",),
    ("model",),
    ("chat",),
    ("next_token",),
    ("layer_trace",),
    ("from_keras_model",),
    ("load_model",),
    ("plots",),
    ("comparison",),
    ("widgets",),
    ("cli",),
    ("__main__",),
)


@cache
def trees():
    """Module name -> its syntax tree."""
    result = {}
    for path in sorted((ROOT / PACKAGE).rglob("*.py")):
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        result[name] = ast.parse(path.read_text(encoding="utf-8"))
    return result


def imported(statement):
    """The modules of this package that one statement imports, as ``(module, name or None)``."""
    if isinstance(statement, ast.Import):
        for alias in statement.names:
            if alias.name.split(".")[0] == PACKAGE:
                yield alias.name, None
    elif isinstance(statement, ast.ImportFrom):
        assert not statement.level, "imports within the package are absolute"
        if (statement.module or "").split(".")[0] == PACKAGE:
            for alias in statement.names:
                module = f"{statement.module}.{alias.name}"
                yield (module, None) if module in trees() else (statement.module, alias.name)


@cache
def graph():
    """Module -> the modules that it imports, wherever in its source."""
    edges = defaultdict(set)
    for module, tree in trees().items():
        for statement in ast.walk(tree):
            edges[module] |= {target for target, _ in imported(statement)}
    return edges


def room(module):
    return module.split(".")[1] if "." in module else ""


FLOOR = {name: number for number, names in enumerate(FLOORS) for name in names}


def test_every_room_has_its_floor():
    assert {room(m) for m in trees()} - {""} == set(FLOOR)


def test_nothing_imports_upward():
    upward = {
        (module, target)
        for module, targets in graph().items()
        for target in targets
        if room(module) and room(target) and room(module) != room(target)
        # two rooms on one floor do not know each other
        if FLOOR[room(target)] >= FLOOR[room(module)]
    }
    assert upward == set()


def test_no_circles():
    edges = graph()

    def reachable(start):
        stack, seen = [*edges[start]], set()
        while stack:
            module = stack.pop()
            if module not in seen:
                seen.add(module)
                stack += edges[module]
        return seen

    circular = {module for module in trees() if module in reachable(module)}
    assert circular == set()


def test_our_modules_are_imported_at_the_top():
    lazy = set()
    for module, tree in trees().items():
        top = {id(statement) for statement in tree.body}
        for statement in ast.walk(tree):
            if id(statement) not in top and any(imported(statement)):
                lazy.add(module)
    assert lazy == set()


def test_no_module_imports_from_the_public_face():
    """The face resolves names on first use, so an import from it would hide what it depends on."""
    through_the_face = {
        f"{module}: {name}"
        for module, tree in trees().items()
        for statement in ast.walk(tree)
        for target, name in imported(statement)
        if target == PACKAGE and name != "__version__"
    }
    assert through_the_face == set()


def test_a_rooms_init_holds_a_docstring_only():
    """But for i18n, which has the machinery of its tables, and plots, whose functions notebooks use."""
    packages = {path.parent.name for path in (ROOT / PACKAGE).glob("*/__init__.py")}
    for package in packages - {"i18n", "plots"}:
        tree = trees()[f"{PACKAGE}.{package}"]
        assert ast.get_docstring(tree), package
        assert len(tree.body) == 1, package


def twice(names):
    return {name for name, count in Counter(names).items() if count > 1}


def test_no_file_name_twice():
    files = (path.name for path in (ROOT / PACKAGE).rglob("*.py") if path.name != "__init__.py")
    assert twice(files) == set()


def test_no_class_name_twice():
    classes = (
        node.name
        for tree in trees().values()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    )
    assert twice(classes) == set()


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import gemma_nb.chat", [("gemma_nb.chat", None)]),
        ("from gemma_nb import i18n", [("gemma_nb.i18n", None)]),
        ("from gemma_nb import recommend", [("gemma_nb", "recommend")]),
        ("from gemma_nb.fit.speed import a, b", [("gemma_nb.fit.speed", n) for n in "ab"]),
        ("import keras\nfrom jax import numpy", []),
    ],
)
def test_how_imports_are_read(source, expected):
    assert [pair for s in ast.parse(source).body for pair in imported(s)] == expected


def test_the_diagram_of_the_architecture_shows_these_floors():
    """The page's chains of arrows lead from every floor to the next, and from no other."""
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    diagram = page.partition("```mermaid\n")[2].partition("```")[0].splitlines()[1:]
    below = defaultdict(set)
    for line in diagram:
        chain = [[name.strip() for name in part.split("&")] for part in line.split("-->")]
        for lower, upper in pairwise(chain):
            for name in upper:
                below[name] |= set(lower)
    assert set(FLOOR) - {"__main__"} == set(below) | {"i18n"}
    for name, lower in below.items():
        assert all(FLOOR[other] < FLOOR[name] for other in lower), name

    def all_below(name):
        return below[name].union(*map(all_below, below[name]))

    # each room stands on every room of a lower floor
    for name in set(FLOOR) - {"__main__"}:
        assert all_below(name) == {n for n in FLOOR if FLOOR[n] < FLOOR[name]}, name
