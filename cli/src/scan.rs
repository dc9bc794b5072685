//! `scan`: alerts only, one line a rule and message, nothing recorded. Rules over several messages come last: they are
//! known only when everything has been read.

mod conversations;

use std::collections::BTreeSet;

use lexhold_evaluate::{Bundle, Evaluation, Evaluator, Facts, HitRow, HoldSet};
use lexhold_model::{ContentKey, Digest, Field, Severity};
use lexhold_policy::Verb;
use lexhold_rules::Confidence;
use serde_json::{Value, json};

use conversations::Conversations;

use crate::args::{Scan, ShowContent};
use crate::failure::Exit;
use crate::operators::Actor;
use crate::report::table::{Columns, Kind, Row, TableWriter, write_whole};
use crate::run::{
    Input, Meter, Piece, Pipeline, Sink, heed_interrupts, inputs, interrupted, read_as, say_unreadable, zone,
};
use crate::settings::Settings;
use crate::terminal::say;
use crate::{home, load};

const COLUMNS: Columns = Columns {
    all: &[
        ("alert_id", Kind::Text),
        ("rule", Kind::Text),
        ("document", Kind::Text),
        ("version", Kind::Text),
        ("digest", Kind::Text),
        ("severity", Kind::Text),
        ("base_severity", Kind::Text),
        ("confidence", Kind::Text),
        ("title", Kind::Text),
        ("labels", Kind::Texts),
        ("message_id", Kind::Text),
        ("message_ids", Kind::Texts),
        ("platform", Kind::Text),
        ("conversation", Kind::Text),
        ("sender", Kind::Text),
        ("sent_at", Kind::Text),
        ("spans", Kind::Json),
        ("truncated", Kind::Bool),
        ("quoted", Kind::Bool),
        ("evasion", Kind::Bool),
        ("indeterminate", Kind::Text),
        ("file", Kind::Text),
        ("offset", Kind::Int),
        ("bundle", Kind::Text),
        ("content", Kind::Text),
    ],
    shown: &["severity", "rule", "file", "offset", "sender", "sent_at", "message_id"],
};

/// The same columns; a person who asked for the text sees it too.
const WITH_CONTENT: Columns = Columns {
    shown: &["severity", "rule", "file", "offset", "sender", "sent_at", "content"],
    ..COLUMNS
};

/// Scans.
pub fn scan(settings: &Settings, args: &Scan) -> anyhow::Result<Exit> {
    let read_as = read_as(settings, &args.read_as)?;
    let inputs = inputs(&args.inputs, &read_as)?;
    let actor = Actor::resolve(settings)?;
    if settings.show_content != ShowContent::Never {
        actor.require(Verb::ViewContent, "scan", &[])?;
        say("warning: the output holds text of messages");
    }
    let (mut project, bundle) = load::bundle(settings)?;
    let directory = load::directory(settings, &mut project, &bundle)?;
    heed_interrupts();
    // Nothing outlives a scan, so ids are made of what anybody can see, and the key is nobody's.
    let facts = Facts {
        directory,
        holds: HoldSet::none(),
        zone: zone(&settings.zone)?,
        key: ContentKey::new([0; 32]),
        backfill: true,
    };
    let pipeline = Pipeline {
        settings,
        backfill: true,
        jobs: settings.jobs.unwrap_or_else(home::cores),
        read_as,
        home: None,
    };
    let meter = Meter::new(settings, &inputs, None);
    let mut total = Total::default();
    let mut fill = |table: TableWriter| -> anyhow::Result<()> {
        let sink = Alerts {
            settings,
            bundle: &bundle,
            table,
            conversations: Conversations::default(),
            total: Total::default(),
        };
        total = pipeline.run(&inputs, || Evaluator::new(&bundle, &facts), sink, &meter)?;
        Ok(())
    };
    let columns = match settings.show_content {
        ShowContent::Never => COLUMNS,
        _ => WITH_CONTENT,
    };
    match &args.output {
        Some(path) => write_whole(path, |out| fill(TableWriter::new(args.format, columns, out)?))?,
        None => {
            let out = Box::new(std::io::BufWriter::new(std::io::stdout()));
            fill(TableWriter::new(args.format, columns, out)?.on_screen())?;
        }
    }
    close(settings, args, &bundle, &total)
}

fn close(settings: &Settings, args: &Scan, bundle: &Bundle, total: &Total) -> anyhow::Result<Exit> {
    if !settings.quiet {
        say(&format!(
            "scan: {} alerts in {} messages, {} of {} unreadable, bundle {}",
            total.alerts,
            total.messages,
            total.unreadable,
            total.messages + total.unreadable,
            bundle.digest.short()
        ));
        if total.unreadable > 0 || total.broken > 0 {
            say("scan: the report is incomplete: some input was not read");
        }
    }
    if interrupted() {
        return Ok(Exit::Interrupted);
    }
    if total.broken > 0 || total.unreadable > args.max_unreadable {
        return Ok(Exit::Data);
    }
    let found = args.fail_on.is_some_and(|level| total.gravest >= Some(level));
    Ok(if found || total.incomplete > 0 {
        Exit::Negative
    } else {
        Exit::Done
    })
}

#[derive(Default)]
struct Total {
    alerts: u64,
    messages: u64,
    unreadable: u64,
    incomplete: u64,
    broken: u64,
    gravest: Option<Severity>,
}

struct Alerts<'a> {
    settings: &'a Settings,
    bundle: &'a Bundle,
    table: TableWriter,
    conversations: Conversations,
    total: Total,
}

impl Sink for Alerts<'_> {
    type Total = Total;

    fn take(&mut self, input: &Input, piece: Piece, evaluation: Evaluation) -> anyhow::Result<()> {
        say_unreadable(self.settings, input, &piece.unreadable, &piece.notes);
        self.total.messages += piece.batch.len() as u64;
        self.total.unreadable += piece.unreadable.iter().map(|row| row.place.rows()).sum::<u64>();
        self.total.incomplete += evaluation
            .messages
            .iter()
            .filter(|message| message.scan_incomplete)
            .count() as u64;
        let stands = |hit: &&HitRow| hit.excluded_by.is_none() && hit.alert.is_some();
        let standing: Vec<&HitRow> = evaluation.hits.iter().filter(stands).collect();
        for hits in standing.chunk_by(|one, next| (one.row, one.rule) == (next.row, next.rule)) {
            self.table.write(self.row(input, &piece, &evaluation, hits))?;
            self.total.gravest = self.total.gravest.max(Some(hits[0].severity));
            self.total.alerts += 1;
        }
        self.conversations.note(input, &piece, &evaluation);
        if let Some(error) = piece.broken {
            say(&lexhold_document::printable(&format!("error: {error:#}")));
            self.total.broken += 1;
        }
        Ok(())
    }

    fn finish(mut self) -> anyhow::Result<Total> {
        for (row, severity) in std::mem::take(&mut self.conversations).rows(self.bundle) {
            self.table.write(row)?;
            self.total.gravest = self.total.gravest.max(Some(severity));
            self.total.alerts += 1;
        }
        self.table.finish()?;
        Ok(self.total)
    }
}

impl Alerts<'_> {
    fn row(&self, input: &Input, piece: &Piece, evaluation: &Evaluation, hits: &[&HitRow]) -> Row {
        let rule = self.bundle.rule(hits[0].rule);
        let message = piece.batch.row(hits[0].row);
        let id = message
            .id()
            .map(|_| evaluation.messages[hits[0].row].identity.message_id.clone());
        let place = format!("{}\n{}", input.name, message.source_offset());
        let alert_id = Digest::of(format!("{}\n{}", rule.id, id.as_deref().unwrap_or(&place)).as_bytes());
        let spans: Vec<Value> = hits
            .iter()
            .filter_map(|hit| hit.place)
            .map(|(field, span)| json!({"field": field.to_string(), "start": span.start(), "end": span.end()}))
            .collect();
        let sent_at = message
            .sent_at()
            .and_then(|at| jiff::Timestamp::from_microsecond(at).ok())
            .map(|at| at.to_string());
        let value = json!({
            "alert_id": alert_id,
            "rule": rule.id,
            "document": rule.document,
            "version": rule.version,
            "digest": rule.digest,
            "severity": hits[0].severity,
            "base_severity": rule.severity,
            "confidence": hits.iter().filter_map(|hit| hit.confidence).max().map(Confidence::as_str),
            "title": rule.title,
            "labels": rule.labels,
            "message_id": id,
            "platform": message.platform(),
            "conversation": message.conversation(),
            "sender": message.sender(),
            "sent_at": sent_at,
            "spans": spans,
            "truncated": hits[0].n_hits.is_some(),
            "quoted": hits.iter().all(|hit| hit.quoted()),
            "evasion": hits.iter().any(|hit| hit.evasion),
            "indeterminate": hits[0].indeterminate,
            "file": input.name,
            "offset": message.source_offset(),
            "bundle": self.bundle.digest,
            "content": self.content(message, hits),
        });
        value.as_object().cloned().unwrap_or_default()
    }

    fn content(&self, message: lexhold_model::Row<'_>, hits: &[&HitRow]) -> Option<String> {
        match self.settings.show_content {
            ShowContent::Never => None,
            ShowContent::Full => message.text().map(str::to_owned),
            ShowContent::Match => {
                let names: Vec<_> = message.attachment_names().collect();
                let texts: BTreeSet<&str> = hits
                    .iter()
                    .filter_map(|hit| {
                        let (field, span) = hit.place?;
                        let text = match field {
                            Field::Text => message.text()?,
                            Field::Subject => message.subject()?,
                            Field::AttachmentName(at) => (*names.get(usize::from(at))?)?,
                        };
                        text.get(span.start()..span.end())
                    })
                    .collect();
                Some(texts.into_iter().collect::<Vec<_>>().join(" … "))
            }
        }
    }
}
