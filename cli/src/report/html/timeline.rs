//! Counts over time as stacked columns: months, or as many months together as make the chart readable.
//!
//! Positions along the time axis are per cent of the chart's width and heights are pixels, so that the chart follows the
//! width of the page while its text keeps its size.

use std::collections::BTreeMap;

use super::words::{counted, number};

/// Columns that a chart has at most.
const MOST_BUCKETS: i32 = 40;
/// Months to a column: a month, a quarter, a year, then coarser for archives with dates far off.
const STEPS: [i32; 7] = [1, 3, 12, 60, 120, 1_200, 12_000];
/// Labels under the columns at most.
const TICKS: usize = 8;
/// The height of the tallest column.
const HEIGHT: f64 = 180.0;
/// Room above it for the label of the topmost line.
const HEADROOM: f64 = 18.0;
/// What a count must be at least to be seen at all.
const LEAST: f64 = 1.5;
const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// Stacked columns over time.
pub struct Timeline {
    /// Distinguishes the chart's ids from those of others in the page.
    pub id: &'static str,
    /// What it shows, for those who cannot see it.
    pub title: String,
    /// What is stacked, the lowest first.
    pub series: Vec<Series>,
    /// The columns, earliest first, without gaps.
    pub columns: Vec<Column>,
    /// Lines across.
    pub lines: Vec<Line>,
    /// Where the report's day lies, if within the chart.
    pub marker: Option<String>,
    /// What one column spans, such as `month`.
    pub unit: &'static str,
}

/// One of the things stacked.
pub struct Series {
    /// Its name.
    pub name: String,
    /// The class that gives it its colour.
    pub class: String,
    /// Its sum over all columns.
    pub total: String,
}

/// One column.
pub struct Column {
    /// The span of time.
    pub label: String,
    /// The label under it, for some.
    pub tick: Option<Tick>,
    /// Left edge and width of the space it has, and of itself.
    pub left: String,
    /// See `left`.
    pub space: String,
    /// See `left`.
    pub bar_left: String,
    /// See `left`.
    pub bar_width: String,
    /// Everything in words.
    pub words: String,
    /// The pieces, lowest first.
    pub pieces: Vec<Piece>,
    /// Counts by series, for the table.
    pub counts: Vec<String>,
    /// Their sum.
    pub total: String,
}

/// A label under a column.
pub struct Tick {
    /// Its text.
    pub text: String,
    /// Its middle.
    pub middle: String,
    /// Whether it goes first where there is little room.
    pub minor: bool,
}

/// A piece of a column.
pub struct Piece {
    /// The class that gives it its colour.
    pub class: String,
    /// Upper edge.
    pub top: String,
    /// Height.
    pub height: String,
}

/// A line across with its count.
pub struct Line {
    /// Its place.
    pub y: String,
    /// What it stands for.
    pub label: String,
}

/// What a chart is made of.
pub struct Source<'a> {
    /// See [`Timeline::id`].
    pub id: &'static str,
    /// What is counted, such as `Alerts over time`.
    pub title: &'a str,
    /// One and many of what is counted.
    pub noun: (&'static str, &'static str),
    /// Name and class of what is stacked, lowest first.
    pub series: Vec<(String, String)>,
    /// Month (`2024-05`), place in `series`, count.
    pub counts: Vec<(&'a str, usize, u64)>,
    /// A day to mark (`2024-05-17…`).
    pub mark: Option<&'a str>,
}

impl Timeline {
    /// The chart; none when there is nothing to show.
    pub fn new(source: &Source<'_>) -> Option<Self> {
        let months: Vec<(i32, usize, u64)> = source
            .counts
            .iter()
            .filter_map(|(at, series, n)| Some((month(at)?, *series, *n)))
            .collect();
        let (first, last) = (
            months.iter().map(|one| one.0).min()?,
            months.iter().map(|one| one.0).max()?,
        );
        let step = STEPS
            .into_iter()
            .find(|step| last.div_euclid(*step) - first.div_euclid(*step) < MOST_BUCKETS)
            .unwrap_or(STEPS[6]);
        let (first, last) = (first.div_euclid(step), last.div_euclid(step));
        let mut sums: BTreeMap<i32, Vec<u64>> = (first..=last)
            .map(|bucket| (bucket, vec![0; source.series.len()]))
            .collect();
        for (at, series, n) in months {
            if let Some(sum) = sums.get_mut(&at.div_euclid(step)).and_then(|sums| sums.get_mut(series)) {
                *sum += n;
            }
        }
        Some(Self::drawn(source, &sums, step))
    }

    fn drawn(source: &Source<'_>, sums: &BTreeMap<i32, Vec<u64>>, step: i32) -> Self {
        let highest = sums.values().map(|counts| counts.iter().sum()).max().unwrap_or(0);
        let (top, gap) = scale(highest);
        let total = |series: usize| sums.values().map(|counts| counts[series]).sum::<u64>();
        let series = source.series.iter().enumerate();
        let series: Vec<Series> = series
            .map(|(at, (name, class))| Series {
                name: name.clone(),
                class: class.clone(),
                total: number(total(at)),
            })
            .collect();
        let every = sums.len().div_ceil(TICKS);
        let columns: Vec<Column> = sums
            .iter()
            .enumerate()
            .map(|(at, (bucket, counts))| {
                let frame = Frame {
                    at,
                    of: sums.len(),
                    every,
                    label: label(*bucket, step),
                    top,
                };
                frame.column(counts, &series, source.noun)
            })
            .collect();
        let all: u64 = (0..series.len()).map(total).sum();
        let span = match (columns.first(), columns.last()) {
            (Some(first), Some(last)) if columns.len() > 1 => format!("from {} to {}", first.label, last.label),
            (Some(only), _) => format!("in {}", only.label),
            _ => String::new(),
        };
        Self {
            id: source.id,
            title: format!(
                "{}: {} {span}",
                source.title,
                counted(all, source.noun.0, source.noun.1)
            ),
            series,
            columns,
            lines: (0..=top / gap)
                .map(|at| Line {
                    y: pixels(height_left(at * gap, top)),
                    label: number(at * gap),
                })
                .collect(),
            marker: source.mark.and_then(|day| marker(day, sums, step)),
            unit: unit(step),
        }
    }

    /// Where the axis lies.
    pub fn floor(&self) -> String {
        pixels(HEADROOM + HEIGHT)
    }

    /// The height of everything, with labels.
    pub fn height(&self) -> String {
        pixels(HEADROOM + HEIGHT + 26.0)
    }

    /// Where the labels under the columns stand.
    pub fn below(&self) -> String {
        pixels(HEADROOM + HEIGHT + 19.0)
    }
}

/// One column's place among all.
struct Frame {
    at: usize,
    of: usize,
    every: usize,
    label: String,
    top: u64,
}

impl Frame {
    fn column(self, counts: &[u64], series: &[Series], noun: (&str, &str)) -> Column {
        let space = 100.0 / count(self.of);
        let left = space * count(self.at);
        // A single column as wide as the page would say nothing.
        let width = (space * 0.72).min(8.0);
        let parts: Vec<String> = counts
            .iter()
            .zip(series)
            .filter(|(n, _)| **n > 0)
            .map(|(n, series)| format!("{} {}", number(*n), series.name))
            .collect();
        let all = counted(counts.iter().sum(), noun.0, noun.1);
        let parts = if parts.is_empty() {
            String::new()
        } else {
            format!(" ({})", parts.join(", "))
        };
        Column {
            words: format!("{}: {all}{parts}", self.label),
            tick: self.tick(left + space / 2.0),
            left: percent(left),
            space: percent(space),
            bar_left: percent(left + (space - width) / 2.0),
            bar_width: percent(width),
            pieces: pieces(counts, series, self.top),
            counts: counts.iter().map(|n| number(*n)).collect(),
            total: number(counts.iter().sum()),
            label: self.label,
        }
    }

    fn tick(&self, middle: f64) -> Option<Tick> {
        let shown = self.at.is_multiple_of(self.every);
        let minor = !self.at.is_multiple_of(self.every * 2);
        shown.then(|| Tick {
            text: self.label.clone(),
            middle: percent(middle),
            minor,
        })
    }
}

fn pieces(counts: &[u64], series: &[Series], top: u64) -> Vec<Piece> {
    let mut floor = HEADROOM + HEIGHT;
    let mut pieces = Vec::new();
    for (n, series) in counts.iter().zip(series).filter(|(n, _)| **n > 0) {
        let height = (HEIGHT * ratio(*n, top)).max(LEAST);
        floor -= height;
        // A hair of the page between pieces parts them without relying on colour.
        let hair = if height > 4.0 { 1.0 } else { 0.0 };
        pieces.push(Piece {
            class: series.class.clone(),
            top: pixels(floor + hair),
            height: pixels(height - hair),
        });
    }
    pieces
}

/// A round number at or above the highest count, and the step between lines.
fn scale(highest: u64) -> (u64, u64) {
    let mut unit = 1_u64;
    loop {
        for gap in [unit, unit * 2, unit * 5] {
            if highest <= gap * 4 {
                return (gap * highest.div_ceil(gap).max(1), gap);
            }
        }
        unit = unit.saturating_mul(10);
    }
}

/// Where on the time axis a day lies.
fn marker(day: &str, sums: &BTreeMap<i32, Vec<u64>>, step: i32) -> Option<String> {
    let of_month = day
        .get(8..10)
        .and_then(|day| day.parse::<f64>().ok())
        .map_or(0.0, |day| (day - 1.0) / 31.0);
    let first = *sums.keys().next()? * step;
    let months = f64::from(month(day.get(..7)?)? - first) + of_month;
    let place = 100.0 * months / (count(sums.len()) * f64::from(step));
    (0.0..=100.0).contains(&place).then(|| percent(place))
}

/// Months since the year 0.
fn month(text: &str) -> Option<i32> {
    let (year, month) = text.rsplit_once('-')?;
    let (year, month): (i32, i32) = (year.parse().ok()?, month.parse().ok()?);
    ((1..=12).contains(&month) && (-9_999..=9_999).contains(&year)).then(|| year * 12 + month - 1)
}

fn label(bucket: i32, step: i32) -> String {
    let start = bucket * step;
    let year = start.div_euclid(12);
    match step {
        1 => format!("{} {year}", MONTHS[start.rem_euclid(12).unsigned_abs() as usize]),
        3 => format!("Q{} {year}", start.rem_euclid(12) / 3 + 1),
        12 => year.to_string(),
        _ => format!("{year}–{}", year + step / 12 - 1),
    }
}

fn unit(step: i32) -> &'static str {
    match step {
        1 => "month",
        3 => "quarter",
        12 => "year",
        _ => "years",
    }
}

fn height_left(n: u64, top: u64) -> f64 {
    HEADROOM + HEIGHT * (1.0 - ratio(n, top))
}

#[expect(clippy::cast_precision_loss, reason = "for drawing")]
fn ratio(part: u64, whole: u64) -> f64 {
    part as f64 / whole.max(1) as f64
}

#[expect(clippy::cast_precision_loss, reason = "for drawing")]
fn count(n: usize) -> f64 {
    n as f64
}

/// A bar's length, long enough to be seen unless it stands for nothing.
pub fn bar(part: u64, most: u64) -> String {
    percent(if part == 0 {
        0.0
    } else {
        (100.0 * ratio(part, most)).max(0.5)
    })
}

/// A length as a share of the width.
fn percent(share: f64) -> String {
    format!("{share:.2}%")
}

fn pixels(length: f64) -> String {
    format!("{length:.1}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(months: &[&str]) -> Option<Timeline> {
        Timeline::new(&Source {
            id: "t",
            title: "Alerts",
            noun: ("alert", "alerts"),
            series: vec![("all".into(), "c".into())],
            counts: months.iter().map(|month| (*month, 0, 2)).collect(),
            mark: Some("2024-02-16"),
        })
    }

    fn labels(months: &[&str]) -> Vec<String> {
        chart(months)
            .map(|chart| chart.columns.into_iter().map(|column| column.label).collect())
            .unwrap_or_default()
    }

    #[test]
    fn months_without_counts_have_their_place() {
        assert_eq!(labels(&["2023-12", "2024-02"]), ["Dec 2023", "Jan 2024", "Feb 2024"]);
    }

    #[test]
    fn many_months_become_quarters_years_and_more() {
        assert_eq!(labels(&["2020-01", "2023-04"]).len(), 40);
        assert_eq!(labels(&["2020-01", "2023-05"])[..2], ["Q1 2020", "Q2 2020"]);
        assert_eq!(labels(&["2000-01", "2020-01"])[..2], ["2000", "2001"]);
        assert_eq!(labels(&["1970-01", "9999-12"]).len(), 9);
    }

    #[test]
    fn what_is_no_month_is_left_out() {
        assert!(chart(&["never", "2024-13", ""]).is_none());
        assert_eq!(labels(&["2024-01", "<b>"]), ["Jan 2024"]);
    }

    #[test]
    fn lines_are_round_numbers_up_to_the_highest() {
        for (highest, expected) in [
            (0, (1, 1)),
            (3, (3, 1)),
            (7, (8, 2)),
            (17, (20, 5)),
            (371_527, (400_000, 100_000)),
        ] {
            assert_eq!(scale(highest), expected, "{highest}");
        }
    }

    #[test]
    fn the_report_s_day_is_marked_where_it_lies() {
        let place = chart(&["2024-01", "2024-04"]).and_then(|chart| chart.marker);
        assert_eq!(place.as_deref(), Some("37.10%"));
        assert!(chart(&["2025-01", "2025-04"]).and_then(|chart| chart.marker).is_none());
    }
}
