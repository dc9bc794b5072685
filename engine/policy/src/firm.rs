//! What a firm declares about its people and messages: the types a source can fill, and their values.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::compiled::instant;

/// Values that a firm declares in `FirmPerson` or `FirmMessage`, by name.
pub type Firm = BTreeMap<String, FirmValue>;

/// One value that a firm declares.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum FirmValue {
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Long(i64),
    /// Text.
    Text(String),
    /// Several texts.
    Texts(BTreeSet<String>),
    /// Several values that are no texts.
    Set(BTreeSet<FirmValue>),
    /// A date, a decimal or an address, in Cedar's own JSON form.
    Extension(Extension),
    /// A record.
    Record(Firm),
}

/// A value of one of Cedar's extension types.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "Escape", into = "Escape")]
pub enum Extension {
    /// An instant, in milliseconds since 1970.
    Instant(i64),
    /// A decimal, in ten-thousandths.
    Decimal(i64),
    /// An address, or a range of them, with the length of its prefix.
    Address(IpAddr, u8),
}

/// `{"__extn": {"arg": "1.5", "fn": "decimal"}}`. No attribute of a firm is called so.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Escape {
    #[serde(rename = "__extn")]
    call: Call,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Call {
    arg: String,
    #[serde(rename = "fn")]
    function: String,
}

/// A type that a directory or a source can fill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FirmType {
    Bool,
    Long,
    Text,
    Instant,
    Decimal,
    Address,
    Set(Box<FirmType>),
    Record(BTreeMap<String, FirmType>),
}

impl FirmType {
    /// The value that a JSON value stands for; `None` when it is of another type.
    pub(crate) fn of_json(&self, value: &Value) -> Option<FirmValue> {
        match self {
            Self::Bool => value.as_bool().map(FirmValue::Bool),
            Self::Long => value.as_i64().map(FirmValue::Long),
            Self::Text => value.as_str().map(|text| FirmValue::Text(text.to_owned())),
            Self::Instant | Self::Address => self.of_text(value.as_str()?),
            Self::Decimal => match value {
                Value::Number(number) => self.of_text(&number.to_string()),
                value => self.of_text(value.as_str()?),
            },
            Self::Set(element) => set_of(element, value.as_array()?.iter().map(|value| element.of_json(value))),
            Self::Record(fields) => {
                let given = value.as_object()?;
                let fields = fields
                    .iter()
                    .filter_map(|(name, of)| Some((name, of, given.get(name)?)));
                let fields = fields.map(|(name, of, value)| Some((name.clone(), of.of_json(value)?)));
                fields.collect::<Option<_>>().map(FirmValue::Record)
            }
        }
    }

    /// The value that a text stands for, as metadata hold it; a set is a JSON list or joined by `;`, a record is JSON.
    pub(crate) fn of_text(&self, text: &str) -> Option<FirmValue> {
        match self {
            Self::Bool => text.parse().ok().map(FirmValue::Bool),
            Self::Long => text.parse().ok().map(FirmValue::Long),
            Self::Text => Some(FirmValue::Text(text.to_owned())),
            Self::Instant => milliseconds(text).map(|at| FirmValue::Extension(Extension::Instant(at))),
            Self::Decimal => ten_thousandths(text).map(|value| FirmValue::Extension(Extension::Decimal(value))),
            Self::Address => address(text).map(|(at, prefix)| FirmValue::Extension(Extension::Address(at, prefix))),
            Self::Set(_) if text.trim_start().starts_with('[') => self.of_json(&serde_json::from_str(text).ok()?),
            Self::Set(element) => {
                let texts = text.split(';').map(str::trim).filter(|text| !text.is_empty());
                set_of(element, texts.map(|text| element.of_text(text)))
            }
            Self::Record(_) => self.of_json(&serde_json::from_str(text).ok()?),
        }
    }
}

fn set_of(element: &FirmType, values: impl Iterator<Item = Option<FirmValue>>) -> Option<FirmValue> {
    let values: BTreeSet<FirmValue> = values.collect::<Option<_>>()?;
    if *element != FirmType::Text {
        return Some(FirmValue::Set(values));
    }
    let texts = values.into_iter().filter_map(|value| match value {
        FirmValue::Text(text) => Some(text),
        _ => None,
    });
    Some(FirmValue::Texts(texts.collect()))
}

impl Extension {
    /// The function that makes it in a policy, and the text that it is made of: the only one for this value.
    pub(crate) fn call(self) -> (&'static str, String) {
        match self {
            Self::Instant(at) => {
                // What is beyond the calendar cannot be made; written so that Cedar refuses it.
                let at = Timestamp::from_millisecond(at).map(|at| at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string());
                ("datetime", at.unwrap_or_default())
            }
            Self::Decimal(value) => {
                let sign = if value < 0 { "-" } else { "" };
                let (whole, part) = (value.unsigned_abs() / 10_000, value.unsigned_abs() % 10_000);
                ("decimal", format!("{sign}{whole}.{part:04}"))
            }
            Self::Address(IpAddr::V4(at), prefix) => ("ip", format!("{at}/{prefix}")),
            // Written out, because Cedar does not read IPv4 inside of IPv6.
            Self::Address(IpAddr::V6(at), prefix) => {
                let groups = at.segments().map(|group| format!("{group:x}"));
                ("ip", format!("{}/{prefix}", groups.join(":")))
            }
        }
    }
}

impl From<Extension> for Escape {
    fn from(value: Extension) -> Self {
        let (function, arg) = value.call();
        let function = function.to_owned();
        Self {
            call: Call { arg, function },
        }
    }
}

impl TryFrom<Escape> for Extension {
    type Error = &'static str;

    fn try_from(escape: Escape) -> Result<Self, Self::Error> {
        let arg = &escape.call.arg;
        let value = match escape.call.function.as_str() {
            "datetime" => milliseconds(arg).map(Self::Instant),
            "decimal" => ten_thousandths(arg).map(Self::Decimal),
            "ip" => address(arg).map(|(at, prefix)| Self::Address(at, prefix)),
            _ => None,
        };
        value.ok_or("no date, decimal or address")
    }
}

/// An instant with its offset, or the midnight in UTC that begins a date.
fn milliseconds(text: &str) -> Option<i64> {
    let at = match text.parse::<Timestamp>() {
        Ok(at) => at,
        Err(_) => text.parse::<Date>().ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp(),
    };
    instant(at.as_microsecond())
}

/// Digits with at most four after the point, as Cedar knows them.
fn ten_thousandths(text: &str) -> Option<i64> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text),
    };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
    let plain = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !plain(whole) || !plain(part) || part.len() > 4 {
        return None;
    }
    let value: i128 = format!("{whole}{part:0<4}").parse().ok()?;
    i64::try_from(sign * value).ok()
}

/// An address, alone or with the length of a prefix.
fn address(text: &str) -> Option<(IpAddr, u8)> {
    let (at, prefix) = match text.split_once('/') {
        Some((at, prefix)) => (at, Some(prefix.parse().ok()?)),
        None => (text, None),
    };
    let at: IpAddr = at.parse().ok()?;
    let most = if at.is_ipv4() { 32 } else { 128 };
    let prefix = prefix.unwrap_or(most);
    (prefix <= most).then_some((at, prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts() -> FirmType {
        FirmType::Set(Box::new(FirmType::Text))
    }

    #[test]
    fn values_are_of_the_declared_type_or_none() {
        assert_eq!(FirmType::Long.of_text("7"), Some(FirmValue::Long(7)));
        assert_eq!(FirmType::Long.of_text("seven"), None);
        assert_eq!(FirmType::Bool.of_json(&serde_json::json!("true")), None);
        let both = Some(FirmValue::Texts(["a".to_owned(), "b".to_owned()].into()));
        assert_eq!(texts().of_text("a; b"), both);
        assert_eq!(texts().of_text(r#"["b", "a"]"#), both);
        let numbers = FirmType::Set(Box::new(FirmType::Long));
        let expected = FirmValue::Set([FirmValue::Long(1), FirmValue::Long(2)].into());
        assert_eq!(numbers.of_text("2; 1"), Some(expected));
        assert_eq!(numbers.of_text("2; one"), None);
    }

    #[test]
    fn dates_decimals_and_addresses_have_one_text_each() {
        let call = |of: FirmType, text: &str| match of.of_text(text) {
            Some(FirmValue::Extension(value)) => value.call().1,
            other => format!("{other:?}"),
        };
        let cases = [
            (FirmType::Instant, "2020-02-03", "2020-02-03T00:00:00.000Z"),
            (
                FirmType::Instant,
                "2020-02-03T01:00:00.5+01:00",
                "2020-02-03T00:00:00.500Z",
            ),
            (FirmType::Instant, "-000001-01-01T00:00:00Z", "None"),
            (FirmType::Instant, "yesterday", "None"),
            (FirmType::Decimal, "12", "12.0000"),
            (FirmType::Decimal, "-0.5", "-0.5000"),
            (FirmType::Decimal, "922337203685477.5808", "None"),
            (FirmType::Decimal, "-922337203685477.5808", "-922337203685477.5808"),
            (FirmType::Decimal, "1.00001", "None"),
            (FirmType::Decimal, "1e3", "None"),
            (FirmType::Address, "10.0.0.1", "10.0.0.1/32"),
            (FirmType::Address, "::ffff:10.0.0.1", "0:0:0:0:0:ffff:a00:1/128"),
            (FirmType::Address, "fe80::/10", "fe80:0:0:0:0:0:0:0/10"),
            (FirmType::Address, "10.0.0.0/33", "None"),
        ];
        for (of, text, expected) in cases {
            assert_eq!(call(of, text), expected, "{text}");
        }
    }

    #[test]
    fn values_read_back_from_their_json() {
        let record = FirmType::Record(
            [
                ("at".to_owned(), FirmType::Instant),
                ("limit".to_owned(), FirmType::Decimal),
                (
                    "desk".to_owned(),
                    FirmType::Record([("ip".to_owned(), FirmType::Address)].into()),
                ),
                ("absent".to_owned(), FirmType::Long),
            ]
            .into(),
        );
        let value = record.of_text(r#"{"at": "2020-02-03", "limit": 1.5, "desk": {"ip": "10.0.0.1"}, "more": 1}"#);
        let json = serde_json::to_string(&value).unwrap();
        assert_eq!(
            json,
            r#"{"at":{"__extn":{"arg":"2020-02-03T00:00:00.000Z","fn":"datetime"}},"desk":{"ip":{"__extn":{"arg":"10.0.0.1/32","fn":"ip"}}},"limit":{"__extn":{"arg":"1.5000","fn":"decimal"}}}"#
        );
        assert_eq!(serde_json::from_str::<Option<FirmValue>>(&json).unwrap(), value);
        assert_eq!(record.of_text(r#"{"limit": "much"}"#), None);
    }
}
