"""The documents say what is so: links lead somewhere, named functions exist, decisions are numbered without a gap."""

import importlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")])
PARTS = ("plan", "collect", "prepare", "train", "evaluate", "deploy", "serve", "monitor", "simulate", "retrain", "jobs")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_in_documents_lead_to_files_that_exist(document: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)\)", document.read_text())
    missing = [link for link in links if "://" not in link and not (document.parent / link).exists()]
    assert missing == []


def test_decisions_are_numbered_without_a_gap() -> None:
    numbers = sorted(int(path.name[:4]) for path in (ROOT / "docs" / "decisions").glob("*.md"))
    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize("part", PARTS)
def test_the_public_names_in_the_architecture_document_exist(part: str) -> None:
    section = re.search(rf"^### {part}\b.*?(?=^##)", (ROOT / "docs" / "architecture.md").read_text(), re.M | re.S)
    assert section, f"docs/architecture.md has no section '### {part}'"
    module = importlib.import_module(f"core.{part}")
    calls = set(re.findall(r"`(?:\w+\.)?([a-z_]+|[A-Z]\w+)\(", section.group())) | set(
        re.findall(r"`([A-Z]{3,})\b", section.group())
    )
    assert calls, "the section names no function"
    others = {"Answers", "Release", "Lap", "Challenge", "StageState", "Client", "LocalCluster"}
    assert {name for name in calls - others if not hasattr(module, name)} == set()


def test_readme_names_the_two_commands_and_the_makefile_has_them() -> None:
    readme, makefile = (ROOT / "README.md").read_text(), (ROOT / "Makefile").read_text()
    for command in ("run", "test", "demo", "bench"):
        assert f"make {command}" in readme
        assert re.search(rf"^{command}:", makefile, re.M)
