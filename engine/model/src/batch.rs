//! A batch of messages in Arrow, checked once where it enters.
//!
//! The schema, in this order; `?` marks what may be null. Instants are microseconds in UTC.
//!
//! | field | Arrow type |
//! | --- | --- |
//! | `id`? `platform` `conversation` `conversation_kind` `channel`? `kind` | Utf8 |
//! | `sent_at`? `captured_at`? | Timestamp(µs, UTC) |
//! | `sent_precision`? `sender` | Utf8 |
//! | `recipients` | List of Struct { `handle`, `role`: Utf8 } |
//! | `custodians` | List of Utf8 |
//! | `subject`? `text`? | Utf8 |
//! | `parts` | List of Struct { `kind`: Utf8, `start`, `end`: Int64 }, sorted, not overlapping, on character boundaries of `text` |
//! | `attachments` | List of Struct { `name`?, `media_type`?: Utf8, `bytes`?: Int64, `sha256`?: Utf8 } |
//! | `reply_to`? | Utf8 |
//! | `version` | Int32 |
//! | `version_kind` | Utf8 |
//! | `labels` `accounts` | List of Utf8 |
//! | `business`? | Boolean |
//! | `metadata` | Map of Utf8 to Utf8 |
//! | `source` | Struct { `file`: Utf8, `offset`: Int64 } |
//! | `undecodable` | Boolean |

use std::fmt;
use std::sync::{Arc, LazyLock};

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, BooleanBuilder, GenericListArray, Int32Builder, Int64Array, Int64Builder,
    ListBuilder, MapArray, MapBuilder, MapFieldNames, RecordBatch, RecordBatchOptions, StringArray, StringBuilder,
    StructArray, StructBuilder, TimestampMicrosecondArray, TimestampMicrosecondBuilder,
};
use arrow::datatypes::{
    DataType, Field, Fields, Int32Type, Int64Type, Schema, SchemaRef, TimeUnit, TimestampMicrosecondType,
};

use crate::message::{
    Attachment, ConversationKind, Message, MessageKind, Part, Participant, Role, SourcePlace, VersionKind,
};

/// Counts the changes of the schema; archives and evaluations name it.
pub const SCHEMA_VERSION: u32 = 1;

/// The columns' positions.
mod at {
    pub const ID: usize = 0;
    pub const PLATFORM: usize = 1;
    pub const CONVERSATION: usize = 2;
    pub const CONVERSATION_KIND: usize = 3;
    pub const CHANNEL: usize = 4;
    pub const KIND: usize = 5;
    pub const SENT_AT: usize = 6;
    pub const CAPTURED_AT: usize = 7;
    pub const SENT_PRECISION: usize = 8;
    pub const SENDER: usize = 9;
    pub const RECIPIENTS: usize = 10;
    pub const CUSTODIANS: usize = 11;
    pub const SUBJECT: usize = 12;
    pub const TEXT: usize = 13;
    pub const PARTS: usize = 14;
    pub const ATTACHMENTS: usize = 15;
    pub const REPLY_TO: usize = 16;
    pub const VERSION: usize = 17;
    pub const VERSION_KIND: usize = 18;
    pub const LABELS: usize = 19;
    pub const ACCOUNTS: usize = 20;
    pub const BUSINESS: usize = 21;
    pub const METADATA: usize = 22;
    pub const SOURCE: usize = 23;
    pub const UNDECODABLE: usize = 24;
}

static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    let text = |name: &str, null| Field::new(name, DataType::Utf8, null);
    let instant = |name: &str| Field::new(name, instant_type(), true);
    let list =
        |name: &str, of: DataType| Field::new(name, DataType::List(Arc::new(Field::new("item", of, false))), false);
    Arc::new(Schema::new(vec![
        text("id", true),
        text("platform", false),
        text("conversation", false),
        text("conversation_kind", false),
        text("channel", true),
        text("kind", false),
        instant("sent_at"),
        instant("captured_at"),
        text("sent_precision", true),
        text("sender", false),
        list("recipients", DataType::Struct(recipient_fields())),
        list("custodians", DataType::Utf8),
        text("subject", true),
        text("text", true),
        list("parts", DataType::Struct(part_fields())),
        list("attachments", DataType::Struct(attachment_fields())),
        text("reply_to", true),
        Field::new("version", DataType::Int32, false),
        text("version_kind", false),
        list("labels", DataType::Utf8),
        list("accounts", DataType::Utf8),
        Field::new("business", DataType::Boolean, true),
        Field::new_map(
            "metadata",
            "entries",
            text("keys", false),
            text("values", false),
            false,
            false,
        ),
        Field::new("source", DataType::Struct(source_fields()), false),
        Field::new("undecodable", DataType::Boolean, false),
    ]))
});

fn instant_type() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

fn recipient_fields() -> Fields {
    vec![
        Field::new("handle", DataType::Utf8, false),
        Field::new("role", DataType::Utf8, false),
    ]
    .into()
}

fn part_fields() -> Fields {
    vec![
        Field::new("kind", DataType::Utf8, false),
        Field::new("start", DataType::Int64, false),
        Field::new("end", DataType::Int64, false),
    ]
    .into()
}

fn attachment_fields() -> Fields {
    vec![
        Field::new("name", DataType::Utf8, true),
        Field::new("media_type", DataType::Utf8, true),
        Field::new("bytes", DataType::Int64, true),
        Field::new("sha256", DataType::Utf8, true),
    ]
    .into()
}

fn source_fields() -> Fields {
    vec![
        Field::new("file", DataType::Utf8, false),
        Field::new("offset", DataType::Int64, false),
    ]
    .into()
}

/// The Arrow schema of a batch.
pub fn message_schema() -> SchemaRef {
    SCHEMA.clone()
}

/// Why an Arrow batch is not a batch of messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchError(String);

impl fmt::Display for BatchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BatchError {}

/// An Arrow batch whose columns are those of [`message_schema`] and whose values keep its promises.
#[derive(Clone, Debug)]
pub struct MessageBatch {
    batch: RecordBatch,
}

impl MessageBatch {
    /// Checks a batch that comes from outside.
    ///
    /// # Errors
    /// Names the first column that differs from the schema, or the first row whose value breaks a promise.
    pub fn new(batch: RecordBatch) -> Result<Self, BatchError> {
        for (want, have) in SCHEMA.fields().iter().zip(batch.schema().fields()) {
            if want.name() != have.name() || !want.data_type().equals_datatype(have.data_type()) {
                let (name, kind) = (want.name(), want.data_type());
                return Err(BatchError(format!(
                    "column `{name}` must be {kind}, found `{}` {}",
                    have.name(),
                    have.data_type()
                )));
            }
        }
        if batch.num_columns() != SCHEMA.fields().len() {
            return Err(BatchError(format!(
                "{} columns expected, found {}",
                SCHEMA.fields().len(),
                batch.num_columns()
            )));
        }
        let batch = RecordBatch::try_new(SCHEMA.clone(), batch.columns().to_vec())
            .map_err(|error| BatchError(error.to_string()))?;
        let batch = Self { batch };
        batch.rows().try_for_each(|row| row.check())?;
        Ok(batch)
    }

    /// The messages of a batch that has the columns by their names, in any order and among others, in types that say the same:
    /// text of any width, instants of any unit, lists whose items may be null and are not. What is a column of the schema
    /// already is not copied.
    ///
    /// # Errors
    /// Names the first column that is missing or cannot be one of the schema, or the first row whose value breaks a promise.
    pub fn conforming(batch: &RecordBatch) -> Result<Self, BatchError> {
        let columns = SCHEMA.fields().iter().map(|want| {
            let name = want.name();
            let found = batch
                .column_by_name(name)
                .ok_or_else(|| BatchError(format!("column `{name}` is missing")))?;
            // The library's own words are left out: they may quote a value.
            let cast = arrow::compute::cast(found, want.data_type());
            let column =
                cast.map_err(|_| BatchError(format!("column `{name}` cannot be read as {}", want.data_type())))?;
            if column.null_count() > 0 && !want.is_nullable() {
                return Err(BatchError(format!("column `{name}` has a row without a value")));
            }
            Ok(column)
        });
        let columns = columns.collect::<Result<Vec<_>, _>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        let batch = RecordBatch::try_new_with_options(SCHEMA.clone(), columns, &options);
        Self::new(batch.map_err(|_| BatchError("its columns are not those of messages".to_owned()))?)
    }

    /// No message.
    pub fn empty() -> Self {
        Self {
            batch: RecordBatch::new_empty(SCHEMA.clone()),
        }
    }

    /// The number of messages.
    pub fn len(&self) -> usize {
        self.batch.num_rows()
    }

    /// Whether there is no message.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// One message. Panics when `row` is not below [`Self::len`].
    pub fn row(&self, row: usize) -> Row<'_> {
        assert!(row < self.len(), "row {row} of {}", self.len());
        Row {
            batch: &self.batch,
            row,
        }
    }

    /// All messages in order.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = Row<'_>> + Clone {
        (0..self.len()).map(|row| Row {
            batch: &self.batch,
            row,
        })
    }

    /// The columns.
    pub fn as_arrow(&self) -> &RecordBatch {
        &self.batch
    }

    /// The UTF-8 bytes of all texts and subjects.
    pub fn text_bytes(&self) -> usize {
        [at::TEXT, at::SUBJECT]
            .into_iter()
            .map(|column| {
                let offsets = self.batch.column(column).as_string::<i32>().value_offsets();
                usize::try_from(offsets[offsets.len() - 1] - offsets[0]).unwrap_or(0)
            })
            .sum()
    }

    /// The same messages with `captured_at` where it was absent.
    #[must_use]
    pub fn captured_by(&self, as_of_us: i64) -> Self {
        let column = self
            .batch
            .column(at::CAPTURED_AT)
            .as_primitive::<TimestampMicrosecondType>();
        if column.null_count() == 0 {
            return self.clone();
        }
        let filled = TimestampMicrosecondArray::from_iter_values(column.iter().map(|at| at.unwrap_or(as_of_us)));
        self.replaced(at::CAPTURED_AT, Arc::new(filled.with_timezone("UTC")))
    }

    /// The messages for which `keep` is true, which has one entry a message.
    #[must_use]
    pub fn filter(&self, keep: &[bool]) -> Self {
        #[expect(clippy::expect_used, reason = "a mask of the batch's own length always applies")]
        let batch = arrow::compute::filter_record_batch(&self.batch, &BooleanArray::from(keep.to_vec()))
            .expect("one entry a row");
        Self { batch }
    }

    /// The messages from `offset` on, `length` of them.
    #[must_use]
    pub fn slice(&self, offset: usize, length: usize) -> Self {
        Self {
            batch: self.batch.slice(offset, length),
        }
    }

    fn replaced(&self, column: usize, array: ArrayRef) -> Self {
        let mut columns = self.batch.columns().to_vec();
        columns[column] = array;
        #[expect(clippy::expect_used, reason = "the array has the replaced column's type and length")]
        let batch = RecordBatch::try_new(SCHEMA.clone(), columns).expect("same type and length");
        Self { batch }
    }
}

/// One message of a batch, borrowed.
#[derive(Clone, Copy)]
pub struct Row<'a> {
    batch: &'a RecordBatch,
    row: usize,
}

impl<'a> Row<'a> {
    fn text_at(self, column: usize) -> &'a str {
        self.batch.column(column).as_string::<i32>().value(self.row)
    }

    fn text_or_null(self, column: usize) -> Option<&'a str> {
        let array = self.batch.column(column).as_string::<i32>();
        array.is_valid(self.row).then(|| array.value(self.row))
    }

    fn word_at<W: std::str::FromStr + Default>(self, column: usize) -> W {
        self.text_at(column).parse().unwrap_or_default()
    }

    fn instant_at(self, column: usize) -> Option<i64> {
        let array = self.batch.column(column).as_primitive::<TimestampMicrosecondType>();
        array.is_valid(self.row).then(|| array.value(self.row))
    }

    fn list_at(self, column: usize) -> (&'a ArrayRef, std::ops::Range<usize>) {
        let list: &GenericListArray<i32> = self.batch.column(column).as_list();
        let offsets = list.value_offsets();
        let range = offsets[self.row]..offsets[self.row + 1];
        (
            list.values(),
            usize::try_from(range.start).unwrap_or(0)..usize::try_from(range.end).unwrap_or(0),
        )
    }

    fn texts_at(self, column: usize) -> impl ExactSizeIterator<Item = &'a str> + Clone {
        let (values, range) = self.list_at(column);
        let values: &StringArray = values.as_string();
        range.map(|at| values.value(at))
    }

    /// The position in the batch.
    pub fn index(self) -> usize {
        self.row
    }

    /// The platform's own id.
    pub fn id(self) -> Option<&'a str> {
        self.text_or_null(at::ID)
    }

    /// The platform.
    pub fn platform(self) -> &'a str {
        self.text_at(at::PLATFORM)
    }

    /// The conversation; empty when it has none.
    pub fn conversation(self) -> &'a str {
        self.text_at(at::CONVERSATION)
    }

    /// What kind of place it was written in.
    pub fn conversation_kind(self) -> ConversationKind {
        self.word_at(at::CONVERSATION_KIND)
    }

    /// The channel.
    pub fn channel(self) -> Option<&'a str> {
        self.text_or_null(at::CHANNEL)
    }

    /// What kind of entry it is.
    pub fn kind(self) -> MessageKind {
        self.word_at(at::KIND)
    }

    /// When it was sent, in microseconds since 1970, UTC.
    pub fn sent_at(self) -> Option<i64> {
        self.instant_at(at::SENT_AT)
    }

    /// When it was captured, in microseconds since 1970, UTC.
    pub fn captured_at(self) -> Option<i64> {
        self.instant_at(at::CAPTURED_AT)
    }

    /// How exact `sent_at` is.
    pub fn sent_precision(self) -> Option<&'a str> {
        self.text_or_null(at::SENT_PRECISION)
    }

    /// Who wrote it.
    pub fn sender(self) -> &'a str {
        self.text_at(at::SENDER)
    }

    /// Who received it, with the role.
    pub fn recipients(self) -> impl ExactSizeIterator<Item = (&'a str, Role)> + Clone {
        let (values, range) = self.list_at(at::RECIPIENTS);
        let fields: &StructArray = values.as_struct();
        let (handles, roles): (&StringArray, &StringArray) =
            (fields.column(0).as_string(), fields.column(1).as_string());
        range.map(|at| (handles.value(at), roles.value(at).parse().unwrap_or_default()))
    }

    /// Whose mailbox or export it came from.
    pub fn custodians(self) -> impl ExactSizeIterator<Item = &'a str> + Clone {
        self.texts_at(at::CUSTODIANS)
    }

    /// The subject: part of the body.
    pub fn subject(self) -> Option<&'a str> {
        self.text_or_null(at::SUBJECT)
    }

    /// The text: the body.
    pub fn text(self) -> Option<&'a str> {
        self.text_or_null(at::TEXT)
    }

    /// The ranges of the text that are not simply authored.
    pub fn parts(self) -> impl ExactSizeIterator<Item = Part> + Clone {
        let (values, range) = self.list_at(at::PARTS);
        let fields: &StructArray = values.as_struct();
        let kinds: &StringArray = fields.column(0).as_string();
        let (starts, ends) = (
            fields.column(1).as_primitive::<Int64Type>(),
            fields.column(2).as_primitive::<Int64Type>(),
        );
        range.map(|at| Part {
            kind: kinds.value(at).parse().unwrap_or_default(),
            start: starts.value(at).unsigned_abs(),
            end: ends.value(at).unsigned_abs(),
        })
    }

    /// The files that came with it. Names are part of the body.
    pub fn attachments(self) -> impl ExactSizeIterator<Item = Attachment> {
        let (values, range) = self.list_at(at::ATTACHMENTS);
        let fields: &StructArray = values.as_struct();
        let text = move |column: usize, at: usize| {
            let array: &StringArray = fields.column(column).as_string();
            array.is_valid(at).then(|| array.value(at).to_owned())
        };
        let sizes: &Int64Array = fields.column(2).as_primitive();
        range.map(move |at| Attachment {
            name: text(0, at),
            media_type: text(1, at),
            bytes: sizes.is_valid(at).then(|| sizes.value(at).unsigned_abs()),
            sha256: text(3, at),
        })
    }

    /// The names of the files that came with it, in order; part of the body.
    pub fn attachment_names(self) -> impl ExactSizeIterator<Item = Option<&'a str>> {
        let (values, range) = self.list_at(at::ATTACHMENTS);
        let names: &StringArray = values.as_struct().column(0).as_string();
        range.map(move |at| names.is_valid(at).then(|| names.value(at)))
    }

    /// The native id of the message that this one answers.
    pub fn reply_to(self) -> Option<&'a str> {
        self.text_or_null(at::REPLY_TO)
    }

    /// The version's number, from 0.
    pub fn version(self) -> i32 {
        self.batch
            .column(at::VERSION)
            .as_primitive::<Int32Type>()
            .value(self.row)
    }

    /// How this version came about.
    pub fn version_kind(self) -> VersionKind {
        self.word_at(at::VERSION_KIND)
    }

    /// Labels set by a person or a source.
    pub fn labels(self) -> impl ExactSizeIterator<Item = &'a str> + Clone {
        self.texts_at(at::LABELS)
    }

    /// Accounts that it concerns.
    pub fn accounts(self) -> impl ExactSizeIterator<Item = &'a str> + Clone {
        self.texts_at(at::ACCOUNTS)
    }

    /// Whether it is business, where the source says so.
    pub fn business(self) -> Option<bool> {
        let array = self.batch.column(at::BUSINESS).as_boolean();
        array.is_valid(self.row).then(|| array.value(self.row))
    }

    /// Everything else that the source said, by name. Undeclared values are part of the body.
    pub fn metadata(self) -> impl ExactSizeIterator<Item = (&'a str, &'a str)> + Clone {
        let map: &MapArray = self.batch.column(at::METADATA).as_map();
        let offsets = map.value_offsets();
        let (start, end) = (offsets[self.row], offsets[self.row + 1]);
        let (keys, values): (&StringArray, &StringArray) = (map.keys().as_string(), map.values().as_string());
        (usize::try_from(start).unwrap_or(0)..usize::try_from(end).unwrap_or(0))
            .map(|at| (keys.value(at), values.value(at)))
    }

    /// The file it was read from, as it was named to Lexhold.
    pub fn source_file(self) -> &'a str {
        self.batch
            .column(at::SOURCE)
            .as_struct()
            .column(0)
            .as_string::<i32>()
            .value(self.row)
    }

    /// The line, record or row in that file, from 1.
    pub fn source_offset(self) -> u64 {
        self.batch
            .column(at::SOURCE)
            .as_struct()
            .column(1)
            .as_primitive::<Int64Type>()
            .value(self.row)
            .unsigned_abs()
    }

    /// Whether bytes of the text had to be replaced.
    pub fn undecodable(self) -> bool {
        self.batch.column(at::UNDECODABLE).as_boolean().value(self.row)
    }

    /// An owned copy of the message.
    pub fn to_message(self) -> Message {
        Message {
            id: self.id().map(str::to_owned),
            platform: self.platform().to_owned(),
            conversation: self.conversation().to_owned(),
            conversation_kind: self.conversation_kind(),
            channel: self.channel().map(str::to_owned),
            kind: self.kind(),
            sent_at: self.sent_at(),
            captured_at: self.captured_at(),
            sent_precision: self.sent_precision().map(str::to_owned),
            sender: self.sender().to_owned(),
            recipients: self
                .recipients()
                .map(|(handle, role)| Participant {
                    handle: handle.to_owned(),
                    role,
                })
                .collect(),
            custodians: self.custodians().map(str::to_owned).collect(),
            subject: self.subject().map(str::to_owned),
            text: self.text().map(str::to_owned),
            parts: self.parts().collect(),
            attachments: self.attachments().collect(),
            reply_to: self.reply_to().map(str::to_owned),
            version: self.version(),
            version_kind: self.version_kind(),
            labels: self.labels().map(str::to_owned).collect(),
            accounts: self.accounts().map(str::to_owned).collect(),
            business: self.business(),
            metadata: self
                .metadata()
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .collect(),
            source: SourcePlace {
                file: self.source_file().to_owned(),
                offset: self.source_offset(),
            },
            undecodable: self.undecodable(),
        }
    }

    fn check(self) -> Result<(), BatchError> {
        let wrong = |what: &str| Err(BatchError(format!("row {}: {what}", self.row)));
        if self.text_at(at::CONVERSATION_KIND).parse::<ConversationKind>().is_err() {
            return wrong("`conversation_kind` is not one of direct, group, channel, mail");
        }
        if self.text_at(at::KIND).parse::<MessageKind>().is_err() {
            return wrong("`kind` is not one of message, action, notice, system, call, reaction");
        }
        if self.text_at(at::VERSION_KIND).parse::<VersionKind>().is_err() {
            return wrong("`version_kind` is not one of original, edit, delete, collision");
        }
        if !parts_fit(self.parts(), self.text().unwrap_or_default()) {
            return wrong("`parts` must be sorted ranges on character boundaries inside `text`, without overlap");
        }
        Ok(())
    }
}

/// Whether ranges are sorted, apart, and on character boundaries of the text.
pub(crate) fn parts_fit(parts: impl Iterator<Item = Part>, text: &str) -> bool {
    let boundary = |at: u64| usize::try_from(at).is_ok_and(|at| text.is_char_boundary(at));
    let mut last = 0;
    parts.into_iter().all(|part| {
        let fits = last <= part.start && part.start <= part.end && boundary(part.start) && boundary(part.end);
        last = part.end;
        fits
    })
}

/// Gathers messages into a batch.
pub struct MessageBatchBuilder {
    id: StringBuilder,
    platform: StringBuilder,
    conversation: StringBuilder,
    conversation_kind: StringBuilder,
    channel: StringBuilder,
    kind: StringBuilder,
    sent_at: TimestampMicrosecondBuilder,
    captured_at: TimestampMicrosecondBuilder,
    sent_precision: StringBuilder,
    sender: StringBuilder,
    recipients: ListBuilder<StructBuilder>,
    custodians: ListBuilder<StringBuilder>,
    subject: StringBuilder,
    text: StringBuilder,
    parts: ListBuilder<StructBuilder>,
    attachments: ListBuilder<StructBuilder>,
    reply_to: StringBuilder,
    version: Int32Builder,
    version_kind: StringBuilder,
    labels: ListBuilder<StringBuilder>,
    accounts: ListBuilder<StringBuilder>,
    business: BooleanBuilder,
    metadata: MapBuilder<StringBuilder, StringBuilder>,
    source: StructBuilder,
    undecodable: BooleanBuilder,
    rows: usize,
    text_bytes: usize,
}

impl Default for MessageBatchBuilder {
    fn default() -> Self {
        Self::new()
    }
}

impl MessageBatchBuilder {
    /// An empty batch.
    pub fn new() -> Self {
        let structs = |fields: Fields| {
            let item = Field::new("item", DataType::Struct(fields.clone()), false);
            ListBuilder::new(StructBuilder::from_fields(fields, 0)).with_field(item)
        };
        let texts = || ListBuilder::new(StringBuilder::new()).with_field(Field::new("item", DataType::Utf8, false));
        let instants = || TimestampMicrosecondBuilder::new().with_timezone("UTC");
        let names = MapFieldNames {
            entry: "entries".into(),
            key: "keys".into(),
            value: "values".into(),
        };
        Self {
            id: StringBuilder::new(),
            platform: StringBuilder::new(),
            conversation: StringBuilder::new(),
            conversation_kind: StringBuilder::new(),
            channel: StringBuilder::new(),
            kind: StringBuilder::new(),
            sent_at: instants(),
            captured_at: instants(),
            sent_precision: StringBuilder::new(),
            sender: StringBuilder::new(),
            recipients: structs(recipient_fields()),
            custodians: texts(),
            subject: StringBuilder::new(),
            text: StringBuilder::new(),
            parts: structs(part_fields()),
            attachments: structs(attachment_fields()),
            reply_to: StringBuilder::new(),
            version: Int32Builder::new(),
            version_kind: StringBuilder::new(),
            labels: texts(),
            accounts: texts(),
            business: BooleanBuilder::new(),
            metadata: MapBuilder::new(Some(names), StringBuilder::new(), StringBuilder::new())
                .with_keys_field(Field::new("keys", DataType::Utf8, false))
                .with_values_field(Field::new("values", DataType::Utf8, false)),
            source: StructBuilder::from_fields(source_fields(), 0),
            undecodable: BooleanBuilder::new(),
            rows: 0,
            text_bytes: 0,
        }
    }

    /// The messages gathered so far.
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Whether none is gathered.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// The bytes of text and subject gathered so far.
    pub fn text_bytes(&self) -> usize {
        self.text_bytes
    }

    /// Adds a message. Parts that do not fit the text are left out: the text then counts as authored.
    pub fn push(&mut self, message: &Message) {
        self.id.append_option(message.id.as_deref());
        self.platform.append_value(&message.platform);
        self.conversation.append_value(&message.conversation);
        self.conversation_kind.append_value(message.conversation_kind.as_str());
        self.channel.append_option(message.channel.as_deref());
        self.kind.append_value(message.kind.as_str());
        self.sent_at.append_option(message.sent_at);
        self.captured_at.append_option(message.captured_at);
        self.sent_precision.append_option(message.sent_precision.as_deref());
        self.sender.append_value(&message.sender);
        for recipient in &message.recipients {
            let item = self.recipients.values();
            append_text(item, 0, Some(&recipient.handle));
            append_text(item, 1, Some(recipient.role.as_str()));
            item.append(true);
        }
        self.recipients.append(true);
        append_texts(&mut self.custodians, &message.custodians);
        self.subject.append_option(message.subject.as_deref());
        self.text.append_option(message.text.as_deref());
        if parts_fit(
            message.parts.iter().copied(),
            message.text.as_deref().unwrap_or_default(),
        ) {
            for part in &message.parts {
                let item = self.parts.values();
                append_text(item, 0, Some(part.kind.as_str()));
                append_number(item, 1, Some(part.start));
                append_number(item, 2, Some(part.end));
                item.append(true);
            }
        }
        self.parts.append(true);
        for attachment in &message.attachments {
            let item = self.attachments.values();
            append_text(item, 0, attachment.name.as_deref());
            append_text(item, 1, attachment.media_type.as_deref());
            append_number(item, 2, attachment.bytes);
            append_text(item, 3, attachment.sha256.as_deref());
            item.append(true);
        }
        self.attachments.append(true);
        self.reply_to.append_option(message.reply_to.as_deref());
        self.version.append_value(message.version);
        self.version_kind.append_value(message.version_kind.as_str());
        append_texts(&mut self.labels, &message.labels);
        append_texts(&mut self.accounts, &message.accounts);
        self.business.append_option(message.business);
        for (key, value) in &message.metadata {
            self.metadata.keys().append_value(key);
            self.metadata.values().append_value(value);
        }
        #[expect(clippy::expect_used, reason = "a key and a value were appended together")]
        self.metadata.append(true).expect("as many keys as values");
        append_text(&mut self.source, 0, Some(&message.source.file));
        append_number(&mut self.source, 1, Some(message.source.offset));
        self.source.append(true);
        self.undecodable.append_value(message.undecodable);
        self.rows += 1;
        self.text_bytes += [&message.text, &message.subject]
            .into_iter()
            .flatten()
            .map(String::len)
            .sum::<usize>();
    }

    /// The batch of the messages gathered; the builder is empty again.
    pub fn finish(&mut self) -> MessageBatch {
        let columns: Vec<ArrayRef> = vec![
            Arc::new(self.id.finish()),
            Arc::new(self.platform.finish()),
            Arc::new(self.conversation.finish()),
            Arc::new(self.conversation_kind.finish()),
            Arc::new(self.channel.finish()),
            Arc::new(self.kind.finish()),
            Arc::new(self.sent_at.finish()),
            Arc::new(self.captured_at.finish()),
            Arc::new(self.sent_precision.finish()),
            Arc::new(self.sender.finish()),
            Arc::new(self.recipients.finish()),
            Arc::new(self.custodians.finish()),
            Arc::new(self.subject.finish()),
            Arc::new(self.text.finish()),
            Arc::new(self.parts.finish()),
            Arc::new(self.attachments.finish()),
            Arc::new(self.reply_to.finish()),
            Arc::new(self.version.finish()),
            Arc::new(self.version_kind.finish()),
            Arc::new(self.labels.finish()),
            Arc::new(self.accounts.finish()),
            Arc::new(self.business.finish()),
            Arc::new(self.metadata.finish()),
            Arc::new(self.source.finish()),
            Arc::new(self.undecodable.finish()),
        ];
        (self.rows, self.text_bytes) = (0, 0);
        #[expect(
            clippy::expect_used,
            reason = "each builder was made for its column and got one value a message"
        )]
        let batch = RecordBatch::try_new(SCHEMA.clone(), columns).expect("columns of the schema, equally long");
        MessageBatch { batch }
    }
}

fn append_texts(list: &mut ListBuilder<StringBuilder>, texts: &[String]) {
    texts.iter().for_each(|text| list.values().append_value(text));
    list.append(true);
}

#[expect(
    clippy::expect_used,
    reason = "the struct was built with a text field at this position"
)]
fn append_text(item: &mut StructBuilder, field: usize, text: Option<&str>) {
    item.field_builder::<StringBuilder>(field)
        .expect("a text field")
        .append_option(text);
}

#[expect(
    clippy::expect_used,
    reason = "the struct was built with a number field at this position"
)]
fn append_number(item: &mut StructBuilder, field: usize, number: Option<u64>) {
    let number = number.map(|number| i64::try_from(number).unwrap_or(i64::MAX));
    item.field_builder::<Int64Builder>(field)
        .expect("a number field")
        .append_option(number);
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn full() -> Message {
        Message {
            id: Some("m1".into()),
            platform: "slack".into(),
            conversation: "c1".into(),
            conversation_kind: ConversationKind::Group,
            channel: Some("rates".into()),
            kind: MessageKind::Action,
            sent_at: Some(1_546_317_000_000_000),
            captured_at: None,
            sent_precision: Some("minute".into()),
            sender: "alice".into(),
            recipients: vec![Participant {
                handle: "bob".into(),
                role: Role::Bcc,
            }],
            custodians: vec!["carol".into(), "dan".into()],
            subject: Some("px".into()),
            text: Some("héllo > quoted".into()),
            parts: vec![Part {
                kind: crate::PartKind::Quoted,
                start: 7,
                end: 15,
            }],
            attachments: vec![Attachment {
                name: Some("a.pdf".into()),
                bytes: Some(12),
                ..Attachment::default()
            }],
            reply_to: Some("m0".into()),
            version: 2,
            version_kind: VersionKind::Edit,
            labels: vec!["kept".into()],
            accounts: vec!["A-1".into()],
            business: Some(false),
            metadata: BTreeMap::from([("team".into(), "T1".into())]),
            source: SourcePlace {
                file: "in.ndjson".into(),
                offset: 7,
            },
            undecodable: true,
        }
    }

    #[test]
    fn a_batch_gives_back_what_was_pushed() {
        let messages = [
            full(),
            Message {
                sender: "unknown".into(),
                ..Message::default()
            },
            full(),
        ];
        let mut builder = MessageBatchBuilder::new();
        messages.iter().for_each(|message| builder.push(message));
        let batch = builder.finish();
        assert!(builder.is_empty());
        let back: Vec<Message> = batch.rows().map(Row::to_message).collect();
        assert_eq!(back, messages);
        let checked = MessageBatch::new(batch.as_arrow().clone()).expect("its own schema");
        assert_eq!(checked.slice(1, 2).row(1).to_message(), messages[2]);
        assert_eq!(checked.filter(&[false, true, false]).row(0).to_message(), messages[1]);
        assert_eq!(checked.captured_by(5).row(1).captured_at(), Some(5));
        assert_eq!(checked.text_bytes(), 2 * ("héllo > quoted".len() + 2));
    }

    #[test]
    fn a_foreign_batch_is_refused_by_column_and_by_row() {
        let mut builder = MessageBatchBuilder::new();
        builder.push(&full());
        let batch = builder.finish();
        let other = batch.as_arrow().project(&[1, 0]).expect("two columns");
        assert!(
            MessageBatch::new(other)
                .unwrap_err()
                .to_string()
                .starts_with("column `id` must be")
        );
        let mut columns = batch.as_arrow().columns().to_vec();
        columns[at::KIND] = Arc::new(StringArray::from(vec!["shout"]));
        let other = RecordBatch::try_new(message_schema(), columns).expect("same types");
        assert!(
            MessageBatch::new(other)
                .unwrap_err()
                .to_string()
                .starts_with("row 0: `kind`")
        );
    }

    #[test]
    fn parts_off_a_character_boundary_are_left_out() {
        let mut builder = MessageBatchBuilder::new();
        builder.push(&Message {
            parts: vec![Part {
                kind: crate::PartKind::Quoted,
                start: 2,
                end: 3,
            }],
            ..full()
        });
        assert_eq!(builder.finish().row(0).parts().len(), 0);
    }
}
