"""What is deployed: small enough, complete, the same for the same input, and it runs."""

import hashlib
import json
import os
import struct
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from tests import packaged
from tests.aws.gateway import http_event
from tests.lambda_runtime import LambdaRuntime

MEGABYTE = 1_000_000
ZIPPED, UNZIPPED = 25 * MEGABYTE, 90 * MEGABYTE
WORKER_UNZIPPED = 1_000 * MEGABYTE
MACHINES = {"arm64": 183, "x86_64": 62}  # as ELF numbers them
MAGIC = 3571  # of Python 3.13's bytecode
UNCHECKED = 1
OURS = ("api", "models", "engine")
SECONDS = 600  # a build from nothing, on a busy machine

pytestmark = pytest.mark.timeout(SECONDS)


def built(*names: str) -> None:
    try:
        packaged.build(*names)
    except packaged.Unbuildable as e:
        pytest.skip(f"no artefact was built or run: {e}")


@pytest.fixture(scope="session", params=MACHINES)
def archive(request: pytest.FixtureRequest) -> Iterator[tuple[str, zipfile.ZipFile]]:
    built(f"query-{request.param}")
    with zipfile.ZipFile(packaged.DIST / f"query-{request.param}.zip") as opened:
        yield request.param, opened


@pytest.fixture(scope="session")
def unzipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The zip for this machine, laid out as Lambda does."""
    built("runtime")
    try:
        path = packaged.zip_for_this_machine()
    except packaged.Unbuildable as e:
        pytest.skip(str(e))
    place = tmp_path_factory.mktemp("task")
    with zipfile.ZipFile(path) as opened:
        opened.extractall(place)
    return place


def test_sizes(archive):
    _, opened = archive

    assert Path(opened.filename).stat().st_size <= ZIPPED
    assert sum(entry.file_size for entry in opened.infolist()) <= UNZIPPED


def test_sizes_are_told(archive):
    machine, opened = archive
    unzipped = sum(entry.file_size for entry in opened.infolist()) / MEGABYTE

    told = packaged.build("sizes")

    _, _, table = told.partition(f"query-{machine}\n")
    lines = table.splitlines()[:12]
    assert lines[10].split() == ["all,", "unzipped", f"{unzipped:.1f}", "MB"]
    assert lines[11].split()[0] == "zipped"


def test_same_input_gives_the_same_bytes(tmp_path):
    built("query-x86_64")

    packaged.build("query-x86_64", into=tmp_path)

    assert digest(tmp_path / "query-x86_64.zip") == digest(packaged.DIST / "query-x86_64.zip")


def test_libraries_are_of_the_machine(archive):
    machine, opened = archive
    libraries = [name for name in opened.namelist() if ".so" in PurePosixPath(name).suffixes]

    found = {struct.unpack_from("<H", opened.read(name), 0x12)[0] for name in libraries}

    assert len(libraries) > 20
    assert found == {MACHINES[machine]}


def test_all_is_compiled_for_the_runtime(archive):
    _, opened = archive
    names = set(opened.namelist())
    sources = {name for name in names if name.endswith(".py")}
    bytecode = {name for name in names if name.endswith(".pyc")}
    modules = shelved(opened)

    headers = {struct.unpack_from("<HxxI", opened.read(name)) for name in bytecode}
    headers |= {struct.unpack_from("<HxxI", module) for module in modules.values()}

    assert headers == {(MAGIC, UNCHECKED)}
    assert {name.partition("/")[0] for name in bytecode} == set(OURS)
    assert {"sqlalchemy.orm", "strawberry.schema", "mangum", "six"} <= set(modules)
    assert {name.partition("/")[0] for name in sources} == set(OURS)
    assert {cached(name) for name in sources} <= bytecode


def test_nothing_else_is_in_it(archive):
    _, opened = archive
    names = [PurePosixPath(name) for name in opened.namelist()]
    described = {name.parts[2] for name in names if name.parts[:2] == ("botocore", "data")}
    modules = [name.split(".") for name in shelved(opened)]
    packages = {name.parts[0] for name in names} | {parts[0] for parts in modules}

    assert {name for name in described if "." not in name} == {
        "s3", "sqs", "secretsmanager", "sts",
    }  # fmt: skip
    assert [name for name in names if name.suffix in (".pyi", ".pyx", ".c", ".h")] == []
    assert [name for name in names if "tests" in name.parts] == []
    assert [parts for parts in modules if "tests" in parts] == []
    assert [name for name in packages if name.endswith(".dist-info")] == [
        "potential_parakeet-0.1.0.dist-info"
    ]
    unwanted = {"uvicorn", "typer", "rich", "alembic", "numpy", "pandas", "migrations", "tests"}
    assert unwanted.isdisjoint(packages)
    assert not any(str(name).startswith(("api/cli", "engine/strategies")) for name in names)
    assert PurePosixPath("api/documents/current.json") in names


async def test_it_answers_from_its_tree_alone(unzipped: Path, database_url: str):
    env = {"DATABASE_URL": database_url}
    async with await LambdaRuntime.start(
        "api.lambdas.query.handler", env=env, python=packaged.runtime(), cwd=unzipped
    ) as runtime:
        described = await runtime.invoke(posted("{ strategies { key } }"))
        read = await runtime.invoke(posted("{ viewer { quota { jobsLeftToday } } }"))

    assert answered(described)["strategies"][0] == {"key": "breakout"}
    assert answered(read) == {"viewer": {"quota": {"jobsLeftToday": 2_000}}}
    assert "ERROR" not in runtime.log


def test_its_adapters_find_what_they_need_of_the_sdk(unzipped: Path):
    code = """
import api.lambdas  # opens the shelf the libraries are in
import asyncio, sys
import aioboto3
import api.adapters.jwks, jwt, cryptography.hazmat.primitives.asymmetric.rsa

async def main():
    session = aioboto3.Session(region_name="ap-southeast-2")
    for service in ("s3", "sqs", "secretsmanager", "sts"):
        async with session.client(service) as client:
            print(service, client.meta.endpoint_url)

asyncio.run(main())
from botocore.httpsession import where
print(open(where()).read().count("BEGIN CERTIFICATE") > 50)
print(*{path for path in sys.path if "site-packages" in path})
"""
    env = {"PATH": os.environ["PATH"], "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"}

    told = subprocess.check_output(
        [packaged.runtime(), "-c", code], cwd=unzipped, env=env, text=True
    ).splitlines()

    assert told[:4] == [
        "s3 https://s3.ap-southeast-2.amazonaws.com",
        "sqs https://sqs.ap-southeast-2.amazonaws.com",
        "secretsmanager https://secretsmanager.ap-southeast-2.amazonaws.com",
        "sts https://sts.ap-southeast-2.amazonaws.com",
    ]
    assert told[4] == "True"
    assert told[5].startswith(str(packaged.DIST / "runtime"))


def test_worker_tree():
    built("worker")
    tree = packaged.DIST / "worker" / "tree"
    files = [path for path in tree.rglob("*") if path.is_file()]
    libraries = [path for path in files if ".so" in path.suffixes]
    heads = [path.read_bytes()[:20] for path in libraries]
    machines = {struct.unpack_from("<H", h, 0x12)[0] for h in heads if h[:4] == b"\x7fELF"}

    assert sum(path.stat().st_size for path in files) <= WORKER_UNZIPPED
    assert machines == {MACHINES["arm64"]}
    assert [path for path in files if path.suffix == ".pyi" or "tests" in path.parts] == []
    assert all((tree / name).is_dir() for name in (*OURS, "migrations", "awslambdaric", "alembic"))
    sources = [path for path in files if path.suffix == ".py" and path.is_relative_to(tree / "api")]
    assert all(Path(cached(str(source))).exists() for source in sources)


def posted(query: str) -> dict[str, Any]:
    return http_event("/graphql", {"query": query}, host="127.0.0.1")


def answered(answer: dict[str, Any]) -> Any:
    assert answer["statusCode"] == 200, answer
    body = json.loads(answer["body"])
    assert "errors" not in body, body
    return body["data"]


def cached(source: str) -> str:
    path = PurePosixPath(source)
    return str(path.parent / "__pycache__" / f"{path.stem}.cpython-313.pyc")


def shelved(archive: zipfile.ZipFile) -> dict[str, bytes]:
    """Return the bytecode of the libraries by the names of their modules."""
    index, _, content = archive.read("libraries.shelf").partition(b"\n")
    return {name: content[start:end] for name, (_, start, end) in json.loads(index).items()}


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
