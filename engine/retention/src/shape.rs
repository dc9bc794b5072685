//! The keys of retention documents and of holds, said once.

use lexhold_document::{Field, Shape, choice, either, list, map, optional, required};

/// The keys of a `retention` document.
pub fn retention_shape() -> Shape {
    map([
        required(
            "zone",
            Shape::Text,
            "the IANA time zone whose days, months and years count, such as `America/New_York`",
        ),
        optional(
            "mode",
            choice(&["compliance", "operational"]),
            "whether later versions may shorten; `compliance` if left out",
        ),
        month_end(),
        basis(),
        optional("jurisdiction", Shape::Text, "whose law it is, such as `US`"),
        optional("scope", Shape::Text, "a Cedar condition that holds for every schedule"),
        optional(
            "effective_from",
            Shape::Date,
            "the first day of messages for which a shorter period acts",
        ),
        optional("supersedes", Shape::Version, "the version before this one"),
        optional(
            "retired",
            Shape::Date,
            "the first day on which it takes on no new message; it deletes nothing more",
        ),
        required("schedules", list(schedule()), "one item for each class of messages"),
        optional("tests", list(Shape::Any), "messages with their expected dates"),
    ])
}

fn schedule() -> Shape {
    map([
        required("id", Shape::Id, "unique within the document"),
        optional("title", Shape::Text, "one line for people"),
        optional("when", Shape::Text, "the Cedar condition of this schedule"),
        optional("label", Shape::Text, "a label that a person or the source has set"),
        optional("in_force", days(), "the first and last day of the law itself"),
        month_end(),
        basis(),
        optional("retain", retain(), "how long messages must be kept"),
        optional("extend", extend(), "an event that prolongs the period"),
        optional("dispose", dispose(), "when they may go, and how"),
        optional("ceiling", ceiling(), "when they must be gone"),
        optional("cites", list(Shape::Id), "ids of regulations"),
    ])
}

fn retain() -> Shape {
    map([
        length(),
        from(),
        cutoff(),
        optional(
            "roll",
            map([required(
                "following",
                Shape::Id,
                "a calendar of business days; `weekends` is built in",
            )]),
            "what happens when the period ends on a day off",
        ),
        optional("accessible", Shape::Duration, "how long within easy reach"),
        optional(
            "expect_within",
            Shape::Duration,
            "after how long without its event the message is reported",
        ),
    ])
}

fn dispose() -> Shape {
    map([
        required(
            "after",
            either([Shape::Duration, choice(&["retain"])]),
            "`retain`, or a period of its own",
        ),
        from(),
        cutoff(),
        optional(
            "action",
            choice(&["review", "destroy", "transfer"]),
            "what happens then; `review` if left out",
        ),
        optional("to", Shape::Text, "who receives a transfer"),
    ])
}

fn ceiling() -> Shape {
    map([
        length(),
        from(),
        cutoff(),
        optional("within", Shape::Duration, "how long disposal may take once it is due"),
        optional(
            "yields_to",
            list(Shape::Text),
            "jurisdictions whose law to keep goes before this ceiling",
        ),
    ])
}

fn extend() -> Shape {
    map([
        required("event", Shape::Text, "the type of event"),
        required("key", Shape::Text, "the attribute that says whom or what it is about"),
        required(
            "to",
            either([Shape::Duration, choice(&["permanent"])]),
            "the period that counts once the event is recorded",
        ),
    ])
}

fn length() -> Field {
    required(
        "for",
        either([Shape::Duration, choice(&["permanent"])]),
        "a period, or `permanent`",
    )
}

fn from() -> Field {
    let words = choice(&["sent", "captured", "last_activity", "policy_assigned"]);
    let event = map([
        required("event", Shape::Text, "the type of event"),
        required("key", Shape::Text, "the attribute that says whom or what it is about"),
    ]);
    let date = map([required("date", Shape::Date, "a fixed day")]);
    optional("from", either([words, event, date]), "what starts the clock")
}

fn cutoff() -> Field {
    let fiscal = map([required("fiscal", Shape::Id, "a calendar of fiscal years")]);
    optional(
        "cutoff",
        either([choice(&["month", "quarter", "year"]), fiscal]),
        "the stretch of the calendar whose end starts the clock",
    )
}

fn month_end() -> Field {
    optional(
        "month_end",
        choice(&["last_day", "next_day"]),
        "where a period ends in a month without the matching day",
    )
}

fn basis() -> Field {
    optional(
        "basis",
        choice(&["law", "contract", "business"]),
        "what the duty rests on",
    )
}

fn days() -> Shape {
    map([
        optional("from", Shape::Date, "the first day"),
        optional("to", Shape::Date, "the last day"),
    ])
    .at_least_one(&["from", "to"])
}

/// The keys of a `calendar` document.
pub fn calendar_shape() -> Shape {
    let holiday = map([
        required("date", Shape::Date, "the day off"),
        optional("name", Shape::Text, "what it is called"),
    ]);
    let covers = map([
        required("from", Shape::Date, "the first day"),
        required("to", Shape::Date, "the last day"),
    ]);
    let fiscal_year = map([
        required("from", Shape::Date, "the first day of triggers for which this counts"),
        required("ends", Shape::Text, "the last day of each fiscal year, such as `06-30`"),
    ]);
    map([
        optional(
            "weekend",
            list(choice(&[
                "monday",
                "tuesday",
                "wednesday",
                "thursday",
                "friday",
                "saturday",
                "sunday",
            ])),
            "the days of the week without business; Saturday and Sunday if left out",
        ),
        optional(
            "covers",
            covers,
            "the days of which the holidays are known; whole years from the first to the last holiday if left out",
        ),
        optional("holidays", list(holiday), "further days off"),
        optional("fiscal_years", list(fiscal_year), "when fiscal years end"),
        optional("tests", list(Shape::Any), "messages with their expected dates"),
    ])
}

/// The keys of a `hold` document.
pub fn hold_shape() -> Shape {
    map([
        required("matter", Shape::Text, "the case or inquiry for which it stands"),
        required(
            "zone",
            Shape::Text,
            "the IANA time zone of its content dates, such as `America/New_York`",
        ),
        optional(
            "scope",
            choice(&["everything"]),
            "`everything` for a hold that names nobody and nothing",
        ),
        optional("custodians", list(Shape::Text), "people whose messages are held"),
        optional("conversations", list(Shape::Text), "conversations that are held"),
        optional("ids", list(Shape::Text), "messages that are held whatever else is said"),
        optional("content", days(), "the first and last local day of the messages"),
        optional("when", Shape::Text, "a Cedar condition that narrows it"),
        optional(
            "query",
            Shape::Any,
            "a pattern that narrows it, written as a rule's `match`",
        ),
        optional("silent", Shape::Bool, "whether only those with that right may see it"),
        optional(
            "expand",
            choice(&["thread"]),
            "`thread` to hold all of a thread of replies of which it covers any message",
        ),
        optional(
            "anticipated_on",
            Shape::Date,
            "the day on which the case or inquiry was first to be expected",
        ),
        optional("notice", Shape::Text, "what custodians are told"),
    ])
}
