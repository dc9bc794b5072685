//! The columns of a row, and the positions of their fields.
//!
//! Every field may be null, as engines declare it that know nothing else; what must be there is asked for in reading.

use std::sync::{Arc, LazyLock};

use arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema, SchemaRef};
use lexhold_model::message_schema;

use super::{EVALUATION, UNREADABLE};

/// Declares the fields of a structure with their positions.
macro_rules! fields {
    ($name:ident, $all:ident: $($field:ident = $text:literal of $kind:expr),+ $(,)?) => {
        #[allow(dead_code, reason = "names of people's, which nobody reads back, have positions too")]
        pub mod $name {
            #[allow(non_camel_case_types, clippy::upper_case_acronyms, reason = "they are named as the positions are")]
            enum At { $($field),+ }
            $(pub const $field: usize = At::$field as usize;)+
        }

        /// The fields.
        pub static $all: LazyLock<Fields> =
            LazyLock::new(|| vec![$(Field::new($text, $kind, true)),+].into());
    };
}

const TEXT: DataType = DataType::Utf8;
const NUMBER: DataType = DataType::Int64;
const FLAG: DataType = DataType::Boolean;

fields!(hit, HIT:
    RULE_KEY = "rule_key" of TEXT,
    RULE = "rule" of TEXT,
    VERSION = "version" of TEXT,
    SEVERITY = "severity" of TEXT,
    FIELD = "field" of TEXT,
    START = "start" of NUMBER,
    END = "end" of NUMBER,
    PART = "part" of TEXT,
    EVASION = "evasion" of FLAG,
    CONFIDENCE = "confidence" of TEXT,
    SUPPORT = "support" of TEXT,
    N_HITS = "n_hits" of NUMBER,
    EXCLUDED_BY = "excluded_by" of TEXT,
    INDETERMINATE = "indeterminate" of TEXT,
    ALERT_ID = "alert_id" of TEXT,
    EVIDENCE = "evidence" of TEXT,
    BLOCK = "block" of TEXT,
);

fields!(part, PART:
    KIND = "kind" of TEXT,
    START = "start" of NUMBER,
    END = "end" of NUMBER,
    REASON = "reason" of TEXT,
    HASH = "hash" of TEXT,
);

fields!(event, EVENT:
    RULE_KEY = "rule_key" of TEXT,
    RULE = "rule" of TEXT,
    GROUP_ID = "group_id" of TEXT,
    COMPONENT = "component" of NUMBER,
);

fields!(duty, DUTY:
    SCHEDULE_KEY = "schedule_key" of TEXT,
    SCHEDULE = "schedule" of TEXT,
    DOCUMENT = "document" of TEXT,
    VERSION = "version" of TEXT,
    OUTCOME = "outcome" of TEXT,
    REASON = "reason" of TEXT,
);

fields!(hold, HOLD:
    HOLD = "hold" of TEXT,
    MEMBERSHIP = "membership" of TEXT,
);

fields!(diagnostic, DIAGNOSTIC:
    CODE = "code" of TEXT,
    SUBJECT = "subject" of TEXT,
    DETAIL = "detail" of TEXT,
);

fields!(evaluation, OF_MESSAGE:
    KEY = "key" of TEXT,
    MESSAGE_ID = "message_id" of TEXT,
    CONTENT_HASH = "content_hash" of TEXT,
    DIRECTION = "direction" of TEXT,
    TRIGGER_SUSPECT = "trigger_suspect" of FLAG,
    SCAN_INCOMPLETE = "scan_incomplete" of FLAG,
    FACTS = "facts" of TEXT,
    HITS = "hits" of list_of(&HIT),
    PARTS = "parts" of list_of(&PART),
    EVENTS = "events" of list_of(&EVENT),
    DUTIES = "duties" of list_of(&DUTY),
    HOLDS = "holds" of list_of(&HOLD),
    UNKNOWN_HANDLES = "unknown_handles" of DataType::List(item(TEXT)),
    DIAGNOSTICS = "diagnostics" of list_of(&DIAGNOSTIC),
);

/// The field of a list's items.
pub fn item(kind: DataType) -> FieldRef {
    Arc::new(Field::new("item", kind, true))
}

fn list_of(fields: &Fields) -> DataType {
    DataType::List(item(DataType::Struct(fields.clone())))
}

/// The columns of a row.
pub fn schema() -> SchemaRef {
    let message = message_schema();
    let of_message = message.fields().iter().cloned();
    let more = [
        Field::new(UNREADABLE, TEXT, true),
        Field::new(EVALUATION, DataType::Struct(OF_MESSAGE.clone()), true),
    ];
    Arc::new(Schema::new(
        of_message.chain(more.map(Arc::new)).collect::<Vec<FieldRef>>(),
    ))
}
