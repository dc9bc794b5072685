//! Mails: letters, questions and answers, quoted one below the other.

use jiff::Timestamp;
use jiff::civil::Date;
use lexhold_model::{Attachment, ConversationKind, Message, Participant, Role};

use super::Generated;
use super::firm::{Outsider, Site, TEAMS};
use super::planted::Plant;
use super::scene::{Setting, Speaker, Stage, later, outside, planted_by};
use super::words::{self, Letter};

/// A thread of mails so far.
struct Thread {
    subject: String,
    root: String,
    at: Timestamp,
    /// The header and the text of the last mail.
    quoted: Option<(String, String)>,
}

/// Who writes to whom about what.
struct Exchange<'a> {
    letter: &'a Letter,
    /// What the one outside asks, and what he is answered.
    asks: &'static [&'static str],
    answers: &'static [&'static str],
    /// Whether it stays among colleagues.
    inside: bool,
    site: Site,
    teams: &'a [&'a str],
}

impl Stage {
    pub(super) fn client_mails(&mut self, day: Date, plant: Option<&'static Plant>) -> Vec<Generated> {
        let client = self.dice.pick(&self.firm.clients).clone();
        let letter = match (self.dice.below(words::FIRM_MAIL.len()), plant) {
            // Minutes go round inside, where no client writes.
            (3, Some(_)) => 0,
            (letter, _) => letter,
        };
        let (site, teams): (Site, &[&str]) = match (letter, self.dice.below(2)) {
            (4, _) => (Site::NewYork, &["equity-research"]),
            (_, 0) => (Site::NewYork, &["sales-us"]),
            _ => (Site::London, &["sales-eu", "operations"]),
        };
        let (asks, answers) = (words::CLIENT_ASKS, words::FIRM_ANSWERS);
        let exchange = Exchange {
            letter: &words::FIRM_MAIL[letter],
            asks,
            answers,
            inside: letter == 3,
            site,
            teams,
        };
        self.mails(day, &client, &exchange, plant)
    }

    pub(super) fn patient_mails(&mut self, day: Date, plant: Option<&'static Plant>) -> Vec<Generated> {
        let patient = self.dice.pick(&self.firm.patients).clone();
        let letter = match (self.dice.below(words::CLINIC_MAIL.len()), plant) {
            (1, Some(_)) => 0,
            (letter, _) => letter,
        };
        let (asks, answers, teams) = (words::PATIENT_ASKS, words::CLINIC_ANSWERS, &["front-desk", "billing"]);
        let letter = &words::CLINIC_MAIL[letter];
        let exchange = Exchange {
            letter,
            asks,
            answers,
            inside: letter.label.is_some(),
            site: Site::Chicago,
            teams,
        };
        self.mails(day, &patient, &exchange, plant)
    }

    /// A mail and its answers. A planted line comes from the one outside.
    fn mails(
        &mut self,
        day: Date,
        outsider: &Outsider,
        exchange: &Exchange<'_>,
        plant: Option<&'static Plant>,
    ) -> Vec<Generated> {
        let Exchange {
            letter,
            inside,
            site,
            teams,
            ..
        } = *exchange;
        let cast = self.cast(teams, if inside { 3 } else { 2 }, day, "email");
        let [author, colleague, ..] = &cast[..] else {
            return Vec::new();
        };
        let other = if inside {
            colleague.clone()
        } else {
            outside(outsider, "email")
        };
        let setting = self.setting(day, site, Some(outsider).filter(|one| !one.company.is_empty()));
        let subject = *self.dice.pick(letter.subjects);
        let subject = self.fill(subject, &setting, &other);
        let copied: Vec<&Speaker> = if inside || self.dice.in_thousand(400) {
            cast[1..].iter().collect()
        } else {
            Vec::new()
        };
        let mut thread = Thread {
            subject,
            root: String::new(),
            at: setting.at,
            quoted: None,
        };
        let mut scene = Vec::new();
        let from_outside = plant.is_some() || (!inside && self.dice.in_thousand(300));
        let n_mails = self.dice.between(1, 4);
        for turn in 0..n_mails {
            let outsider_writes = (turn % 2 == 0) == from_outside;
            let (from, to) = if outsider_writes {
                (&other, author)
            } else {
                (author, &other)
            };
            let here = plant.filter(|_| turn == 0);
            let mut body = self.body(exchange, &setting, from, turn, to);
            if let Some(plant) = here {
                let line = *self.dice.pick(plant.lines);
                let line = self.fill(line, &setting, to);
                body = format!("{line}\n\n{body}");
            }
            let mut message = self.mail(&mut thread, from, to, &copied, body, &setting);
            if turn == 0 && !outsider_writes {
                message.labels = letter.label.map(str::to_owned).into_iter().collect();
                message.attachments = self.files(letter, &setting, to);
            }
            if outsider.company.is_empty() {
                message.accounts = Vec::new();
            } else if letter.label.is_some() {
                message.accounts = vec![outsider.account.clone()];
            }
            scene.push(Generated {
                message,
                planted: here.map(planted_by),
            });
        }
        scene
    }

    /// The paragraphs of a first mail, or the few lines of a question or an answer.
    fn body(
        &mut self,
        exchange: &Exchange<'_>,
        setting: &Setting,
        from: &Speaker,
        turn: usize,
        to: &Speaker,
    ) -> String {
        let letter = exchange.letter;
        let mut paragraphs = Vec::new();
        match (from.employee.is_some(), turn) {
            (true, 0) => {
                paragraphs.push(*self.dice.pick(letter.openings));
                let n_bodies = self.dice.between(1, letter.bodies.len().min(4));
                paragraphs.extend(self.some_of(letter.bodies, n_bodies));
                paragraphs.push(*self.dice.pick(letter.endings));
            }
            (inside, _) => {
                let n_lines = self.dice.between(1, 2);
                paragraphs = self.some_of(if inside { exchange.answers } else { exchange.asks }, n_lines);
            }
        }
        let filled = paragraphs.iter().map(|line| sentence(&self.fill(line, setting, to)));
        filled.collect::<Vec<_>>().join("\n\n")
    }

    /// So many different lines.
    fn some_of(&mut self, lines: &[&'static str], n_lines: usize) -> Vec<&'static str> {
        let mut left = lines.to_vec();
        (0..n_lines.min(lines.len()))
            .map(|_| left.swap_remove(self.dice.below(left.len())))
            .collect()
    }

    fn mail(
        &mut self,
        thread: &mut Thread,
        from: &Speaker,
        to: &Speaker,
        copied: &[&Speaker],
        body: String,
        setting: &Setting,
    ) -> Message {
        self.ids += 1;
        let domain = from.mail.rsplit('@').next().unwrap_or_default();
        let id = format!("<{:08x}.{}@{domain}>", self.ids, self.dice.text("0123456789abcdef", 10));
        let greeting = *self.dice.pick(words::GREETINGS);
        let greeting = self.fill(greeting, setting, to);
        let farewell = *self.dice.pick(words::FAREWELLS);
        let mut text = format!("{greeting}\n\n{body}\n\n{farewell}\n{}", from.name);
        match &from.employee {
            Some(one) if one.site == Site::Chicago => {
                text.push_str(&format!(
                    "\nNorthgate Clinic, {}\n\n{}",
                    TEAMS[one.team].name,
                    words::CLINIC_DISCLAIMER
                ));
            }
            Some(one) => text.push_str(&format!(
                "\nHarrow Vale, {}\n\n{}",
                TEAMS[one.team].name,
                words::FIRM_DISCLAIMER
            )),
            None if !from.company.is_empty() => text.push_str(&format!("\n{}", from.company)),
            None => {}
        }
        if let Some((header, quoted)) = &thread.quoted {
            text.push_str(&format!("\n\n{header}\n"));
            quoted.lines().for_each(|line| text.push_str(&format!("> {line}\n")));
        }
        let reply_to = (!thread.root.is_empty()).then(|| thread.root.clone());
        let subject = if reply_to.is_some() {
            format!("Re: {}", thread.subject)
        } else {
            thread.subject.clone()
        };
        if reply_to.is_none() {
            thread.root.clone_from(&id);
        }
        let day = thread.at.strftime("%a, %d %b %Y at %H:%M");
        let header = format!("On {day}, {} wrote:", from.name);
        thread.quoted = Some((header, text.clone()));
        let at = thread.at;
        thread.at = later(at, self.dice.between(600_000, 20_000_000));
        let to_handle = |one: &Speaker, role| Participant {
            handle: one.mail.clone(),
            role,
        };
        let mut recipients = vec![to_handle(to, Role::To)];
        let others = copied.iter().filter(|one| one.mail != from.mail && one.mail != to.mail);
        recipients.extend(others.map(|one| to_handle(one, Role::Cc)));
        let mailbox = if from.employee.is_some() { from } else { to };
        Message {
            id: Some(id),
            platform: "email".to_owned(),
            conversation: thread.root.clone(),
            conversation_kind: ConversationKind::Mail,
            sent_at: Some(at.as_microsecond()),
            captured_at: Some(at.as_microsecond() + 30_000_000),
            sender: from.mail.clone(),
            recipients,
            custodians: vec![mailbox.mail.clone()],
            subject: Some(subject),
            text: Some(text),
            reply_to,
            ..Message::default()
        }
    }

    fn files(&mut self, letter: &Letter, setting: &Setting, to: &Speaker) -> Vec<Attachment> {
        if letter.files.is_empty() || self.dice.in_thousand(400) {
            return Vec::new();
        }
        let name = *self.dice.pick(letter.files);
        let name = self.fill(name, setting, to);
        let media_type = match name.rsplit('.').next() {
            Some("pdf") => "application/pdf",
            Some("docx") => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            Some("xlsx") => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            _ => "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        };
        let bytes = Some(self.dice.between(12_000, 2_400_000) as u64);
        vec![Attachment {
            name: Some(name),
            media_type: Some(media_type.to_owned()),
            bytes,
            sha256: None,
        }]
    }
}

/// The text with a capital letter at its beginning.
fn sentence(text: &str) -> String {
    let mut rest = text.chars();
    rest.next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(rest).collect())
}
