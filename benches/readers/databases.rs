//! Sample messages in the databases of programs, with the tables and columns that their readers need.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, Result, params};

use crate::exports::{Line, lines};

/// A database by the name of its format.
pub struct Database {
    /// The name of the format.
    pub format: &'static str,
    tables: &'static str,
    message: fn(&Connection, &Line<'_>) -> Result<usize>,
}

/// The databases that there are.
pub const DATABASES: &[Database] = &[
    Database {
        format: "imessage",
        tables: "CREATE TABLE message (ROWID INTEGER PRIMARY KEY, guid TEXT, text TEXT, handle_id INTEGER, service TEXT, account TEXT, date INTEGER,
                date_read INTEGER, is_from_me INTEGER, item_type INTEGER, associated_message_type INTEGER);
            CREATE TABLE handle (ROWID INTEGER PRIMARY KEY, id TEXT);
            CREATE TABLE chat (ROWID INTEGER PRIMARY KEY, guid TEXT, style INTEGER, chat_identifier TEXT);
            CREATE TABLE chat_message_join (chat_id INTEGER, message_id INTEGER, PRIMARY KEY (chat_id, message_id));
            CREATE INDEX of_message ON chat_message_join (message_id, chat_id);
            INSERT INTO handle VALUES (1, '+15550001');
            INSERT INTO chat VALUES (1, 'iMessage;-;+15550001', 45, '+15550001');",
        message: imessage,
    },
    Database {
        format: "signal",
        tables: "CREATE TABLE messages (rowid INTEGER PRIMARY KEY, id TEXT, json TEXT, sent_at INTEGER, conversationId TEXT, type TEXT, body TEXT);
            CREATE TABLE conversations (id TEXT PRIMARY KEY, json TEXT, type TEXT, members TEXT, name TEXT, e164 TEXT, serviceId TEXT, groupId TEXT);
            CREATE TABLE items (id TEXT PRIMARY KEY, json TEXT);
            INSERT INTO items VALUES ('uuid_id', '{\"id\":\"uuid_id\",\"value\":\"A.2\"}');
            INSERT INTO conversations VALUES ('c', NULL, 'private', NULL, 'Bob', '+1', 'B', NULL);",
        message: signal,
    },
    Database {
        format: "viber",
        tables: "CREATE TABLE Events (EventID INTEGER PRIMARY KEY, TimeStamp INTEGER, Direction INTEGER, ChatID INTEGER, ContactID INTEGER);
            CREATE TABLE Messages (EventID INTEGER PRIMARY KEY, Type INTEGER, Subject TEXT, Body TEXT, PayloadPath TEXT, Info TEXT);
            CREATE TABLE Contact (ContactID INTEGER PRIMARY KEY, Name TEXT, Number TEXT);
            CREATE TABLE ChatInfo (ChatID INTEGER PRIMARY KEY, Name TEXT);
            CREATE TABLE ChatRelation (ChatID INTEGER, ContactID INTEGER);
            INSERT INTO Contact VALUES (1, 'Me', '+15550001'), (2, 'Bob', '+15550002');
            INSERT INTO ChatInfo VALUES (7, NULL);
            INSERT INTO ChatRelation VALUES (7, 1), (7, 2);",
        message: viber,
    },
    Database {
        format: "whatsapp-android",
        tables: "CREATE TABLE jid (_id INTEGER PRIMARY KEY, user TEXT, server TEXT, raw_string TEXT);
            CREATE TABLE chat (_id INTEGER PRIMARY KEY, jid_row_id INTEGER, subject TEXT);
            CREATE TABLE message (_id INTEGER PRIMARY KEY, chat_row_id INTEGER, from_me INTEGER, key_id TEXT, sender_jid_row_id INTEGER,
                timestamp INTEGER, message_type INTEGER, text_data TEXT, origination_flags INTEGER);
            INSERT INTO jid VALUES (1, '1', 's.whatsapp.net', '1@s.whatsapp.net');
            INSERT INTO chat VALUES (1, 1, NULL);",
        message: whatsapp,
    },
];

fn imessage(to: &Connection, line: &Line<'_>) -> Result<usize> {
    const SECONDS_TO_2001: i64 = 978_307_200;
    let (number, at) = (line.id(), (line.sent.as_second() - SECONDS_TO_2001) * 1_000_000_000);
    to.execute("INSERT INTO chat_message_join VALUES (1, ?1)", [number])?;
    to.execute(
        "INSERT INTO message VALUES (?1, ?2, ?3, 1, 'iMessage', 'E:ann@firm.example', ?4, ?4, ?5, 0, 0)",
        params![number, format!("{number:032X}"), line.text, at, number % 2],
    )
}

fn signal(to: &Connection, line: &Line<'_>) -> Result<usize> {
    let (id, at) = (format!("{:032x}", line.number), line.sent.as_millisecond() + line.id());
    let record = serde_json::json!({
        "id": id, "conversationId": "c", "sent_at": at, "timestamp": at, "received_at": at, "type": "incoming", "body": line.text,
        "sourceServiceId": "B", "sourceDevice": 1, "attachments": [], "readStatus": 0, "schemaVersion": 14,
    });
    to.execute(
        "INSERT INTO messages (id, json, sent_at, conversationId, type, body) VALUES (?1, ?2, ?3, 'c', 'incoming', ?4)",
        params![id, record.to_string(), at, line.text],
    )
}

fn viber(to: &Connection, line: &Line<'_>) -> Result<usize> {
    let (number, own) = (line.id(), line.id() % 2);
    to.execute(
        "INSERT INTO Messages VALUES (?1, 1, NULL, ?2, NULL, NULL)",
        params![number, line.text],
    )?;
    to.execute(
        "INSERT INTO Events VALUES (?1, ?2, ?3, 7, ?4)",
        params![number, line.sent.as_millisecond(), own, 2 - own],
    )
}

fn whatsapp(to: &Connection, line: &Line<'_>) -> Result<usize> {
    to.execute(
        "INSERT INTO message VALUES (?1, 1, ?2, ?3, NULL, ?4, 0, ?5, 0)",
        params![
            line.id(),
            line.id() % 2,
            format!("{:032X}", line.number),
            line.sent.as_millisecond(),
            line.text
        ],
    )
}

impl Database {
    /// Writes a database with at least so many bytes of text, the same for the same seed. What it wrote, how many messages, and how
    /// many bytes the file has.
    ///
    /// # Errors
    /// Those of the database.
    pub fn write(&self, folder: &Path, seed: u64, bytes: usize) -> Result<(PathBuf, usize, usize)> {
        let path = folder.join(self.format).with_extension("db");
        let connection = Connection::open(&path)?;
        connection.execute_batch("PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; BEGIN;")?;
        connection.execute_batch(self.tables)?;
        let mut written = 0;
        let number = lines(seed, |line| {
            (self.message)(&connection, line)?;
            written += line.text.len();
            Ok::<_, rusqlite::Error>(written < bytes)
        })?;
        connection.execute_batch("COMMIT")?;
        drop(connection);
        let size = std::fs::metadata(&path).map_or(0, |file| usize::try_from(file.len()).unwrap_or_default());
        Ok((path, number, size))
    }
}
