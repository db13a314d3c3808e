"""Everything wrong with a request at once, so that the caller mends it in one go."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from api.errors import ClientError

MOST_SHOWN = 10


class Refused(ClientError):
    """A request with one or more faults, each with its field."""

    def __init__(self, errors: Sequence[ClientError]) -> None:
        super().__init__("; ".join(str(error) for error in errors))
        self.errors = tuple(errors)


class Findings:
    """Collects faults; `settle` raises them together."""

    def __init__(self) -> None:
        self.errors: list[ClientError] = []

    @contextmanager
    def collect(self) -> Iterator[None]:
        """Keep a fault the block raises, and go on behind the block."""
        try:
            yield
        except Refused as refused:
            self.errors.extend(refused.errors)
        except ClientError as error:
            self.errors.append(error)

    def settle(self) -> None:
        if self.errors:
            raise Refused(self.errors[:MOST_SHOWN])
