"""How many pairs of fields the standard rules would compare: each two that answer by one name.

They do so at each level anew, for what stands below both, and are not limited themselves.
"""

from collections.abc import Mapping, Sequence

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

Fragments = Mapping[str, FragmentDefinitionNode]


def pairs(operations: Sequence[OperationDefinitionNode], fragments: Fragments) -> int:
    """Return the number, of a document without circles whose expanded fields are not too many."""
    level = [[node.selection_set] for node in operations]
    found = 0
    while level:
        groups = [group for merged in level for group in _grouped(merged, fragments)]
        found += sum(len(group) * (len(group) - 1) // 2 for group in groups)
        below = [[field.selection_set for field in group] for group in groups]
        level = [[node for node in merged if node is not None] for merged in below]
        level = [merged for merged in level if merged]
    return found


def _grouped(merged: Sequence[SelectionSetNode], fragments: Fragments) -> list[list[FieldNode]]:
    """Return the fields of selections that stand in one place, by the names they answer by."""
    names: dict[str, list[FieldNode]] = {}
    open_ = list(merged)
    while open_:
        for selection in open_.pop().selections:
            if isinstance(selection, FieldNode):
                name = (selection.alias or selection.name).value
                names.setdefault(name, []).append(selection)
            elif isinstance(selection, InlineFragmentNode):
                open_.append(selection.selection_set)
            elif isinstance(selection, FragmentSpreadNode):
                fragment = fragments.get(selection.name.value)
                if fragment is not None:
                    open_.append(fragment.selection_set)
    return list(names.values())
