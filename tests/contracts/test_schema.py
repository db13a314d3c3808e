"""The committed contract is what the code prints, and it says what everything is."""

from graphql import is_enum_type, is_introspection_type, is_specified_scalar_type

from api.graphql.export import SCHEMA, catalogue, sdl
from api.graphql.schema import schema
from api.services.strategies import CATALOGUE

PUBLISHED = [
    published
    for published in schema._schema.type_map.values()
    if not is_introspection_type(published) and not is_specified_scalar_type(published)
]


def test_the_committed_schema_is_the_printed_one():
    assert SCHEMA.read_text(encoding="utf-8") == sdl(), "run `make schema`"


def test_the_committed_catalogue_is_the_registry():
    assert CATALOGUE.read_bytes() == catalogue(), "run `make schema`"


def test_every_type_field_and_argument_says_what_it_is():
    silent = [published.name for published in PUBLISHED if not published.description]
    for published in PUBLISHED:
        for name, field in getattr(published, "fields", {}).items():
            if not field.description:
                silent.append(f"{published.name}.{name}")
            silent += [
                f"{published.name}.{name}({argument})"
                for argument, given in getattr(field, "args", {}).items()
                if not given.description
            ]

    assert silent == []


def test_nothing_defaults_to_null():
    assert "= null" not in sdl()


def test_enumerations_are_upper_case():
    shouted = {name for each in PUBLISHED if is_enum_type(each) for name in each.values}

    assert {name for name in shouted if name != name.upper()} == set()
