"""The guard of GraphQL without each of its rules, and the test that must notice."""

from dataclasses import dataclass

GUARDS, GATE = "tests/api/test_guards.py", "tests/api/test_documents.py"
FORMS, MASKING = "tests/api/test_bad_input.py", "tests/api/test_masking.py"
BAD = (FORMS, "tests/api/test_bad_documents.py")


@dataclass(frozen=True)
class Mutant:
    """One place of one file, rewritten; `tests` are arguments of pytest."""

    name: str
    path: str
    old: str
    new: str
    tests: tuple[str, ...]


def guard(name: str, old: str, new: str, *tests: str) -> Mutant:
    return Mutant(name, "api/graphql/guards.py", old, new, tests or (GUARDS,))


def gate(name: str, old: str, new: str, *tests: str) -> Mutant:
    return Mutant(name, "api/graphql/documents.py", old, new, tests or (GATE,))


def body(name: str, old: str, new: str) -> Mutant:
    return Mutant(name, "api/graphql/request.py", old, new, (FORMS, "-k", "bad_http_input"))


def form(name: str, old: str, new: str, *tests: str) -> Mutant:
    return Mutant(name, "api/http/body.py", old, new, tests or (FORMS, "-k", "bad_form"))


def told(name: str, old: str, new: str, *tests: str) -> Mutant:
    return Mutant(name, "api/graphql/errors.py", old, new, tests or (MASKING,))


MUTANTS = [
    guard(
        "the memo of fragments",
        "if name in self.known:\n            return",
        "if False:\n            return",
    ),
    guard("depth", "if depth + reach.depth > self.limits.depth:", "if False:"),
    guard("depth off by one", "if depth > self.limits.depth:", "if depth >= self.limits.depth:"),
    guard(
        "totals",
        "            if found > most:\n                yield _told(name, found, most)",
        "            pass",
    ),
    guard("totals off by one", "            if found > most:", "            if found >= most:"),
    guard("fragments", "if len(walk.fragments) > limits.fragments:", "if False:"),
    guard("fragments off by one", "len(walk.fragments) > limits", "len(walk.fragments) >= limits"),
    guard("fields at the root", "            if reach.top > most:", "            if False:"),
    guard(
        "root off by one", "            if reach.top > most:", "            if reach.top >= most:"
    ),
    guard("one job a request", "reach.enqueuing > limits.enqueuing_fields", "False", GUARDS, GATE),
    guard(
        "two jobs a request",
        "reach.enqueuing > limits",
        "reach.enqueuing > 1 + limits",
        GUARDS,
        GATE,
    ),
    guard("pairs", "if found > self.limits.pairs:", "if False:"),
    guard("pairs off by one", "if found > self.limits.pairs:", "if found >= self.limits.pairs:"),
    guard("levels of input", "if level >= self.limits.input_levels:", "if False:"),
    guard("levels of input off by one", "level >= self.limits.input", "level > self.limits.input"),
    guard("digits of a number", " and len(node.value) > most:", " and False:", *BAD),
    guard("NUL in a literal", 'and "\\0" in node.value:', "and False:", *BAD, "-k", "14"),
    guard("nesting", "if nest > DEEPEST_SYNTAX:", "if False:"),
    guard("circles", "if name in self.path:", "if False:"),
    guard("loose fragments", "*loose], NOTHING", "], NOTHING"),
    guard("the size of a page", "min(asked, self.limits.page_items)", "asked"),
    gate("limits, not asked", "problems = [*known.survey.problems, ", "problems = [", GATE, *BAD),
    gate("what is sent beside", ", *excesses(variables, self.limits)]", "]"),
    gate("cost", "if cost > self.limits.cost:", "if False:"),
    gate("cost off by one", "if cost > self.limits.cost:", "if cost >= self.limits.cost:"),
    gate(
        "limits after the rules",
        "        self._check(known, cost, variables, introspects=introspects)\n",
        "        self._validate(document, cost)\n"
        "        self._check(known, cost, variables, introspects=introspects)\n",
        *BAD,
        "-k",
        "before_the_rules",
    ),
    gate(
        "the rules",
        "        if errors:\n            raise Refused(errors, cost)",
        "        pass",
        *BAD,
    ),
    gate("characters", "if len(text) > most:", "if False:"),
    gate("tokens", ", max_tokens=self.limits.tokens", ""),
    gate("introspection", "            if not introspects:\n", "            if False:\n"),
    gate("suggestions of rules", ", hide_suggestions=True", ""),
    gate("a text for all", "if text and explores:", "if text:"),
    gate("the hash of the text", "if text and digest and sha256(text) != digest:", "if False:"),
    gate(
        "an unknown hash is registered",
        "        if text and explores:\n",
        "        if text and digest:\n            self.listed.documents[digest] = text\n"
        "            return digest, text\n        if text and explores:\n",
    ),
    gate(
        "an operation by name", "if name is None and len(nodes) > 1:", "if False:", *BAD, "-k", "28"
    ),
    gate(
        "subscriptions",
        "if named[0].operation is OperationType.SUBSCRIPTION:",
        "if False:",
    ),
    gate(
        "refusals are kept",
        "            self._validate(document, cost)\n            self._keep(",
        "            self._keep(digest, text, known)\n"
        "            self._validate(document, cost)\n            self._keep(",
    ),
    body("depth of a body", "if level > limits.json_levels:", "if False:"),
    body("a key twice", "if len(found) != len(pairs):", "if False:"),
    body("NaN", "parse_constant=_no_constant,", ""),
    body("numbers too large", "if not math.isfinite(value):", "if False:"),
    body(
        "UTF-8",
        'body.decode("utf-8", errors="strict")',
        'body.decode("utf-8-sig", errors="ignore")',
    ),
    body("NUL and surrogates", "if UNSTORABLE.search(value):", "if False:"),
    body("a hash", "if not DIGEST.fullmatch(digest):", "if False:"),
    form("the size of a body", "if len(body) > LARGEST_BODY:", "if False:", *BAD, "-k", "15"),
    form(
        "the end of a body",
        "asyncio.timeout(BODY_SECONDS)",
        "asyncio.timeout(None)",
        *BAD,
        "-k",
        "17",
    ),
    form("methods", 'if request.method != "POST":', "if False:", *BAD, "-k", "other_methods"),
    form("types", "if media.strip().lower() != JSON:", "if False:"),
    form("charsets", 'if charset not in ("", "utf-8", "utf8"):', "if False:"),
    form("encodings", 'if encoding != "identity":', "if False:"),
    told(
        "the mask",
        'return "internal error", _masked(ErrorCode.INTERNAL, request_id)',
        "return str(cause), _masked(ErrorCode.INTERNAL, request_id)",
    ),
    told("what callers may read", "if isinstance(cause, ClientError):", "if False:"),
    told(
        "one line a request",
        "len(ours), exc_info=ours[0])\n        return",
        "len(ours), exc_info=ours[0])\n        for one in ours:\n"
        "            logger.error('again', exc_info=one)\n        return",
    ),
    told(
        "suggestions of values",
        'SUGGESTION.sub("", error.message)',
        "error.message",
        *BAD,
        "-k",
        "suggested",
    ),
    told(
        "ten errors",
        "for error in errors[:MOST_ERRORS]]",
        "for error in errors]",
        "tests/api/test_http.py",
        MASKING,
    ),
    Mutant(
        "the length of a trace",
        "api/telemetry.py",
        "[-TRACE_CHARACTERS:]\n        return self._made",
        "\n        return self._made",
        (MASKING,),
    ),
    Mutant(
        "the name of an operation",
        "api/graphql/execute.py",
        "if c.isprintable())[:LONGEST_NAME]",
        ")",
        (MASKING,),
    ),
    Mutant(
        "the deadline",
        "api/graphql/execute.py",
        "asyncio.timeout(limits.deadline_seconds)",
        "asyncio.timeout(None)",
        (MASKING, "-k", "slow_resolver"),
    ),
    Mutant(
        "the size of an answer",
        "api/http/endpoints.py",
        "if len(content) > most:",
        "if False:",
        (MASKING,),
    ),
    Mutant(
        "the length of an id",
        "api/graphql/node.py",
        "if len(value) > LIMITS.id_characters:",
        "if False:",
        (*BAD, "-k", "48"),
    ),
    Mutant(
        "the library's logger",
        "api/graphql/schema.py",
        "    def process_errors(\n",
        "    def other_errors(\n",
        (MASKING, "-k", "resolver or log_bytes"),
    ),
]
