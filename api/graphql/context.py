"""What a request carries: the viewer, the one session behind its gate, the loaders."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias
from uuid import UUID

import strawberry
from graphql import DocumentNode
from sqlalchemy.ext.asyncio import AsyncSession

from api.ports import ObjectStore
from api.services.identity import OWN_DATA
from api.settings import Settings
from models.reading import begin_reading

if TYPE_CHECKING:
    from api.graphql.loaders import Loaders


class Context:
    """One per request. Siblings run at once and take turns at the session.

    A request that only reads sees one instant: a run and its job, read one after the other,
    must not be shown half before and half after the job's end.
    """

    def __init__(
        self,
        session: AsyncSession,
        *,
        viewer_id: UUID,
        scopes: frozenset[str] = OWN_DATA,
        settings: Settings,
        store: ObjectStore,
        reads_only: bool = False,
        document: DocumentNode | None = None,
        facts: Mapping[str, str] | None = None,
    ) -> None:
        self.viewer_id = viewer_id
        self.scopes = scopes
        self.settings = settings
        self.store = store
        self.document = document
        self.facts = facts or {}
        self.job_ids: list[UUID] = []
        # What the database writes of the lists that are asked for; see api.graphql.written.
        self.bodies: Mapping[int, str] = {}
        self.wrote = False
        self._session = session
        self._reads_only = reads_only
        self._gate = asyncio.Lock()
        self._holder: asyncio.Task[object] | None = None

    @cached_property
    def loaders(self) -> "Loaders":
        from api.graphql.loaders import Loaders

        return Loaders(self)

    @asynccontextmanager
    async def session(self) -> AsyncIterator[AsyncSession]:
        """Lend the session for one repository or service call. Await no loader inside."""
        task = asyncio.current_task()
        if self._holder is task:
            raise RuntimeError("this task already holds the session")
        async with self._gate:
            self._holder = task
            try:
                if self._reads_only and not self._session.in_transaction():
                    await begin_reading(self._session, self.viewer_id)
                yield self._session
            finally:
                self._holder = None

    async def restart(self) -> None:
        """Forget what was read: what is read from here on is of another instant."""
        self.__dict__.pop("loaders", None)
        self.bodies = {}
        async with self._gate:
            await self._session.rollback()

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[AsyncSession]:
        """Lend the session for a mutation; what it wrote is undone when the block raises."""
        async with self.session() as session:
            self.wrote = True
            async with session.begin_nested():
                yield session


Info: TypeAlias = strawberry.Info[Context, None]
