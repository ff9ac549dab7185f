"""Which language the page is in, told to the browser before anything of it runs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import gradio as gr
from starlette.middleware import Middleware

from app.words import ENGLISH, Languages

PARTS = "page."
# Gradio takes its language from the browser's settings when it starts: these are what the visitor chose, or what we know of them.
SCRIPT = (
    '<script>for (const [name, value] of [["language", "{language}"], ["languages", ["{language}"]]]) '
    "Object.defineProperty(navigator, name, {{ value, configurable: true }});</script>"
)
# Gradio writes its own words into the box where files are dropped; the style sheet puts these in their place.
DROP = "<style>:root {{ --drop-here: {here}; --drop-kinds: {kinds}; }}</style>"


def translations(languages: Languages) -> gr.I18n:
    """Return what the browser needs to label the page's own parts, which are made once for all visitors."""
    return gr.I18n(
        **{
            language: {key: text for key, text in words.texts.items() if key.startswith(PARTS)}
            for language, words in languages.known.items()
        }
    )


def middleware(languages: Languages) -> Middleware:
    """Return the part of the server that puts the visitor's language into the page."""
    return Middleware(Spoken, languages=languages)


@dataclass(frozen=True)
class Spoken:
    """An ASGI application around another: the document at "/" gets its `lang` and what stands above, all else passes through."""

    app: Any
    languages: Languages

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Handle one connection."""
        if scope["type"] != "http" or scope["method"] != "GET" or scope["path"] != "/":
            await self.app(scope, receive, send)
            return
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        held: list[dict[str, Any]] = []

        async def whole(message: dict[str, Any]) -> None:
            held.append(message)
            if message["type"] == "http.response.body" and not message.get("more_body"):
                begun, *parts = held
                page = self.put(b"".join(part.get("body", b"") for part in parts), headers)
                kept = [(name, value) for name, value in begun["headers"] if name.lower() != b"content-length"]
                await send({**begun, "headers": [*kept, (b"content-length", str(len(page)).encode())]})
                await send({"type": "http.response.body", "body": page})

        await self.app(scope, receive, whole)

    def put(self, page: bytes, headers: dict[str, str]) -> bytes:
        """Return the document in the language that a request with those headers asks for."""
        words = self.languages.of(headers)
        language = words.language
        quoted = {name: json.dumps(words(f"drop.{name}"), ensure_ascii=False) for name in ("here", "kinds")}
        first = SCRIPT.format(language=language) + DROP.format(**quoted)
        in_language = page.replace(f'lang="{ENGLISH}"'.encode(), f'lang="{language}"'.encode(), 1)
        return in_language.replace(b"<head>", b"<head>" + first.encode(), 1)
