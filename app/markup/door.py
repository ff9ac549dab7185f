"""The page that asks for the password. It stands alone: nothing else of the app is shown to whoever has not given it."""

from __future__ import annotations

from html import escape

from app.words import Words

STYLE = (
    ":root{color-scheme:light dark}body{font:16px/1.5 Georgia,serif;max-width:22rem;margin:18vh auto;padding:0 1rem}"
    "h1{font-size:1.5rem}label{display:block}input{font:inherit;width:100%;box-sizing:border-box;padding:.4rem;margin:.2rem 0 .8rem}"
    "button{font:inherit;padding:.4rem 1rem}"
)


def login(words: Words, said: str = "", *, inside: bool = False) -> str:
    """Return the whole page, with what is `said` about the last try; `inside`: it was right, and there is only that to be read."""
    told = f'<p role="alert">{escape(said)}</p>' if said else ""
    form = (
        f'<form method="post" action="/login"><input type="hidden" name="username" value="palimpsest" autocomplete="username">'
        f'<label for="password">{words("door.password")}</label>'
        '<input id="password" name="password" type="password" autocomplete="current-password" required autofocus>'
        f"<button>{words('door.open')}</button></form>"
    )
    way = f'<p><a href="/">{words("door.go_on")}</a></p>' if inside else form
    asked = "" if inside else f"<p>{words('door.wanted')}</p>"
    return (
        f'<!doctype html><html lang="{words.language}"><head><meta charset="utf-8"><title>Palimpsest</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head>'
        f"<body><main><h1>Palimpsest</h1>{asked}{told}{way}</main></body></html>"
    )
