"""The runtime API of the tests behaves as Lambda's towards the real client."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import psutil
import pytest

from tests.aws.conftest import StartFunction
from tests.lambda_runtime import FunctionError, FunctionTimeout, LambdaRuntime
from tests.waiting import until

FUNCTION = """
import os, subprocess, sys, time
print("module imported")

def handler(event, context):
    match event.get("do"):
        case "raise":
            raise ValueError("no such thing")
        case "exit":
            os._exit(3)
        case "sleep":
            child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
            print(f"child {child.pid}.")
            time.sleep(60)
        case "grow":
            return "x" * (7 * 1024 * 1024)
    return {
        "event": event,
        "pid": os.getpid(),
        "request": context.aws_request_id,
        "arn": context.invoked_function_arn,
        "remaining": context.get_remaining_time_in_millis(),
        "trace": os.environ["_X_AMZN_TRACE_ID"],
        "home": os.environ.get("HOME"),
        "given": os.environ.get("GIVEN"),
    }
"""

Start = Callable[..., Awaitable[LambdaRuntime]]


@pytest.fixture
def start(start_function: StartFunction, tmp_path: Path) -> Start:
    async def start(code: str = FUNCTION, **env: str) -> LambdaRuntime:
        (tmp_path / "function.py").write_text(code)
        return await start_function("function.handler", cwd=tmp_path, env=env)

    return start


async def test_answer_of_the_function(start: Start):
    runtime = await start(GIVEN="this")

    first = await runtime.invoke({"n": 1}, timeout_seconds=20)
    second = await runtime.invoke({"n": 2}, timeout_seconds=20)

    assert (first["event"], second["event"]) == ({"n": 1}, {"n": 2})
    assert first["pid"] == second["pid"] == runtime.pid
    assert first["request"] != second["request"]
    assert first["arn"].endswith(":function:parakeet-test-function:live")
    assert 0 < first["remaining"] <= 20_000
    assert first["trace"].startswith("Root=1-")
    assert (first["home"], first["given"]) == (None, "this")
    assert runtime.log.count("module imported") == 1


async def test_exception_of_the_function_keeps_its_process(start: Start):
    runtime = await start()
    before = (await runtime.invoke({}))["pid"]

    with pytest.raises(FunctionError) as caught:
        await runtime.invoke({"do": "raise"})

    assert (caught.value.kind, caught.value.message) == ("ValueError", "no such thing")
    assert (await runtime.invoke({}))["pid"] == before
    assert "[ERROR] ValueError: no such thing" in runtime.log


async def test_timeout_kills_all_it_started_and_the_next_call_starts_cold(start: Start):
    runtime = await start()
    before = (await runtime.invoke({}))["pid"]

    with pytest.raises(FunctionTimeout):
        await runtime.invoke({"do": "sleep"}, timeout_seconds=4)

    assert runtime.pid is None
    child = int(runtime.log.partition("child ")[2].partition(".")[0])
    await until(lambda: _gone(before))
    await until(lambda: _gone(child))
    assert (await runtime.invoke({}))["pid"] not in (before, child)
    assert runtime.log.count("module imported") == 2


async def test_exit_is_told_and_the_next_call_starts_cold(start: Start):
    runtime = await start()

    with pytest.raises(FunctionError) as caught:
        await runtime.invoke({"do": "exit"})

    assert caught.value.kind == "Runtime.ExitError"
    assert "code 3" in caught.value.message
    assert (await runtime.invoke({"n": 1}))["event"] == {"n": 1}


async def test_kill_fails_the_invocation_under_way(start: Start):
    runtime = await start()
    await runtime.invoke({})
    under_way = asyncio.create_task(runtime.invoke({"do": "sleep"}))
    await until(lambda: "child" in runtime.log)

    runtime.kill()

    with pytest.raises(FunctionError) as caught:
        await under_way
    assert caught.value.kind == "Runtime.ExitError"


async def test_handler_that_cannot_be_imported_is_an_error_at_start(start: Start):
    runtime = await start("import nowhere")

    with pytest.raises(FunctionError) as caught:
        await runtime.invoke({})

    assert caught.value.kind == "Runtime.ImportModuleError"
    assert "No module named 'nowhere'" in caught.value.message


async def test_answer_over_six_megabytes_is_refused(start: Start):
    runtime = await start()

    with pytest.raises(FunctionError) as caught:
        await runtime.invoke({"do": "grow"})

    assert caught.value.kind == "Function.ResponseSizeTooLarge"
    assert (await runtime.invoke({"n": 1}))["event"] == {"n": 1}


async def test_caller_that_goes_away_leaves_no_process(start: Start):
    runtime = await start()
    before = (await runtime.invoke({}))["pid"]
    under_way = asyncio.create_task(runtime.invoke({"do": "sleep"}))
    await until(lambda: "child" in runtime.log)

    under_way.cancel()
    await asyncio.wait([under_way])

    assert under_way.cancelled()
    await until(lambda: _gone(before))


async def test_several_functions_at_once(start: Start):
    runtimes = [await start() for _ in range(3)]

    answers = await asyncio.gather(*(r.invoke({"n": n}) for n, r in enumerate(runtimes)))

    assert [answer["event"]["n"] for answer in answers] == [0, 1, 2]
    assert len({answer["pid"] for answer in answers}) == 3


async def test_stop_leaves_no_process(start: Start):
    runtime = await start()
    pid = (await runtime.invoke({}))["pid"]

    await runtime.stop()
    await runtime.stop()

    await until(lambda: _gone(pid))
    assert runtime.log.startswith("module imported")


def _gone(pid: int) -> bool:
    """Tell whether the process is no more, or waits only for its parent to hear of it."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
