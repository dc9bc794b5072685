//! Conversations: who talks where, when and about what.

use jiff::civil::{Date, Time, date, time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use lexhold_model::{ConversationKind, Message, MessageKind, Participant, Role, VersionKind};

use super::firm::{Employee, Firm, Outsider, Site, TEAMS};
use super::planted::{self, PLANTS, Plant, Scene};
use super::random::Dice;
use super::words::{self, Topic};
use super::{Generated, Planted};

/// The first day on which somebody writes, and how many days follow.
const FIRST_DAY: Date = date(2019, 1, 2);
const DAYS: usize = 2850;

/// About one scene in so many holds something planted.
const SCENES_BETWEEN_PLANTS: usize = 5;

/// The world as it stands: whose turn it is, what comes next.
pub(crate) struct Stage {
    pub(super) dice: Dice,
    pub(super) firm: Firm,
    pub(super) n_messages: usize,
    /// What is to be planted next, and before which scene.
    pub(super) deck: Vec<usize>,
    pub(super) n_scenes: usize,
    pub(super) ids: u64,
}

/// Somebody in a conversation.
#[derive(Clone)]
pub(super) struct Speaker {
    pub(super) handle: String,
    pub(super) mail: String,
    pub(super) first: &'static str,
    pub(super) name: String,
    pub(super) employee: Option<Employee>,
    pub(super) company: &'static str,
}

/// What stays the same through one conversation.
pub(super) struct Setting {
    pub(super) at: Timestamp,
    pub(super) slots: Vec<(&'static str, String)>,
}

/// Where a chat takes place.
struct Place {
    platform: &'static str,
    conversation: String,
    kind: ConversationKind,
    channel: Option<&'static str>,
    business: Option<bool>,
}

impl Stage {
    pub(crate) fn new(dice: Dice, firm: Firm, n_messages: usize) -> Self {
        Self {
            dice,
            firm,
            n_messages,
            deck: Vec::new(),
            n_scenes: 0,
            ids: 0,
        }
    }

    pub(crate) fn firm(&self) -> &Firm {
        &self.firm
    }

    /// The messages of the next conversation, when so many have been made before.
    pub(crate) fn play(&mut self, n_made: usize) -> Vec<Generated> {
        self.n_scenes += 1;
        let plant = self.n_scenes.is_multiple_of(SCENES_BETWEEN_PLANTS).then(|| self.draw());
        let day = self.day(n_made);
        match plant.map_or_else(|| self.usual_scene(), |plant| plant.scene) {
            Scene::Trading => self.trading_chat(day, plant),
            Scene::Firm => self.firm_chat(day, plant),
            Scene::Clinic => self.clinic_chat(day, plant),
            Scene::ClientMail => self.client_mails(day, plant),
            Scene::PatientMail => self.patient_mails(day, plant),
            Scene::Barrier => self.barrier_chat(day, plant),
            Scene::Messenger => self.messenger_chat(day, plant),
        }
    }

    fn usual_scene(&mut self) -> Scene {
        match self.dice.below(100) {
            0..32 => Scene::Trading,
            32..56 => Scene::Firm,
            56..72 => Scene::Clinic,
            72..90 => Scene::ClientMail,
            _ => Scene::PatientMail,
        }
    }

    /// The next plant of a shuffled deck, so that no kind is forgotten.
    fn draw(&mut self) -> &'static Plant {
        if self.deck.is_empty() {
            self.deck = (0..PLANTS.len()).collect();
            for last in (1..self.deck.len()).rev() {
                let other = self.dice.below(last + 1);
                self.deck.swap(last, other);
            }
        }
        &PLANTS[self.deck.pop().unwrap_or(0)]
    }

    fn day(&mut self, n_made: usize) -> Date {
        let days = (n_made * DAYS / self.n_messages.max(1)).min(DAYS) + self.dice.below(5);
        let day = FIRST_DAY.saturating_add(SignedDuration::from_hours(24 * i64::try_from(days).unwrap_or(0)));
        // Two days later a weekend is over, wherever it began.
        if day.weekday().to_monday_zero_offset() > 4 {
            day.saturating_add(SignedDuration::from_hours(48))
        } else {
            day
        }
    }

    pub(super) fn setting(&mut self, day: Date, site: Site, client: Option<&Outsider>) -> Setting {
        let hour = if self.dice.in_thousand(60) {
            self.dice.between(18, 21)
        } else {
            self.dice.between(7, 17)
        };
        let clock = time(i8::try_from(hour).unwrap_or(12), 0, 0, 0);
        let zone = TimeZone::get(site.zone()).unwrap_or(TimeZone::UTC);
        let start = day
            .to_datetime(clock)
            .to_zoned(zone)
            .map_or(Timestamp::UNIX_EPOCH, |start| start.timestamp());
        let at = later(start, self.dice.below(3_600_000));
        Setting {
            at,
            slots: self.slots(clock, client),
        }
    }

    fn slots(&mut self, clock: Time, client: Option<&Outsider>) -> Vec<(&'static str, String)> {
        let company = client.map_or_else(|| self.dice.pick(&self.firm.clients).company, |client| client.company);
        let account = match client {
            Some(client) => client.account.clone(),
            None => self.dice.pick(&self.firm.clients).account.clone(),
        };
        let dice = &mut self.dice;
        let bond = *dice.pick(words::BONDS);
        let issuer = dice.below(words::ISSUERS.len());
        let month = *dice.pick(words::MONTHS);
        let meeting = usize::try_from(clock.hour()).unwrap_or(12) + 1;
        vec![
            ("client", company.to_owned()),
            ("account", account),
            ("bond", bond.to_owned()),
            ("bond2", (*dice.pick(words::BONDS)).to_owned()),
            ("stock", (*dice.pick(words::STOCKS)).to_owned()),
            ("issuer", words::ISSUERS[issuer].to_owned()),
            (
                "issuer2",
                words::ISSUERS[(issuer + 3) % words::ISSUERS.len()].to_owned(),
            ),
            ("ccy", (*dice.pick(words::CURRENCIES)).to_owned()),
            ("size", (*dice.pick(words::SIZES)).to_owned()),
            ("shares", format!("{}k", dice.between(5, 400))),
            ("day", (*dice.pick(words::DAYS)).to_owned()),
            ("month", month.to_owned()),
            ("time", format!("{}:{:02}", meeting % 24, dice.below(12) * 5)),
            (
                "ticket",
                format!("{}-{}", dice.pick(&["INC", "CHG", "TRD", "REQ"]), dice.digits(5)),
            ),
            ("floor", (*dice.pick(words::FLOORS)).to_owned()),
        ]
    }

    /// A line with its slots filled. Slots that are not part of the setting are drawn anew each time.
    pub(super) fn fill(&mut self, line: &str, setting: &Setting, to: &Speaker) -> String {
        let mut filled = String::with_capacity(line.len() + 16);
        let mut rest = line;
        while let Some((before, after)) = rest.split_once('{') {
            let (slot, behind) = after.split_once('}').unwrap_or((after, ""));
            filled.push_str(before);
            match setting.slots.iter().find(|(name, _)| *name == slot) {
                Some((_, value)) => filled.push_str(value),
                None => filled.push_str(&self.draw_slot(slot, to)),
            }
            rest = behind;
        }
        filled + rest
    }

    fn draw_slot(&mut self, slot: &str, to: &Speaker) -> String {
        let dice = &mut self.dice;
        match slot {
            "first" => to.first.to_owned(),
            "px1" | "px2" => format!("{}.{:02}", dice.between(94, 108), dice.below(100)),
            "fx1" | "fx2" => format!("1.{}", dice.digits(4)),
            "bp" | "bp2" => dice.between(2, 95).to_string(),
            "k" => dice.between(2, 12).to_string(),
            "pct" => dice.between(3, 97).to_string(),
            "vol" => format!("{}.{}", dice.between(5, 14), dice.below(10)),
            "phone" => to
                .employee
                .as_ref()
                .map_or_else(|| "the one you have".to_owned(), |one| one.phone.clone()),
            "card" => planted::card(dice),
            "luhnless" => planted::luhnless(dice),
            "cvv" => dice.digits(3),
            "ssn" => planted::ssn(dice),
            "iban" => planted::iban(dice),
            "aws" => format!("AKIA{}", dice.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16)),
            "github" => format!(
                "ghp_{}",
                dice.text("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", 36)
            ),
            "password" => {
                let word = *dice.pick(&["Summer", "Harbour", "Copper", "Marble", "Winter", "Falcon", "Ginger"]);
                format!("{word}{}!", dice.between(10, 2999))
            }
            _ => String::new(),
        }
    }

    fn member(&self, at: usize, platform: &str) -> Speaker {
        let one = &self.firm.people[at];
        let handle = match platform {
            "slack" => one.login(),
            "whatsapp" => one.phone.clone(),
            _ => one.mail(),
        };
        Speaker {
            handle,
            mail: one.mail(),
            first: one.first,
            name: one.name(),
            employee: Some(one.clone()),
            company: "",
        }
    }

    /// Up to so many people of some teams, drawn among those who are there.
    pub(super) fn cast(&mut self, teams: &[&str], n_people: usize, day: Date, platform: &str) -> Vec<Speaker> {
        let mut there: Vec<usize> = teams.iter().flat_map(|team| self.firm.team_on(team, day)).collect();
        let mut cast = Vec::new();
        while cast.len() < n_people && !there.is_empty() {
            let drawn = there.swap_remove(self.dice.below(there.len()));
            cast.push(self.member(drawn, platform));
        }
        cast
    }

    fn trading_chat(&mut self, day: Date, plant: Option<&'static Plant>) -> Vec<Generated> {
        let desk = *self.dice.pick(&["rates", "fx", "equities", "credit"]);
        let sales = if matches!(desk, "rates" | "equities") {
            "sales-us"
        } else {
            "sales-eu"
        };
        // Each desk talks of its own things, and of settlement and risk like all others.
        let topic = match (desk, self.dice.below(10)) {
            (_, 0..2) => 4,
            (_, 2..4) => 5,
            ("rates", _) => 0,
            ("fx", _) => 1,
            ("equities", _) => 2,
            _ => 3,
        };
        let team = TEAMS.iter().find(|team| team.name == desk);
        let (site, room) = team.map_or((Site::London, ""), |team| (team.site, team.slack));
        let in_room = self.dice.in_thousand(450);
        let n_people = if in_room {
            self.dice.between(3, 5)
        } else {
            self.dice.between(2, 3)
        };
        let mut cast = self.cast(&[desk], n_people - 1, day, "slack");
        cast.extend(self.cast(&[sales], 1, day, "slack"));
        let place = if in_room { slack_room(room) } else { slack_talk(&cast) };
        let setting = self.setting(day, site, None);
        self.chat(&words::TRADING[topic], &cast, &place, setting, plant)
    }

    fn firm_chat(&mut self, day: Date, plant: Option<&'static Plant>) -> Vec<Generated> {
        let topic = self.dice.below(words::OFFICE.len());
        let (teams, site): (&[&str], Site) = match (topic, self.dice.below(4)) {
            (1, _) => (&["technology", "office", "rates", "equities"], Site::NewYork),
            (3, _) => (&["technology"], Site::NewYork),
            (_, 0) => (&["operations", "fx", "sales-eu"], Site::London),
            (_, 1) => (&["credit"], Site::Frankfurt),
            (_, 2) => (&["equity-research"], Site::NewYork),
            _ => (&["ecm", "office", "compliance"], Site::NewYork),
        };
        let teams_chat = site != Site::NewYork && self.dice.in_thousand(600);
        let n_people = self.dice.between(2, 4);
        let cast = self.cast(teams, n_people, day, if teams_chat { "teams" } else { "slack" });
        let private = topic == 0 && plant.is_none() && self.dice.in_thousand(400);
        let place = match (private, teams_chat, topic) {
            (true, ..) => Place {
                channel: Some("#lunch-club"),
                business: Some(false),
                ..slack_room("#lunch-club")
            },
            (_, true, _) => teams_talk(&cast),
            (.., 1) => slack_room("#it-help"),
            _ => slack_talk(&cast),
        };
        let place = if private && teams_chat {
            Place {
                business: Some(false),
                ..teams_talk(&cast)
            }
        } else {
            place
        };
        let setting = self.setting(day, site, None);
        self.chat(&words::OFFICE[topic], &cast, &place, setting, plant)
    }

    fn clinic_chat(&mut self, day: Date, plant: Option<&'static Plant>) -> Vec<Generated> {
        let topic = self.dice.below(words::CLINIC.len());
        let teams: &[&str] = if topic == 3 {
            &["billing", "front-desk"]
        } else {
            &["physicians", "nursing", "front-desk"]
        };
        let n_people = self.dice.between(2, 4);
        let cast = self.cast(teams, n_people, day, "teams");
        let place = teams_talk(&cast);
        let setting = self.setting(day, Site::Chicago, None);
        self.chat(&words::CLINIC[topic], &cast, &place, setting, plant)
    }

    /// Research and banking by themselves, so that every message is a breach; with compliance among them, none is.
    fn barrier_chat(&mut self, day: Date, plant: Option<&'static Plant>) -> Vec<Generated> {
        let mut cast = self.cast(&["equity-research"], 1, day, "slack");
        cast.extend(self.cast(&["ecm"], 1, day, "slack"));
        if plant.is_some_and(|plant| plant.decoy) {
            cast.extend(self.cast(&["compliance"], 1, day, "slack"));
        }
        let place = slack_talk(&cast);
        let setting = self.setting(day, Site::NewYork, None);
        self.loose_talk(planted::BARRIER_TALK, &cast, &place, setting, |_| plant.map(planted_by))
    }

    /// A client and a salesman on a messenger: every message is a breach, whoever writes it.
    fn messenger_chat(&mut self, day: Date, plant: Option<&'static Plant>) -> Vec<Generated> {
        let client = self.dice.pick(&self.firm.clients).clone();
        let mut cast = self.cast(&["sales-us", "sales-eu"], 1, day, "whatsapp");
        cast.push(outside(&client, "whatsapp"));
        let conversation = format!("wa-{}", client.phone.trim_start_matches('+'));
        let place = Place {
            platform: "whatsapp",
            conversation,
            kind: ConversationKind::Direct,
            channel: None,
            business: None,
        };
        let setting = self.setting(day, Site::London, Some(&client));
        self.loose_talk(planted::MESSENGER_TALK, &cast, &place, setting, |speaker| {
            let rule = if speaker.employee.is_some() {
                "unapproved-channel"
            } else {
                "client-on-unapproved-channel"
            };
            plant.map(|plant| Planted {
                rule,
                ..planted_by(plant)
            })
        })
    }

    fn loose_talk(
        &mut self,
        lines: &[&str],
        cast: &[Speaker],
        place: &Place,
        setting: Setting,
        planted: impl Fn(&Speaker) -> Option<Planted>,
    ) -> Vec<Generated> {
        let mut at = setting.at;
        let mut scene = Vec::new();
        for turn in 0..self.dice.between(3, 6) {
            let speaker = &cast[turn % cast.len()];
            let line = *self.dice.pick(lines);
            let text = self.fill(line, &setting, &cast[(turn + 1) % cast.len()]);
            at = later(at, self.dice.between(8_000, 400_000));
            let message = self.chat_message(place, cast, speaker, at, text);
            scene.push(Generated {
                message,
                planted: planted(speaker),
            });
        }
        scene
    }

    fn chat(
        &mut self,
        topic: &Topic,
        cast: &[Speaker],
        place: &Place,
        setting: Setting,
        plant: Option<&'static Plant>,
    ) -> Vec<Generated> {
        if cast.len() < 2 {
            return Vec::new();
        }
        let n_turns = self.dice.between(4, 12);
        let planted_turn = plant.map(|_| self.dice.between(1, n_turns - 1));
        let mut at = setting.at;
        let mut middles: Vec<&str> = topic.middles.to_vec();
        let mut scene: Vec<Generated> = Vec::new();
        let mut last_speaker = usize::MAX;
        for turn in 0..n_turns {
            let mut who = self.dice.below(cast.len());
            if who == last_speaker && self.dice.in_thousand(700) {
                who = (who + 1) % cast.len();
            }
            last_speaker = who;
            let (speaker, listener) = (&cast[who], &cast[(who + 1) % cast.len()]);
            let here = plant.filter(|_| planted_turn == Some(turn));
            let line = match here {
                Some(plant) => *self.dice.pick(plant.lines),
                None if turn == 0 => *self.dice.pick(topic.openers),
                None if turn + 1 == n_turns => *self.dice.pick(topic.closers),
                None if middles.is_empty() => *self.dice.pick(topic.middles),
                None => middles.swap_remove(self.dice.below(middles.len())),
            };
            let text = match here {
                // What has to be found is not to be hidden by spelling mistakes.
                Some(_) => self.fill(line, &setting, listener),
                None => {
                    let wordy = self.wordy(line);
                    let filled = self.fill(&wordy, &setting, listener);
                    self.styled(filled, speaker)
                }
            };
            at = later(at, self.dice.between(4_000, 240_000));
            let message = self.chat_message(place, cast, speaker, at, text);
            scene.push(Generated {
                message,
                planted: here.map(planted_by),
            });
            self.aftermath(&mut scene, place, cast, &mut at);
        }
        scene
    }

    /// A line with something before or behind it, as people talk.
    fn wordy(&mut self, line: &str) -> String {
        let mut wordy = String::new();
        if self.dice.in_thousand(300) {
            wordy.push_str(self.dice.pick::<&str>(words::LEAD_INS));
        }
        wordy.push_str(line);
        if self.dice.in_thousand(350) && !line.ends_with(['?', ')', '!', ':']) {
            wordy.push_str(self.dice.pick::<&str>(words::TAILS));
        }
        wordy
    }

    /// What may follow a message: an edit, a deletion, a reaction, a notice of the platform.
    fn aftermath(&mut self, scene: &mut Vec<Generated>, place: &Place, cast: &[Speaker], at: &mut Timestamp) {
        let Some(said) = scene.last().cloned() else { return };
        let soon = later(*at, self.dice.between(2_000, 3_500));
        let next = match self.dice.below(1000) {
            0..6 if said.planted.is_none() => {
                let text = said.message.text.map(|text| text + " (corrected)");
                let version = VersionKind::Edit;
                Message {
                    text,
                    version: 1,
                    version_kind: version,
                    sent_at: Some(soon.as_microsecond()),
                    ..said.message
                }
            }
            6..10 if said.planted.is_none() => {
                let version = VersionKind::Delete;
                Message {
                    text: None,
                    version: 1,
                    version_kind: version,
                    sent_at: Some(soon.as_microsecond()),
                    ..said.message
                }
            }
            10..30 => {
                let emoji = (*self.dice.pick(words::EMOJI)).to_owned();
                let speaker = self.dice.pick(cast).clone();
                let reaction = self.chat_message(place, cast, &speaker, soon, emoji);
                Message {
                    kind: MessageKind::Reaction,
                    reply_to: said.message.id,
                    ..reaction
                }
            }
            30..34 if place.channel.is_some() => {
                let speaker = self.dice.pick(cast).clone();
                let text = format!("{} joined the channel", speaker.name);
                Message {
                    kind: MessageKind::System,
                    ..self.chat_message(place, cast, &speaker, soon, text)
                }
            }
            _ => return,
        };
        let captured_at = next.sent_at.map(|sent| sent + 60_000_000);
        scene.push(Generated {
            message: Message { captured_at, ..next },
            planted: None,
        });
    }

    /// A line as this person would type it.
    fn styled(&mut self, mut text: String, speaker: &Speaker) -> String {
        let Some(style) = speaker.employee.as_ref().map(|one| one.style) else {
            return text;
        };
        if style.short_words {
            for (long, short) in words::SHORT_FORMS {
                text = text.replace(long, short);
            }
        }
        if style.lower_case {
            // Names of currencies, tickets and prices stay as they are.
            text = text
                .split(' ')
                .map(|word| {
                    if is_shouted(word) {
                        word.to_owned()
                    } else {
                        word.to_lowercase()
                    }
                })
                .collect::<Vec<_>>()
                .join(" ");
        }
        if self.dice.in_thousand(style.typos_in_thousand) {
            text = self.with_typo(&text);
        }
        if style.full_stops && !text.ends_with(['.', '?', '!', ')']) {
            text.push('.');
        }
        if self.dice.in_thousand(20) {
            text.push(' ');
            let emoji = *self.dice.pick(words::EMOJI);
            text.push_str(emoji);
        }
        text
    }

    /// Two letters of a word change places.
    fn with_typo(&mut self, text: &str) -> String {
        let mut letters: Vec<char> = text.chars().collect();
        if letters.len() > 8 {
            let at = self.dice.between(1, letters.len() - 3);
            if letters[at].is_lowercase() && letters[at + 1].is_lowercase() {
                letters.swap(at, at + 1);
            }
        }
        letters.into_iter().collect()
    }

    fn chat_message(
        &mut self,
        place: &Place,
        cast: &[Speaker],
        speaker: &Speaker,
        at: Timestamp,
        text: String,
    ) -> Message {
        self.ids += 1;
        let id = match place.platform {
            "slack" => format!("{}.{:06}", at.as_second(), self.ids % 1_000_000),
            "whatsapp" => format!("3EB0{:012X}", self.ids),
            _ => format!("{}{:06}", at.as_second(), self.ids % 1_000_000),
        };
        let others = cast.iter().filter(|one| one.handle != speaker.handle);
        let role = if place.kind == ConversationKind::Direct {
            Role::To
        } else {
            Role::Member
        };
        let captured_at = at.as_microsecond() + 1_000_000 * i64::try_from(self.dice.between(5, 600)).unwrap_or(5);
        Message {
            id: Some(id),
            platform: place.platform.to_owned(),
            conversation: place.conversation.clone(),
            conversation_kind: place.kind,
            channel: place.channel.map(str::to_owned),
            sent_at: Some(at.as_microsecond()),
            captured_at: Some(captured_at),
            sender: speaker.handle.clone(),
            recipients: others
                .map(|one| Participant {
                    handle: one.handle.clone(),
                    role,
                })
                .collect(),
            text: Some(text),
            business: place.business,
            ..Message::default()
        }
    }
}

pub(super) fn outside(one: &Outsider, platform: &str) -> Speaker {
    let handle = if platform == "whatsapp" {
        one.phone.clone()
    } else {
        one.mail.clone()
    };
    Speaker {
        handle,
        mail: one.mail.clone(),
        first: one.first,
        name: one.name(),
        employee: None,
        company: one.company,
    }
}

pub(super) fn planted_by(plant: &Plant) -> Planted {
    Planted {
        family: plant.family,
        rule: plant.rule,
        decoy: plant.decoy,
    }
}

fn slack_room(room: &'static str) -> Place {
    Place {
        platform: "slack",
        conversation: room.to_owned(),
        kind: ConversationKind::Channel,
        channel: Some(room),
        business: None,
    }
}

fn slack_talk(cast: &[Speaker]) -> Place {
    Place {
        platform: "slack",
        conversation: talk_of("D", cast),
        kind: kind_of(cast),
        channel: None,
        business: None,
    }
}

fn teams_talk(cast: &[Speaker]) -> Place {
    Place {
        platform: "teams",
        conversation: talk_of("19:", cast),
        kind: kind_of(cast),
        channel: None,
        business: None,
    }
}

/// A name for the conversation of these people, the same whoever is named first.
fn talk_of(prefix: &str, cast: &[Speaker]) -> String {
    let mut ids: Vec<&str> = cast
        .iter()
        .filter_map(|one| one.employee.as_ref())
        .map(|one| one.id.as_str())
        .collect();
    ids.sort_unstable();
    format!("{prefix}{}", ids.join("-"))
}

fn kind_of(cast: &[Speaker]) -> ConversationKind {
    if cast.len() == 2 {
        ConversationKind::Direct
    } else {
        ConversationKind::Group
    }
}

/// Whether a word is an abbreviation or holds a number, which nobody writes in other letters.
fn is_shouted(word: &str) -> bool {
    word.chars().any(|character| character.is_ascii_digit())
        || word.chars().filter(|character| character.is_uppercase()).count() > 1
}

pub(super) fn later(at: Timestamp, milliseconds: usize) -> Timestamp {
    at.saturating_add(SignedDuration::from_millis(i64::try_from(milliseconds).unwrap_or(0)))
        .unwrap_or(at)
}
