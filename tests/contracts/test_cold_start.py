"""What a new container of the query function loads before its first answer.

Counted, not timed: `make bench` times it.
"""

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from runpy import run_path

from tests.api.tokens import Issuer
from tests.aws.gateway import http_event
from tests.deployed import deployment, signed_event

HEAVY = {
    "pandas", "numpy", "scipy", "pyarrow", "boto3", "aioboto3", "botocore", "aiobotocore",
    "yfinance", "vectorbt", "skfolio", "sklearn", "numba", "exchange_calendars", "httpx",
    "alembic", "uvicorn", "typer", "jwt", "cryptography", "aws_xray_sdk",
    "engine.strategies", "engine.panel", "engine.simulate",
    "strawberry.fastapi", "fastapi", "opentelemetry",
}  # fmt: skip
# What a token is checked with; only who is deployed is sent any.
TOKENS = {"jwt", "cryptography"}
# Modules of today and a few to grow by; more must be worth what each start then takes longer.
MOST_MODULES = 1_120
FIRST = """
import json, sys
from types import SimpleNamespace

import api.lambdas.query

context = SimpleNamespace(
    aws_request_id="r", function_name="query", function_version="1", memory_limit_in_mb="1024",
    invoked_function_arn="arn:aws:lambda:ap-southeast-2:123456789012:function:query",
    get_remaining_time_in_millis=lambda: 30_000,
)
answer = api.lambdas.query.handler(json.loads(sys.argv[1]), context)
loaded = [name for name in sys.modules if not name.startswith("tests")]
told = {"answer": json.loads(answer["body"]), "loaded": loaded}
print(json.dumps(told))
"""
SUBMIT = """
mutation ($input: RunBacktestInput!) {
  runBacktest(input: $input) { backtest { id } userErrors { field message reason } }
}
"""


def first_answer(database_url: str, query: str, variables: object = None) -> dict[str, object]:
    """Answer one request in a process of its own; return the answer and what was loaded."""
    event = http_event("/graphql", {"query": query, "variables": variables}, host="127.0.0.1")
    return answered(event, {"DATABASE_URL": database_url})


def answered(event: object, environment: dict[str, str]) -> dict[str, object]:
    done = subprocess.run(
        [sys.executable, "-c", FIRST, json.dumps(event)],
        env={"PATH": "/usr/bin:/bin"} | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_strategies_are_described_without_the_engine(database_url):
    told = first_answer(database_url, "{ strategies { key parameterSchema } }")

    keys = [strategy["key"] for strategy in told["answer"]["data"]["strategies"]]
    assert "momentum" in keys
    assert sorted(HEAVY.intersection(told["loaded"])) == []
    assert "jsonschema" not in told["loaded"]


def test_parameters_are_checked_without_the_engine(database_url):
    wrong = {
        "strategy": "momentum",
        "parameters": {"top_n": 0},
        "universe": "SAMPLE_US",
        "start": "2018-06-01",
    }

    told = first_answer(database_url, SUBMIT, {"input": wrong})

    assert told["answer"]["data"]["runBacktest"] == {
        "backtest": None,
        "userErrors": [
            {
                "field": ["input", "parameters", "top_n"],
                "message": "top_n was 0; use at least 1",
                "reason": None,
            }
        ],
    }
    assert sorted(HEAVY.intersection(told["loaded"])) == []


def test_what_it_loads_of_the_engine_is_packed():
    """The whole engine lies beside the tests, and beside the function only what is named."""
    script = Path(__file__).parents[2] / ".ci" / "artefacts.py"
    packed = run_path(str(script))["QUERY"]
    code = "import sys, api.lambdas.query, api.graphql.risk; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True,
        env={"PATH": "/usr/bin:/bin", "DATABASE_URL": "postgresql://nobody@localhost/none"},
    )  # fmt: skip
    loaded = {name for name in done.stdout.split() if name.startswith("engine.")}

    assert loaded
    assert {f"{name.replace('.', '/')}.py" for name in loaded} <= set(packed)


def test_growth_is_noticed(database_url):
    told = first_answer(database_url, "{ strategies { key } }")

    assert len(told["loaded"]) <= MOST_MODULES


async def test_a_deployed_function_reads_its_secrets_without_the_sdk(database_url, moto, tmp_path):
    issuer = Issuer()
    query = "{ viewer { quota { jobsLeftToday } } }"

    async with deployment(database_url, issuer, emulator=moto, folder=tmp_path) as environment:
        told = await asyncio.to_thread(answered, signed_event(query, issuer), environment)

    assert told["answer"]["data"] == {"viewer": {"quota": {"jobsLeftToday": 2_000}}}
    assert HEAVY.intersection(told["loaded"]) == TOKENS
