"""The one document beyond the limits that is let in: the standard question for the schema."""

from graphql import DocumentNode, get_introspection_query, parse, print_ast

DEEPEST_TYPE = 9


def is_standard(document: DocumentNode) -> bool:
    """Tell whether it is the question every tool asks, with whichever of its options."""
    text = print_ast(document)
    depth = text.count("ofType")
    if depth > DEEPEST_TYPE:
        return False
    standard = get_introspection_query(
        descriptions="description" in text,
        specified_by_url="specifiedByURL" in text,
        directive_is_repeatable="isRepeatable" in text,
        schema_description="__schema {\n    description" in text,
        input_value_deprecation="inputFields(includeDeprecated: true)" in text,
        experimental_directive_deprecation="directives(includeDeprecated: true)" in text,
        one_of="isOneOf" in text,
        type_depth=depth,
    )
    return print_ast(parse(standard)) == text
