"""Errors of the library. Each says in plain words what happened and what to do."""

from __future__ import annotations

from storage import FULL, StorageError, megabytes


def named_errors() -> tuple[type[Exception], ...]:
    """The base classes of every error whose text is a sentence for the user: `except named_errors() as error`."""
    # here, for the terminal's help must not wait for these
    from documents.errors import DocumentError
    from engine.errors import EngineError

    return (LibraryError, StorageError, DocumentError, EngineError)


class LibraryError(Exception):
    """Base of every error that the library raises itself."""


class UnknownDocument(LibraryError):
    """No document on the shelf has this id."""

    def __init__(self, document_id: str) -> None:
        super().__init__(f"There is no document '{document_id}' on the shelf. The shelf lists the ids that there are.")


class TitleMissing(LibraryError):
    """A document was to be called nothing at all."""

    def __init__(self) -> None:
        super().__init__("A document needs a title. Type one, or leave the one that it has.")


class NothingToRestore(LibraryError):
    """No document with this id was removed lately."""

    def __init__(self, document_id: str) -> None:
        super().__init__(
            f"The document '{document_id}' can't be brought back: it is on the shelf, or was removed too long ago. "
            "Add its file again."
        )


class AmbiguousDocument(LibraryError):
    """The beginning of an id fits several documents."""

    def __init__(self, beginning: str, ids: list[str]) -> None:
        super().__init__(f"'{beginning}' could be {' or '.join(ids)}. Give more of the id.")


class UnknownSection(LibraryError):
    """The document has no section with this number."""

    def __init__(self, section: int, title: str, n_sections: int) -> None:
        super().__init__(f"'{title}' has no section {section}. Its sections are numbered 1 to {n_sections}.")


class NotReadYet(LibraryError):
    """There is no memory of the document yet."""

    def __init__(self, title: str) -> None:
        super().__init__(f"'{title}' has not been read yet. Read it first, at least some pages of it.")


class NothingToAsk(LibraryError):
    """None of the documents has a memory that can be asked."""

    def __init__(self) -> None:
        super().__init__("None of these documents has been read yet. Read at least one of them first.")


class StaleSnapshot(LibraryError):
    """The document was read by another model only."""

    def __init__(self, title: str, made_by: str, running: str) -> None:
        super().__init__(
            f"'{title}' was read by another model or adapter (memory {made_by[:12]}, running {running[:12]}), and a "
            "memory fits only the model that made it. Read it again, or start with the model that read it (--model)."
        )


class ModelNotReady(LibraryError):
    """The model is on its way; `megabytes` are how many of it are here and how many it has, where it is being fetched."""

    def __init__(self, megabytes: tuple[int, int] | None) -> None:
        if megabytes is None:
            super().__init__("The model is still being loaded. Try again in a moment.")
        else:
            done, total = (f"{amount:,}" for amount in megabytes)
            super().__init__(f"The model is still being fetched: {done} of {total} MB.")


class ModelMissing(LibraryError):
    """There is no model that reads and answers."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"There is no model to read or answer with. {reason}")


class UnknownPage(LibraryError):
    """The document has no such page."""

    def __init__(self, page: int, title: str, n_pages: int, unit: str = "page") -> None:
        super().__init__(f"'{title}' has no {unit} {page}. Its {unit}s are numbered 1 to {n_pages}.")


class NotReadThatFar(LibraryError):
    """The document was not read as far as that page yet."""

    def __init__(self, page: int, title: str, read_pages: int, unit: str = "page") -> None:
        upto = f"only up to {unit} {read_pages}" if read_pages else f"not even to the end of its first {unit}"
        super().__init__(f"'{title}' has been read {upto}, so it can't be asked as of {unit} {page} yet.")


class EarlierPagesGone(LibraryError):
    """What was kept for questions as of an earlier page was removed."""

    def __init__(self, title: str) -> None:
        super().__init__(
            f"What was kept of '{title}' for questions as of an earlier page was removed. It can be asked as a whole; to ask it as of an "
            "earlier page, read it again in a terminal: python launch.py read FILE --again."
        )


class NothingToRead(LibraryError):
    """The document or section holds no text."""

    def __init__(self, title: str) -> None:
        super().__init__(f"'{title}' holds no text to read.")


class OcrMissing(LibraryError):
    """Pictures were to be read without the packages for it."""

    def __init__(self, title: str) -> None:
        super().__init__(
            f"'{title}' has pages that are pictures, and reading those needs a few more packages: "
            "pip install -r requirements-ocr.txt"
        )


class PicturesStopped(LibraryError):
    """Reading a document's pictures on the terminal was interrupted."""

    def __init__(self, title: str, left: int) -> None:
        super().__init__(
            f"'{title}' has {left} more pages whose pictures are to be read; what was read of the others is kept, and the same "
            "command goes on from there."
        )


class FileUnreadable(LibraryError):
    """A file could not be opened or read from the disk."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"'{name}' could not be opened: {reason}. Check the path and that you may read it.")


class HistoryUnreadable(LibraryError):
    """The file with the talk before can't be used."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"'{name}' can't be used as the talk before: {reason}.")


class NothingNamed(LibraryError):
    """Nothing was named that is to be read."""

    def __init__(self) -> None:
        super().__init__("Name the files to read, or give --all to read again what an older memory has read.")


class UnknownChat(LibraryError):
    """The document has no conversation of that number."""

    def __init__(self, title: str, chat_id: int) -> None:
        super().__init__(f"'{title}' has no conversation {chat_id}. `launch.py chats ID` lists those it has.")


class ModelUnnamed(LibraryError):
    """A program asked a model that is no document."""

    def __init__(self, name: str) -> None:
        super().__init__(f"'{name}' is no document here. Models are called palimpsest/ID; GET /v1/models lists them.")


class NoQuestion(LibraryError):
    """A conversation does not end with a question."""

    def __init__(self) -> None:
        super().__init__("The last message must be the user's question.")


class OnlyText(LibraryError):
    """A program sent something other than text."""

    def __init__(self, kind: str) -> None:
        super().__init__(f"A message has a part of the kind '{kind}'. Books are asked in text alone; leave it out.")


class RequestUnreadable(LibraryError):
    """A program's request is not what the protocol has; `where` names the part of it."""

    def __init__(self, where: str, reason: str) -> None:
        super().__init__(f"The request can't be read: '{where or 'all of it'}' is wrong ({reason}).")
        self.where = where


class UnknownWay(LibraryError):
    """A program asked for something that the protocol may have, but not this app."""

    def __init__(self, way: str) -> None:
        super().__init__(f"There is no '/v1/{way}' here: only /v1/models and /v1/chat/completions.")


class WrongMethod(LibraryError):
    """A program asked for something that is there, by a method that is not."""

    def __init__(self, way: str, methods: str) -> None:
        super().__init__(f"'/v1/{way}' is asked with {methods} alone.")


class NoRoom(LibraryError):
    """The disk has too little room for a file that was sent or is to be written; `needed` and `free` are bytes."""

    def __init__(self, needed: int, free: int) -> None:
        super().__init__(
            f"The disk has too little room for this file: it needs {megabytes(needed)} MB, and {megabytes(free)} MB are free. "
            "Nothing of it was kept; free some space and try again."
        )


def no_room(error: OSError) -> bool:
    """Whether the system says with it that the disk has no room."""
    return error.errno in FULL


class FileNotWritten(LibraryError):
    """A file could not be written."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"'{name}' could not be written: {reason}. Choose another place, or free some space.")


class NotASnapshotFile(LibraryError):
    """The file is not one that `snapshot export` wrote."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"'{name}' is not a snapshot file ({reason}). Export one with `snapshot export ID FILE`.")


class SnapshotFileDamaged(LibraryError):
    """The snapshot file's contents don't match the digests in it."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"'{name}' is damaged ({reason}), and nothing of it was taken in. Copy or export it again.")


class SnapshotFileTooNew(LibraryError):
    """The snapshot file was written by a newer version."""

    def __init__(self, name: str, version: object) -> None:
        super().__init__(f"'{name}' was written by a newer version (format {version}). Update this program to read it.")


class TextDiffers(LibraryError):
    """A snapshot belongs to another text of the same document."""

    def __init__(self, title: str) -> None:
        super().__init__(
            f"'{title}' is on the shelf already, with a text that differs from the file's, so the file's memory doesn't fit "
            "it. Remove it from the shelf and import again, or read it here."
        )


class ReadingStopped(LibraryError):
    """A reading on the terminal was interrupted."""

    def __init__(self, title: str, percent: int) -> None:
        super().__init__(
            f"'{title}' is read to {percent}%, and that is kept. The same command goes on from there; "
            "it can be asked about what was read."
        )


class PasswordMissing(LibraryError):
    """Other machines were to be let in without a password."""

    def __init__(self, host: str) -> None:
        super().__init__(
            f"On {host} other machines can reach this shelf, so it needs a password: --password-file FILE, --ask-password, or "
            "PALIMPSEST_PASSWORD in the environment."
        )


class McpMissing(LibraryError):
    """The Model Context Protocol was asked for and its package is not there."""

    def __init__(self) -> None:
        super().__init__("--mcp needs one more package. Install it with: pip install -r requirements-mcp.txt")


class PasswordShort(LibraryError):
    """A password that is easily guessed was to be set."""

    def __init__(self, least: int) -> None:
        super().__init__(
            f"A password needs at least {least} letters. Four or five words that don't belong together are best."
        )


class PasswordFixed(LibraryError):
    """The password of a run was to be changed on the page."""

    def __init__(self) -> None:
        super().__init__(
            "The password of this run was given when the app was started. Change it there, and start again."
        )


class ChangeUnderWay(LibraryError):
    """Another model is being loaded already."""

    def __init__(self) -> None:
        super().__init__("A model is being loaded already. Wait until it is there, then choose another.")


class PasswordWrong(LibraryError):
    """A program asked without the password, or with another one."""

    def __init__(self) -> None:
        super().__init__("This shelf has a password. Send it as the API key: 'Authorization: Bearer PASSWORD'.")


class TooManyGuesses(LibraryError):
    """Wrong passwords came from one address, one after another."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"Too many wrong passwords came from this address. Wait {seconds} seconds, then try again.")
        self.seconds = seconds


class BodyTooLarge(LibraryError):
    """A request is larger than it may be."""

    def __init__(self, megabytes: int) -> None:
        super().__init__(
            f"This request is larger than {megabytes} MB, so nothing of it was looked at. Send less at once."
        )


class HostRefused(LibraryError):
    """A request came by a name that is not this machine's."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"'{name}' is no name of this machine, so nothing was shown. Open the app by its address, such as http://127.0.0.1:7860."
        )


class PageRefused(LibraryError):
    """A request came from another page than the app's own."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"Another page ({name}) asked for this, and only the app's own page may. Nothing was shown and nothing was changed."
        )


class AddressTaken(LibraryError):
    """The app's address is in use or not this machine's."""

    def __init__(self, host: str, port: int, reason: str) -> None:
        super().__init__(
            f"The app can't be opened on {host}:{port} ({reason}). "
            "Close what runs there, or choose another port with --port."
        )
