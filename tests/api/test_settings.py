from pathlib import Path

import pytest
from pydantic import ValidationError
from pydantic.fields import FieldInfo

from api.settings import Settings

ROOT = Path(__file__).parents[2]


def environment_name(name: str, field: FieldInfo) -> str:
    return str(field.validation_alias or f"PARAKEET_{name.upper()}")


def example() -> str:
    """What .env.example has to say: each setting, its meaning, its default."""
    entries = []
    for name, field in Settings.model_fields.items():
        value = "" if field.default is None else field.default
        entries.append(f"# {field.description}\n{environment_name(name, field)}={value}\n")
    return "\n".join(entries)


def test_example_names_every_setting_with_its_default():
    written = (ROOT / ".env.example").read_text()

    assert written == example()


def test_example_copied_to_env_changes_nothing(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text(example())

    assert Settings() == Settings(_env_file=None)


@pytest.mark.parametrize(
    "url", ["postgresql://h/d", "postgres://h/d", "postgresql+asyncpg://u:p@h:5432/d"]
)
def test_takes_a_postgresql_address(monkeypatch, url):
    monkeypatch.setenv("DATABASE_URL", url)

    settings = Settings(_env_file=None)

    assert settings.database_url.get_secret_value() == url
    assert url not in repr(settings)


def test_refuses_sqlite_url(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "sqlite:///trades.db")

    with pytest.raises(ValidationError, match=r"scheme 'sqlite'.*embedded PostgreSQL"):
        Settings(_env_file=None)


def test_refuses_a_heartbeat_slower_than_a_third_of_the_lease():
    with pytest.raises(ValidationError, match="at most a third"):
        Settings(_env_file=None, lease_seconds=9, heartbeat_seconds=4)


def test_refuses_an_environment_it_does_not_know(monkeypatch):
    monkeypatch.setenv("PARAKEET_ENVIRONMENT", "prd")

    with pytest.raises(ValidationError, match="'local' or 'test'"):
        Settings(_env_file=None)


def test_a_child_rebuilds_the_same_settings(monkeypatch):
    monkeypatch.setenv("PARAKEET_LEASE_SECONDS", "99")
    settings = Settings(
        _env_file=None, database_url="postgresql://u:secret@h/d", lease_seconds=45, home="/x"
    )

    assert Settings(**settings.dump()) == settings
