"""The source of our own classes as plain Python: without type annotations, with all they need, free of our package.

The exported program thus holds the very code that the served model runs, not a second version of it.
"""

import ast
import builtins
import inspect
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

OURS = "core"
ERRORS = "core.errors"
REMARKS = re.compile(rb"  # (type: ignore|noqa)[^\n]*")
WAITING = ""
LONGEST_LINE = 100
Cut = tuple[int, int, bytes]


@dataclass
class PlainSource:
    """Code collected name by name, each after what it needs; `imports` are lines for what is not ours."""

    imports: set[str] = field(default_factory=set)
    code: dict[str, str] = field(default_factory=dict)

    def add(self, wanted: Any) -> None:
        """Add a function or class of ours, and all it needs."""
        self._add_name(wanted.__module__, wanted.__name__)

    def text(self) -> str:
        """Return all code collected."""
        parts = [f"\n\n{code}\n\n" if code.startswith(("class", "def", "@")) else code for code in self.code.values()]
        return re.sub(r"\n{4,}", "\n\n\n", "\n".join(parts)).strip("\n")

    def _add_name(self, module_name: str, name: str) -> None:
        module = _Module.read(module_name)
        node = module.defined[name]
        if isinstance(node, ast.Import | ast.ImportFrom):
            self._add_import(node, name)
            return
        if name in self.code:
            self._check_same(name, module.plain(node))
            return
        self.code[name] = WAITING  # A function may name itself.
        for used in module.names_used(node):
            self._add_name(module_name, used)
        del self.code[name]
        self.code[name] = module.plain(node)

    def _check_same(self, name: str, code: str) -> None:
        if self.code[name] not in (WAITING, code):
            raise TypeError(f"Two different things are called {name}")

    def _add_import(self, node: ast.Import | ast.ImportFrom, name: str) -> None:
        alias = next(one for one in node.names if (one.asname or one.name) == name)
        if isinstance(node, ast.Import):
            self.imports.add(f"import {ast.unparse(alias)}")
        elif (node.module or "").split(".")[0] == OURS:
            self._add_name(str(node.module), alias.name)
        else:
            self.imports.add(f"from {node.module} import {ast.unparse(alias)}")


@dataclass
class _Module:
    """One module of ours: its bytes and what each of its names is defined by."""

    source: bytes
    defined: dict[str, ast.stmt]
    starts: list[int]

    @classmethod
    def read(cls, name: str) -> "_Module":
        source = inspect.getsource(sys.modules[name])
        lines = source.encode().splitlines(keepends=True)
        starts = [0]
        for line in lines:
            starts.append(starts[-1] + len(line))
        defined = {found: node for node in ast.parse(source).body for found in _names_defined(node)}
        return cls(source.encode(), defined, starts)

    def names_used(self, node: ast.AST) -> list[str]:
        """Return the names of this module that the code needs when it runs, in the order it names them."""
        found = [one.id for one in _walk_without_annotations(node) if isinstance(one, ast.Name)]
        wanted = dict.fromkeys(name for name in found if name in self.defined and not hasattr(builtins, name))
        return [name for name in wanted if not self._is_error(name)]

    def plain(self, node: ast.stmt) -> str:
        """Return the code of a definition without annotations; errors of ours become ValueError."""
        begin, end = self._begin(node), self._end(node)
        fields = _dataclass_fields(node)
        cuts = [cut for one in ast.walk(node) for cut in self._cuts(one, fields)]
        code, at = b"", begin
        for start, stop, put in sorted(cuts):
            code += self.source[at:start] + put
            at = stop
        return _join_signatures(REMARKS.sub(b"", code + self.source[at:end]).decode())

    def _cuts(self, node: ast.AST, fields: set[int]) -> Iterator[Cut]:
        if isinstance(node, ast.FunctionDef):
            yield from self._cuts_in_signature(node)
        elif isinstance(node, ast.AnnAssign) and id(node) in fields:
            yield self._at(node.annotation), self._end(node.annotation), b"object"
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            yield self._end(node.target), self._end(node.annotation), b""
        elif isinstance(node, ast.Name) and self._is_error(node.id):
            yield self._at(node), self._end(node), b"ValueError"

    def _cuts_in_signature(self, node: ast.FunctionDef) -> Iterator[Cut]:
        every = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs, node.args.vararg, node.args.kwarg]
        for argument in every:
            if argument is not None and argument.annotation is not None:
                start, stop = self._at(argument) + len(argument.arg.encode()), self._end(argument.annotation)
                has_default = self.source[stop : stop + 3] == b" = "
                yield start, stop + 3 * has_default, b"=" if has_default else b""
        if node.returns is not None:
            arrow = self.source.rfind(b" ->", self._at(node), self._at(node.returns))
            yield arrow, self._end(node.returns), b""

    def _is_error(self, name: str) -> bool:
        node = self.defined.get(name)
        return isinstance(node, ast.ImportFrom) and node.module == ERRORS

    def _begin(self, node: ast.stmt) -> int:
        decorators: list[ast.expr] = getattr(node, "decorator_list", [])
        return min([self._at(node), *(self.starts[one.lineno - 1] for one in decorators)])

    def _at(self, node: Any) -> int:
        return int(self.starts[node.lineno - 1] + node.col_offset)

    def _end(self, node: Any) -> int:
        return int(self.starts[node.end_lineno - 1] + node.end_col_offset)


def _names_defined(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    if isinstance(node, ast.Import | ast.ImportFrom):
        return [alias.asname or alias.name for alias in node.names]
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return [target.id for target in targets if isinstance(target, ast.Name)]


def _walk_without_annotations(node: ast.AST) -> Iterator[ast.AST]:
    yield node
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from _walk_without_annotations(child)


def _dataclass_fields(node: ast.AST) -> set[int]:
    """Return the annotated fields of dataclasses, which do not work without an annotation."""
    classes = [one for one in ast.walk(node) if isinstance(one, ast.ClassDef) and one.decorator_list]
    return {id(field) for one in classes for field in one.body if isinstance(field, ast.AnnAssign)}


def _join_signatures(code: str) -> str:
    """Bring signatures that were broken over lines for their annotations back to one line, where they fit."""

    def join(found: re.Match[str]) -> str:
        line = f"{found[1]}({found[2]}):"
        return line if len(line) <= LONGEST_LINE else found[0]

    return re.sub(r"^( *def \w+)\(\n +([^\n]*[^\n,]),?\n *\):", join, code, flags=re.MULTILINE)
