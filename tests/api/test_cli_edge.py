"""What every command does before it begins."""

import pytest
import typer

from api.cli.edge import begin


def test_a_home_that_cannot_be_written_is_a_sentence_and_not_a_traceback(
    tmp_path, monkeypatch, capsys
):
    home = tmp_path / "a file"
    home.touch()
    monkeypatch.setenv("PARAKEET_HOME", str(home))

    with pytest.raises(typer.Exit) as ended:
        begin()

    assert ended.value.exit_code == 3
    assert capsys.readouterr().err == (
        f"parakeet: nothing can be written in {home}: File exists;"
        " name a folder of yours in PARAKEET_HOME\n"
    )
