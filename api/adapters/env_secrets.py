"""Secrets of a machine of one's own: the few values its settings were given."""

from collections.abc import Mapping

from pydantic import SecretStr

from api.errors import NotFound


class EnvSecrets:
    def __init__(self, values: Mapping[str, SecretStr | None]) -> None:
        self._values = values

    async def read(self, name: str, *, fresh: bool = False) -> str:  # noqa: ARG002 - never stale
        value = self._values.get(name)
        if value is None:
            raise NotFound(f"secret {name!r} was not found in the settings")
        return value.get_secret_value()
