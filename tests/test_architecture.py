"""Rules about the code itself: sizes, forbidden calls, one place for each dangerous thing."""

import ast
import re
import subprocess
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CORE = sorted(path for path in (ROOT / "core").rglob("*.py") if "versions" not in path.parts)
PAGES = sorted((ROOT / "pages").glob("*.py"))
UI = sorted((ROOT / "pages" / "ui").rglob("*.py"))
OURS = [ROOT / "app.py", *CORE, *PAGES, *UI]

MAX_MODULE_LINES = 300
MAX_PAGE_LINES = 120
MAX_FUNCTION_LINES = 40

# What may be used in one place only, because that place guards it.
GUARDED = {
    r"\bhttpx\b|\brequests\.": {
        "core/serve/client.py",
        "core/launch/__main__.py",
        "core/collect/sources/guard.py",
        "core/collect/sources/posting.py",  # By the guard's checks.
        "core/deploy/requirements.py",  # Only names the package.
    },
    r"\burlopen\(": {"core/deploy/taken/client.py", "core/serve/snippets.py"},
    r"\bcreate_connection\(": {"core/launch/ports.py", "core/collect/sources/guard.py"},
    r"\bmqtt\.Client\b": {"core/collect/sources/broker.py"},
    r"\bcreate_engine\(": {"core/store/database.py", "core/collect/sources/database.py"},
    r"unsafe_allow_html": set(),
    r"\bjoblib\.load\(|\bpickle\.loads?\(": set(),
}


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def code_of(path: Path) -> str:
    return path.read_text()


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(code_of(path))


def offenders(paths: Iterable[Path], find: Callable[[Path], Sequence[str]]) -> dict[str, Sequence[str]]:
    """What `find` objects to, by file: all of it at once, so that one run names everything to mend."""
    return {relative(path): found for path in paths if (found := find(path))}


def body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function without its docstring: words that explain should not be rationed."""
    first = function.body[1] if ast.get_docstring(function) and len(function.body) > 1 else function.body[0]
    return (function.end_lineno or first.lineno) - first.lineno + 1


def only_names(path: Path) -> bool:
    """Whether a package's front holds nothing to read: a docstring, imports, and the list of names."""
    kinds = (ast.Import, ast.ImportFrom, ast.Expr, ast.Assign)
    return path.name == "__init__.py" and all(isinstance(one, kinds) for one in tree_of(path).body)


def imported(path: Path) -> set[str]:
    """The packages that a module imports, anywhere in it."""
    nodes = list(ast.walk(tree_of(path)))
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return {name.split(".")[0] for name in plain | {n.module or "" for n in nodes if isinstance(n, ast.ImportFrom)}}


def test_modules_stay_small_enough_to_read() -> None:
    def too_long(path: Path) -> list[str]:
        n_lines = len(code_of(path).splitlines())
        return [f"{n_lines} lines"] if n_lines > (MAX_PAGE_LINES if path in PAGES else MAX_MODULE_LINES) else []

    assert offenders((path for path in OURS if not only_names(path)), too_long) == {}


def test_functions_stay_small_enough_to_read() -> None:
    def too_long(path: Path) -> list[str]:
        functions = [n for n in ast.walk(tree_of(path)) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
        return [function.name for function in functions if body_lines(function) > MAX_FUNCTION_LINES]

    assert offenders(OURS, too_long) == {}


def test_dangerous_calls_stay_in_the_module_that_guards_them() -> None:
    def unguarded(path: Path) -> list[str]:
        return [
            rule
            for rule, allowed in GUARDED.items()
            if relative(path) not in allowed and re.search(rule, code_of(path))
        ]

    assert offenders(OURS, unguarded) == {}


def test_pages_learn_and_transform_nothing_themselves() -> None:
    libraries = {"sklearn", "numpy", "duckdb", "pyarrow", "sqlalchemy", "distributed", "mlflow"}
    assert offenders([*PAGES, *UI], lambda path: sorted(imported(path) & libraries)) == {}


def test_no_page_imports_another_page() -> None:
    def other_pages(path: Path) -> list[str]:
        imports = re.findall(r"^\s*(?:from|import)\s+pages\b.*", code_of(path), re.MULTILINE)
        allowed = r"\s*(from pages import ui$|(from|import) pages\.ui\b)"
        return [line for line in imports if not re.match(allowed, line)]

    assert offenders(PAGES, other_pages) == {}


def test_page_files_are_named_verb_object_so_that_deep_links_open_inside_the_frame() -> None:
    assert [path.stem for path in PAGES if not re.fullmatch(r"[a-z]+_[a-z_]+", path.stem)] == []


def test_no_module_of_core_holds_changing_state() -> None:
    """Module-level names bound to a bare list, dict or set that is not a constant by its name."""

    def changing(path: Path) -> list[str]:
        return [
            target.id
            for node in tree_of(path).body
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.List | ast.Dict | ast.Set)
            for target in node.targets
            if isinstance(target, ast.Name) and not target.id.isupper() and not target.id.startswith("__")
        ]

    assert offenders(CORE, changing) == {}


def test_public_functions_and_classes_say_what_they_do() -> None:
    def silent(path: Path) -> list[str]:
        return [
            node.name
            for node in tree_of(path).body
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
            and not node.name.startswith("_")
            and not ast.get_docstring(node)
        ]

    assert offenders(CORE, silent) == {}


def test_committed_files_name_no_address_of_a_package_registry_and_no_path_of_a_machine() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    forbidden = re.compile("|".join(["pypi" + r"\.org", "pythonhosted" + r"\.org", r"/ro" + "ot/", r"/wo" + "rk/"]))
    bad = []
    for name in listed:
        path = ROOT / name
        if path.suffix in {".png", ".parquet", ".ico"} or not path.is_file():
            continue
        if forbidden.search(path.read_text(errors="ignore")):
            bad.append(name)
    assert bad == []
