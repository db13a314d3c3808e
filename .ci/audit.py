"""What the artefacts are made of, and what is known against it.

`materials FOLDER` writes one CycloneDX file per lock, offline.
`advisories` asks PyPI and npm; it fails on an advisory, and on a package nobody could judge:
pip-audit leaves with 0 when its service does not answer, so its exit code alone proves nothing.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
PIP_AUDIT: list[str | Path] = [
    ROOT / ".venv" / "audit" / "bin" / "pip-audit",
    *("--require-hashes", "--disable-pip", "--format=json", "--progress-spinner=off"),
]


def python_locks() -> list[Path]:
    return sorted(ROOT.glob("requirements*.lock"))


def npm_folders() -> list[Path]:
    found = [*ROOT.glob("*/package-lock.json"), *ROOT.glob(".*/package-lock.json")]
    return sorted(path.parent for path in found)


def requirements(lock: str) -> Iterator[tuple[Requirement, list[str]]]:
    """Read each requirement of a lock with the digests of its files."""
    for entry in re.split(r"\n(?=\S)", lock.strip()):
        pin, _, digests = entry.partition("\\\n")
        yield Requirement(pin.strip()), re.findall(r"--hash=sha256:([0-9a-f]{64})", digests)


def bill(lock: str) -> dict[str, Any]:
    """Describe a lock in CycloneDX: every package it may install, with the digests it accepts."""
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.5.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "components": [component(*found) for found in requirements(lock)],
    }


def component(requirement: Requirement, digests: list[str]) -> dict[str, Any]:
    (pin,) = requirement.specifier
    name = canonicalize_name(requirement.name)
    return {
        "type": "library",
        "name": name,
        "version": pin.version,
        "purl": f"pkg:pypi/{name}@{pin.version}",
        "hashes": [{"alg": "SHA-256", "content": digest} for digest in digests],
    }


def installable(lock: str) -> set[str]:
    """Name what the lock installs on this machine."""
    return {
        canonicalize_name(requirement.name)
        for requirement, _ in requirements(lock)
        if requirement.marker is None or requirement.marker.evaluate()
    }


def pip_faults(report: dict[str, Any], wanted: set[str]) -> list[str]:
    """Name each advisory, each package that was not judged, and each the report leaves out."""
    faults = []
    for package in report["dependencies"]:
        if "skip_reason" in package:
            faults.append(f"{package['name']} was not audited: {package['skip_reason']}")
        found = [advisory["id"] for advisory in package.get("vulns", [])]
        faults += [f"{package['name']} {package['version']}: {name}" for name in found]
    judged = {canonicalize_name(package["name"]) for package in report["dependencies"]}
    return faults + [f"{name} is missing from the report" for name in sorted(wanted - judged)]


def npm_faults(report: dict[str, Any]) -> list[str]:
    """Name each advisory of at least moderate severity; a report of nothing is a fault."""
    counted = report.get("metadata", {}).get("dependencies", {}).get("total", 0)
    if not counted:
        return [f"npm audited nothing: {report.get('message', 'no packages in its report')}"]
    grave = {"moderate", "high", "critical"}
    return [
        f"{name}: {entry['severity']}"
        for name, entry in sorted(report["vulnerabilities"].items())
        if entry["severity"] in grave
    ]


def signature_faults(report: dict[str, Any]) -> list[str]:
    """Name each package whose registry signature is wrong or absent."""
    if not {"invalid", "missing"} <= report.keys():
        return [f"npm checked no signature: {report.get('message', 'no lists in its report')}"]
    return [
        f"{entry['name']}@{entry['version']}: {kind} registry signature"
        for kind in ("invalid", "missing")
        for entry in report[kind]
    ]


def answer(command: Sequence[str | Path], folder: Path) -> dict[str, Any]:
    done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, check=False)
    try:
        parsed: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        sys.exit(f"{command[0]} in {folder} gave no report (exit {done.returncode})")
    return parsed


def materials(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for lock in python_locks():
        (folder / f"{lock.stem}.json").write_text(json.dumps(bill(lock.read_text()), indent=1))
    for project in npm_folders():
        command = ["npm", "sbom", "--sbom-format=cyclonedx", "--package-lock-only"]
        name = project.name.removeprefix(".")
        (folder / f"npm-{name}.json").write_text(json.dumps(answer(command, project), indent=1))


def advisories() -> list[str]:
    faults = []
    for lock in python_locks():
        report = answer([*PIP_AUDIT, "-r", lock], ROOT)
        faults += pip_faults(report, installable(lock.read_text()))
    for project in npm_folders():
        faults += npm_faults(answer(["npm", "audit", "--json"], project))
        faults += signature_faults(answer(["npm", "audit", "signatures", "--json"], project))
    return faults


def main(arguments: list[str]) -> None:
    match arguments:
        case ["materials", folder]:
            materials(Path(folder))
        case ["advisories"]:
            if faults := advisories():
                sys.exit("\n".join(faults))
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
