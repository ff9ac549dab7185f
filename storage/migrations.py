"""The schema, as numbered steps that are only ever added to. A step that has been released never changes."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from functools import cache

from sqlite_utils import Database, Migrations

from storage import digests


def migrations() -> Migrations:
    """All steps, oldest first. Applying them to a database twice changes nothing."""
    found = Migrations("palimpsest")
    for step in steps():
        found()(step)
    return found


@cache
def columns() -> dict[str, tuple[str, ...]]:
    """The columns of every table that the steps make, by the table's name. Takes a hundredth of a second, once."""
    with closing(sqlite3.connect(":memory:")) as bare:
        db = Database(bare)
        migrations().apply(db)
        return {name: names_of(db, name) for name in db.table_names() if "sqlite_" not in name}


def names_of(db: Database, table: str) -> tuple[str, ...]:
    """The columns that a table has; none where there is no such table."""
    return tuple(row[1] for row in db.execute(f"PRAGMA table_info({table})").fetchall())


def steps() -> tuple[Callable[[Database], None], ...]:
    """The steps themselves; a new one goes to the end."""
    return (
        m001_documents,
        m002_snapshots,
        m003_chats,
        m004_jobs,
        m005_notes,
        m006_places,
        m007_waypoints,
        m008_shelf,
        m009_strengths,
        m010_conversations,
        m011_order,
        m012_worths,
        m014_pictures,
        m015_checkpoints,
        m016_answers,
        m017_page_labels,
        m018_owners,
        m019_damage,
        m020_removed_for,
        m021_digests,
        m022_conversation_owners,
        m023_job_digests,
    )


def m001_documents(db: Database) -> None:
    """Documents with their text, page by page, and their sections."""
    db.execute(
        """
        CREATE TABLE documents (
            id TEXT PRIMARY KEY,
            sha256 TEXT NOT NULL UNIQUE,
            title TEXT NOT NULL,
            author TEXT,
            format TEXT NOT NULL,
            n_pages INTEGER NOT NULL,
            n_tokens INTEGER,
            missing_pages TEXT NOT NULL,
            warnings TEXT NOT NULL,
            added_at TEXT NOT NULL,
            last_asked_at TEXT
        )
        """
    )
    db.execute(
        """
        CREATE TABLE pages (
            document_id TEXT NOT NULL REFERENCES documents(id) ON DELETE CASCADE,
            number INTEGER NOT NULL,
            text TEXT NOT NULL,
            PRIMARY KEY (document_id, number)
        )
        """
    )
    db.execute(
        """
        CREATE TABLE sections (
            document_id TEXT NOT NULL REFERENCES documents(id) ON DELETE CASCADE,
            number INTEGER NOT NULL,
            title TEXT NOT NULL,
            level INTEGER NOT NULL,
            page INTEGER NOT NULL,
            last_page INTEGER NOT NULL,
            start INTEGER NOT NULL,
            "end" INTEGER NOT NULL,
            PRIMARY KEY (document_id, number)
        )
        """
    )


def m002_snapshots(db: Database) -> None:
    """Memories at rest. Section 0 is the whole document; the newest memory of a reading replaces the one before."""
    # The blob comes last: SQLite then reads the other columns without walking through it.
    db.execute(
        """
        CREATE TABLE snapshots (
            id INTEGER PRIMARY KEY,
            document_id TEXT NOT NULL REFERENCES documents(id) ON DELETE CASCADE,
            fingerprint TEXT NOT NULL,
            section INTEGER NOT NULL DEFAULT 0,
            n_tokens INTEGER NOT NULL,
            total_tokens INTEGER NOT NULL,
            page INTEGER NOT NULL,
            complete INTEGER NOT NULL CHECK (complete IN (0, 1)),
            group_tokens INTEGER NOT NULL,
            seconds REAL NOT NULL,
            created_at TEXT NOT NULL,
            sha256 TEXT NOT NULL,
            n_bytes INTEGER NOT NULL,
            blob BLOB NOT NULL,
            UNIQUE (document_id, fingerprint, section)
        )
        """
    )


def m003_chats(db: Database) -> None:
    """Chats, each about one document, and their messages."""
    db.execute(
        """
        CREATE TABLE chats (
            id INTEGER PRIMARY KEY,
            document_id TEXT NOT NULL REFERENCES documents(id) ON DELETE CASCADE,
            title TEXT NOT NULL,
            created_at TEXT NOT NULL
        )
        """
    )
    db.execute(
        """
        CREATE TABLE messages (
            id INTEGER PRIMARY KEY,
            chat_id INTEGER NOT NULL REFERENCES chats(id) ON DELETE CASCADE,
            role TEXT NOT NULL CHECK (role IN ('user', 'assistant')),
            text TEXT NOT NULL,
            grounding REAL,
            grounded INTEGER,
            created_at TEXT NOT NULL
        )
        """
    )
    db.execute("CREATE INDEX chats_document ON chats (document_id)")
    db.execute("CREATE INDEX messages_chat ON messages (chat_id)")


def m004_jobs(db: Database) -> None:
    """Readings that were asked for. At most one of a document waits or runs at a time."""
    db.execute(
        """
        CREATE TABLE jobs (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            document_id TEXT NOT NULL REFERENCES documents(id) ON DELETE CASCADE,
            kind TEXT NOT NULL DEFAULT 'read',
            status TEXT NOT NULL CHECK (status IN ('queued', 'reading', 'done', 'cancelled', 'failed')),
            fingerprint TEXT,
            group_tokens INTEGER,
            n_tokens INTEGER NOT NULL DEFAULT 0,
            total_tokens INTEGER,
            tokens_per_second REAL,
            eta_seconds REAL,
            error TEXT,
            created_at TEXT NOT NULL,
            updated_at TEXT NOT NULL
        )
        """
    )
    db.execute("CREATE UNIQUE INDEX jobs_active ON jobs (document_id) WHERE status IN ('queued', 'reading')")
    db.execute("CREATE INDEX jobs_document ON jobs (document_id)")


def m005_notes(db: Database) -> None:
    """Single facts about the library itself, such as that the sample was put on the shelf once."""
    db.execute("CREATE TABLE notes (name TEXT PRIMARY KEY, value TEXT NOT NULL)")


def m006_places(db: Database) -> None:
    """Answers that were looked up in the text, with the places as JSON; NULL for an answer from memory."""
    db.execute("ALTER TABLE messages ADD COLUMN places TEXT")


def m007_waypoints(db: Database) -> None:
    """Memories on the way through a document, and the page as of which a question was asked."""
    db.execute(
        """
        CREATE TABLE waypoints (
            document_id TEXT NOT NULL REFERENCES documents(id) ON DELETE CASCADE,
            fingerprint TEXT NOT NULL,
            n_tokens INTEGER NOT NULL,
            group_tokens INTEGER NOT NULL,
            sha256 TEXT NOT NULL,
            blob BLOB NOT NULL,
            PRIMARY KEY (document_id, fingerprint, n_tokens)
        )
        """
    )
    db.execute("ALTER TABLE messages ADD COLUMN page INTEGER")


def m008_shelf(db: Database) -> None:
    """A document's tags as JSON, and since when it is off the shelf: till it is swept away it can come back."""
    db.execute("ALTER TABLE documents ADD COLUMN tags TEXT NOT NULL DEFAULT '[]'")
    db.execute("ALTER TABLE documents ADD COLUMN removed_at TEXT")


def m009_strengths(db: Database) -> None:
    """How strongly each segment of a document was written, by the token that it ends before."""
    db.execute(
        """
        CREATE TABLE strengths (
            document_id TEXT NOT NULL REFERENCES documents(id) ON DELETE CASCADE,
            fingerprint TEXT NOT NULL,
            n_tokens INTEGER NOT NULL,
            strength REAL NOT NULL,
            PRIMARY KEY (document_id, fingerprint, n_tokens)
        )
        """
    )


def m010_conversations(db: Database) -> None:
    """Which of a document's conversations was opened last: the one with the highest number is the current one. And which answers
    are summaries."""
    db.execute("ALTER TABLE chats ADD COLUMN opened INTEGER NOT NULL DEFAULT 0")
    db.execute("ALTER TABLE messages ADD COLUMN summary INTEGER NOT NULL DEFAULT 0")


def m011_order(db: Database) -> None:
    """Which waiting job comes first: the one of the highest rank, and of those the one that waited longest."""
    db.execute("ALTER TABLE jobs ADD COLUMN rank INTEGER NOT NULL DEFAULT 0")


def m012_worths(db: Database) -> None:
    """What each token of a segment was worth keeping, one byte a token; none for what was read before this."""
    db.execute("ALTER TABLE strengths ADD COLUMN worths BLOB NOT NULL DEFAULT x''")


def m014_pictures(db: Database) -> None:
    """The files whose pages are shown as printed; their pages that gave no text, with what was read off the pictures of these; and
    how far a job is with them."""
    db.execute(
        """
        CREATE TABLE originals (
            document_id TEXT PRIMARY KEY REFERENCES documents(id) ON DELETE CASCADE,
            name TEXT NOT NULL,
            scan INTEGER NOT NULL CHECK (scan IN (0, 1)),
            data BLOB NOT NULL
        )
        """
    )
    db.execute(
        """
        CREATE TABLE pictures (
            document_id TEXT NOT NULL REFERENCES documents(id) ON DELETE CASCADE,
            number INTEGER NOT NULL,
            text TEXT,
            PRIMARY KEY (document_id, number)
        )
        """
    )
    db.execute("ALTER TABLE jobs ADD COLUMN pictures INTEGER NOT NULL DEFAULT 0")
    db.execute("ALTER TABLE jobs ADD COLUMN of_pictures INTEGER")


def m015_checkpoints(db: Database) -> None:
    """What left a memory between two checkpoints, in place of whole memories on the way; worths by themselves; and at which token each
    page of what was read begins, int32. Memories of before are of a kind that no model can use any more: those on the way go."""
    db.execute(
        """
        CREATE TABLE checkpoints (
            document_id TEXT NOT NULL REFERENCES documents(id) ON DELETE CASCADE,
            fingerprint TEXT NOT NULL,
            since INTEGER NOT NULL,
            n_tokens INTEGER NOT NULL,
            sha256 TEXT NOT NULL,
            departed BLOB NOT NULL,
            PRIMARY KEY (document_id, fingerprint, since)
        )
        """
    )
    db.execute("DROP TABLE waypoints")
    db.execute(
        """
        CREATE TABLE worths (
            document_id TEXT NOT NULL REFERENCES documents(id) ON DELETE CASCADE,
            fingerprint TEXT NOT NULL,
            n_tokens INTEGER NOT NULL,
            worths BLOB NOT NULL,
            PRIMARY KEY (document_id, fingerprint, n_tokens)
        )
        """
    )
    db.execute(
        "INSERT INTO worths SELECT document_id, fingerprint, n_tokens, worths FROM strengths WHERE length(worths) > 0"
    )
    db.execute("DROP TABLE strengths")
    db.execute("ALTER TABLE snapshots ADD COLUMN page_starts BLOB NOT NULL DEFAULT x''")
    db.execute("DELETE FROM snapshots WHERE section > 0")


def m016_answers(db: Database) -> None:
    """How sure an answer is, whether the document seemed not to say, what the memory alone said, and the sentences that it rests on
    as JSON; in place of a measure that no answer has any more."""
    db.execute("ALTER TABLE messages ADD COLUMN confidence REAL")
    db.execute("ALTER TABLE messages ADD COLUMN declined INTEGER")
    db.execute("ALTER TABLE messages ADD COLUMN from_memory TEXT")
    db.execute("ALTER TABLE messages ADD COLUMN evidence TEXT")
    db.execute("ALTER TABLE messages DROP COLUMN grounding")
    db.execute("ALTER TABLE messages DROP COLUMN grounded")


def m017_page_labels(db: Database) -> None:
    """The numbers printed on a document's pages as JSON, where they are others than 1, 2, 3; none for documents added before this."""
    db.execute("ALTER TABLE documents ADD COLUMN page_labels TEXT NOT NULL DEFAULT '[]'")


def m018_owners(db: Database) -> None:
    """Which process reads a job's document, a number that it raises as long as it lives, and how the reading is to end before it is
    through."""
    db.execute("ALTER TABLE jobs ADD COLUMN owner TEXT")
    db.execute("ALTER TABLE jobs ADD COLUMN beat INTEGER")
    db.execute("ALTER TABLE jobs ADD COLUMN wish TEXT CHECK (wish IN ('cancelled', 'queued'))")


def m019_damage(db: Database) -> None:
    """Whether a memory was found damaged: it is then offered to be read again."""
    db.execute("ALTER TABLE snapshots ADD COLUMN damaged INTEGER NOT NULL DEFAULT 0")


def m020_removed_for(db: Database) -> None:
    """For how many seconds a removed document has been off the shelf, as counted until a time."""
    db.execute("ALTER TABLE documents ADD COLUMN removed_for REAL NOT NULL DEFAULT 0")
    db.execute("ALTER TABLE documents ADD COLUMN counted_at TEXT")
    db.execute("UPDATE documents SET counted_at = removed_at")


def m021_digests(db: Database) -> None:
    """Digests of the small tables' rows, and beside them those of memories and kept files; how many sections a document has and how many
    messages a conversation. What is there now is taken to be as it should be."""
    digests.register(db.conn)
    db.execute("ALTER TABLE documents ADD COLUMN n_sections INTEGER NOT NULL DEFAULT 0")
    db.execute("UPDATE documents SET n_sections = (SELECT count(*) FROM sections WHERE document_id = documents.id)")
    db.execute("ALTER TABLE chats ADD COLUMN n_messages INTEGER NOT NULL DEFAULT 0")
    db.execute("UPDATE chats SET n_messages = (SELECT count(*) FROM messages WHERE chat_id = chats.id)")
    for table in ("documents", "pages", "sections", "chats", "messages", "pictures", "notes"):
        names = names_of(db, table)
        db.execute(f"ALTER TABLE {table} ADD COLUMN digest BLOB")
        db.execute(f"UPDATE {table} SET digest = digest({digests.typed(names)})")
    db.execute(
        """
        CREATE TABLE digests (
            document_id TEXT NOT NULL REFERENCES documents(id) ON DELETE CASCADE,
            of TEXT NOT NULL,
            digest BLOB NOT NULL,
            PRIMARY KEY (document_id, of)
        )
        """
    )
    large = "SELECT document_id, fingerprint FROM snapshots UNION SELECT document_id, ? FROM originals"
    for document_id, key in db.execute(large, [digests.FILE]).fetchall():
        digests.seal_large(db, document_id, key)


def m022_conversation_owners(db: Database) -> None:
    """Whose a conversation is, '' for everyone's, as those of before are; and of which of these it is somebody's own copy. The digests
    of those that are as they were stored go on from there."""
    digests.register(db.conn)
    before = names_of(db, "chats")
    of_then = digests.typed([name for name in before if name != "digest"])
    sound = [row[0] for row in db.execute(f"SELECT id FROM chats WHERE digest IS digest({of_then})").fetchall()]
    db.execute("ALTER TABLE chats ADD COLUMN owner TEXT NOT NULL DEFAULT ''")
    db.execute("ALTER TABLE chats ADD COLUMN copy_of INTEGER REFERENCES chats(id) ON DELETE SET NULL")
    of_now = digests.typed([name for name in names_of(db, "chats") if name != "digest"])
    for chat_id in sound:
        db.execute(f"UPDATE chats SET digest = digest({of_now}) WHERE id = ?", [chat_id])


def m023_job_digests(db: Database) -> None:
    """Digests of jobs. What is there now is taken to be as it should be."""
    digests.register(db.conn)
    names = names_of(db, "jobs")
    db.execute("ALTER TABLE jobs ADD COLUMN digest BLOB")
    db.execute(f"UPDATE jobs SET digest = digest({digests.typed(names)})")
