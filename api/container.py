"""The application inside a container of Lambda, which is asked for one thing at a time."""

import asyncio
from functools import cache, cached_property, partial
from typing import TYPE_CHECKING

from api import telemetry
from api.services.work import Work
from api.settings import Settings
from api.wiring import DATABASE_URL, App
from api.works import open_works

if TYPE_CHECKING:
    from api.adapters.work_thread import WorkThread


class FunctionApp(App):
    """Computes in a thread, since a container is one process."""

    @cached_property
    def thread(self) -> "WorkThread":
        from api.adapters.work_thread import WorkThread

        return WorkThread(
            partial(open_works, self.settings),
            timeout_seconds=self.settings.job_timeout_seconds,
            grace_seconds=self.settings.stop_grace_seconds,
        )

    @property
    def compute(self) -> Work:
        """Where a computation runs: here, in the thread."""
        return self.thread.work

    @property
    def is_spent(self) -> bool:
        """Whether a computation runs on that nobody waits for any more."""
        return "thread" in self.__dict__ and self.thread.abandoned

    async def migration_address(self) -> str:
        """Return the address migrations use: that of the tables' owner, past any pooler."""
        return await self.secrets.read(self.settings.migration_secret or DATABASE_URL, fresh=True)

    async def close(self) -> None:
        """Let go of whatever was opened."""
        if "thread" in self.__dict__:
            await self.thread.stop()
        await super().close()


# The one loop of a container: connections belong to the loop that opened them.
runner = asyncio.Runner()


@cache
def container() -> FunctionApp:
    """Return the application of this container, with one connection on its one loop."""
    settings = Settings()
    telemetry.configure_function(settings.log_level)
    return FunctionApp(settings.model_copy(update={"pool_size": 1}))
