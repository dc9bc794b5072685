//! The people who write: a trading firm on three sites, a clinic, and those outside who write to them.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use jiff::civil::{Date, date};

use super::random::Dice;

/// The mail domain of the trading firm.
pub(crate) const FIRM_DOMAIN: &str = "harrowvale.example";
/// The mail domain of the clinic.
pub(crate) const CLINIC_DOMAIN: &str = "northgate-clinic.example";

const FIRST_NAMES: &[&str] = &[
    "Maria", "James", "Priya", "Wei", "Olivia", "Tomasz", "Fatima", "Daniel", "Ingrid", "Kofi", "Elena", "Marcus",
    "Yuki", "Sofia", "Ahmed", "Clara", "Dmitri", "Grace", "Hugo", "Leila", "Nathan", "Chiara", "Samuel", "Anneke",
    "Rohan", "Bianca", "Patrick", "Mei", "Oscar", "Zainab", "Lukas", "Isabel", "Victor", "Hannah", "Emre", "Julia",
    "Andre", "Niamh", "Felix", "Carmen", "Tobias", "Amara", "Simon", "Ruth", "Mateo", "Helena", "Owen", "Nadia",
    "Peter", "Freya",
];

const LAST_NAMES: &[&str] = &[
    "Reyes",
    "Whitlock",
    "Nair",
    "Zhang",
    "Brandt",
    "Kowalski",
    "Haddad",
    "Osei",
    "Lindqvist",
    "Mensah",
    "Petrova",
    "Caldwell",
    "Tanaka",
    "Moretti",
    "Farouk",
    "Weber",
    "Sokolov",
    "Okafor",
    "Laurent",
    "Karimi",
    "Prescott",
    "Ricci",
    "Adler",
    "de Vries",
    "Mehta",
    "Santos",
    "Gallagher",
    "Lin",
    "Nyström",
    "Bello",
    "Hoffmann",
    "Vega",
    "Dumont",
    "Schäfer",
    "Yilmaz",
    "Novak",
    "Carvalho",
    "Byrne",
    "Kessler",
    "Ortega",
    "Winter",
    "Diallo",
    "Ashdown",
    "Goldberg",
    "Castellano",
    "Marsh",
    "Pryce",
    "Rahman",
    "Sandoval",
    "Thorne",
    "Vasquez",
    "Holloway",
    "Iversen",
    "Jarrett",
    "Lindgren",
];

const COMPANIES: &[(&str, &str)] = &[
    ("Cobalt Ridge Pension", "cobaltridge.example"),
    ("Larkfield Asset Management", "larkfield-am.example"),
    ("Meridian Foods Treasury", "meridianfoods.example"),
    ("Stonebridge Insurance", "stonebridge-ins.example"),
    ("Aldgate Macro", "aldgatemacro.example"),
    ("Pinewood Family Office", "pinewoodfo.example"),
    ("Osterberg Versorgungswerk", "osterberg-vw.example"),
    ("Quayside Capital", "quaysidecap.example"),
    ("Tern Shipping", "ternshipping.example"),
    ("Halcyon Utilities", "halcyon-utilities.example"),
];

/// Where somebody works: it decides hours, zone and rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Site {
    NewYork,
    London,
    Frankfurt,
    Chicago,
}

impl Site {
    pub(crate) fn zone(self) -> &'static str {
        match self {
            Self::NewYork => "America/New_York",
            Self::London => "Europe/London",
            Self::Frankfurt => "Europe/Berlin",
            Self::Chicago => "America/Chicago",
        }
    }

    fn jurisdiction(self) -> &'static str {
        match self {
            Self::NewYork | Self::Chicago => "US",
            Self::London => "GB",
            Self::Frankfurt => "DE",
        }
    }

    /// The group whose rules hold here.
    fn regime(self) -> &'static str {
        match self {
            Self::NewYork => "broker-dealer",
            Self::London | Self::Frankfurt => "investment-services",
            Self::Chicago => "covered-entity",
        }
    }
}

/// One team: its name is a group, and so is what it belongs to.
pub(crate) struct Team {
    pub(crate) name: &'static str,
    pub(crate) site: Site,
    pub(crate) slack: &'static str,
    size: usize,
    licences: &'static [&'static str],
}

const fn team(
    name: &'static str,
    site: Site,
    slack: &'static str,
    size: usize,
    licences: &'static [&'static str],
) -> Team {
    Team {
        name,
        site,
        slack,
        size,
        licences,
    }
}

/// All teams. The first person of each leads it, the second is the deputy.
pub(crate) const TEAMS: &[Team] = &[
    team("rates", Site::NewYork, "#rates-ny", 7, &["series-7", "series-63"]),
    team("fx", Site::London, "#fx-london", 7, &["cf30"]),
    team("equities", Site::NewYork, "#equities-ny", 8, &["series-7", "series-57"]),
    team("credit", Site::Frankfurt, "#credit-ffm", 6, &["bafin-trader"]),
    team("sales-us", Site::NewYork, "#sales-us", 7, &["series-7", "series-63"]),
    team("sales-eu", Site::London, "#sales-eu", 6, &["cf30"]),
    team(
        "equity-research",
        Site::NewYork,
        "#research",
        6,
        &["series-86", "series-87"],
    ),
    team("ecm", Site::NewYork, "#ecm", 5, &["series-79"]),
    team("dcm", Site::London, "#dcm", 4, &["cf30"]),
    team("compliance", Site::NewYork, "#compliance", 4, &["series-24"]),
    team("operations", Site::London, "#settlements", 6, &[]),
    team("technology", Site::NewYork, "#it-help", 6, &[]),
    team("office", Site::NewYork, "#office-ny", 4, &[]),
    team("physicians", Site::Chicago, "", 5, &["il-md"]),
    team("nursing", Site::Chicago, "", 7, &["il-rn"]),
    team("front-desk", Site::Chicago, "", 4, &[]),
    team("billing", Site::Chicago, "", 3, &[]),
];

const GROUPS: &[(&str, &[&str])] = &[
    ("rates", &["trading"]),
    ("fx", &["trading"]),
    ("equities", &["trading"]),
    ("credit", &["trading"]),
    ("trading", &["front-office"]),
    ("sales-us", &["sales"]),
    ("sales-eu", &["sales"]),
    ("sales", &["front-office"]),
    ("equity-research", &["research"]),
    ("ecm", &["banking"]),
    ("dcm", &["banking"]),
    ("physicians", &["clinicians"]),
    ("nursing", &["clinicians"]),
    ("clinicians", &["clinic"]),
    ("front-desk", &["clinic"]),
    ("billing", &["clinic"]),
];

/// Somebody inside.
#[derive(Clone, Debug)]
pub(crate) struct Employee {
    pub(crate) id: String,
    pub(crate) first: &'static str,
    pub(crate) last: &'static str,
    pub(crate) team: usize,
    pub(crate) site: Site,
    pub(crate) phone: String,
    /// The team before, and the first day on the present one.
    moved: Option<(usize, Date)>,
    left: Option<Date>,
    /// How he writes.
    pub(crate) style: Style,
}

/// How somebody writes in a chat.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style {
    pub(crate) lower_case: bool,
    pub(crate) full_stops: bool,
    pub(crate) short_words: bool,
    pub(crate) typos_in_thousand: usize,
}

impl Employee {
    pub(crate) fn name(&self) -> String {
        format!("{} {}", self.first, self.last)
    }

    pub(crate) fn mail(&self) -> String {
        let domain = if self.site == Site::Chicago {
            CLINIC_DOMAIN
        } else {
            FIRM_DOMAIN
        };
        format!("{}@{domain}", self.login())
    }

    /// The handle on Slack.
    pub(crate) fn login(&self) -> String {
        plain(&format!("{}.{}", self.first, self.last))
    }

    /// Whether he is there, and on his present team, on a day.
    pub(crate) fn is_there(&self, day: Date) -> bool {
        self.left.is_none_or(|left| day <= left) && self.moved.as_ref().is_none_or(|(_, since)| *since <= day)
    }
}

/// Somebody outside.
#[derive(Clone, Debug)]
pub(crate) struct Outsider {
    pub(crate) first: &'static str,
    pub(crate) last: &'static str,
    pub(crate) company: &'static str,
    pub(crate) mail: String,
    pub(crate) phone: String,
    pub(crate) account: String,
}

impl Outsider {
    pub(crate) fn name(&self) -> String {
        format!("{} {}", self.first, self.last)
    }
}

/// Everybody.
#[derive(Clone, Debug)]
pub(crate) struct Firm {
    pub(crate) people: Vec<Employee>,
    pub(crate) clients: Vec<Outsider>,
    pub(crate) patients: Vec<Outsider>,
}

impl Firm {
    pub(crate) fn new(dice: &mut Dice) -> Self {
        let mut names = Names::default();
        let mut people = Vec::new();
        for (index, team) in TEAMS.iter().enumerate() {
            for _ in 0..team.size {
                people.push(employee(dice, &mut names, index, team.site));
            }
        }
        // Two people who crossed the firm, and some who left: the directory has a row for each time.
        let on = |people: &[Employee], name: &str, nth: usize| {
            people
                .iter()
                .enumerate()
                .filter(|(_, one)| TEAMS[one.team].name == name)
                .map(|(at, _)| at)
                .nth(nth)
                .unwrap_or(0)
        };
        let research = TEAMS
            .iter()
            .position(|team| team.name == "equity-research")
            .unwrap_or(0);
        let sales = TEAMS.iter().position(|team| team.name == "sales-us").unwrap_or(0);
        let (banker, trader) = (on(&people, "ecm", 3), on(&people, "rates", 4));
        people[banker].moved = Some((research, date(2021, 9, 1)));
        people[trader].moved = Some((sales, date(2020, 3, 16)));
        for (team, left) in [
            ("equities", date(2022, 6, 30)),
            ("sales-eu", date(2023, 2, 28)),
            ("nursing", date(2024, 8, 15)),
            ("operations", date(2021, 12, 31)),
        ] {
            let at = on(&people, team, 3);
            people[at].left = Some(left);
        }
        let clients = (0..24)
            .map(|at| client(dice, &mut names, COMPANIES[at % COMPANIES.len()]))
            .collect();
        let patients = (0..30)
            .map(|_| client(dice, &mut names, ("", "mailbox.example")))
            .collect();
        Self {
            people,
            clients,
            patients,
        }
    }

    /// Everybody on a team who is there on a day.
    pub(crate) fn team_on(&self, name: &str, day: Date) -> Vec<usize> {
        let there = |one: &Employee| TEAMS[one.team].name == name && one.is_there(day);
        self.people
            .iter()
            .enumerate()
            .filter(|(_, one)| there(one))
            .map(|(at, _)| at)
            .collect()
    }

    /// The directory as a YAML document.
    pub(crate) fn directory(&self) -> String {
        let mut yaml =
            String::from("lexhold: 1\ndirectory: harrow-vale\ntitle: Everybody in the sample, none of whom exists\n");
        // Writing to a `String` cannot fail, so the results carry nothing.
        let _ = writeln!(yaml, "domains: [{FIRM_DOMAIN}, {CLINIC_DOMAIN}]\ngroups:");
        for (id, parents) in GROUPS {
            let _ = writeln!(yaml, "  - {{ id: {id}, parents: [{}] }}", parents.join(", "));
        }
        yaml.push_str("channels:\n");
        for (platform, approved) in [
            ("slack", true),
            ("teams", true),
            ("email", true),
            ("whatsapp", false),
            ("sms", false),
        ] {
            let _ = writeln!(
                yaml,
                "  - {{ id: {platform}, platform: {platform}, approved: {approved} }}"
            );
        }
        for team in TEAMS.iter().filter(|team| !team.slack.is_empty()) {
            let _ = writeln!(
                yaml,
                "  - {{ id: \"{}\", platform: slack, approved: true }}",
                team.slack
            );
        }
        yaml.push_str("people:\n");
        for person in &self.people {
            match person.moved {
                Some((before, since)) => {
                    let until = since.yesterday().unwrap_or(since);
                    self.write_row(&mut yaml, person, before, None, Some(until));
                    self.write_row(&mut yaml, person, person.team, Some(since), person.left);
                }
                None => self.write_row(&mut yaml, person, person.team, None, person.left),
            }
        }
        yaml
    }

    fn write_row(&self, yaml: &mut String, person: &Employee, team: usize, from: Option<Date>, to: Option<Date>) {
        let _ = writeln!(
            yaml,
            "  - id: {}\n    name: \"{}\"\n    handles:",
            person.id,
            person.name()
        );
        let _ = writeln!(
            yaml,
            "      email: [\"{}\"]\n      teams: [\"{}\"]",
            person.mail(),
            person.mail()
        );
        if person.site != Site::Chicago {
            let _ = writeln!(yaml, "      slack: [\"{}\"]", person.login());
        }
        let _ = writeln!(
            yaml,
            "      whatsapp: [\"{}\"]\n      sms: [\"{}\"]",
            person.phone, person.phone
        );
        let _ = writeln!(
            yaml,
            "    groups: [{}]\n    desk: {}",
            person.site.regime(),
            TEAMS[team].name
        );
        if !TEAMS[team].licences.is_empty() {
            let _ = writeln!(yaml, "    licences: [{}]", TEAMS[team].licences.join(", "));
        }
        let _ = writeln!(yaml, "    jurisdiction: {}", person.site.jurisdiction());
        let leads: Vec<&Employee> = self.people.iter().filter(|one| one.team == team).take(2).collect();
        if let [lead, deputy] = leads[..]
            && lead.id != person.id
        {
            let _ = writeln!(yaml, "    supervisor: {}", lead.id);
            if deputy.id != person.id {
                let _ = writeln!(yaml, "    deputy: {}", deputy.id);
            }
        }
        for (key, day) in [("from", from), ("to", to)] {
            if let Some(day) = day {
                let _ = writeln!(yaml, "    {key}: {day}");
            }
        }
    }
}

/// Names given so far, of which none is given twice.
#[derive(Default)]
struct Names {
    taken: BTreeSet<(usize, usize)>,
    ids: BTreeSet<String>,
    phones: usize,
}

impl Names {
    fn next(&mut self, dice: &mut Dice) -> (&'static str, &'static str) {
        loop {
            let pair = (dice.below(FIRST_NAMES.len()), dice.below(LAST_NAMES.len()));
            if self.taken.insert(pair) {
                return (FIRST_NAMES[pair.0], LAST_NAMES[pair.1]);
            }
        }
    }

    fn id(&mut self, first: &str, last: &str) -> String {
        let stem = plain(&format!(
            "{}{}",
            first.chars().take(1).collect::<String>(),
            last.replace(' ', "")
        ));
        let id = (1..)
            .map(|count| {
                if count == 1 {
                    stem.clone()
                } else {
                    format!("{stem}{count}")
                }
            })
            .find(|id| !self.ids.contains(id));
        let id = id.unwrap_or(stem);
        self.ids.insert(id.clone());
        id
    }

    /// A telephone number out of the ranges set aside for fiction.
    fn phone(&mut self) -> String {
        self.phones += 1;
        format!("+447700900{:03}", self.phones)
    }
}

fn employee(dice: &mut Dice, names: &mut Names, team: usize, site: Site) -> Employee {
    let (first, last) = names.next(dice);
    let style = Style {
        lower_case: dice.in_thousand(400),
        full_stops: dice.in_thousand(350),
        short_words: dice.in_thousand(300),
        typos_in_thousand: if dice.in_thousand(250) { 12 } else { 2 },
    };
    Employee {
        id: names.id(first, last),
        first,
        last,
        team,
        site,
        phone: names.phone(),
        moved: None,
        left: None,
        style,
    }
}

fn client(dice: &mut Dice, names: &mut Names, (company, domain): (&'static str, &str)) -> Outsider {
    let (first, last) = names.next(dice);
    let mail = format!("{}@{domain}", plain(&format!("{first}.{last}")));
    let account = format!("HV{}", dice.digits(6));
    Outsider {
        first,
        last,
        company,
        mail,
        phone: names.phone(),
        account,
    }
}

/// A name as logins write it: lower-case ASCII.
fn plain(name: &str) -> String {
    let plain = name
        .to_lowercase()
        .replace(' ', "")
        .replace('ö', "oe")
        .replace('ä', "ae");
    plain
        .chars()
        .filter(|character| character.is_ascii_alphanumeric() || *character == '.')
        .collect()
}
