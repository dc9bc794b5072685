//! Ten million messages by SQL, in the tables that a run fills.
//!
//! Over ten years in the order of time: conversations live for days or for ever, a few people write in each, some messages are
//! edited, some clocks are not believed. Facts, one row for a hundred messages, name one of 5,000 accounts or none; one account is in
//! one message of ten. Two hundred sets of schedules were assigned at ingest, and an activation gave all facts another one. Two
//! holds, one of them silent, cover some people; one message in five hundred has a hit.

use std::path::Path;

use duckdb::Connection;

use crate::firm::{ACCOUNTS, FIRST, ZONES};

/// Sets of schedules in each version.
const SETS: u64 = 200;
/// Days from the first message to the last.
const DAYS: u64 = 3_653;
/// The first instant, in microseconds since 1970.
const BEGIN: u64 = 1_388_534_400_000_000;
const HOUR: u64 = 3_600_000_000;

/// Fills the catalog until it has so many messages.
pub fn fill(catalog: &Path, n: u64) {
    let more = n - FIRST as u64;
    let shared = (n / 100).max(1_000);
    let connection = Connection::open(catalog).unwrap();
    let steps = [
        "SET preserve_insertion_order = false; SET TimeZone = 'UTC';".to_owned(),
        known(),
        facts(shared),
        days(),
        messages(more, shared),
        beside_messages(),
        "CHECKPOINT".to_owned(),
    ];
    for step in steps {
        connection.execute_batch(&step).unwrap();
    }
}

/// A key that follows from a text, as SQL.
fn key(of: &str) -> String {
    format!("(hash({of})::HUGEINT * 1000003)::DECIMAL(38,0)")
}

/// Sets of one to three schedules; one in fifty could not be evaluated.
fn known() -> String {
    let sets = |prefix: &str, version: &str| {
        format!(
            "INSERT INTO duty_set
             SELECT {}, o, k.schedule_id, if(s.i % 50 = 49, 'indeterminate', 'assigned'), if(s.i % 50 = 49, 'an attribute is missing', NULL)
             FROM range({SETS}) s(i), range(3) t(o) JOIN known k ON k.i = (s.i * 13 + t.o * 17) % 60
             WHERE t.o <= s.i % 3 AND k.version = '{version}';",
            key(&format!("'{prefix}' || s.i"))
        )
    };
    format!(
        "CREATE TEMP TABLE known AS
             SELECT schedule_id, version, row_number() OVER (PARTITION BY version ORDER BY document, schedule) - 1 AS i FROM schedule;
         {} {}",
        sets("old", "1.0.0"),
        sets("new", "1.1.0")
    )
}

fn facts(shared: u64) -> String {
    let account = format!(
        "CASE WHEN i % 10 = 3 THEN '[\"BIG\"]' WHEN i % 10 < 5 THEN '[]' ELSE '[\"A' || (hash(i, 'account') % {ACCOUNTS}) || '\"]' END"
    );
    format!(
        "CREATE TEMP TABLE plain AS SELECT facts, regexp_extract(facts, 'ann[0-9]+') AS ann FROM facts LIMIT 1;
         INSERT INTO facts SELECT {}, replace(replace(facts, '[\"AX\"]', {account}), ann, 'u' || (i % 5000)) FROM plain, range({shared}) r(i);
         CREATE TEMP TABLE base AS
             SELECT (SELECT max(origin_no) + 1 FROM origin) AS origin, (SELECT max(days_no) + 1 FROM day_set) AS days,
                    (SELECT max(conversation_no) + 1 FROM conversation) AS conversation, (SELECT max(place_no) + 1 FROM place) AS place;
         INSERT INTO origin SELECT b.origin + i, {}, {}, false, (SELECT min(seq) FROM activation), NULL FROM base b, range({shared}) r(i);
         INSERT INTO reassignment SELECT {}, false, NULL, {}, (SELECT max(seq) FROM activation) FROM range({shared}) r(i);
         INSERT INTO place
             SELECT b.place + i * 5 + d, ['slack', 'teams', 'mail', 'whatsapp'][1 + i % 4], if(i % 4 < 2, 'channel' || i, NULL), 'd' || d || '.example'
             FROM base b, range(20) r(i), range(5) s(d);",
        key("'facts' || i"),
        key(&format!("'old' || (hash(i, 'set') % {SETS})")),
        key("'facts' || i"),
        key("'facts' || i"),
        key(&format!("'new' || ((hash(i, 'set') % {SETS} + 7 * (hash(i, 'new') % 3)) % {SETS})")),
    )
}

/// The days of every hour in four zones, of what is captured an hour after it was sent.
fn days() -> String {
    let day = |hour: &str, zone: &str| {
        format!("((TIMESTAMPTZ '2014-01-01 00:00:00+00' + to_hours(({hour})::INTEGER)) AT TIME ZONE '{zone}')::DATE")
    };
    let columns: Vec<String> = ZONES
        .iter()
        .enumerate()
        .map(|(at, zone)| format!("{} AS s{at}, {} AS c{at}", day("h", zone), day("h + 1", zone)))
        .collect();
    let rows: Vec<String> = ZONES
        .iter()
        .enumerate()
        .map(|(at, zone)| format!("SELECT {}, '{zone}', if(doubt, c{at}, s{at})::VARCHAR, c{at}::VARCHAR FROM kind, (VALUES (false), (true)) v(doubt)", key("'days' || k || doubt")))
        .collect();
    format!(
        "CREATE TEMP TABLE hour AS SELECT h, {} FROM range({}) r(h);
         CREATE TEMP TABLE kind AS SELECT (row_number() OVER () - 1)::INTEGER AS k, * FROM (SELECT DISTINCT * EXCLUDE h FROM hour ORDER BY ALL);
         CREATE TEMP TABLE kind_of_hour AS SELECT h, k FROM hour NATURAL JOIN kind;
         INSERT INTO day_set SELECT b.days + 2 * k + doubt::INTEGER, {}, doubt FROM base b, kind, (VALUES (false), (true)) v(doubt);
         INSERT INTO days {};",
        columns.join(", "),
        DAYS * 24,
        key("'days' || k || doubt"),
        rows.join(" UNION ALL ")
    )
}

fn messages(more: u64, shared: u64) -> String {
    format!(
        "CREATE TEMP TABLE one AS FROM message LIMIT 1;
         CREATE TEMP TABLE entry AS SELECT seq, row_number() OVER (ORDER BY seq) - 1 AS nth FROM batch;
         CREATE TEMP MACRO of_time(j) AS {BEGIN} + j * ({span} // {more}) + (hash(j, 'moment') % {jitter})::BIGINT;
         INSERT INTO message BY NAME
             WITH numbered AS (SELECT i, if(i % 200 = 1, i - 1, i) AS j, (hash(j) // 2)::BIGINT AS x FROM range({more}) r(i)),
                  placed AS (SELECT *, if(x % 20 = 0, (x // 256) % 50,
                                          greatest(0, j * {shared} // {more} - ((x // 65536 % 1000 / 1000.0) ** 2 * {shared} / 200)::BIGINT))::BIGINT AS c,
                                    least({last}, of_time(i))::BIGINT AS moment FROM numbered),
                  written AS (SELECT *, (hash(c * 5 + x // 4294967296 % 5) % {shared})::BIGINT AS f FROM placed)
             SELECT o.* REPLACE (
                 {own} AS key, {family} AS family, ['slack', 'teams', 'mail', 'whatsapp'][1 + c % 4] AS platform,
                 'slack/C' || c || '/' || j AS message_id, j::VARCHAR AS native_id, 'C' || c AS conversation,
                 if(c % 4 < 2, 'channel' || (c % 20), NULL) AS channel, 'u' || (f % 5000) || '@d' || (f % 5) || '.example' AS sender,
                 if(x % 33 = 0, 'reaction', 'message') AS kind, {content} AS content_hash, i AS source_offset, {facts} AS facts_id,
                 if(i = j, 1, 2)::INTEGER AS version, if(i = j, 'original', 'edit') AS version_kind,
                 make_timestamp(moment)::TIMESTAMPTZ AS sent_at, make_timestamp(moment + {HOUR})::TIMESTAMPTZ AS captured_at,
                 x % 1000 = 5 AS trigger_suspect, e.seq AS seq, (b.origin + f)::INTEGER AS origin_no,
                 (b.days + 2 * k.k + (x % 1000 = 5)::INTEGER)::INTEGER AS days_no, (b.conversation + c)::INTEGER AS conversation_no,
                 (b.place + (c % 20) * 5 + f % 5)::INTEGER AS place_no,
                 ({FIRST} + i)::INTEGER AS message_no)
             FROM written w JOIN kind_of_hour k ON k.h = (w.moment - {BEGIN}) // {HOUR} JOIN entry e ON e.nth = w.i * {FIRST} // {more}, base b, one o
             ORDER BY w.i;
         INSERT INTO conversation
             SELECT conversation_no, any_value(platform), any_value(conversation), max(epoch_us(sent_at)) FILTER (kind = 'message'), max(epoch_us(captured_at))
             FROM message WHERE conversation_no >= (SELECT conversation FROM base) GROUP BY 1 ORDER BY 1;",
        span = (DAYS - 1) * 24 * HOUR,
        jitter = 24 * HOUR,
        last = BEGIN + DAYS * 24 * HOUR - 1,
        own = key("'m' || i"),
        family = key("'m' || j"),
        content = key("'c' || i"),
        facts = key("'facts' || f"),
    )
}

/// What a run records beside each message.
fn beside_messages() -> String {
    format!(
        "CREATE TEMP TABLE added AS
             SELECT key, family, origin_no, days_no, conversation_no, place_no, message_no, version_kind, source_file, source_offset, facts_id, trigger_suspect, seq,
                    epoch_us(sent_at) AS sent_at, epoch_us(captured_at) AS captured_at
             FROM message WHERE conversation_no >= (SELECT conversation FROM base);
         INSERT INTO assignment
             SELECT a.family, a.key, o.set_id, d.days_id, a.facts_id, false, a.trigger_suspect, a.seq
             FROM added a JOIN origin o USING (origin_no) JOIN day_set d USING (days_no);
         INSERT INTO recipient SELECT key, 'u' || (hash(key, r) % 5000), 'to', message_no FROM added, range(2) t(r);
         INSERT INTO custodian SELECT key, 'u' || (hash(key) % 5000), message_no FROM added;
         INSERT INTO source SELECT key, source_file, source_offset FROM added;
         INSERT INTO united SELECT family FROM added WHERE version_kind = 'edit';
         INSERT INTO united_member
             SELECT family, key, origin_no, days_no, conversation_no, sent_at, captured_at, origin_no, place_no, message_no
             FROM added SEMI JOIN united USING (family);
         INSERT INTO hold_member
             SELECT h.hold, a.key, a.family, 'held' FROM added a, base b, (VALUES ('orion', 200, 7), ('vega', 500, 11)) h(hold, one_in, rest)
             WHERE (a.origin_no - b.origin) % h.one_in = h.rest;
         CREATE TEMP TABLE hit_of_one AS FROM hit LIMIT 1;
         INSERT INTO hit SELECT h.* REPLACE (a.key AS key, {} AS alert_id, {} AS evidence) FROM hit_of_one h, added a WHERE a.source_offset % 500 = 0;",
        key("'alert' || a.source_offset"),
        key("'evidence' || a.source_offset")
    )
}

/// How varied the messages are.
pub fn told(catalog: &Path) -> String {
    let connection = Connection::open(catalog).unwrap();
    let count = |of: &str| count(&connection, &format!("SELECT count(*) FROM {of}"));
    format!(
        "{} facts under {} pairs of sets, {} kinds of days, {} conversations, {} events, {} held, {} with several versions, {} hits",
        count("origin"),
        count("(SELECT DISTINCT o.set_id, r.set_id FROM origin o JOIN reassignment r USING (facts_id))"),
        count("day_set"),
        count("conversation"),
        count("event"),
        count("hold_member"),
        count("united"),
        count("hit")
    )
}

/// The id of a message from the middle.
pub fn some_message(catalog: &Path) -> String {
    let connection = Connection::open(catalog).unwrap();
    let sql = "SELECT message_id FROM message WHERE rowid = (SELECT count(*) // 3 FROM message)";
    connection.query_row(sql, [], |row| row.get(0)).unwrap()
}

/// How many messages name the account that is in one of ten.
pub fn n_of_big_account(catalog: &Path) -> u64 {
    let sql = "SELECT count(*) FROM message SEMI JOIN (SELECT facts_id FROM facts WHERE contains(facts, '\"BIG\"')) USING (facts_id)";
    count(&Connection::open(catalog).unwrap(), sql)
}

/// The number that a query comes to.
pub fn count(connection: &Connection, sql: &str) -> u64 {
    connection.query_row(sql, [], |row| row.get(0)).unwrap()
}

/// How many rows a query has, all of them read.
pub fn n_rows(connection: &Connection, sql: &str) -> usize {
    let mut statement = connection.prepare(sql).unwrap();
    let mut rows = statement.query([]).unwrap();
    std::iter::from_fn(|| rows.next().unwrap().map(|_| ())).count()
}

/// Stored duties, in a file of their own beside the catalog: every one that a message was ever assigned, and one a message.
pub fn store_duties(connection: &Connection, beside: &Path) {
    let is_new = !beside.exists();
    let attach = format!("ATTACH '{}' AS stored", beside.display());
    connection.execute_batch(&attach).unwrap();
    if is_new {
        connection
            .execute_batch(
                "CREATE TEMP TABLE duty_of_origin AS
                     SELECT o.origin_no, s.document || '.' || s.schedule AS schedule
                     FROM (SELECT origin_no, set_id FROM origin UNION ALL SELECT o.origin_no, r.set_id FROM origin o JOIN reassignment r USING (facts_id)) o
                     JOIN duty_set d USING (set_id) JOIN schedule s USING (schedule_id);
                 CREATE TABLE stored.duty AS SELECT d.schedule, m.sent_at::DATE AS trigger_date FROM message m JOIN duty_of_origin d USING (origin_no);
                 CREATE TABLE stored.one_duty AS
                     SELECT d.schedule, m.sent_at::DATE AS trigger_date
                     FROM message m JOIN (SELECT origin_no, arg_min(schedule, hash(schedule, origin_no)) AS schedule FROM duty_of_origin GROUP BY 1) d USING (origin_no);
                 CHECKPOINT stored;",
            )
            .unwrap();
    }
}

/// Duties as they follow from messages, sets and days, as SQL.
pub const JOINED: &str = "(SELECT s.document || '.' || s.schedule AS schedule, y.sent_day AS trigger_date
    FROM message m JOIN (SELECT origin_no, set_id FROM origin UNION ALL SELECT o.origin_no, r.set_id FROM origin o JOIN reassignment r USING (facts_id)) o
         USING (origin_no)
    JOIN duty_set d USING (set_id) JOIN schedule s USING (schedule_id)
    JOIN day_set e USING (days_no) JOIN days y ON y.days_id = e.days_id AND y.zone = s.zone)";
