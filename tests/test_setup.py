"""One dependency list, pyproject.toml: its copy for conda is in step, the package imports nothing else."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
PYPROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
ENVIRONMENT = (ROOT / "environment.yml").read_text(encoding="utf-8")
CONDA_NAMES = {"pytorch-cpu": "torch"}  # conda-forge's name: PyPI's


def split(requirement: str) -> tuple[str, frozenset[str]]:
    """``"ir_measures>=0.4,<1"`` gives ``("ir-measures", {">=0.4", "<1"})``."""
    name, bounds = re.fullmatch(r"([\w.-]+)\s*(.*)", requirement.strip()).groups()  # type: ignore[union-attr]
    name = re.sub(r"[-_.]+", "-", name).lower()
    return CONDA_NAMES.get(name, name), frozenset(filter(None, bounds.replace(" ", "").split(",")))


def of_pyproject(text: str) -> dict[str, frozenset[str]]:
    project = tomllib.loads(text)["project"]
    return dict(split(r) for r in [f"python{project['requires-python']}", *project["dependencies"]])


def of_environment(text: str) -> dict[str, frozenset[str]]:
    entries = yaml.safe_load(text)["dependencies"]
    pip = next(entry["pip"] for entry in entries if isinstance(entry, dict))
    names = [entry for entry in entries if isinstance(entry, str) and entry != "pip"]
    return dict(split(r) for r in [*names, *(r for r in pip if r != "-e .")])


def without_comment(text: str, ends: str) -> list[str]:
    """Dependency lines (those with ``>=``) that no comment follows; ``ends`` closes a dependency."""
    lines = [line.strip() for line in text.splitlines() if re.search(r'^\s*["-].*>=', line)]
    return [line for line in lines if not re.search(ends + r"\s+# \S+", line)]


def differences(pyproject: str, environment: str) -> list[str]:
    """Where environment.yml is not pyproject.toml's core in conda's words; empty where they are in step."""
    ours, theirs = of_pyproject(pyproject), of_environment(environment)
    found = [f"{name}: missing from environment.yml" for name in ours.keys() - theirs.keys()]
    found += [f"{name}: missing from pyproject.toml" for name in theirs.keys() - ours.keys()]
    for name in ours.keys() & theirs.keys():
        ours_say, theirs_say = (",".join(sorted(bounds[name])) for bounds in (ours, theirs))
        if ours_say != theirs_say:
            found.append(f"{name}: {ours_say} in pyproject.toml, {theirs_say} in environment.yml")
    return sorted(found)


def test_environment_is_in_step() -> None:
    assert differences(PYPROJECT, ENVIRONMENT) == []


@pytest.mark.parametrize("name", sorted(of_pyproject(PYPROJECT)))
def test_a_package_missing_from_one_is_noticed(name: str) -> None:
    conda = {theirs: ours for ours, theirs in CONDA_NAMES.items()}.get(name, name)
    line = re.compile(rf"^ *- {re.escape(conda)}\b(?!-).*\n", re.MULTILINE | re.IGNORECASE)
    shorter, removed = line.subn("", ENVIRONMENT)
    assert removed == 1
    assert differences(PYPROJECT, shorter) == [f"{name}: missing from environment.yml"]

    if name != "python":
        line = re.compile(rf'^ *"{re.escape(name)}>=.*\n', re.MULTILINE | re.IGNORECASE)
        core, extras = PYPROJECT.split("[project.optional-dependencies]")
        shorter, removed = line.subn("", core)
        assert removed == 1
        rest = shorter + "[project.optional-dependencies]" + extras
        assert differences(rest, ENVIRONMENT) == [f"{name}: missing from pyproject.toml"]


def test_another_bound_is_noticed() -> None:
    assert "plotly>=7,<8" in ENVIRONMENT
    found = differences(PYPROJECT, ENVIRONMENT.replace("plotly>=7,<8", "plotly>=7,<9"))
    assert found == ["plotly: <8,>=7 in pyproject.toml, <9,>=7 in environment.yml"]


def test_conda_installs_torch_first_and_the_project_last() -> None:
    entries = yaml.safe_load(ENVIRONMENT)["dependencies"]
    assert [split(entry)[0] for entry in entries[:-1]] == ["python", "pip", "torch"]
    assert entries[-1]["pip"][-1] == "-e ."
    assert "index-url" not in ENVIRONMENT


def test_every_dependency_says_who_needs_it() -> None:
    assert without_comment(PYPROJECT.split("[project.scripts]")[0].split("\ndependencies")[1], ",") == []
    assert without_comment(ENVIRONMENT, "") == []
    assert without_comment('    "numpy>=2",\n    "torch>=2",  # losses\n', ",") == ['"numpy>=2",']


def test_every_dependency_has_a_lower_bound_and_breaking_majors_an_upper_one() -> None:
    project = tomllib.loads(PYPROJECT)["project"]
    extras = [r for group in project["optional-dependencies"].values() for r in group]
    bounds = dict(split(r) for r in [*extras, *project["dependencies"]])
    assert [name for name, bound in bounds.items() if not any(b.startswith(">=") for b in bound)] == []
    breaking = ["torch", "transformers", "sentence-transformers", "numpy"]
    breaking += ["plotly", "ipywidgets", "jupyterlab"]
    assert [name for name in breaking if not any(b.startswith("<") for b in bounds[name])] == []


def imported(folder: Path) -> Iterator[tuple[str, str]]:
    """(top-level package, file that imports it) for every import that is no relative one."""
    for path in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                yield from ((alias.name.split(".")[0], path.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
                yield node.module.split(".")[0], path.name


def test_the_package_imports_only_what_the_list_names() -> None:
    project = tomllib.loads(PYPROJECT)["project"]
    named = {split(r)[0] for r in [*project["dependencies"], *project["optional-dependencies"]["data"]]}
    owners = packages_distributions()
    unnamed = {
        f"{file}: {package}"
        for package, file in imported(ROOT / "lab")
        if package != "lab"
        and package not in sys.stdlib_module_names
        and not {split(owner)[0] for owner in owners.get(package, [package])} & named
    }
    assert unnamed == set()


def test_one_version_everywhere() -> None:
    version = tomllib.loads(PYPROJECT)["project"]["version"]
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    package = (ROOT / "lab/__init__.py").read_text(encoding="utf-8")
    assert citation["version"] == version
    assert f'__version__ = "{version}"' in package
    assert f"## [{version}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_windows_is_told_the_same_two_steps() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    windows = readme.split("**Windows**")[1].split("**A classroom")[0]
    script, rules = ((ROOT / name).read_text(encoding="utf-8") for name in ("tools/setup.sh", "Makefile"))
    torch = re.search(r"TORCH=\$\{TORCH:-([\d.]+)\}", script)
    index = re.search(r"^CPU_INDEX=(\S+)", script, re.MULTILINE)
    assert torch and index and f"torch=={torch[1]} --index-url {index[1]}" in windows
    first, nbval = (re.search(rf"^{name} +:= (.+)$", rules, re.MULTILINE) for name in ("FIRST", "NBVAL"))
    assert first and nbval and first[1].replace("/", "\\") in windows and f"{nbval[1]} notebooks" in windows
    assert "pip install --no-deps torch" in windows  # that index is for torch alone, as in tools/setup.sh
    oldest = tomllib.loads(PYPROJECT)["project"]["requires-python"].removeprefix(">=")
    assert f"py -{oldest} -m venv .venv" in windows and "have not been run by us" in readme
    for stage in ("ruff check .", "mypy", "pytest tests -n", "pytest -m browser"):
        assert f"-m {stage}" in rules and f"-m {stage}" in windows, stage


def test_lowest_versions_are_the_lower_bounds() -> None:
    command = [sys.executable, str(ROOT / "tools/lowest.py")]
    out = subprocess.run(command, capture_output=True, text=True, check=True)
    project = tomllib.loads(PYPROJECT)["project"]
    wanted = project["dependencies"] + project["optional-dependencies"]["dev"]
    assert out.stdout.split() == [re.sub(r">=([\w.]+).*", r"==\1", r) for r in wanted]
