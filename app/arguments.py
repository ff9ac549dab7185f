"""The command line's words. An option that isn't given is absent: environment and defaults fill it in."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

DESCRIPTION = (
    "Reads a whole book once, keeps a small memory of it, and answers from that memory. "
    "Without a command it starts the app: a page for the browser, on http://127.0.0.1:7860."
)


def build_parser() -> argparse.ArgumentParser:
    """The parser; `verb` is None when the app is meant."""
    common = _common()
    parser = argparse.ArgumentParser(prog="launch.py", description=DESCRIPTION, parents=[common])
    app = parser.add_argument_group("the app")
    app.add_argument("--host", default=argparse.SUPPRESS, help="address to listen on (127.0.0.1)")
    app.add_argument("--port", type=int, default=argparse.SUPPRESS, help="port to listen on (7860)")
    app.add_argument(
        "--password", default=argparse.SUPPRESS, metavar="WORDS", help="ask everybody for it who opens the app"
    )
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
    _evaluation(verbs, common)
    _training(verbs, common)
    return parser


def _common() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    group = common.add_argument_group("everywhere")
    group.add_argument("--json", action="store_true", help="end with one JSON object on the last line")
    group.add_argument("--db", type=Path, metavar="PATH", help="library file (library.db in the home folder)")
    group.add_argument("--home", type=Path, metavar="DIR", help="folder for library and models (~/.palimpsest)")
    group.add_argument("--model", metavar="MODEL", help="'default', a model folder, or a name on the hub")
    group.add_argument("--adapter", type=Path, metavar="DIR", help="fine-tuned adapter for the model")
    group.add_argument("--device", choices=["auto", "cpu", "cuda", "mps"], help="where to compute (auto)")
    group.add_argument("--dtype", choices=["auto", "float32", "bfloat16", "float16"], help="precision (auto)")
    group.add_argument(
        "--rule", choices=["gated_delta", "linear", "delta"], help="memory rule, for a model without an adapter"
    )
    group.add_argument("--threads", type=_count, metavar="N", help="processor threads")
    return common


def _reading(verbs: argparse._SubParsersAction, common: argparse.ArgumentParser) -> None:
    read = verbs.add_parser("read", parents=[common], help="put files on the shelf and read them")
    read.add_argument("files", nargs="+", type=Path, metavar="FILE")
    read.add_argument("--password", help="for encrypted files")
    read.add_argument(
        "--ocr",
        action="store_true",
        help="read pages without text off their pictures first (needs requirements-ocr.txt)",
    )

    text = verbs.add_parser("text", parents=[common], help="show what would be read of a file, without a model")
    text.add_argument("file", type=Path, metavar="FILE")
    text.add_argument("--password", help="for an encrypted file")

    ask = verbs.add_parser("ask", parents=[common], help="ask a document that was read")
    ask.add_argument("id", metavar="ID", help="the document's id, or its beginning")
    ask.add_argument("question", metavar="QUESTION")
    ask.add_argument("--where", action="store_true", help="look for the pages that the answer was learned from")

    ask_all = verbs.add_parser("ask-all", parents=[common], help="ask the whole shelf at once, or some documents of it")
    ask_all.add_argument("question", metavar="QUESTION")
    ask_all.add_argument("--among", nargs="+", metavar="ID", help="only these documents")

    summarize = verbs.add_parser("summarize", parents=[common], help="summarise a document or one of its sections")
    summarize.add_argument("id", metavar="ID")
    of_what = summarize.add_mutually_exclusive_group()
    of_what.add_argument("--section", type=int, metavar="N", help="the section's number on the shelf")
    summarize.add_argument("--sentences", type=_count, metavar="N", help="how many to quote (10, of a section 5)")
    for page in (ask, of_what):
        page.add_argument("--page", type=_count, metavar="N", help="as of the end of page N: nothing later is known")
    for verb in (ask, summarize):
        verb.add_argument("--max-tokens", type=_count, default=128, metavar="N", help="longest answer (128)")
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


def _snapshots(verbs: argparse._SubParsersAction, common: argparse.ArgumentParser) -> None:
    snapshot = verbs.add_parser("snapshot", help="carry a document with its memory to another machine")
    actions = snapshot.add_subparsers(dest="action", metavar="ACTION", required=True)
    export = actions.add_parser("export", parents=[common], help="write a document and its memory to one file")
    export.add_argument("id", metavar="ID")
    export.add_argument("file", type=Path, metavar="FILE")
    take_in = actions.add_parser("import", parents=[common], help="take such a file in")
    take_in.add_argument("file", type=Path, metavar="FILE")


def _evaluation(verbs: argparse._SubParsersAction, common: argparse.ArgumentParser) -> None:
    evaluate = verbs.add_parser("eval", help="measure what the memory recalls")
    names = evaluate.add_subparsers(dest="name", metavar="NAME", required=True)
    hidden, cases = _hidden(_count), _cases()
    add = lambda name, what, *parents: names.add_parser(name, parents=[common, *parents], help=what)  # noqa: E731

    passkey = add("passkey", "a number hidden in a long text", hidden, cases)
    passkey.add_argument("--depth", type=_share, default=0.5, metavar="D", help="where it is hidden, 0 to 1 (0.5)")
    add("retention", "a number at the beginning, asked for while the text is read on", hidden)
    needles = add("needles", "several numbers hidden in one text", hidden, cases)
    needles.add_argument("--needles", type=_count, default=8, metavar="N", help="how many (8)")
    babilong = add("babilong", "bAbI's stories strewn in a book; alone with 0 tokens", _hidden(_whole), cases)
    babilong.add_argument("--stories", type=Path, required=True, metavar="DIR", help="bAbI, unpacked")
    babilong.add_argument(
        "--tasks",
        type=int,
        nargs="+",
        choices=range(1, 21),
        default=[1, 2, 3, 4, 5],
        metavar="N",
        help="which (1 to 5)",
    )
    squad = add("squad-in-book", "paragraphs of an encyclopedia hidden in a book", hidden, cases)
    squad.add_argument("--squad", type=Path, required=True, metavar="DIR", help="SQuAD 1.1, unpacked")
    squad.add_argument("--passages", type=_count, default=8, metavar="N", help="how many in a text (8)")

    narrative = add("narrativeqa", "questions on whole books", cases)
    narrative.add_argument("--books", type=Path, required=True, metavar="DIR", help="the books and their questions")
    narrative.add_argument("--tokens", type=_count, default=None, metavar="N", help="read only so much of each")
    summaries = add("summaries", "summaries of stories or meetings", cases)
    summaries.add_argument("--file", type=Path, required=True, metavar="FILE", help="SQuALITY's or QMSum's JSON lines")
    perplexity = add("perplexity", "how well each next word of books is foreseen")
    perplexity.add_argument("--books", type=Path, required=True, metavar="DIR", help="plain-text books")
    perplexity.add_argument("--tokens", type=_count, default=8192, metavar="N", help="so much of each (8192)")
    perplexity.add_argument("--limit", type=_count, default=None, metavar="N", help="at most so many books")
    ways = ["none", "window", "full", "memory"]
    perplexity.add_argument(
        "--ways", nargs="+", choices=ways, default=ways, help="what is seen of the text before (all)"
    )

    _plots(add("plots", "pictures of what a memory keeps, where it writes and who listens, for the docs"))
    questions = add("questions", "plain questions on one text")
    questions.add_argument("--document", type=Path, required=True, metavar="FILE", help="the text to read")
    questions.add_argument(
        "--questions", type=Path, required=True, metavar="FILE", help="JSON with questions and answers"
    )
    questions.add_argument(
        "--other", type=Path, default=None, metavar="FILE", help="a text without the answers, to compare"
    )
    heads = add("heads", "which layers of a model look answers up")
    heads.add_argument("--trials", type=_count, default=24, metavar="N", help="how many questions (24)")
    heads.add_argument("--seed", type=int, default=0, metavar="N")


def _plots(plots: argparse.ArgumentParser) -> None:
    plots.add_argument("--document", type=Path, required=True, metavar="FILE", help="a text full of facts")
    plots.add_argument("--filler", type=Path, required=True, metavar="FILE", help="the text around it, or a folder")
    plots.add_argument("--tokens", type=_count, default=16384, metavar="N", help="of both together (16384)")
    plots.add_argument("--retention", type=Path, default=None, metavar="FILE", help="what `eval retention --json` said")
    plots.add_argument("--to", type=Path, required=True, metavar="DIR", help="where to write the pictures")


def _hidden(length: Callable[[str], int]) -> argparse.ArgumentParser:
    """What every evaluation needs that hides something in a text."""
    group = argparse.ArgumentParser(add_help=False)
    group.add_argument("--tokens", type=length, default=8192, metavar="N", help="length of the text (8192)")
    group.add_argument("--trials", type=_count, default=20, metavar="N", help="how many texts (20)")
    group.add_argument("--filler", type=Path, required=True, metavar="FILE", help="the text to hide it in, or a folder")
    group.add_argument("--seed", type=int, default=0, metavar="N")
    return group


def _cases() -> argparse.ArgumentParser:
    """What every evaluation of many texts takes."""
    group = argparse.ArgumentParser(add_help=False)
    group.add_argument("--limit", type=_count, default=None, metavar="N", help="at most so many texts")
    group.add_argument(
        "--by",
        choices=["memory", "rag", "truncated"],
        default="memory",
        help="from what questions are answered (memory)",
    )
    group.add_argument(
        "--embedder", type=Path, default=None, metavar="DIR", help="embedding model's folder, for --by rag"
    )
    group.add_argument(
        "--side-by-side", type=_count, default=1, metavar="N", help="texts to read at once, on a large GPU (1)"
    )
    group.add_argument(
        "--rows", type=Path, default=None, metavar="FILE", help="write each text's rows here, and go on from there"
    )
    return group


def _training(verbs: argparse._SubParsersAction, common: argparse.ArgumentParser) -> None:
    bench = verbs.add_parser("bench", parents=[common], help="speed and memory on this machine")
    bench.add_argument("--rounds", type=_count, default=5, metavar="N", help="rounds to take the median of (5)")

    train = verbs.add_parser("train", parents=[common], help="train an adapter")
    train.add_argument("recipe", metavar="RECIPE", help="a recipe's name, or the path of its .toml file")
    train.add_argument("--data", type=Path, default=Path("data"), metavar="DIR", help="training texts (data)")
    train.add_argument("--books", type=Path, default=None, metavar="DIR", help="books to hide facts in")
    train.add_argument("--out", type=Path, default=None, metavar="DIR", help="where to write (runs/RECIPE)")
    train.add_argument("--base", default=None, metavar="MODEL", help="model to start from (the default one)")
    train.add_argument("--start", type=Path, default=None, metavar="DIR", help="go on from this adapter")
    train.add_argument("--minutes", type=float, default=None, metavar="M", help="stop after so long")
    train.add_argument("--variants", default=None, metavar="TABLE", help="compare variants of the recipe instead")
    train.add_argument("--unseen", type=Path, default=None, metavar="DIR", help="books to measure variants on")
    _comparison(train)
    train.add_argument("--resume", action="store_true", help="go on from the last checkpoint")
    train.add_argument("--seed", type=int, default=None, metavar="N", help="instead of the recipe's")


def _comparison(train: argparse.ArgumentParser) -> None:
    group = train.add_argument_group("comparing systems")
    group.add_argument(
        "--compare",
        nargs="?",
        const="paper",
        default=None,
        metavar="TABLE",
        help="train and measure a table's systems (paper)",
    )
    group.add_argument("--steps", type=_count, default=None, metavar="N", help="steps of each, instead of the recipe's")
    group.add_argument("--tokens", type=_count, default=32768, metavar="N", help="so much of each book read on (32768)")
    group.add_argument("--limit", type=_count, default=3, metavar="N", help="so many books read on (3)")
    lengths = {"type": _count, "nargs": "+", "default": [8192], "metavar": "N"}
    group.add_argument("--passkey", **lengths, help="lengths of the texts that a number is hidden in (8192)")
    depths = {"type": _share, "nargs": "+", "default": [0.0, 0.5, 1.0], "metavar": "D"}
    group.add_argument("--depths", **depths, help="where it is hidden, 0 to 1 (0 0.5 1)")
    group.add_argument("--trials", type=_count, default=10, metavar="N", help="texts of each length and depth (10)")
    group.add_argument("--embedder", type=Path, default=None, metavar="DIR", help="embedding model's folder, for rag")


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not 1 or more")
    return number


def _whole(text: str) -> int:
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError(f"{text} is not 0 or more")
    return number


def _share(text: str) -> float:
    number = float(text)
    if not 0.0 <= number <= 1.0:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 1")
    return number
