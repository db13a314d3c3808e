import json
import logging
import os
import subprocess
import sys
from contextlib import suppress

import pytest
from sqlalchemy.exc import ProgrammingError

from api import telemetry
from api.errors import InvalidInput
from api.telemetry import Metric


@pytest.fixture(autouse=True)
def restored():
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    root.handlers.clear()
    quiet = {name: logging.getLogger(name).level for name in telemetry.CHATTY}
    yield
    for name, before in quiet.items():
        logging.getLogger(name).setLevel(before)
    for handler in root.handlers:
        handler.close()
    root.handlers[:] = handlers
    root.setLevel(level)
    telemetry.request_id.set(None)
    telemetry.job_id.set(None)


def fail():
    try:
        int("left")
    except ValueError:
        telemetry.logger.exception("it ended")


def test_lines_carry_the_request_and_the_job(tmp_path):
    telemetry.configure("INFO", path=tmp_path / "logs" / "parakeet.log")
    telemetry.request_id.set("r1")
    telemetry.job_id.set("j1")

    telemetry.logger.info("took %d", 3)
    telemetry.logger.debug("unheard")

    (line,) = (tmp_path / "logs" / "parakeet.log").read_text().splitlines()
    found = json.loads(line)
    assert found.pop("at").endswith("+00:00")
    assert found == {
        "level": "INFO",
        "logger": "parakeet",
        "message": "took 3",
        "request_id": "r1",
        "job_id": "j1",
    }


def test_terminal_shows_warnings_as_sentences_and_the_file_has_the_traceback(tmp_path, capsys):
    telemetry.configure("INFO", path=tmp_path / "parakeet.log")

    telemetry.logger.info("nothing to see")
    fail()

    assert capsys.readouterr().err.strip() == "ERROR: it ended"
    assert (
        "invalid literal for int"
        in json.loads((tmp_path / "parakeet.log").read_text().splitlines()[1])["error"]
    )


def test_without_a_file_all_goes_to_the_terminal_as_lines(capsys):
    telemetry.configure("WARNING")

    fail()

    assert json.loads(capsys.readouterr().err)["message"] == "it ended"


def test_a_function_writes_what_powertools_does(capsys):
    telemetry.configure_function("INFO")
    telemetry.meter.sums.clear()
    with telemetry.invocation("r1"):
        telemetry.job_id.set("j1")
        telemetry.logger.info("took %d", 3)
        logging.getLogger("sqlalchemy.pool").warning("theirs")

    ours, theirs = map(json.loads, capsys.readouterr().out.splitlines())
    assert ours.pop("timestamp").endswith("+00:00")
    assert ours.pop("location").startswith("test_a_function_writes_what_powertools_does:")
    assert ours == {
        "level": "INFO",
        "message": "took 3",
        "logger": "parakeet",
        "request_id": "r1",
        "job_id": "j1",
    }
    assert (theirs["logger"], theirs["request_id"]) == ("sqlalchemy.pool", "r1")


def refuse():
    try:
        refuse_as_a_driver_does()
    except ProgrammingError as e:
        raise InvalidInput("top_n was 0") from e


def refuse_as_a_driver_does():
    raise ProgrammingError("SELECT secret", {"password": "hunter2"}, OSError("hunter3"))


def test_a_function_s_line_quotes_no_foreign_error(capsys):
    telemetry.configure_function("INFO")
    try:
        refuse()
    except InvalidInput:
        telemetry.logger.exception("it ended")

    line = capsys.readouterr().out
    told = json.loads(line)
    assert told["exception_name"] == "InvalidInput"
    frames = told["exception"].splitlines()
    assert frames[2] == "ProgrammingError"
    assert frames[-1] == "InvalidInput: top_n was 0"
    assert "test_telemetry.py" in frames[0]
    assert not any(word in line for word in ("SELECT", "secret", "hunter"))


def test_a_function_s_line_has_an_end(capsys):
    telemetry.configure_function("INFO")

    def fall(depth):
        if depth == 0:
            raise InvalidInput("x" * 100_000)
        fall(depth - 1)

    try:
        fall(200)
    except InvalidInput:
        telemetry.logger.exception("%s", "y" * 100_000)

    assert len(capsys.readouterr().out) < 6_000


def test_metrics_are_one_line_at_the_end_of_an_invocation(capsys, monkeypatch):
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "parakeet-test")
    monkeypatch.setattr(telemetry.meter, "sums", {})
    with telemetry.invocation("r1"):
        for seconds in (0.5, 1.0):
            telemetry.meter.add(Metric.JOBS_SUCCEEDED)
            telemetry.meter.add(Metric.COMPUTE_SECONDS, seconds)
    with telemetry.invocation("r2"):
        pass

    (line,) = capsys.readouterr().out.splitlines()
    told = json.loads(line)
    assert told["_aws"]["CloudWatchMetrics"] == [
        {
            "Namespace": "PotentialParakeet",
            "Dimensions": [["service"]],
            "Metrics": [
                {"Name": "JobsSucceeded", "Unit": "Count"},
                {"Name": "ComputeSeconds", "Unit": "Seconds"},
            ],
        }
    ]
    assert (told["service"], told["JobsSucceeded"], told["ComputeSeconds"]) == (
        "parakeet-test",
        [2.0],
        [1.5],
    )


def test_metrics_of_an_invocation_that_raises_are_written_too(capsys, monkeypatch):
    monkeypatch.setattr(telemetry.meter, "sums", {})

    with suppress(InvalidInput), telemetry.invocation("r1"):
        telemetry.meter.add(Metric.JOBS_LOST)
        raise InvalidInput("x")

    assert "JobsLost" in capsys.readouterr().out


TRACE = "Root=1-65a1b2c3-0123456789abcdef01234567;Parent=0123456789abcdef;Sampled=1"


def run_alone(code: str, **environment: str) -> str:
    command = [sys.executable, "-c", code]
    return subprocess.check_output(command, text=True, env=os.environ | environment)


def test_powertools_is_imported_late_and_without_botocore():
    told = run_alone(
        "import sys; from api import telemetry; telemetry.configure_function('INFO')\n"
        "print('aws_lambda_powertools' in sys.modules)\n"
        "telemetry.logger.info('x'); telemetry.meter.add(telemetry.Metric.TRIALS)\n"
        "telemetry.meter.write()\n"
        "print('botocore' in sys.modules, 'aws_xray_sdk' in sys.modules)\n"
        "import botocore; print(botocore.__name__)",
    ).splitlines()

    assert (told[0], told[-2], told[-1]) == ("False", "False False", "botocore")


def test_a_traced_block_tells_x_ray_its_job_and_no_words_of_a_failure():
    told = run_alone(
        "from api import telemetry\n"
        "telemetry.trace()\n"
        "from aws_xray_sdk.core import xray_recorder as recorder\n"
        "recorder.emitter.send_entity = lambda entity: print(entity.serialize())\n"
        "telemetry.job_id.set('j1')\n"
        "try:\n"
        "    with telemetry.traced('BACKTEST'):\n"
        "        raise ValueError('hunter2')\n"
        "except ValueError:\n"
        "    pass",
        LAMBDA_TASK_ROOT="/var/task",
        _X_AMZN_TRACE_ID=TRACE,
        AWS_XRAY_DAEMON_ADDRESS="127.0.0.1:9",
    )

    part = json.loads(told)
    assert (part["name"], part["annotations"], part["fault"]) == (
        "BACKTEST",
        {"job_id": "j1"},
        True,
    )
    assert "hunter2" not in told
