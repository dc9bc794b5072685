//! What is hidden in the ordinary talk for a surveillance engine to find, and what only looks like it.

use super::random::Dice;

/// Where a planted line fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scene {
    /// A chat among traders and sales.
    Trading,
    /// Any chat inside the trading firm.
    Firm,
    /// A mail from a client.
    ClientMail,
    /// A mail from a patient.
    PatientMail,
    /// A chat in the clinic.
    Clinic,
    /// A whole talk between research and banking with nobody listening.
    Barrier,
    /// A whole talk on a messenger that the firm has not approved.
    Messenger,
}

/// One kind of breach, or of harmless talk that resembles it.
pub(crate) struct Plant {
    pub(crate) family: &'static str,
    pub(crate) rule: &'static str,
    pub(crate) decoy: bool,
    pub(crate) scene: Scene,
    pub(crate) lines: &'static [&'static str],
}

const fn breach(family: &'static str, rule: &'static str, scene: Scene, lines: &'static [&'static str]) -> Plant {
    Plant {
        family,
        rule,
        decoy: false,
        scene,
        lines,
    }
}

const fn decoy(family: &'static str, rule: &'static str, scene: Scene, lines: &'static [&'static str]) -> Plant {
    Plant {
        family,
        rule,
        decoy: true,
        scene,
        lines,
    }
}

/// Everything that may be planted, drawn in turn so that each kind comes up as often as any other.
pub(crate) const PLANTS: &[Plant] = &[
    breach(
        "off-channel",
        "change-of-venue",
        Scene::Trading,
        &[
            "Let's take this to WhatsApp, easier there",
            "Can we switch to Signal for the rest of this",
            "Ping me on Telegram and I'll give you the level",
            "Move this over to WhatsApp, {client} prefers it anyway",
            "I'll send you the details on Signal in a minute, let's continue on Signal",
            "Message me on WeChat, the {client} guys are all on it",
        ],
    ),
    breach(
        "off-channel",
        "personal-device",
        Scene::Trading,
        &[
            "Call me on my cell, not the turret",
            "Text me on my mobile when {client} is ready",
            "Ring me on my private number about the {bond} thing",
            "What's your cell number? Would rather talk about {size} there",
            "Use my personal phone for this one, {phone}",
        ],
    ),
    breach(
        "off-channel",
        "personal-mail",
        Scene::Firm,
        &[
            "Can you send the {client} file to my gmail, can't open it here",
            "Forward it to my personal email and I'll look at it tonight",
            "I sent the model to your private email, have a look over the weekend",
            "Just use my personal email for the term sheet",
        ],
    ),
    breach(
        "off-channel",
        "recorded-line",
        Scene::Trading,
        &["Not on a recorded line please", "Careful, this chat is monitored"],
    ),
    breach(
        "concealment",
        "avoid-the-record",
        Scene::Trading,
        &[
            "Don't put that in writing, come over",
            "Let's keep this off chat, I'll walk over",
            "I'd rather not discuss that over email",
            "Let's keep this off email, my desk at {time}",
        ],
    ),
    breach(
        "off-channel",
        "ephemeral-messages",
        Scene::Firm,
        &["Set the messages to disappear and then I'll tell you"],
    ),
    breach(
        "record-integrity",
        "destroy-the-record",
        Scene::Firm,
        &[
            "Delete this chat when you've read it",
            "Please erase our messages about {client} before the review",
            "Burn after reading: {client} is done with us",
        ],
    ),
    breach(
        "market-abuse",
        "dealing-before-news",
        Scene::Trading,
        &[
            "Get in before the announcement on {day}, {stock} will fly",
            "It's not public yet so keep it between us, but {issuer} is being bought",
        ],
    ),
    breach(
        "market-abuse",
        "inside-information",
        Scene::Trading,
        &[
            "Got it from someone inside {issuer}, they will miss. You did not hear this from me",
            "I have inside info on {issuer}, buy some {stock}",
            "I've seen the numbers early, sell {stock} before the press release",
        ],
    ),
    breach(
        "market-abuse",
        "front-running",
        Scene::Trading,
        &[
            "{client} has {size} to sell, let's get short before it hits the market",
            "Buy some for our book ahead of the client order",
            "I want to trade in front of the block, their order comes at {time}",
            "We should be long before the client starts buying, get some ahead of their order",
        ],
    ),
    breach(
        "market-abuse",
        "marking-the-close",
        Scene::Trading,
        &["Bang the close in {stock}, we need the mark"],
    ),
    breach(
        "market-abuse",
        "deceptive-orders",
        Scene::Trading,
        &[
            "Put some fake bids in below and they'll come up to us",
            "Layer the book on the offer and pull the orders before they fill",
            "Let's spoof it up a little, put in some fake orders and sell to whoever follows",
        ],
    ),
    breach(
        "market-abuse",
        "benchmark-rigging",
        Scene::Trading,
        &[
            "We need the fix lower today, can you help",
            "Push the fixing up a touch for me at {time} please",
            "I'm building ammo into the fixing, need the fix higher",
            "Need the fix down at {time}, anything you can do on your side",
        ],
    ),
    breach(
        "market-abuse",
        "collusion",
        Scene::Trading,
        &[
            "Let's coordinate our quotes before the {bond} auction",
            "You take the bid and I take the offer, agreed?",
            "We shouldn't be undercutting each other on {client}",
            "Let's coordinate our bids with their desk, nobody goes above {px1}",
        ],
    ),
    breach(
        "market-abuse",
        "rumour",
        Scene::Trading,
        &[
            "Spread a rumour that {issuer} lost the contract, we are short",
            "Start the story about the {issuer} CFO and watch {stock} drop",
            "Feed it to a journalist and the {issuer} shares will fall",
        ],
    ),
    breach(
        "complaints",
        "says-complaint",
        Scene::ClientMail,
        &[
            "I want to make a formal complaint about how order {ticket} was handled.",
            "Please treat this as a formal complaint about account {account}.",
            "I would like to complain about the fees that were charged in {month}.",
        ],
    ),
    breach(
        "complaints",
        "unauthorised-dealing",
        Scene::ClientMail,
        &[
            "I never authorised this trade, ticket {ticket}, and nobody called me.",
            "You sold my shares without asking me on {day}.",
            "There is an unauthorised withdrawal on my statement for {account}.",
            "Somebody bought {stock} in {account} without my permission.",
        ],
    ),
    breach(
        "complaints",
        "misled",
        Scene::ClientMail,
        &[
            "You told me it was safe, and now a third of it is gone.",
            "Nobody explained the fees to us before we signed.",
            "I feel that I was misled about the charge for leaving early.",
        ],
    ),
    breach(
        "complaints",
        "dissatisfied",
        Scene::ClientMail,
        &[
            "I am very disappointed with your service over the last months.",
            "The advice we got in {month} was frankly unacceptable.",
            "We are moving our account to another bank at the end of {month}.",
        ],
    ),
    breach(
        "complaints",
        "wants-money-back",
        Scene::ClientMail,
        &[
            "I want my money back by {day}.",
            "If this is not settled you will hear from my lawyer.",
            "We demand compensation for the loss on {ticket}.",
            "Otherwise we will take this to the ombudsman.",
        ],
    ),
    breach(
        "complaints",
        "dissatisfied",
        Scene::PatientMail,
        &[
            "I am very disappointed with your service, I waited two hours on {day}.",
            "The way I was treated at the front desk, and your service as a whole, was unacceptable.",
        ],
    ),
    breach(
        "payment-data",
        "card-number",
        Scene::ClientMail,
        &[
            "Please charge the fee to my card {card}, valid to {bp}/29.",
            "You can use {card} for the deposit.",
        ],
    ),
    breach(
        "payment-data",
        "card-number",
        Scene::PatientMail,
        &[
            "For the co-payment you can use my card {card}.",
            "My new card is {card}, please take the old one off the file.",
        ],
    ),
    breach(
        "payment-data",
        "card-number",
        Scene::Clinic,
        &[
            "Patient paid by phone, card {card}, can somebody run it",
            "Took {card} over the phone for the statement of {day}",
        ],
    ),
    breach(
        "payment-data",
        "card-security-code",
        Scene::PatientMail,
        &[
            "The cvv is {cvv} if you need it.",
            "The security code on the back is {cvv}.",
        ],
    ),
    breach(
        "personal-data",
        "us-social-security-number",
        Scene::Clinic,
        &[
            "Insurance wants the SSN, it is {ssn}",
            "ssn {ssn} for the claim {ticket}",
        ],
    ),
    breach(
        "payment-data",
        "iban",
        Scene::ClientMail,
        &[
            "Please pay the coupon to {iban} from now on.",
            "Our new account is {iban}, kindly update your records.",
        ],
    ),
    breach(
        "secrets",
        "cloud-key",
        Scene::Firm,
        &["Use {aws} for the staging bucket until mine is renewed"],
    ),
    breach(
        "secrets",
        "source-host-token",
        Scene::Firm,
        &["The token is {github}, works for the pricing repo"],
    ),
    breach(
        "secrets",
        "password",
        Scene::Firm,
        &[
            "The password is {password} for the shared login",
            "login: riskview, password: {password}",
        ],
    ),
    breach(
        "secrets",
        "password",
        Scene::Clinic,
        &["portal is user: frontdesk, password: {password}, log in with that one until they fix mine"],
    ),
    breach("information-barriers", "research-and-banking", Scene::Barrier, &[]),
    breach("approved-channels", "unapproved-channel", Scene::Messenger, &[]),
    decoy(
        "off-channel",
        "change-of-venue",
        Scene::Trading,
        &[
            "Please do not move this to WhatsApp, {client} was told the same",
            "WhatsApp is blocked on this desk as everybody knows",
        ],
    ),
    decoy(
        "off-channel",
        "personal-device",
        Scene::Trading,
        &[
            "Call me on the desk line",
            "Do not call me on my mobile, use the turret please",
        ],
    ),
    decoy(
        "record-integrity",
        "destroy-the-record",
        Scene::Firm,
        &[
            "Please do not delete this conversation, legal needs it",
            "How do I delete all messages in the trash",
        ],
    ),
    decoy(
        "market-abuse",
        "inside-information",
        Scene::Firm,
        &[
            "Training on inside information is on {day}",
            "The announcement came out before we could trade",
        ],
    ),
    decoy(
        "market-abuse",
        "benchmark-rigging",
        Scene::Firm,
        &[
            "Can someone push the fix upstream",
            "The bug is back, we need the fix on stable by {day}",
        ],
    ),
    decoy(
        "market-abuse",
        "deceptive-orders",
        Scene::Firm,
        &[
            "Cancel the order, the kitchen is closed",
            "Please stack the chairs on the other side of the room",
        ],
    ),
    decoy(
        "complaints",
        "says-complaint",
        Scene::Firm,
        &[
            "Complaints training is due on {day}",
            "No client complaints this month, nice",
        ],
    ),
    decoy(
        "complaints",
        "dissatisfied",
        Scene::Firm,
        &[
            "I was disappointed by the film",
            "The service entrance is closed at noon",
        ],
    ),
    decoy("information-barriers", "research-and-banking", Scene::Barrier, &[]),
    decoy(
        "payment-data",
        "card-number",
        Scene::Firm,
        &[
            "Order {luhnless} has shipped",
            "Tracking says {luhnless}, arrives {day}",
        ],
    ),
    decoy(
        "secrets",
        "password",
        Scene::Firm,
        &["My password is expired again", "Please change your password by {day}"],
    ),
];

/// What research and banking say to each other when nobody listens.
pub(crate) const BARRIER_TALK: &[&str] = &[
    "When is your note on {issuer} out? The pitch is on {day}",
    "Could the rating wait until we have seen the client",
    "Management would be happier with a higher target",
    "I can show you the draft, tell me if the numbers look odd",
    "What would you need to see for a buy on {issuer}",
    "They asked whether research will be supportive",
    "Send me the model, I will not pass it on",
    "Let me know before you publish",
    "The mandate is worth {k}m to us, just so you know",
    "I moved my estimates a little, see page four",
];

/// What is said on a messenger that nobody approved.
pub(crate) const MESSENGER_TALK: &[&str] = &[
    "Hi {first}, are you at your desk?",
    "Can you show me {size} {bond}",
    "What is your level in {ccy}",
    "I can do {px1} for {size}",
    "Ok done at {px1}",
    "Will send the ticket later",
    "The committee agreed, we want to go ahead with {size}",
    "Easier to reach you here",
    "Back from lunch at {time}",
    "How did {stock} close",
    "Sure, give me a minute",
    "👍",
];

/// A number that passes the check of payment cards, from ranges that every test environment knows.
pub(crate) fn card(dice: &mut Dice) -> String {
    const KNOWN: &[&str] = &[
        "4111111111111111",
        "5555555555554444",
        "4012888888881881",
        "5105105105105100",
        "4242424242424242",
    ];
    let number = *dice.pick(KNOWN);
    let groups: Vec<&str> = (0..4).map(|group| &number[4 * group..4 * group + 4]).collect();
    match dice.below(3) {
        0 => number.to_owned(),
        1 => groups.join(" "),
        _ => groups.join("-"),
    }
}

/// A number as long as a card's that fails its check.
pub(crate) fn luhnless(dice: &mut Dice) -> String {
    loop {
        let number = format!("4{}", dice.digits(15));
        if luhn(&number) != 0 {
            return number;
        }
    }
}

fn luhn(number: &str) -> u32 {
    let digits = number.chars().rev().filter_map(|digit| digit.to_digit(10)).enumerate();
    digits
        .map(|(at, digit)| {
            if at % 2 == 1 {
                digit * 2 / 10 + digit * 2 % 10
            } else {
                digit
            }
        })
        .sum::<u32>()
        % 10
}

/// A social security number that was printed in advertisements and belongs to nobody.
pub(crate) fn ssn(dice: &mut Dice) -> String {
    (*dice.pick(&["219-09-9999", "078-05-1120"])).to_owned()
}

/// A German or British account number with a right check, at banks that do not exist.
pub(crate) fn iban(dice: &mut Dice) -> String {
    let (country, account) = match dice.below(2) {
        0 => ("DE", format!("99990000{}", dice.digits(10))),
        _ => ("GB", format!("HVQX{}", dice.digits(14))),
    };
    let compact = format!(
        "{country}{:02}{account}",
        98 - remainder_97(&format!("{account}{country}00"))
    );
    if dice.in_thousand(500) {
        return compact;
    }
    let groups: Vec<String> = compact
        .chars()
        .collect::<Vec<_>>()
        .chunks(4)
        .map(|group| group.iter().collect())
        .collect();
    groups.join(" ")
}

/// Letters count from 10 for A, as ISO 7064 wants it.
fn remainder_97(text: &str) -> u32 {
    text.chars()
        .filter_map(|character| character.to_digit(36))
        .fold(0, |sum, value| {
            let shifted = if value > 9 { sum * 100 } else { sum * 10 };
            (shifted + value) % 97
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cards_pass_their_check_and_other_numbers_fail_it() {
        let mut dice = Dice::new(1);
        for _ in 0..100 {
            let digits: String = card(&mut dice).chars().filter(char::is_ascii_digit).collect();
            assert_eq!((digits.len(), luhn(&digits)), (16, 0));
            assert_ne!(luhn(&luhnless(&mut dice)), 0);
        }
    }

    #[test]
    fn account_numbers_pass_their_check() {
        let mut dice = Dice::new(1);
        for _ in 0..100 {
            let compact = iban(&mut dice).replace(' ', "");
            let turned = format!("{}{}", &compact[4..], &compact[..4]);
            assert_eq!(remainder_97(&turned), 1, "{compact}");
        }
        assert_eq!(remainder_97("370400440532013000DE89"), 1, "the example of the standard");
    }
}
