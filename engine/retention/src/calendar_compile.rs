//! From calendar documents to calendars.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;
use lexhold_document::{Diagnostic, Diagnostics, Document, Kind, Node, check_shape};

use crate::calendar::{Calendar, Covers, DayOfWeek, DayOfYear, FiscalYears};
use crate::parts::Reported;
use crate::read::{Reader, date};
use crate::{calendar_shape, codes};

/// The calendars of a bundle, by name.
pub type Calendars = BTreeMap<String, Arc<Calendar>>;

/// The name of business days without a document: Monday to Friday.
pub const WEEKENDS: &str = "weekends";

/// Compiles every calendar among these documents, and reports all that is wrong with them. One with an error is left
/// out.
pub fn compile_calendars(documents: &[&Document], diagnostics: &mut Diagnostics) -> Calendars {
    let none = Calendars::new();
    let mut calendars = Calendars::new();
    for (index, document) in documents.iter().enumerate() {
        if document.kind != Kind::Calendar {
            continue;
        }
        check_shape(document, &calendar_shape(), diagnostics);
        let mut reader = Reader {
            document,
            index,
            calendars: &none,
            diagnostics,
        };
        if let Ok(calendar) = read_calendar(&mut reader) {
            calendars.insert(document.name.clone(), Arc::new(calendar));
        }
    }
    calendars
}

fn read_calendar(reader: &mut Reader<'_>) -> Result<Calendar, Reported> {
    let (document, root) = (reader.document, reader.root());
    if document.name == WEEKENDS {
        reader.report(
            Diagnostic::error(codes::BUILT_IN_CALENDAR, "`weekends` is built in")
                .at(document.name_place(), "")
                .help("give the calendar another name"),
        );
    }
    let weekend = read_weekend(reader, root.get("weekend"));
    let (from, to) = reader.days(root.get("covers"));
    let covers = from.zip(to).map(|(from, to)| Covers { from, to });
    let holidays = read_holidays(reader, root.get("holidays"), covers);
    let fiscal_years = read_fiscal_years(reader, root.get("fiscal_years"));
    Ok(Calendar {
        calendar: document.name.clone(),
        version: document.version.clone().unwrap_or_default(),
        digest: document.digest,
        weekend: weekend?,
        covers: covers.or_else(|| Calendar::years_of(&holidays)),
        holidays,
        fiscal_years: fiscal_years?,
    })
}

fn items(node: Option<&Node>) -> &[Node] {
    node.and_then(Node::as_list).unwrap_or_default()
}

fn read_weekend(reader: &mut Reader<'_>, node: Option<&Node>) -> Result<Vec<DayOfWeek>, Reported> {
    let Some(node) = node else {
        return Ok(vec![DayOfWeek::Saturday, DayOfWeek::Sunday]);
    };
    let words = items(Some(node)).iter().filter_map(Node::as_text);
    let mut days: Vec<DayOfWeek> = words
        .filter_map(|word| serde_json::from_value(word.into()).ok())
        .collect();
    days.sort_unstable();
    days.dedup();
    if days.len() == 7 {
        reader.report(
            Diagnostic::error(codes::NO_BUSINESS_DAY, "no day of the week is left for business")
                .at(node.place, "")
                .help("leave one out, or the whole key if no period rolls"),
        );
        return Err(Reported);
    }
    Ok(days)
}

fn read_holidays(reader: &mut Reader<'_>, node: Option<&Node>, covers: Option<Covers>) -> Vec<Date> {
    let mut places = BTreeMap::new();
    for item in items(node) {
        let (Some(day), Some(at)) = (date(item, "date"), item.get("date")) else {
            continue;
        };
        if let Some(covers) = covers.filter(|covers| day < covers.from || covers.to < day) {
            reader.report(
                Diagnostic::error(
                    codes::HOLIDAY,
                    format!("{day} lies outside the days covered, {} to {}", covers.from, covers.to),
                )
                .at(at.place, "")
                .help("widen `covers` once all its holidays are listed"),
            );
        }
        if let Some(first) = places.insert(day, at.place) {
            reader.report(
                Diagnostic::warning(codes::HOLIDAY, format!("{day} is listed twice"))
                    .at(at.place, "")
                    .also(first, "first listed here"),
            );
        }
    }
    places.into_keys().collect()
}

fn read_fiscal_years(reader: &mut Reader<'_>, node: Option<&Node>) -> Result<Vec<FiscalYears>, Reported> {
    let mut years = BTreeMap::new();
    for item in items(node) {
        let (Some(from), Some(at)) = (date(item, "from"), item.get("ends")) else {
            return Err(Reported);
        };
        let ends = at.as_text().ok_or(Reported)?;
        let ends = DayOfYear::try_from(ends.to_owned()).map_err(|why| {
            reader.report(Diagnostic::error(codes::FISCAL_YEAR, format!("`{ends}`: {why}")).at(at.place, ""));
            Reported
        })?;
        if let Some((_, first)) = years.insert(from, (ends, at.place)) {
            reader.report(
                Diagnostic::error(
                    codes::FISCAL_YEAR,
                    format!("two ends of the fiscal year from {from} on"),
                )
                .at(at.place, "")
                .also(first, "the other one"),
            );
        }
    }
    let years = years.into_iter();
    Ok(years.map(|(from, (ends, _))| FiscalYears { from, ends }).collect())
}
