import json
import logging

import pytest

from api import telemetry


@pytest.fixture(autouse=True)
def restored():
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    root.handlers.clear()
    yield
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
