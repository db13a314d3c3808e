"""What the linters of the workflows do not say."""

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def read(name):
    return yaml.safe_load((ROOT / ".github" / "workflows" / f"{name}.yml").read_text())


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_every_job_ends_and_no_secret_of_githubs_is_read(path):
    text = path.read_text()
    assert "secrets." not in text
    assert "secrets:" not in text
    for job in yaml.safe_load(text)["jobs"].values():
        assert "uses" in job or job["timeout-minutes"] <= 75


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_every_action_is_a_commit_whose_version_is_told(path):
    for line in re.findall(r"uses: (.*)", path.read_text()):
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+|\./\.github/.*", line)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_every_script_and_target_exists(path):
    text = path.read_text()
    makefile = (ROOT / "Makefile").read_text()
    for name in re.findall(r"(?<![\w/])\.ci/([\w.]+)", text):
        assert (ROOT / ".ci" / name).is_file(), name
    for target in re.findall(r"make ([a-z-]+)", text):
        assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE), target


def test_each_environment_waits_for_the_one_before():
    jobs = read("deploy")["jobs"]
    assert {name: job.get("needs") for name, job in jobs.items()} == {
        "test": None,
        "dev": "test",
        "staging": "dev",
        "production": "staging",
    }
    assert {
        job["with"]["stack"]: job["with"]["environment"] for job in jobs.values() if "with" in job
    } == {
        "dev": "dev",
        "staging": "staging",
        "prod": "production",
    }


def test_a_deployment_migrates_before_it_shifts_and_ends_with_the_smoke_test():
    steps = [step.get("run", "") for step in read("deploy-stack")["jobs"]["deploy"]["steps"]]
    order = ["make package", ".ci/image", "pulumi up", "migrate", "shift", ".ci/pages", ".ci/smoke"]
    places = [next(i for i, step in enumerate(steps) if word in step) for word in order]
    assert places == sorted(places)
    assert places[-1] == len(steps) - 1


def test_a_fork_gets_no_preview():
    for job in read("preview")["jobs"].values():
        same = "github.event.pull_request.head.repo.full_name == github.repository"
        assert job["if"] == same


@pytest.mark.parametrize(("name", "job"), [("deploy-stack", "deploy"), ("preview", "preview")])
def test_what_others_wrote_is_built_before_there_are_credentials(name, job):
    steps = read(name)["jobs"][job]["steps"]
    told = [step.get("run", "") + step.get("uses", "") for step in steps]
    (given,) = (i for i, step in enumerate(told) if "configure-aws-credentials" in step)
    (built,) = (i for i, step in enumerate(told) if step == "make package")
    (chosen,) = (i for i, step in enumerate(told) if "pulumi stack select" in step)
    assert built < given < chosen
