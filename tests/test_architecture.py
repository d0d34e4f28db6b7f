"""Rules about the code itself: sizes, forbidden calls, one place for each dangerous thing."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

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


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function without its docstring: words that explain should not be rationed."""
    first = function.body[1] if ast.get_docstring(function) and len(function.body) > 1 else function.body[0]
    return (function.end_lineno or first.lineno) - first.lineno + 1


def only_names(path: Path) -> bool:
    """Whether a package's front holds nothing to read: a docstring, imports, and the list of names."""
    kinds = (ast.Import, ast.ImportFrom, ast.Expr, ast.Assign)
    return path.name == "__init__.py" and all(isinstance(one, kinds) for one in ast.parse(path.read_text()).body)


@pytest.mark.parametrize("path", [path for path in OURS if not only_names(path)], ids=relative)
def test_modules_stay_small_enough_to_read(path: Path) -> None:
    limit = MAX_PAGE_LINES if path in PAGES else MAX_MODULE_LINES
    assert len(path.read_text().splitlines()) <= limit


@pytest.mark.parametrize("path", OURS, ids=relative)
def test_functions_stay_small_enough_to_read(path: Path) -> None:
    long = {function.name: body_lines(function) for function in functions(path)}
    assert {name: n for name, n in long.items() if n > MAX_FUNCTION_LINES} == {}


@pytest.mark.parametrize("path", OURS, ids=relative)
def test_dangerous_calls_stay_in_the_module_that_guards_them(path: Path) -> None:
    code = path.read_text()
    found = [rule for rule, allowed in GUARDED.items() if re.search(rule, code) and relative(path) not in allowed]
    assert found == []


@pytest.mark.parametrize("path", [*PAGES, *UI], ids=relative)
def test_pages_learn_and_transform_nothing_themselves(path: Path) -> None:
    imports = {
        name.split(".")[0]
        for node in ast.walk(ast.parse(path.read_text()))
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert imports.isdisjoint({"sklearn", "numpy", "duckdb", "pyarrow", "sqlalchemy", "distributed", "mlflow"})


@pytest.mark.parametrize("path", PAGES, ids=relative)
def test_no_page_imports_another_page(path: Path) -> None:
    imports = re.findall(r"^\s*(?:from|import)\s+pages\b.*", path.read_text(), re.MULTILINE)
    assert [
        line for line in imports if not re.match(r"\s*(from pages import ui$|(from|import) pages\.ui\b)", line)
    ] == []


@pytest.mark.parametrize("path", PAGES, ids=relative)
def test_page_files_are_named_verb_object_so_that_deep_links_open_inside_the_frame(path: Path) -> None:
    assert re.fullmatch(r"[a-z]+_[a-z_]+", path.stem)


@pytest.mark.parametrize("path", CORE, ids=relative)
def test_no_module_of_core_holds_changing_state(path: Path) -> None:
    """Module-level names bound to a bare list, dict or set that is not a constant by its name."""
    changing = [
        target.id
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.List | ast.Dict | ast.Set)
        for target in node.targets
        if isinstance(target, ast.Name) and not target.id.isupper() and not target.id.startswith("__")
    ]
    assert changing == []


@pytest.mark.parametrize("path", CORE, ids=relative)
def test_public_functions_and_classes_say_what_they_do(path: Path) -> None:
    missing = [
        node.name
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
    ]
    assert missing == []


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
