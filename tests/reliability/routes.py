"""Requests of every kind that the app's OpenAPI schema allows, and of kinds that it forbids: each is answered as the schema says.

schemathesis makes them: values at the bounds of what a field takes, missing and foreign fields, other types, other methods, then random
ones. The same seed makes the same. The routes for programs are asked behind the door, in this process.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any

import schemathesis
from fastapi import FastAPI
from schemathesis.engine import events, from_schema

from app.api import router
from app.pages.door import middleware
from app.password import Gate
from storage import Store
from tests.app.small_engine import SmallEngine, shelf
from tests.reliability.outcome import Outcome

HERE = "testserver"  # the name by which schemathesis asks a server that has no address
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "response_headers_conformance",
    "negative_data_rejection",
    "positive_data_acceptance",
    "unsupported_method",
)
# a conversation without a question is refused, which no schema can say
ASKED = {"include-path": "/v1/chat/completions", "checks": {"positive_data_acceptance": {"enabled": False}}}


def asked(tries: int, seed: int, folder: Path) -> Outcome:
    """Beside the values at the bounds, so many random requests of each kind on every route."""
    with served(folder) as (app, names):
        sent, broken = faults(app, names, tries, seed)
    answered = sum(request.startswith("POST") and status == 200 for request, status in sent)
    if not answered:
        broken.append("no question was answered, so all this has tried little")
    return Outcome(tries, tuple(broken), f"{len(sent)} requests, {answered} questions answered")


@contextmanager
def served(folder: Path) -> Iterator[tuple[FastAPI, list[str]]]:
    """The app's routes for programs, and the names of models: one that can be asked, one that can't yet, and one that is not there."""
    with Store.open(folder / "l.db") as store:
        library = shelf(SmallEngine(), store)
        book = library.add(b"# Tides\n\nThe tide comes at six.\n", "tides.md").id
        library.reader.read(book)
        unread = library.add(b"# Moons\n\nThe moon.\n", "moons.md").id
        door = middleware(library.languages, HERE, Gate())
        names = [f"palimpsest/{one}" for one in (book, unread, "f" * 16)]
        yield FastAPI(routes=router(library).routes, middleware=[door]), names


def faults(app: FastAPI, names: list[str], tries: int, seed: int) -> tuple[list[tuple[str, int | None]], list[str]]:
    """The requests that were sent to the app's routes, each with the status of its answer, and a sentence for each answer that the
    schema doesn't allow. Models are asked by these names, for one that is made up at random is never there."""
    config = schemathesis.Config.from_dict(
        {
            "seed": seed,
            "generation": {"max-examples": tries, "database": "none", "no-shrink": True},
            "checks": {"enabled": False} | {name: {"enabled": True} for name in CHECKS},
            "phases": {"stateful": {"enabled": False}},
            "operations": [ASKED],
            "cache": {"enabled": False},
            # on a busy machine everything is slow; that nothing hangs is tried elsewhere
            "suppress-health-check": ["all"],
            "request-timeout": 300,
        }
    )
    schema = schemathesis.openapi.from_dict(_named(app.openapi(), names), config=config)
    schema.app = app
    sent, broken = [], []
    for event in from_schema(schema).execute():
        if isinstance(event, events.FatalError):
            raise event.exception
        if isinstance(event, events.NonFatalError):
            broken.append(f"{event.label}: {event.info.message}")
        if isinstance(event, events.ScenarioFinished):
            told = event.recorder
            for number, one in told.interactions.items():
                request = f"{one.request.method} {one.request.uri} {one.request.encoded_body}"
                sent.append((request, one.response.status_code if one.response else None))
                failed = [check.failure_info.failure for check in told.checks.get(number, ()) if check.failure_info]
                broken += [f"{request}: {failure.title}: {failure.message}" for failure in failed]
    return sent, broken


def _named(schema: dict[str, Any], names: list[str]) -> dict[str, Any]:
    """The schema, with the names of models in it."""
    schema = deepcopy(schema)
    body = schema["paths"]["/v1/chat/completions"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    (name,) = schema["paths"]["/v1/models/{name}"]["get"]["parameters"]
    body["properties"]["model"]["enum"] = name["schema"]["enum"] = names
    return schema
