"""How long a person waits for a backtest through a server, and for the same one again."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.benchmarks.figure import Check, Figure, spell

ROUNDS = 7
POLL_SECONDS = 0.02
READY = "is ready at "
RUNS = (
    ("AUD 2000-2022", {"currency": "AUD", "start": "2000-01-10"}),
    ("USD 1990-2022", {"currency": "USD", "start": "1990-01-02"}),
)
SUBMIT = """
mutation Submit($input: RunBacktestInput!) {
  runBacktest(input: $input) {
    reused
    backtest { id metrics { finalValue sharpe } }
    userErrors { message field }
  }
}
"""
POLL = """
query Poll($id: ID!) {
  backtest(id: $id) { job { status error { message } } metrics { finalValue sharpe } }
}
"""


def figures() -> Iterator[Figure]:
    """Measure on a server of our own, its database fresh, its worker warmed by one run."""
    with _server() as address:
        for label, terms in RUNS:
            yield from _measured(address, label, terms)


def _measured(address: str, label: str, terms: dict[str, str]) -> Iterator[Figure]:
    _until_finished(address, _input(terms, lookback=100))
    waits, again, error = [], [], 0.0
    for round_ in range(ROUNDS):
        wish = _input(terms, lookback=200 + round_)
        taken, first = _timed(lambda wish=wish: _until_finished(address, wish))
        waits.append(taken)
        taken, second = _timed(lambda wish=wish: _submit(address, wish))
        again.append(taken)
        same = second["reused"] and second["backtest"]["metrics"] == first
        error = max(error, 0.0 if same else 1.0)
    yield _figure(f"runBacktest SAMPLE_US {label}, warm", waits, 2.0, ())
    check = Check(what="resubmission returns the stored figures", error=error, bound=0.0)
    yield _figure(f"the same again {label}", again, 0.05, (check,))


def _figure(name: str, seconds: list[float], target: float, checks: tuple[Check, ...]) -> Figure:
    middle = statistics.median(seconds)
    return Figure(
        name=name,
        ours=spell(middle),
        target=f"<= {spell(target)}",
        met=middle <= target,
        checks=checks,
        notes=(f"{ROUNDS} rounds, slowest {spell(max(seconds))}, seen by a polling client",),
    )


def _timed(call: Any) -> tuple[float, Any]:
    start = time.perf_counter()
    answer = call()
    return time.perf_counter() - start, answer


def _input(terms: dict[str, str], *, lookback: int) -> dict[str, Any]:
    parameters = {"lookback": lookback, "top_n": 5}
    return {
        "strategy": "momentum",
        "universe": "SAMPLE_US",
        "end": "2022-12-28",
        "parameters": parameters,
        **terms,
    }


def _submit(address: str, wish: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = _ask(address, SUBMIT, {"input": wish})["runBacktest"]
    if answer["userErrors"]:
        raise ValueError(f"the run was refused: {answer['userErrors']}")
    return answer


def _until_finished(address: str, wish: dict[str, Any]) -> dict[str, Any]:
    identity = _submit(address, wish)["backtest"]["id"]
    while True:
        run = _ask(address, POLL, {"id": identity})["backtest"]
        if run["job"]["status"] == "SUCCEEDED":
            figures: dict[str, Any] = run["metrics"]
            return figures
        if run["job"]["error"]:
            raise ValueError(f"the run failed: {run['job']['error']['message']}")
        time.sleep(POLL_SECONDS)


def _ask(address: str, query: str, variables: dict[str, Any]) -> dict[str, Any]:
    body = json.dumps({"query": query, "variables": variables}).encode()
    headers = {"content-type": "application/json"}
    request = urllib.request.Request(f"{address}/graphql", body, headers)  # noqa: S310
    with urllib.request.urlopen(request) as response:  # noqa: S310 - our own loopback server
        answer = json.load(response)
    if "errors" in answer:
        raise ValueError(f"the server answered {answer['errors']}")
    data: dict[str, Any] = answer["data"]
    return data


@contextmanager
def _server() -> Iterator[str]:
    command = [str(Path(sys.executable).parent / "parakeet"), "serve", "--port", "0"]
    with tempfile.TemporaryDirectory(prefix="pp") as home:
        settings = {
            "PARAKEET_HOME": home,
            "PARAKEET_LOG_LEVEL": "WARNING",
        }
        process = subprocess.Popen(
            command, env=os.environ | settings, stdout=subprocess.PIPE, text=True
        )
        try:
            yield _address(process)
        finally:
            process.terminate()
            process.wait(timeout=30)


def _address(process: subprocess.Popen[str]) -> str:
    if process.stdout is None:
        raise ValueError("the server has no output to read")
    for line in process.stdout:
        if READY in line:
            return line.partition(READY)[2].strip()
    raise ValueError("the server ended before it was ready")
