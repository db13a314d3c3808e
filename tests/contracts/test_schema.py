"""The committed contract is what the code prints, and it says what everything is."""

import pytest
from graphql import (
    build_schema,
    is_enum_type,
    is_introspection_type,
    is_specified_scalar_type,
)
from graphql.utilities import find_breaking_changes

from api.graphql.export import (
    GUIDE,
    README,
    RELEASED,
    SCHEMA,
    catalogue,
    libraries,
    readme,
    sdl,
)
from api.graphql.guide import guide
from api.graphql.schema import schema
from api.services.exported import CATALOGUE

PUBLISHED = [
    published
    for published in schema._schema.type_map.values()
    if not is_introspection_type(published) and not is_specified_scalar_type(published)
]


def test_the_committed_schema_is_the_printed_one():
    assert SCHEMA.read_text(encoding="utf-8") == sdl(), "run `make schema`"


def test_the_committed_guide_is_the_printed_one():
    assert GUIDE.read_text(encoding="utf-8") == guide(schema._schema), "run `make schema`"


def test_the_strategies_of_the_readme_are_the_registry():
    text = README.read_text(encoding="utf-8")

    assert text == readme(text), "run `make schema`"


def broken(change):
    """Return what a change of the released schema breaks for its clients."""
    released = RELEASED.read_text(encoding="utf-8")
    return [
        found.description
        for found in find_breaking_changes(build_schema(released), build_schema(change(sdl())))
    ]


def test_nothing_a_client_of_the_last_release_relies_on_was_broken():
    assert broken(lambda text: text) == []


@pytest.mark.parametrize(
    ("was", "becomes", "told"),
    [
        ("server: ServerInfo!", "machine: ServerInfo!", "Query.server was removed"),
        ("contentKey: String!", "contentKey: String", "contentKey changed type"),
        ("DECISION_CLOSE\n", "", "DECISION_CLOSE was removed"),
        ("idempotencyKey: String\n", "idempotencyKey: String!\n", "idempotencyKey changed type"),
    ],
)
def test_what_would_break_a_client_is_named(was, becomes, told):
    assert was in sdl()
    assert told in "; ".join(broken(lambda text: text.replace(was, becomes)))


def test_the_committed_catalogue_is_the_registry():
    assert CATALOGUE.read_bytes() == catalogue(), "run `make schema`"


def test_another_version_of_a_library_that_reckons_is_another_edition():
    lock = "boto3==1.40 \\\n    --hash=sha256:ab\nnumpy==2.4.6 ; python_version < '3.12' \\\n"

    told = libraries(lock)

    assert told == libraries(lock.replace("1.40", "1.41").replace("ab", "cd"))
    assert told != libraries(lock.replace("2.4.6", "2.5.5"))


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
