//! Values out of Arrow arrays, one row at a time.

use std::borrow::Cow;
use std::ops::Range;

use arrow::array::{Array, ArrayRef, AsArray, OffsetSizeTrait};
use arrow::datatypes::{
    DataType, Date32Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, TimeUnit,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType, UInt8Type,
    UInt16Type, UInt32Type, UInt64Type,
};
use arrow::util::display::array_value_to_string;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::value::{Value, text_of};

/// The value of a row. Sets `undecodable` when bytes that are not UTF-8 were replaced.
pub(crate) fn value<'a>(array: &'a ArrayRef, row: usize, undecodable: &mut bool) -> Value<'a> {
    if array.is_null(row) {
        return Value::Null;
    }
    match array.data_type() {
        DataType::Null => Value::Null,
        DataType::BinaryView => text(array.as_binary_view().value(row), undecodable),
        DataType::FixedSizeBinary(_) => text(array.as_fixed_size_binary().value(row), undecodable),
        DataType::Boolean => Value::Bool(array.as_boolean().value(row)),
        DataType::Int8 => whole(array.as_primitive::<Int8Type>().value(row).into()),
        DataType::Int16 => whole(array.as_primitive::<Int16Type>().value(row).into()),
        DataType::Int32 => whole(array.as_primitive::<Int32Type>().value(row).into()),
        DataType::Int64 => whole(array.as_primitive::<Int64Type>().value(row)),
        DataType::UInt8 => Value::Whole(array.as_primitive::<UInt8Type>().value(row).into()),
        DataType::UInt16 => Value::Whole(array.as_primitive::<UInt16Type>().value(row).into()),
        DataType::UInt32 => Value::Whole(array.as_primitive::<UInt32Type>().value(row).into()),
        DataType::UInt64 => Value::Whole(array.as_primitive::<UInt64Type>().value(row)),
        DataType::Float32 => Value::Number(array.as_primitive::<Float32Type>().value(row).into()),
        DataType::Float64 => Value::Number(array.as_primitive::<Float64Type>().value(row)),
        DataType::Timestamp(unit, zone) => instant(stored_instant(array, row, *unit), *unit, zone.is_some()),
        DataType::Date32 => day(array.as_primitive::<Date32Type>().value(row)),
        DataType::List(_) => {
            let lists = array.as_list::<i32>();
            list(lists.values(), range(lists.value_offsets(), row), undecodable)
        }
        DataType::LargeList(_) => {
            let lists = array.as_list::<i64>();
            list(lists.values(), range(lists.value_offsets(), row), undecodable)
        }
        DataType::FixedSizeList(_, length) => {
            let first = array.as_fixed_size_list().value_offset(row);
            list(
                array.as_fixed_size_list().values(),
                range(&[first, first + length], 0),
                undecodable,
            )
        }
        DataType::Struct(fields) => {
            let values = array
                .as_struct()
                .columns()
                .iter()
                .map(|column| value(column, row, undecodable));
            let names = fields.iter().map(|field| Cow::Borrowed(field.name().as_str()));
            Value::Map(names.zip(values).collect())
        }
        DataType::Map(..) => map(array, row, undecodable),
        _ => array_value_to_string(array, row).map_or(Value::Null, |shown| Value::Text(shown.into())),
    }
}

fn text<'a>(bytes: &'a [u8], undecodable: &mut bool) -> Value<'a> {
    let text = text_of(bytes);
    *undecodable |= matches!(text, Cow::Owned(_));
    Value::Text(text)
}

fn whole(number: i64) -> Value<'static> {
    #[expect(
        clippy::cast_precision_loss,
        reason = "no field takes a negative number, so its digits do not matter"
    )]
    u64::try_from(number).map_or(Value::Number(number as f64), Value::Whole)
}

fn stored_instant(array: &ArrayRef, row: usize, unit: TimeUnit) -> i64 {
    match unit {
        TimeUnit::Second => array.as_primitive::<TimestampSecondType>().value(row),
        TimeUnit::Millisecond => array.as_primitive::<TimestampMillisecondType>().value(row),
        TimeUnit::Microsecond => array.as_primitive::<TimestampMicrosecondType>().value(row),
        TimeUnit::Nanosecond => array.as_primitive::<TimestampNanosecondType>().value(row),
    }
}

/// An instant; one without a zone, or beyond the calendar, as text, which then is no RFC 3339 date.
fn instant(stored: i64, unit: TimeUnit, zoned: bool) -> Value<'static> {
    let micros = match unit {
        TimeUnit::Second => stored.checked_mul(1_000_000),
        TimeUnit::Millisecond => stored.checked_mul(1000),
        TimeUnit::Microsecond => Some(stored),
        TimeUnit::Nanosecond => Some(stored.div_euclid(1000)),
    };
    match (micros, zoned) {
        (Some(micros), true) => Value::Instant(micros),
        (Some(micros), false) => Value::Text(local(micros).unwrap_or_else(|| stored.to_string()).into()),
        (None, _) => Value::Text(stored.to_string().into()),
    }
}

fn local(micros: i64) -> Option<String> {
    let instant = Timestamp::from_microsecond(micros).ok()?;
    Some(instant.to_zoned(TimeZone::UTC).datetime().to_string())
}

fn day(days_since_1970: i32) -> Value<'static> {
    let shown = jiff::civil::date(1970, 1, 1).checked_add(SignedDuration::from_hours(24 * i64::from(days_since_1970)));
    Value::Text(
        shown
            .map_or_else(|_| days_since_1970.to_string(), |day| day.to_string())
            .into(),
    )
}

/// The items of a list, as positions among the items of all lists.
fn range<O: OffsetSizeTrait>(offsets: &[O], row: usize) -> Range<usize> {
    offsets[row].as_usize()..offsets[row + 1].as_usize()
}

fn list<'a>(items: &'a ArrayRef, range: Range<usize>, undecodable: &mut bool) -> Value<'a> {
    Value::List(range.map(|item| value(items, item, undecodable)).collect())
}

fn map<'a>(array: &'a ArrayRef, row: usize, undecodable: &mut bool) -> Value<'a> {
    let maps = array.as_map();
    let entries = range(maps.value_offsets(), row).map(|entry| {
        let key = match value(maps.keys(), entry, undecodable) {
            Value::Text(key) => key,
            other => Cow::Owned(other.into_metadata().unwrap_or_default()),
        };
        (key, value(maps.values(), entry, undecodable))
    });
    Value::Map(entries.collect())
}
