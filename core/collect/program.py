"""A plain Python program being written: sections under headings, the imports they need, and values as Python code."""

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

WIDTH = 100
COMMENT_WIDTH = 88
THIRD_PARTY = ("numpy", "pandas", "sklearn", "scipy")


@dataclass(frozen=True)
class Section:
    """A part of a program: a heading in words, its code, and the import lines it needs."""

    title: str
    code: str
    imports: tuple[str, ...] = ()


@dataclass(frozen=True)
class Program:
    """A program in sections, each building on those above it."""

    title: str
    sections: tuple[Section, ...] = ()

    def then(self, title: str, code: str, *imports: str) -> "Program":
        """Return the program with one more section."""
        return replace(self, sections=(*self.sections, Section(title, code.strip("\n"), imports)))

    def text(self) -> str:
        """Return the program as one runnable text."""
        needs = "It needs Python and these packages: pip install pandas pyarrow scikit-learn"
        parts = [f"{comment(self.title)}\n{comment(needs)}\n"]
        imports = {line for section in self.sections for line in section.imports}
        parts.append(_say_imports(imports) + "\n")
        for number, section in enumerate(self.sections, 1):
            heading = comment(f"{number}. {section.title}")
            parts.append(f"\n# {'-' * (COMMENT_WIDTH - 2)}\n{heading}\n# {'-' * (COMMENT_WIDTH - 2)}\n{section.code}\n")
        return "\n".join(parts)


def comment(words: str, indent: str = "") -> str:
    """Return words as comment lines, the second and later ones indented: whatever they hold, nothing of it is code."""
    shown = "".join(character if character.isprintable() else " " for character in " ".join(words.split()))
    return textwrap.fill(shown, COMMENT_WIDTH, initial_indent="# ", subsequent_indent=f"# {indent}") or "#"


def literal(value: Any, width: int = WIDTH) -> str:
    """Return a plain value (text, number, truth value, None, or a list, tuple or mapping of such) as Python code.

    Raises
    ------
    TypeError
        When the value is something else.
    """
    if isinstance(value, str):
        return _quoted(value)
    if value is None or isinstance(value, bool | int | float):
        return _number(value) if isinstance(value, float) else repr(value)
    if isinstance(value, Mapping):
        return bracketed("{", [f"{literal(k)}: {literal(v, width - 8)}" for k, v in value.items()], "}", width)
    if isinstance(value, tuple) and len(value) == 1:
        return f"({literal(value[0])},)"
    if isinstance(value, list | tuple):
        opening, closing = "[]" if isinstance(value, list) else "()"
        return bracketed(opening, [literal(one, width - 4) for one in value], closing, width, filled=True)
    raise TypeError(f"{type(value).__name__} cannot be written as code")


def bracketed(opening: str, parts: Sequence[str], closing: str, width: int = WIDTH, *, filled: bool = False) -> str:
    """Return parts between brackets: on one line if it fits, else one a line, or several a line where `filled`."""
    line = f"{opening}{', '.join(parts)}{closing}"
    if len(line) <= width and "\n" not in line:
        return line
    lines = _fill(parts, width - 4) if filled else [f"{part}," for part in parts]
    return "\n".join([opening, *(textwrap.indent(one, "    ") for one in lines), closing])


def _fill(parts: Sequence[str], width: int) -> list[str]:
    lines: list[str] = []
    for part in parts:
        if lines and "\n" not in part and "\n" not in lines[-1] and len(lines[-1]) + len(part) + 2 <= width:
            lines[-1] += f" {part},"
        else:
            lines.append(f"{part},")
    return lines


def _quoted(text: str) -> str:
    """Return text as a literal, in double quotes where that needs no escape."""
    code = repr(str(text))
    return f'"{code[1:-1]}"' if code[0] == "'" and '"' not in code else code


def _number(value: float) -> str:
    if value != value or value in (float("inf"), float("-inf")):
        return f'float("{value}")'
    return repr(value)


def _say_imports(lines: set[str]) -> str:
    """Return import lines sorted, with what comes from one place in one line."""
    plain = {line for line in lines if line.startswith("import ")}
    names: dict[str, set[str]] = {}
    for line in lines - plain:
        module, _, name = line.removeprefix("from ").partition(" import ")
        names.setdefault(module, set()).add(name)
    said = [(line.split()[1], line) for line in plain]
    said += [(module, _say_from(module, sorted(found))) for module, found in names.items()]
    said.sort(key=lambda entry: (not entry[1].startswith("import "), entry[1]))
    ours = [line for module, line in said if module.split(".")[0] not in THIRD_PARTY]
    theirs = [line for module, line in said if module.split(".")[0] in THIRD_PARTY]
    return "\n\n".join("\n".join(group) for group in (ours, theirs) if group)


def _say_from(module: str, names: Sequence[str]) -> str:
    line = f"from {module} import {', '.join(names)}"
    return line if len(line) <= WIDTH else bracketed(f"from {module} import (", names, ")", 0)
