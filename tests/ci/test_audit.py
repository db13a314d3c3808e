"""An audit that judged nothing is a failed audit."""

import json
from pathlib import Path

ROOT = Path(__file__).parents[2]


def judged(name, *advisories):
    return {"name": name, "version": "1.0", "vulns": [{"id": found} for found in advisories]}


def test_a_clean_report_of_every_package_passes(audit):
    report = {"dependencies": [judged("pulumi_aws"), judged("orjson")]}
    assert audit.pip_faults(report, {"pulumi-aws", "orjson"}) == []


def test_an_advisory_fails(audit):
    report = {"dependencies": [judged("orjson", "PYSEC-1", "GHSA-2")]}
    assert audit.pip_faults(report, {"orjson"}) == ["orjson 1.0: PYSEC-1", "orjson 1.0: GHSA-2"]


def test_a_package_that_could_not_be_audited_fails(audit):
    skipped = {"name": "uv", "skip_reason": "could not be audited: uv (0.13.9)"}
    assert audit.pip_faults({"dependencies": [skipped]}, {"uv"}) == [
        "uv was not audited: could not be audited: uv (0.13.9)"
    ]


def test_a_package_left_out_of_the_report_fails(audit):
    assert audit.pip_faults({"dependencies": []}, {"uv"}) == ["uv is missing from the report"]


def test_npm_must_have_counted_packages(audit):
    refused = {"message": "405 Method Not Allowed"}
    assert audit.npm_faults(refused) == ["npm audited nothing: 405 Method Not Allowed"]
    assert audit.signature_faults(refused) == ["npm checked no signature: 405 Method Not Allowed"]


def test_npm_advisories_from_moderate_fail(audit):
    found = {"a": {"severity": "low"}, "b": {"severity": "moderate"}, "c": {"severity": "critical"}}
    report = {"metadata": {"dependencies": {"total": 9}}, "vulnerabilities": found}
    assert audit.npm_faults(report) == ["b: moderate", "c: critical"]


def test_a_package_without_a_good_signature_fails(audit):
    entry = {"name": "left-pad", "version": "1.3.0"}
    assert audit.signature_faults({"invalid": [entry], "missing": [entry]}) == [
        "left-pad@1.3.0: invalid registry signature",
        "left-pad@1.3.0: missing registry signature",
    ]


def test_the_bill_names_every_pinned_package_and_its_digests(audit, tmp_path):
    lock = (ROOT / "requirements-query.lock").read_text()
    audit.materials(tmp_path)
    components = json.loads((tmp_path / "requirements-query.json").read_text())["components"]
    assert len(components) == lock.count("==") - lock.count(" == ")
    assert sum(len(component["hashes"]) for component in components) == lock.count("--hash=")
    assert "pkg:pypi/strawberry-graphql@" in json.dumps(components)
    assert json.loads((tmp_path / "npm-client.json").read_text())["bomFormat"] == "CycloneDX"
