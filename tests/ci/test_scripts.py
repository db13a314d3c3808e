"""The scripts a deployment runs, with stand-ins for the commands of others on the PATH."""

import hashlib
import io
import os
import platform
import re
import subprocess
import tarfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
REGISTRY = "123456789012.dkr.ecr.ap-southeast-2.amazonaws.com/parakeet-dev-worker"
DIGEST = f"sha256:{'d' * 64}"
PULUMI = """
case "$*" in
"stack output registryUrl") [ -f registry ] && echo REGISTRY || exit 255 ;;
"up --yes --non-interactive") touch registry ;;
"config set workerImage "*) ;;
*) exit 99 ;;
esac
""".replace("REGISTRY", REGISTRY)
DOCKER = """
case "$1" in
login) grep -q . ;;
buildx) echo '{"containerimage.digest": "DIGEST"}' >dist/image.json ;;
esac
""".replace("DIGEST", DIGEST)


@pytest.fixture
def room(tmp_path):
    """A copy of the scripts with an environment, and a folder of commands that note their calls."""
    for name in ("image", "pulumi", "release.py"):
        (tmp_path / ".ci").mkdir(exist_ok=True)
        (tmp_path / ".ci" / name).write_bytes((ROOT / ".ci" / name).read_bytes())
        (tmp_path / ".ci" / name).chmod(0o755)
    (tmp_path / ".venv").symlink_to(ROOT / ".venv")
    for folder in ("dist", "bin"):
        (tmp_path / folder).mkdir()
    command(tmp_path, "git", "echo 0123456789ab")
    return tmp_path


def command(room, name, script):
    made = room / "bin" / name
    made.write_text(f'#!/bin/sh\necho "{name} $*" >>calls\n{script}')
    made.chmod(0o755)


def run(room, script, *arguments, **environment):
    path = f"{room / 'bin'}:{os.environ['PATH']}"
    return subprocess.run(
        [room / ".ci" / script, *arguments],
        cwd=room,
        env=os.environ | {"PATH": path} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def account_of_moto(moto):
    return {
        "AWS_ENDPOINT_URL": moto,
        "AWS_DEFAULT_REGION": "ap-southeast-2",
        "AWS_ACCESS_KEY_ID": "nobody",
        "AWS_SECRET_ACCESS_KEY": "nobody",
    }


@pytest.mark.parametrize("first", [True, False])
def test_the_image_is_pushed_by_a_tag_of_its_own_and_deployed_by_digest(
    room, account_of_moto, first
):
    command(room, "pulumi", PULUMI)
    command(room, "docker", DOCKER)
    if not first:
        (room / "registry").touch()
    done = run(room, "image", **account_of_moto)
    assert done.returncode == 0, done.stderr
    calls = (room / "calls").read_text().splitlines()
    assert ("pulumi up --yes --non-interactive" in calls) == first
    assert calls[-1] == f"pulumi config set workerImage {REGISTRY}@{DIGEST}"
    host = REGISTRY.partition("/")[0]
    assert f"docker login --username AWS --password-stdin {host}" in calls
    (built,) = [call for call in calls if call.startswith("docker buildx")]
    assert "--platform linux/arm64 --provenance=false" in built
    assert re.search(rf"--tag {re.escape(REGISTRY)}:0123456789ab-\d{{14}} --push", built)


def archive():
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as packed:
        program = b"#!/bin/sh\necho v0.0.0\n"
        entry = tarfile.TarInfo("pulumi/pulumi")
        entry.size, entry.mode = len(program), 0o755
        packed.addfile(entry, io.BytesIO(program))
    return content.getvalue()


def published(room, content, digest):
    """Stand in for both hosts: one has the archive, the other its digest."""
    (room / "requirements-infra.lock").write_text("pulumi==0.0.0 ; marker \\\n")
    (room / "archive").write_bytes(content)
    machine = {"x86_64": "x64", "aarch64": "arm64", "arm64": "arm64"}[platform.machine()]
    name = f"pulumi-v0.0.0-{platform.system().lower()}-{machine}.tar.gz"
    (room / "sums").write_text(f"{digest}  another.tar.gz\n{digest}  {name}\n")
    folder = room / "installed"
    script = f'case "$*" in *SHA512SUMS) cat sums ;; *) cp archive "{folder}/{name}" ;; esac'
    command(room, "curl", script)
    return folder


def test_pulumi_is_installed_when_both_hosts_agree(room):
    content = archive()
    folder = published(room, content, hashlib.sha512(content).hexdigest())
    done = run(room, "pulumi", str(folder))
    assert (done.returncode, done.stdout) == (0, "v0.0.0\n"), done.stderr


@pytest.mark.parametrize("digest", ["0" * 128, ""])
def test_pulumi_of_another_digest_is_refused(room, digest):
    folder = published(room, archive(), digest)
    done = run(room, "pulumi", str(folder))
    assert done.returncode == 1
    assert "has the digest" in done.stderr
    assert not (folder / "pulumi").exists()
