"""What a selection comes to, in numbers that end somewhere."""

from dataclasses import dataclass
from typing import Final

# Arithmetic ends here: what counts more is refused all the same.
SATURATED: Final = 10**9


@dataclass(frozen=True)
class Reach:
    """What a selection comes to with its fragments expanded.

    Its cost is `fixed`, and `per_item` for each item of the page the selection stands on: a list
    without pages of its own is as long as the page that holds it.
    """

    depth: int = 0
    aliases: int = 0
    fields: int = 0
    directives: int = 0
    top: int = 0
    enqueuing: int = 0
    fixed: int = 0
    per_item: int = 0

    def __add__(self, other: "Reach") -> "Reach":
        return Reach(
            depth=max(self.depth, other.depth),
            aliases=add(self.aliases, other.aliases),
            fields=add(self.fields, other.fields),
            directives=add(self.directives, other.directives),
            top=add(self.top, other.top),
            enqueuing=add(self.enqueuing, other.enqueuing),
            fixed=add(self.fixed, other.fixed),
            per_item=add(self.per_item, other.per_item),
        )

    def cost(self, items: int) -> int:
        return min(SATURATED, self.fixed + self.per_item * items)


NOTHING: Final = Reach()


def add(one: int, other: int) -> int:
    return min(SATURATED, one + other)
