"""How much one request may ask for. Every bound of the API's guard stands here and nowhere else."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Bounds of a request and of its answer. Fragments count wherever they are spread."""

    body_bytes: int = 262_144
    body_seconds: float = 10.0
    json_levels: int = 32
    number_digits: int = 400
    document_characters: int = 10_000
    tokens: int = 1_000
    fragments: int = 50
    depth: int = 10
    aliases: int = 15
    fields: int = 500
    directives: int = 50
    # Two fields of one name in one place are compared, each with each.
    pairs: int = 5_000
    query_fields: int = 20
    mutation_fields: int = 5
    enqueuing_fields: int = 1
    cost: int = 5_000
    page_items: int = 100
    usual_page_items: int = 50
    # What a list without pages is reckoned at.
    unpaged_items: int = 10
    list_items: int = 10_000
    input_levels: int = 10
    string_characters: int = 10_000
    csv_characters: int = 200_000
    id_characters: int = 128
    errors: int = 10
    error_characters: int = 300
    # The function's own limit is 6 MB.
    answer_bytes: int = 5_000_000
    # Longer than a statement may take, shorter than the function and the gateway before it.
    deadline_seconds: float = 20.0


LIMITS = Limits()
