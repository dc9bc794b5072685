//! `dispose execute`: each item is asked about again, by the system clock; what changed is sent back, the rest destroyed.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::io::Write;
use std::path::Path;

use jiff::Timestamp;
use lexhold_catalog::payload::{DisposalRejected, SentBack};
use lexhold_catalog::{Catalog, ItemRow};
use lexhold_model::Key;
use lexhold_policy::Verb;
use lexhold_store::{Destruction, EntryKind, Faults, Home, Located, Payload, RunLock, Step, StorageLock, StoreMode};
use serde_json::json;

use super::approve::act;
use super::external::{self, HandedOver};
use super::judge::{Judge, NOT_ELIGIBLE, Verdict};
use super::plan::{Plan, leaf};
use super::retire::retire;
use super::transfer::{Transfers, receiver};
use super::{certificate, propose, settle_holds};
use crate::args::{ExecuteDisposal, SummaryFormat};
use crate::dates::Grounds;
use crate::failure::{Exit, Failure};
use crate::hold::storage;
use crate::home;
use crate::operators::Actor;
use crate::report::table::writable;
use crate::run::{faults, heed_interrupts, interrupted};
use crate::settings::Settings;
use crate::terminal::{counted, say};

/// One execution.
pub(super) struct Execution<'a> {
    settings: &'a Settings,
    actor: &'a Actor,
    home: &'a Home,
    lock: &'a RunLock,
    faults: &'a Faults,
    plan: &'a str,
    /// Why each item that was sent back was, by its id in reports, which versions of a message share, and its key.
    sent_back: BTreeMap<(String, Key), String>,
    /// How often something came that could have mattered.
    voided: u64,
    /// Whether the catalog's file still has bytes of what is gone.
    owes_bytes: bool,
}

/// A plan, and what becomes of each item that is left.
pub(super) struct Judged {
    /// The last journal entry that was taken into account.
    pub seen: u64,
    /// When it was judged.
    at: Timestamp,
    /// The plan.
    pub plan: Plan,
    /// The verdicts.
    pub verdicts: Verdicts,
}

/// Whether there is more to do.
enum Round {
    Again,
    Over,
}

/// Destroys what an approved plan names and nothing keeps.
pub fn execute(settings: &Settings, args: &ExecuteDisposal) -> anyhow::Result<Exit> {
    if settings.as_of != settings.now {
        return Err(Failure::new(
            Exit::Usage,
            "what is destroyed is judged by the clock, never by --as-of",
        )
        .into());
    }
    let actor = Actor::resolve(settings)?;
    actor.warn_if_solo(settings);
    let faults = faults()?;
    let home = home::open(settings)?;
    let lock = home.lock_run("dispose execute", settings.wait, home::stamp(&actor.id))?;
    if home.store_mode() == StoreMode::External && args.work.is_none() {
        return Err(Failure::new(Exit::Usage, "bodies lie in the firm's own archive")
            .help("--work FILE says where the list of what it is to destroy goes; lexhold dispose answer takes its answer")
            .into());
    }
    args.work.as_deref().map(writable).transpose()?;
    heed_interrupts();
    Execution::new(settings, &actor, &home, &lock, &faults, &args.plan).carry_out(args)
}

/// Nothing is destroyed by a clock that may be wrong.
fn refuse_doubtful_clock(home: &Home) -> anyhow::Result<()> {
    match home.journal().clock_refusal(Timestamp::now())? {
        None => Ok(()),
        Some(refusal) => Err(Failure::new(Exit::Refused, format!("nothing is destroyed: {refusal}"))
            .help("set the clock right; lexhold clock attest puts on record that two people did")
            .into()),
    }
}

impl<'a> Execution<'a> {
    fn new(
        settings: &'a Settings,
        actor: &'a Actor,
        home: &'a Home,
        lock: &'a RunLock,
        faults: &'a Faults,
        plan: &'a str,
    ) -> Self {
        Self {
            settings,
            actor,
            home,
            lock,
            faults,
            plan,
            sent_back: BTreeMap::new(),
            voided: 0,
            owes_bytes: false,
        }
    }

    /// One that will only judge; what a process that died left undone is finished first.
    ///
    /// # Errors
    /// Refused where the clock may be wrong.
    pub(super) fn begin(
        settings: &'a Settings,
        actor: &'a Actor,
        home: &'a Home,
        lock: &'a RunLock,
        faults: &'a Faults,
        plan: &'a str,
    ) -> anyhow::Result<Self> {
        refuse_doubtful_clock(home)?;
        home.recover(lock, home::stamp(&actor.id))?;
        Ok(Self::new(settings, actor, home, lock, faults, plan))
    }

    /// Goes as far as the plan may. Whatever stops it, what the firm's archive was told to destroy is called back.
    fn carry_out(mut self, args: &ExecuteDisposal) -> anyhow::Result<Exit> {
        let done = match self.destroy() {
            Ok(()) => self.end(args),
            Err(error) => Err(error),
        };
        if done.is_err()
            && let Some(path) = &args.work
            && let Err(error) = self.call_back(path)
        {
            say(&format!(
                "warning: what was ordered could not be called back: {error:#}"
            ));
        }
        done
    }

    fn destroy(&mut self) -> anyhow::Result<()> {
        refuse_doubtful_clock(self.home)?;
        self.home.recover(self.lock, home::stamp(&self.actor.id))?;
        let plan = Plan::row(&self.catalog()?, self.plan)?;
        self.owes_bytes = plan.certified.is_none() && plan.n_destroyed > 0;
        // What is gone is certified, whatever was said of the rest since.
        let is_cut_short = plan.rejected.is_some() && plan.n_destroyed > 0;
        if plan.certified.is_none() && !is_cut_short {
            while let Round::Again = self.round()? {
                if interrupted() {
                    self.leave_no_byte()?;
                    return Err(Failure::new(Exit::Interrupted, "stopped; the same command goes on from here").into());
                }
            }
        }
        Ok(())
    }

    /// Writes a list for the firm's archive that tells it to leave alone what it was told to destroy.
    fn call_back(&self, path: &Path) -> anyhow::Result<()> {
        let handed = HandedOver::read(self.home, self.plan)?;
        if !handed.is_outstanding() {
            return Ok(());
        }
        let n = handed.write_work(self.home, self.actor, &self.read()?, true, path)?;
        say(&format!(
            "{} called back from the firm's archive in {}",
            counted(n, "item", "items"),
            path.display()
        ));
        Ok(())
    }

    /// The catalog as far as the journal goes.
    fn catalog(&self) -> anyhow::Result<Catalog> {
        let settings = home::judging_settings(self.settings, self.home)?;
        home::caught_up(self.settings, &settings, self.home, self.faults, |_| false)
    }

    fn read(&self) -> anyhow::Result<Plan> {
        Plan::read(&self.catalog()?, self.plan)
    }

    /// Asks about every item that is left; none where a hold has to be asked first.
    pub(super) fn judged(&self) -> anyhow::Result<Option<Judged>> {
        settle_holds(self.settings, self.actor, self.home, self.lock, self.faults)?;
        refuse_doubtful_clock(self.home)?;
        let at = Timestamp::now();
        let catalog = self.catalog()?;
        let plan = Plan::read(&catalog, self.plan)?;
        plan.refuse_unless_pending()?;
        self.require(&plan, at)?;
        let seen = catalog.applied_seq()?.unwrap_or(0);
        let verdicts = if plan.remaining().next().is_some() {
            let judge = Judge::read(self.home, &catalog, at)?;
            if judge.is_unasked() {
                return Ok(None);
            }
            Verdicts::of(&judge, &catalog, &plan, at)?
        } else {
            Verdicts::default()
        };
        Ok(Some(Judged {
            seen,
            at,
            plan,
            verdicts,
        }))
    }

    /// Asks about every item that is left, sends back what may not go, and destroys the rest until something comes.
    fn round(&mut self) -> anyhow::Result<Round> {
        let Some(judged) = self.judged()? else {
            return Ok(Round::Again);
        };
        let Judged {
            seen,
            at: now,
            plan,
            mut verdicts,
        } = judged;
        if !verdicts.back.is_empty() {
            let back = verdicts.back.iter();
            self.send_back(
                back.map(|(key, id, reason)| SentBackItem::new(*key, id, reason))
                    .collect(),
            )?;
            return Ok(Round::Again);
        }
        let staying = Transfers::read(self.home, self.plan)?.staying(&plan);
        verdicts.go.retain(|key, _| !staying.contains(key));
        if self.is_elsewhere() {
            if !external::order(self.home, self.actor, &plan, &verdicts.go, seen)? {
                return Ok(Round::Again);
            }
            self.faults.reach(Step::Ordered);
            let gone = HandedOver::read(self.home, self.plan)?.gone(&plan.items);
            verdicts.go.retain(|key, _| gone.contains(key));
        }
        if verdicts.go.is_empty() {
            return Ok(Round::Over);
        }
        let located = self.home.locate(&verdicts.go.keys().copied().collect())?;
        let there: HashSet<Key> = located
            .segments
            .iter()
            .flat_map(|segment| segment.keys.iter().copied())
            .collect();
        let lost = verdicts.go.iter().filter(|(key, _)| !there.contains(*key));
        let mut stay: Vec<_> = lost
            .map(|(key, id)| SentBackItem::new(*key, id, "not_in_archive"))
            .collect();
        stay.extend(self.locked(&located, &verdicts.go)?);
        if !stay.is_empty() {
            self.send_back(stay)?;
            return Ok(Round::Again);
        }
        let lots: Vec<Vec<Key>> = located
            .lots()
            .map(|lot| lot.iter().flat_map(|segment| segment.keys.iter().copied()).collect())
            .collect();
        let activities = self.catalog()?.activity(&lots)?;
        for ((lot, keys), activity) in located.lots().zip(lots).zip(activities) {
            let keys: BTreeSet<Key> = keys.into_iter().collect();
            let detail = json!({ "activity": activity });
            let prepared =
                self.home
                    .prepare_destruction(self.lock, self.plan, &located, lot, &keys, seen, detail, self.faults)?;
            if Timestamp::now() < now {
                return Ok(Round::Again);
            }
            match prepared.destroy(home::stamp(&self.actor.id))? {
                Destruction::Done { locked, .. } => {
                    self.owes_bytes = true;
                    tracing::debug!(messages = keys.len(), locked_us = locked.as_micros(), "destroyed");
                    if interrupted() {
                        return Ok(Round::Again);
                    }
                }
                Destruction::Voided { .. } => {
                    self.voided += 1;
                    return Ok(Round::Again);
                }
            }
        }
        if self.is_elsewhere() {
            return Ok(Round::Again);
        }
        // All that was left is gone. Whoever placed a hold meanwhile need not wait for the next run.
        settle_holds(self.settings, self.actor, self.home, self.lock, self.faults)?;
        Ok(Round::Over)
    }

    fn require(&self, plan: &Plan, now: Timestamp) -> anyhow::Result<()> {
        if let Some((at, stage)) = plan.next_stage(now) {
            let stage = lexhold_document::printable(&stage);
            let message = format!(
                "`{}` has no approval that counts for stage {} of {}, {stage}",
                self.plan,
                at + 1,
                plan.stages().len()
            );
            let help = format!(
                "an approval counts for thirty days, and ends with the release of a hold over any item; lexhold dispose approve {}",
                self.plan
            );
            return Err(Failure::new(Exit::Refused, message).help(help).into());
        }
        self.actor
            .require_plan(Verb::ExecuteDisposal, &act(plan, now, self.home)?)
            .map(drop)
    }

    /// The messages that the archive's own store does not let go: of a segment whose lock has not ended, or on which somebody else has
    /// put a legal hold.
    fn locked(&self, located: &Located, go: &HashMap<Key, String>) -> anyhow::Result<Vec<SentBackItem>> {
        let mut locked = Vec::new();
        if self.home.object_archive().is_none() {
            return Ok(locked);
        }
        let own = storage::on_record(self.home)?;
        for segment in &located.segments {
            let until = match self.home.storage_lock(&segment.file, Timestamp::now())? {
                None => continue,
                Some(StorageLock::LegalHold) if own.contains(&segment.file.path) => continue,
                Some(StorageLock::LegalHold) => None,
                Some(StorageLock::Until(until)) => Some(until.to_string()),
            };
            let items = segment.keys.iter().filter_map(|key| Some((key, go.get(key)?)));
            locked.extend(items.map(|(key, id)| SentBackItem {
                until: until.clone(),
                ..SentBackItem::new(*key, id, LOCKED)
            }));
        }
        Ok(locked)
    }

    fn send_back(&mut self, back: Vec<SentBackItem>) -> anyhow::Result<()> {
        let items = back.iter().map(|item| SentBack {
            key: item.key,
            reason: item.reason.to_owned(),
            until: item.until.clone(),
        });
        let payload = json!(DisposalRejected {
            plan: self.plan.to_owned(),
            reason: None,
            items: items.collect(),
            found: true,
        });
        let stamp = home::stamp(&self.actor.id);
        self.home
            .journal()
            .append(EntryKind::DisposalRejected, Some(Payload::Json(&payload)), stamp)?;
        self.sent_back.extend(
            back.into_iter()
                .map(|item| ((item.id, item.key), item.reason.to_owned())),
        );
        Ok(())
    }

    /// Adds what calls before this one sent back: one that was killed told nobody.
    fn recall_sent_back(&mut self, plan: &Plan) -> anyhow::Result<()> {
        let ids: HashMap<Key, &str> = plan
            .items
            .iter()
            .map(|item| (item.key, item.message_id.as_str()))
            .collect();
        for entry in self.home.journal().entries(1)? {
            let entry = entry?;
            if entry.kind != EntryKind::DisposalRejected {
                continue;
            }
            let payload: Option<DisposalRejected> = self.home.journal().payload_json(&entry)?;
            let of_plan = payload.filter(|payload| payload.found && payload.plan == self.plan);
            for SentBack { key, reason, .. } in of_plan.map(|payload| payload.items).into_iter().flatten() {
                if let Some(id) = ids.get(&key) {
                    self.sent_back.entry(((*id).to_owned(), key)).or_insert(reason);
                }
            }
        }
        Ok(())
    }

    /// Whether bodies lie in the firm's own archive.
    fn is_elsewhere(&self) -> bool {
        self.home.store_mode() == StoreMode::External
    }

    /// Leaves no byte of what is gone in the catalog.
    fn leave_no_byte(&self) -> anyhow::Result<()> {
        match self.owes_bytes {
            true => retire(self.settings, self.home, self.lock, self.faults),
            false => Ok(()),
        }
    }

    /// Leaves nothing behind, certifies once nothing is left to do, and answers.
    fn end(&mut self, args: &ExecuteDisposal) -> anyhow::Result<Exit> {
        self.leave_no_byte()?;
        storage::follow(self.settings, self.actor, self.home)?;
        let mut plan = self.read()?;
        let mut kept = None;
        let handed = HandedOver::read(self.home, self.plan)?;
        if let (Some(path), true) = (&args.work, self.is_elsewhere()) {
            let recall = !plan.may_go_on(Timestamp::now());
            let n = handed.write_work(self.home, self.actor, &plan, recall, path)?;
            if !self.settings.quiet {
                say(&format!(
                    "{} for the firm's archive in {}",
                    counted(n, "item", "items"),
                    path.display()
                ));
            }
        }
        let is_open = plan.row.rejected.is_none() && plan.remaining().next().is_some();
        if plan.row.n_destroyed > 0 && (plan.row.certified.is_some() || !is_open) {
            if plan.row.certified.is_none() {
                certificate::certify(self.settings, self.home, self.actor, &plan)?;
                self.faults.reach(Step::Certified);
                plan.row = Plan::row(&self.catalog()?, self.plan)?;
                self.recall_sent_back(&plan)?;
            }
            kept = Some(
                self.settings
                    .home
                    .join(certificate::keep(self.home, self.actor, &plan)?),
            );
        }
        self.answer(args, &plan, &handed, kept.as_deref())?;
        Ok(if self.sent_back.is_empty() {
            Exit::Done
        } else {
            Exit::Negative
        })
    }

    fn answer(
        &self,
        args: &ExecuteDisposal,
        plan: &Plan,
        handed: &HandedOver,
        certificate: Option<&Path>,
    ) -> anyhow::Result<()> {
        let mut out = std::io::stdout().lock();
        let waiting: Vec<_> = handed.waiting(plan, Timestamp::now()).collect();
        let transfers = Transfers::read(self.home, self.plan)?;
        let transfers: Vec<_> = transfers.waiting(plan).collect();
        if args.format == SummaryFormat::Json {
            let sent_back: Vec<_> = self
                .sent_back
                .iter()
                .map(|((id, _), reason)| json!({"message_id": id, "reason": reason}))
                .collect();
            let elsewhere = waiting.iter().map(|(item, state)| (item, state.as_str()));
            let partial = elsewhere.chain(transfers.iter().map(|(item, state)| (item, *state)));
            let partial = partial.map(|(item, state)| json!({"message_id": item.message_id, "state": state}));
            let value = json!({
                "plan": self.plan, "destroyed": plan.row.n_destroyed, "sent_back": sent_back, "partial": partial.collect::<Vec<_>>(),
                "certificate": certificate.map(|path| path.display().to_string()),
            });
            return Ok(writeln!(out, "{value}")?);
        }
        let destroyed = counted(plan.row.n_destroyed, "message", "messages");
        writeln!(out, "{}: {destroyed} destroyed", self.plan)?;
        let mut reasons: BTreeMap<&str, u64> = BTreeMap::new();
        self.sent_back
            .values()
            .for_each(|reason| *reasons.entry(reason).or_default() += 1);
        for (reason, n) in reasons {
            writeln!(out, "  {n:>8}  sent back: {reason}")?;
        }
        let mut states: BTreeMap<&str, u64> = BTreeMap::new();
        waiting
            .iter()
            .for_each(|(_, state)| *states.entry(state).or_default() += 1);
        for (state, n) in states {
            writeln!(out, "  {n:>8}  in the firm's archive: {state}")?;
        }
        let mut keepers: BTreeMap<(&str, &str), u64> = BTreeMap::new();
        for (item, state) in &transfers {
            *keepers.entry((receiver(item).unwrap_or_default(), state)).or_default() += 1;
        }
        for ((keeper, state), n) in keepers {
            let (keeper, state) = (lexhold_document::printable(keeper), state.replace('_', " "));
            writeln!(
                out,
                "  {n:>8}  for {keeper}: {state}; lexhold dispose transfer {}",
                self.plan
            )?;
        }
        if let Some(path) = certificate {
            writeln!(out, "  certificate {}", path.display())?;
        }
        if self.voided > 0 && !self.settings.quiet {
            say(&format!(
                "{} something came meanwhile, and all was asked again",
                counted(self.voided, "time", "times")
            ));
        }
        Ok(())
    }
}

/// The archive's own store has locked the segment in which a message lies.
const LOCKED: &str = "blocked_storage_lock";

/// An item that is sent back: the message, its id in reports, why, and until when it is not proposed again.
struct SentBackItem {
    key: Key,
    id: String,
    reason: &'static str,
    until: Option<String>,
}

impl SentBackItem {
    fn new(key: Key, id: &str, reason: &'static str) -> Self {
        Self {
            key,
            id: id.to_owned(),
            reason,
            until: None,
        }
    }
}

/// What becomes of the items that are left.
#[derive(Default)]
pub(super) struct Verdicts {
    /// Those that may go, with their ids.
    pub go: HashMap<Key, String>,
    /// Those that may not, and why.
    back: Vec<(Key, String, &'static str)>,
}

impl Verdicts {
    fn of(judge: &Judge<'_>, catalog: &Catalog, plan: &Plan, now: Timestamp) -> anyhow::Result<Self> {
        let wanted: HashMap<Key, &ItemRow> = plan.remaining().map(|item| (item.key, item)).collect();
        let families: HashSet<Key> = wanted.values().map(|item| item.family).collect();
        let keys: Vec<Key> = wanted.keys().copied().collect();
        let known = catalog.known(&keys)?;
        let grounds = Grounds::read(catalog, now)?;
        let schedules = grounds.versions();
        // A message that nothing is found of stays, whatever became of it.
        let mut reasons: HashMap<Key, &'static str> = keys.iter().map(|key| (*key, "not_on_record")).collect();
        let mut torn: HashMap<Key, &'static str> = HashMap::new();
        judge.each(&grounds, Some(&families), |row, dates, verdict| {
            if !families.contains(&row.family) {
                return Ok(());
            }
            let reason = match (wanted.get(&row.key), verdict) {
                (None, _) => Some("changed"),
                (_, Verdict::Kept(reason)) => Some(reason),
                (_, Verdict::NotDue) => Some(NOT_ELIGIBLE),
                (Some(item), Verdict::Go) => {
                    let mut fresh = propose::item(row, dates, &schedules);
                    let hash = known.get(&row.key).map(|known| known.content_hash);
                    fresh.content_hash = hash.unwrap_or(row.key);
                    (leaf(&fresh) != leaf(item)).then_some("changed")
                }
            };
            match reason {
                Some(reason) => {
                    torn.insert(row.family, reason);
                }
                None => {
                    reasons.remove(&row.key);
                }
            }
            Ok(())
        })?;
        let mut verdicts = Self::default();
        for item in plan.remaining() {
            match torn.get(&item.family).or_else(|| reasons.get(&item.key)) {
                Some(reason) => verdicts.back.push((item.key, item.message_id.clone(), reason)),
                None => {
                    verdicts.go.insert(item.key, item.message_id.clone());
                }
            }
        }
        Ok(verdicts)
    }
}
