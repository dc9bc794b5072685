//! `run --dry-run`: what is in the inputs, and what the rules would find, with nothing recorded.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::io::Write;

use indicatif::HumanCount;
use lexhold_evaluate::{Bundle, Evaluation, Evaluator, Facts, HitRow};
use lexhold_formats::Options;
use lexhold_model::{Row, Severity, VersionKind};
use serde_json::{Value, json};

use super::pipeline::{Piece, Pipeline, Sink};
use super::summary::{Counts, by_severity, exit, say_unreadable};
use super::tally::sequence;
use super::{Input, Meter};
use crate::args::{Run, SummaryFormat};
use crate::failure::Exit;
use crate::home;
use crate::report::table::instant;
use crate::settings::Settings;
use crate::terminal::{counted, say};

/// Reads and evaluates without recording, and says what it saw.
pub fn run(
    settings: &Settings,
    args: &Run,
    inputs: &[Input],
    read_as: Options,
    bundle: &Bundle,
    facts: &Facts,
) -> anyhow::Result<Exit> {
    let meter = Meter::new(settings, inputs, None);
    let pipeline = Pipeline {
        settings,
        backfill: args.backfill,
        jobs: settings.jobs.unwrap_or_else(home::cores),
        read_as,
        home: None,
    };
    let sink = DryRun {
        settings,
        seen: Seen {
            assumed: assumed(args),
            ..Seen::default()
        },
    };
    let seen = pipeline.run(inputs, || Evaluator::new(bundle, facts), sink, &meter)?;
    let mut out = std::io::stdout().lock();
    match args.format {
        SummaryFormat::Json => writeln!(out, "{}", seen.json(bundle))?,
        SummaryFormat::Text => out.write_all(seen.text().as_bytes())?,
    }
    Ok(exit(args, &seen.counts, &seen.hits))
}

fn assumed(args: &Run) -> BTreeMap<&'static str, String> {
    use clap::ValueEnum as _;
    let zone = args.read_as.source_zone.clone().map(|zone| ("zone", zone));
    let order = args.read_as.source_dates.and_then(|order| order.to_possible_value());
    let order = order.map(|order| ("dates", order.get_name().to_owned()));
    zone.into_iter().chain(order).collect()
}

/// What a dry run saw.
#[derive(Default)]
struct Seen {
    counts: Counts,
    /// Messages with hits, by severity.
    hits: BTreeMap<Severity, u64>,
    /// What each input is.
    formats: BTreeMap<String, String>,
    /// How times and dates are read that an export leaves open, as it was asked for.
    assumed: BTreeMap<&'static str, String>,
    platforms: BTreeMap<String, Platform>,
}

/// What was seen of one platform.
#[derive(Default)]
struct Platform {
    messages: u64,
    conversations: HashSet<String>,
    people: HashSet<String>,
    kinds: BTreeMap<&'static str, u64>,
    versions: BTreeMap<&'static str, u64>,
    attachments: u64,
    undated: u64,
    /// How exact the instants are that are not exact.
    inexact: BTreeMap<String, u64>,
    /// The first and the last instant.
    span: Option<(i64, i64)>,
    /// Days since 1970, in UTC, on which something was sent.
    days: BTreeSet<i64>,
    /// Runs of numbers that the platform gave to the messages of each conversation.
    numbers: BTreeMap<String, Vec<(u64, u64)>>,
}

impl Platform {
    fn see(&mut self, row: Row<'_>) {
        const DAY: i64 = 86_400_000_000;
        self.messages += 1;
        if !self.conversations.contains(row.conversation()) {
            self.conversations.insert(row.conversation().to_owned());
        }
        for handle in std::iter::once(row.sender()).chain(row.recipients().map(|(handle, _)| handle)) {
            if !self.people.contains(handle) {
                self.people.insert(handle.to_owned());
            }
        }
        *self.kinds.entry(row.kind().as_str()).or_default() += 1;
        if row.version_kind() != VersionKind::Original {
            *self.versions.entry(row.version_kind().as_str()).or_default() += 1;
        }
        self.attachments += row.attachments().len() as u64;
        if let Some(number) = sequence(row) {
            let runs = self.numbers.entry(row.conversation().to_owned()).or_default();
            match runs.last_mut() {
                Some((_, last)) if *last + 1 == number => *last = number,
                _ => runs.push((number, number)),
            }
        }
        if let Some(precision) = row.sent_precision() {
            *self.inexact.entry(precision.to_owned()).or_default() += 1;
        }
        match row.sent_at() {
            None => self.undated += 1,
            Some(at) => {
                let (first, last) = self.span.unwrap_or((at, at));
                self.span = Some((first.min(at), last.max(at)));
                self.days.insert(at.div_euclid(DAY));
            }
        }
    }

    /// The longest run of days without a message: how many, and the first of them in days since 1970.
    fn gap(&self) -> Option<(i64, i64)> {
        let pairs = self.days.iter().zip(self.days.iter().skip(1));
        let gaps = pairs.map(|(before, after)| (after - before - 1, -(before + 1)));
        gaps.max()
            .filter(|(days, _)| *days > 0)
            .map(|(days, first)| (days, -first))
    }

    /// How many numbers no message has, and in how many conversations.
    fn missing(&self) -> (u64, u64) {
        let of = |runs: &Vec<(u64, u64)>| {
            let mut runs = runs.clone();
            runs.sort_unstable();
            let mut behind = runs.first().map_or(0, |(first, _)| *first);
            let mut missing = 0;
            for (first, last) in runs {
                missing += first.saturating_sub(behind);
                behind = behind.max(last + 1);
            }
            missing
        };
        let of_each = self.numbers.values().map(of).filter(|missing| *missing > 0);
        of_each.fold((0, 0), |(sum, n), missing| (sum + missing, n + 1))
    }

    fn json(&self, name: &str) -> Value {
        let (numbers, conversations) = self.missing();
        json!({
            "platform": name,
            "messages": self.messages,
            "conversations": self.conversations.len(),
            "people": self.people.len(),
            "kinds": self.kinds,
            "versions": self.versions,
            "attachments": self.attachments,
            "first": self.span.map(|(first, _)| instant(first)),
            "last": self.span.map(|(_, last)| instant(last)),
            "without_date": self.undated,
            "inexact": self.inexact,
            "longest_gap": self.gap().map(|(days, first)| json!({"days": days, "from": day(first)})),
            "missing_numbers": {"numbers": numbers, "conversations": conversations},
        })
    }

    fn lines(&self, name: &str) -> Vec<(String, String)> {
        let what = format!(
            "{} in {} of {}, {}",
            counted(self.messages, "message", "messages"),
            counted(self.conversations.len(), "conversation", "conversations"),
            counted(self.people.len(), "person", "people"),
            counted(self.attachments, "attachment", "attachments")
        );
        let mut lines = vec![(name.to_owned(), what)];
        let all = self.kinds.iter().chain(&self.versions);
        let kinds: Vec<String> = all.map(|(word, n)| format!("{} {word}", HumanCount(*n))).collect();
        lines.push(("  kinds".into(), kinds.join(", ")));
        if let Some((first, last)) = self.span {
            lines.push(("  dates".into(), format!("{} to {}", instant(first), instant(last))));
        }
        if let Some((days, first)) = self.gap() {
            let days = counted(days.unsigned_abs(), "day", "days");
            lines.push((
                "  longest gap".into(),
                format!("{days} without a message, from {}", day(first)),
            ));
        }
        if let (numbers @ 1.., conversations) = self.missing() {
            let numbers = counted(numbers, "number is", "numbers are");
            let conversations = counted(conversations, "conversation", "conversations");
            let missing = format!("{numbers} missing between the messages of {conversations}");
            lines.push(("  missing".into(), missing));
        }
        for (precision, n) in &self.inexact {
            let precision = lexhold_document::printable(precision);
            lines.push(("  inexact".into(), format!("{} sent at: {precision}", HumanCount(*n))));
        }
        if self.undated > 0 {
            let undated = format!("{} without a usable date", HumanCount(self.undated));
            lines.push(("  undated".into(), undated));
        }
        lines
    }
}

fn day(since_1970: i64) -> String {
    instant(since_1970 * 86_400_000_000).chars().take(10).collect()
}

impl Seen {
    fn json(&self, bundle: &Bundle) -> Value {
        let platforms = self.platforms.iter().map(|(name, platform)| platform.json(name));
        let inputs = self
            .formats
            .iter()
            .map(|(name, format)| json!({"input": name, "format": format}));
        json!({
            "schema": "lexhold/dry-run/2",
            "messages": self.counts.messages,
            "unreadable": self.counts.unreadable,
            "hits_by_severity": by_severity(&self.hits),
            "inputs": inputs.collect::<Vec<_>>(),
            "assumed": self.assumed,
            "platforms": platforms.collect::<Vec<_>>(),
            "bundle": bundle.digest,
        })
    }

    fn text(&self) -> String {
        let (messages, unreadable) = (HumanCount(self.counts.messages), HumanCount(self.counts.unreadable));
        let all = format!("{messages}, {unreadable} unreadable; nothing was recorded");
        let mut lines = vec![("messages".to_owned(), all)];
        for (severity, n) in self.hits.iter().rev() {
            lines.push((
                "hits".into(),
                format!("{} with {severity} hits", counted(*n, "message", "messages")),
            ));
        }
        for (name, format) in &self.formats {
            lines.push((
                "input".into(),
                format!("{}: {format}", lexhold_document::printable(name)),
            ));
        }
        for (what, value) in &self.assumed {
            lines.push(("assumed".into(), format!("{what} that an export leaves open: {value}")));
        }
        for (name, platform) in &self.platforms {
            lines.extend(platform.lines(&lexhold_document::printable(name)));
        }
        lines
            .into_iter()
            .map(|(name, value)| format!("{name:<16} {value}\n"))
            .collect()
    }
}

struct DryRun<'a> {
    settings: &'a Settings,
    seen: Seen,
}

impl Sink for DryRun<'_> {
    type Total = Seen;

    fn take(&mut self, input: &Input, piece: Piece, evaluation: Evaluation) -> anyhow::Result<()> {
        let seen = &mut self.seen;
        seen.counts.add(&piece, &evaluation, &[]);
        say_unreadable(self.settings, input, &piece.unreadable, &piece.notes);
        let mut last = None;
        let stands = |hit: &&HitRow| hit.excluded_by.is_none() && hit.alert.is_some();
        for hit in evaluation.hits.iter().filter(stands) {
            if last.replace((hit.row, hit.rule)) != Some((hit.row, hit.rule)) {
                *seen.hits.entry(hit.severity).or_default() += 1;
            }
        }
        for row in piece.batch.rows() {
            seen.platforms.entry(row.platform().to_owned()).or_default().see(row);
        }
        if !piece.format.is_empty() {
            seen.formats.insert(input.name.clone(), piece.format);
        }
        if let Some(error) = piece.broken {
            say(&lexhold_document::printable(&format!("error: {error:#}")));
            seen.counts.broken += 1;
        }
        Ok(())
    }

    fn finish(self) -> anyhow::Result<Seen> {
        Ok(self.seen)
    }
}
