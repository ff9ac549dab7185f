"""The command line's words. An option that isn't given is absent: environment and defaults fill it in."""

from __future__ import annotations

import argparse
from pathlib import Path

from app.settings import MEMORY_SIZES

DESCRIPTION = (
    "Reads a whole book once, keeps a small memory of it, and answers from that memory and the pages it points to. "
    "Without a command it starts the app: a page for the browser, on http://127.0.0.1:7860."
)


def build_parser() -> argparse.ArgumentParser:
    """The parser; `verb` is None when the app is meant."""
    common = _common()
    parser = argparse.ArgumentParser(prog="launch.py", description=DESCRIPTION, parents=[common])
    app = parser.add_argument_group("the app")
    app.add_argument("--host", default=argparse.SUPPRESS, help="address to listen on (127.0.0.1)")
    app.add_argument("--port", type=int, default=argparse.SUPPRESS, help="port to listen on (7860)")
    _password(app, "ask everybody who opens the app for the password")
    app.add_argument(
        "--share-on-lan",
        action="store_true",
        default=argparse.SUPPRESS,
        help="let other machines on this network in; only with a password",
    )
    app.add_argument(
        "--mcp",
        action="store_true",
        default=argparse.SUPPRESS,
        help="let agents list and ask documents by the Model Context Protocol (needs requirements-mcp.txt)",
    )
    app.add_argument(
        "--window",
        action="store_true",
        default=argparse.SUPPRESS,
        help="open it in a desktop window (needs requirements-window.txt; a browser otherwise)",
    )
    app.add_argument("--open", action="store_true", default=argparse.SUPPRESS, help="open it in the browser as well")
    verbs = parser.add_subparsers(dest="verb", metavar="COMMAND")
    _reading(verbs, common)
    _conversations(verbs, common)
    _shelf(verbs, common)
    _snapshots(verbs, common)
    _library(verbs, common)
    _doctor(verbs, common)
    _tools(verbs, common)
    return parser


def _common() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    group = common.add_argument_group("everywhere")
    group.add_argument("--json", action="store_true", help="end with one JSON object on the last line")
    group.add_argument("--db", type=Path, metavar="PATH", help="library file (library.db in the home folder)")
    group.add_argument("--home", type=Path, metavar="DIR", help="folder for library and models (~/.palimpsest)")
    group.add_argument(
        "--log-file",
        metavar="PATH",
        help="log of what was done, without what was read or said; none for no log (library.log beside the library)",
    )
    group.add_argument("--model", metavar="MODEL", help="'standard', 'small', a model folder, or a name on the hub")
    group.add_argument("--memory", type=Path, metavar="DIR", help="a memory that was trained for the model")
    group.add_argument(
        "--memory-size", choices=MEMORY_SIZES, help="how much is kept of a document, whatever its length (standard)"
    )
    group.add_argument("--device", choices=["auto", "cpu", "cuda", "mps"], help="where to compute (auto)")
    group.add_argument("--dtype", choices=["auto", "float32", "bfloat16", "float16"], help="precision (auto)")
    group.add_argument("--threads", type=_count, metavar="N", help="processor threads")
    return common


def _reading(verbs: argparse._SubParsersAction, common: argparse.ArgumentParser) -> None:
    read = verbs.add_parser("read", parents=[common], help="put files on the shelf and read them")
    read.add_argument("files", nargs="*", type=Path, metavar="FILE")
    read.add_argument("--all", action="store_true", help="read again what an older memory or another model has read")
    read.add_argument("--again", action="store_true", help="read files again that are read already")
    _password(read, "the password of encrypted files")
    read.add_argument(
        "--ocr",
        action="store_true",
        help="read pages without text off their pictures first (needs requirements-ocr.txt)",
    )

    text = verbs.add_parser("text", parents=[common], help="show what would be read of a file, without a model")
    text.add_argument("file", type=Path, metavar="FILE")
    _password(text, "the password of an encrypted file")

    ask = verbs.add_parser("ask", parents=[common], help="ask a document that was read")
    ask.add_argument("id", metavar="ID", help="the document's id, or its beginning")
    ask.add_argument("question", metavar="QUESTION")
    ask.add_argument(
        "--from",
        dest="source",
        choices=["memory", "page", "both"],
        default="both",
        help="answer from memory alone, from the pages that it points to, or from one after the other (both)",
    )
    ask.add_argument("--brief", action="store_true", help="answer with a few words of the text, not with a sentence")
    ask.add_argument(
        "--history", type=Path, default=None, metavar="FILE", help="the talk before, as JSON: [[question, answer], ...]"
    )

    ask_all = verbs.add_parser("ask-all", parents=[common], help="ask the whole shelf at once, or some documents of it")
    ask_all.add_argument("question", metavar="QUESTION")
    ask_all.add_argument("--among", nargs="+", metavar="ID", help="only these documents")

    summarize = verbs.add_parser("summarize", parents=[common], help="summarise a document or one of its sections")
    summarize.add_argument("id", metavar="ID")
    of_what = summarize.add_mutually_exclusive_group()
    of_what.add_argument("--section", type=int, metavar="N", help="the section's number on the shelf")
    how = summarize.add_mutually_exclusive_group()
    how.add_argument("--words", type=_count, default=None, metavar="N", help="about how long (150)")
    how.add_argument("--passages", type=_count, default=None, metavar="N", help="quote the N key passages instead")
    for page in (ask, of_what):
        page.add_argument("--page", type=_count, metavar="N", help="as of the end of page N: nothing later is known")
    for verb in (ask, summarize):
        verb.add_argument("--max-tokens", type=_count, default=None, metavar="N", help="longest answer, in tokens")
        verb.add_argument("--temperature", type=float, default=0.0, metavar="T", help="0 is always the likeliest word")
        verb.add_argument("--seed", type=int, default=0, metavar="N", help="for temperatures above 0")

    shelf = verbs.add_parser("shelf", parents=[common], help="list the documents")
    shelf.add_argument("--sections", action="store_true", help="with their sections")


def _conversations(verbs: argparse._SubParsersAction, common: argparse.ArgumentParser) -> None:
    chat = verbs.add_parser(
        "chat", parents=[common], help="the conversation about a document, as Markdown or to a file"
    )
    chat.add_argument("id", metavar="ID")
    chat.add_argument(
        "--to", type=Path, default=None, metavar="FILE", help="write it there; .json gives JSON, else Markdown"
    )

    chats = verbs.add_parser("chats", parents=[common], help="the conversations about a document")
    chats.add_argument("id", metavar="ID")
    chats.add_argument("--find", default=None, metavar="WORDS", help="only those in which all of these words were said")
    chats.add_argument("--chat", type=int, default=None, metavar="N", help="go on with conversation N")
    chats.add_argument("--title", default=None, metavar="TEXT", help="with --chat: call it that, and go on as before")


def _shelf(verbs: argparse._SubParsersAction, common: argparse.ArgumentParser) -> None:
    describe = verbs.add_parser("describe", parents=[common], help="give a document another title, author or tags")
    describe.add_argument("id", metavar="ID", help="the document's id, or its beginning")
    describe.add_argument("--title", default=None, metavar="TEXT")
    describe.add_argument("--author", default=None, metavar="TEXT", help='"" for none')
    describe.add_argument("--tags", default=None, metavar="TAG,TAG", help='"" for none')
    remove = verbs.add_parser("remove", parents=[common], help="take a document off the shelf")
    remove.add_argument("id", metavar="ID", help="the document's id, or its beginning")
    restore = verbs.add_parser("restore", parents=[common], help="put back one that was removed within the last day")
    restore.add_argument("id", metavar="ID", help="the document's whole id")
    checkpoints = verbs.add_parser(
        "checkpoints", parents=[common], help="list what is kept for questions as of an earlier page, or remove it"
    )
    checkpoints.add_argument("ids", nargs="*", metavar="ID", help="of these documents (all)")
    checkpoints.add_argument(
        "--remove",
        action="store_true",
        help="remove it: as of an earlier page a document can then be asked only once it was read again",
    )
    verbs.add_parser(
        "vacuum", parents=[common], help="give the disk back what was removed from the library; the app must be closed"
    )


def _snapshots(verbs: argparse._SubParsersAction, common: argparse.ArgumentParser) -> None:
    snapshot = verbs.add_parser("snapshot", help="carry a document with its memory to another machine")
    actions = snapshot.add_subparsers(dest="action", metavar="ACTION", required=True)
    export = actions.add_parser("export", parents=[common], help="write a document and its memory to one file")
    export.add_argument("id", metavar="ID")
    export.add_argument("file", type=Path, metavar="FILE")
    take_in = actions.add_parser("import", parents=[common], help="take such a file in")
    take_in.add_argument("file", type=Path, metavar="FILE")


def _library(verbs: argparse._SubParsersAction, common: argparse.ArgumentParser) -> None:
    library = verbs.add_parser("library", help="copy the whole library, and put a copy back")
    actions = library.add_subparsers(dest="action", metavar="ACTION", required=True)
    backup = actions.add_parser(
        "backup", parents=[common], help="write a copy of all that is there; the app may be open"
    )
    backup.add_argument("file", type=Path, metavar="FILE")
    restore = actions.add_parser("restore", parents=[common], help="put such a copy in the library's place")
    restore.add_argument("file", type=Path, metavar="FILE")


def _doctor(verbs: argparse._SubParsersAction, common: argparse.ArgumentParser) -> None:
    doctor = verbs.add_parser(
        "doctor",
        parents=[common],
        help="look the whole library through for what has changed on the disk; the app may be open",
    )
    doctor.add_argument("--repair", action="store_true", help="mend what can be mended; the app must be closed")


def _tools(verbs: argparse._SubParsersAction, common: argparse.ArgumentParser) -> None:
    bench = verbs.add_parser("bench", parents=[common], help="speed and memory on this machine")
    bench.add_argument("--rounds", type=_count, default=5, metavar="N", help="rounds to take the median of (5)")
    # what these two take is theirs: launch.py hands the rest of the line to them
    for verb, what in (("eval", "measure what the memory recalls"), ("train", "train a memory for a model")):
        verbs.add_parser(verb, add_help=False, help=what).add_argument("rest", nargs=argparse.REMAINDER)


class _Refused(argparse.Action):
    """A password on the command line, which every program on the machine can see."""

    def __call__(self, parser: argparse.ArgumentParser, *given: object) -> None:
        parser.error(
            "a password on the command line can be seen by everybody on this machine. Put it into a file and give "
            "--password-file FILE, or give --ask-password and type it; for the app PALIMPSEST_PASSWORD in the environment does it too. "
            "Choose another one, if somebody may have seen it."
        )


def _password(to: argparse._ActionsContainer, what: str) -> None:
    """The ways to give a password, and the one that there is no more."""
    to.add_argument("--password", action=_Refused, nargs="?", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    to.add_argument(
        "--password-file", type=Path, default=argparse.SUPPRESS, metavar="FILE", help=f"{what}: the first line of FILE"
    )
    to.add_argument(
        "--ask-password", action="store_true", default=argparse.SUPPRESS, help=f"{what}, typed when it is asked for"
    )


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not 1 or more")
    return number
