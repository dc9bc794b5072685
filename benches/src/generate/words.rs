//! What people write: topics with lines to open, go on and close, and mails with their paragraphs.
//!
//! `{slots}` are filled by `fill`: most keep one value for a whole conversation, those with a number are drawn anew.

/// One thing that people talk about in a chat.
pub(crate) struct Topic {
    pub(crate) openers: &'static [&'static str],
    pub(crate) middles: &'static [&'static str],
    pub(crate) closers: &'static [&'static str],
}

/// One kind of mail.
pub(crate) struct Letter {
    pub(crate) subjects: &'static [&'static str],
    pub(crate) openings: &'static [&'static str],
    pub(crate) bodies: &'static [&'static str],
    pub(crate) endings: &'static [&'static str],
    /// Files that come along, if any.
    pub(crate) files: &'static [&'static str],
    /// A label that the source sets.
    pub(crate) label: Option<&'static str>,
}

pub(crate) const TRADING: &[Topic] = &[
    Topic {
        openers: &[
            "{client} wants a two way in {size} {bond}, what have you got",
            "Can you make {client} a market in {bond}? {size}, either side",
            "Where are you on {bond} for {size}",
            "{first}, looking for an offer in {size} {bond} for {client}",
            "Real money bid in {bond}, {size} to start, maybe more after {time}",
        ],
        middles: &[
            "{px1} / {px2} in {size}",
            "{px1} bid, not keen to offer here",
            "I can do {px1} for half of that, the rest working",
            "They have seen {px1} away. Can you improve?",
            "Give me two minutes, futures are jumping around",
            "Screen is stale, call it {px1} mid",
            "Axe is the other way today, we are long {bond}",
            "Repo is tight in that one, careful on the offer",
            "They countered at {px1}",
            "Curve has steepened {bp} bp since the open so I have to shade it",
            "Is this an outright or against {bond2}?",
            "Outright. They hedge themselves",
            "Refreshed: {px1} / {px2}",
            "DV01 on that is about {k}k, risk is fine with it",
            "Firm for 30 seconds",
        ],
        closers: &[
            "Done at {px1}. Ticket to follow",
            "They passed, too wide versus the street",
            "Nothing done. Thanks for looking",
            "We cover at {px1}, booked to {account}",
            "Lifted. You are the buyer, {size} at {px1}, settles T+1",
        ],
    },
    Topic {
        openers: &[
            "Spot {ccy} ref?",
            "{client} needs to sell {size} {ccy} by {time}, how is liquidity",
            "What are we showing in {ccy} forwards, {month} value",
            "{ccy} just gapped, anyone see a headline?",
            "{first} can you quote {client} {size} {ccy}, {month} forward",
        ],
        middles: &[
            "{fx1} / {fx2}",
            "Points are {bp} over",
            "Thin until London comes in properly",
            "Algo is working it, {pct}% filled, average {fx1}",
            "Headline about the central bank minutes, looks like nothing",
            "Stops below {fx1} I think",
            "They would leave an order: take profit at {fx1}",
            "Order is in, good till cancelled",
            "Vol is offered all morning, one month at {vol}",
            "Can we net it with the {month} flow? Saves them the spread",
            "Please put the client reference on it this time",
            "Filled {pct}%, slippage half a pip",
            "Treasury at {client} only deals with two banks quoting, so keep it sharp",
        ],
        closers: &[
            "All done, average {fx1}, confirmation is on its way",
            "Complete. {size} at {fx1}",
            "They will come back after lunch",
            "Cancelled the rest, they were happy with {pct}%",
            "Thanks, booked",
        ],
    },
    Topic {
        openers: &[
            "{stock} is up {pct}% pre market on the numbers",
            "Working {shares} {stock} for {client}, {pct}% of volume",
            "How does {stock} trade? Looks heavy",
            "Block in {stock} on the tape, {shares} at {px1}",
            "Morning. Anything in {stock} today?",
        ],
        middles: &[
            "VWAP {px1}, we are {pct}% done",
            "Index rebalance tonight, expect volume into the close",
            "Some sellers from yesterday still around",
            "Sector is weak, it is not the name",
            "Borrow is easy, {bp} bp",
            "Put up {shares} on the other side if you find a natural",
            "Natural buyer for {shares}, asking for a price",
            "Consensus was {bp} cents, they printed better",
            "Management guided flat for the year, as published this morning",
            "Options are pricing a {pct}% move",
            "Keep it below {pct}% of volume please, the instruction is on the ticket",
            "Dark fills only so far",
            "Spread is {bp} cents wide, use limits",
        ],
        closers: &[
            "Finished the order at {px1} versus VWAP {px2}",
            "Done for the day, {pct}% left for tomorrow",
            "Client is happy with the fill",
            "Allocations are in",
            "Closed flat in the name",
        ],
    },
    Topic {
        openers: &[
            "Axes this morning: better buyer of {issuer} five year, better seller of {issuer2}",
            "{issuer} new issue, books open, guidance +{bp}",
            "Anyone care about {issuer} bonds? {client} asks for colour",
            "CDS index {bp} tighter on the open",
            "Runs please, {issuer} and {issuer2}",
        ],
        middles: &[
            "+{bp} / +{bp2} on the five year",
            "Short base in that one, it squeezes easily",
            "Order book is {k} times covered they say, public on the wire",
            "We can do {size} at +{bp}",
            "New issue concession looks like {k} bp",
            "Ratings call is on {day}, nothing before that",
            "Cash is behind CDS by {k}",
            "They like the long end but not at this spread",
            "Two sided for odd lots only",
            "ETF creation going through, ignore the prints",
            "Recovery assumption is the standard one",
            "Inquiry list of {k} lines in your inbox",
        ],
        closers: &[
            "Traded at +{bp}",
            "Passed, they bought it cheaper in the auction",
            "Will pick this up on {day}",
            "Good, sending runs at {time}",
            "Nothing doing, quiet one",
        ],
    },
    Topic {
        openers: &[
            "Break on {account}: our {size} versus their confirmation",
            "{client} says the settlement for {bond} failed",
            "Trade {ticket} has the wrong counterparty",
            "Missing SSI for {client}",
            "Who booked {ticket}? Fee is off",
        ],
        middles: &[
            "Looking. Which value date?",
            "Value {day}, custodian short by {size}",
            "Amended, version 2 should be in the system now",
            "They matched at {time}",
            "The agent wants it re-sent before the cut-off at {time}",
            "Screenshot is in the ticket",
            "Static data says otherwise, I will ask them to update it",
            "Partial settles today, rest on {day}",
            "Buy-in notice not issued yet",
            "Fee should be {bp} bp as in the schedule",
            "Rebooked under {account}, please check the allocation",
            "Confirm sent to their back office again",
        ],
        closers: &[
            "Matched. Closing the ticket",
            "Resolved, thanks {first}",
            "All green on our side",
            "Settled at {time}",
            "Chasing again tomorrow",
        ],
    },
    Topic {
        openers: &[
            "Risk report shows us {k}k over in {bond}",
            "VaR is at {pct}% of the limit",
            "Morning call in five. Who has the calendar?",
            "Month end marks are due at {time}",
            "PnL explain is off by {k}k",
        ],
        middles: &[
            "Auction at {time}, then the statement",
            "Yesterday's hedge is not in the feed",
            "That is the {bond} roll, comes off on {day}",
            "Limit excess signed off until {day}, mail attached to the report",
            "CPI at 8:30, consensus {k}",
            "Use the 4 pm snapshot like every month",
            "Finance asks for the source of the mark, I sent the broker quotes",
            "Carry explains half of it",
            "Please refresh, the overnight batch was late",
            "Desk head wants it flat before the holiday",
            "Positions tie out now",
        ],
        closers: &[
            "Fine, signed",
            "Report is re-run, within limits",
            "Good, see you on the call",
            "Marks are in",
            "Explained within tolerance",
        ],
    },
];

pub(crate) const OFFICE: &[Topic] = &[
    Topic {
        openers: &[
            "Lunch? Thinking of the noodle place",
            "Anyone up for a coffee",
            "Cake in the kitchen, {first} has a birthday",
            "The canteen has the curry today",
            "Who took the good mugs",
        ],
        middles: &[
            "Count me in",
            "In ten minutes, still on a call",
            "Can't, dentist at {time}",
            "Only if we sit outside",
            "They changed the menu, be warned",
            "I had that yesterday, the queue is terrible",
            "Save me a slice",
            "Vegetarian option?",
            "There is, lentils",
            "Happy birthday {first}!",
        ],
        closers: &[
            "Meet at the lifts",
            "See you down there",
            "Next time then",
            "Thanks, that was excellent",
            "Gone already :(",
        ],
    },
    Topic {
        openers: &[
            "VPN drops every ten minutes, anybody else?",
            "My second screen is black since the update",
            "Printer on {floor} says paper jam, there is no paper in it",
            "Can't log in to the risk system",
            "Need a new headset, who do I ask",
        ],
        middles: &[
            "Did you restart it",
            "Twice. Same error",
            "Please open a ticket with the error text",
            "Ticket {ticket}",
            "Known issue, patch goes out tonight",
            "Try the other docking station",
            "Your account was locked after three attempts, I have reset it",
            "Which build are you on?",
            "Cable was loose, embarrassing",
            "Remote session in five minutes if that suits",
            "It is the certificate, expired this morning",
            "Works on the guest network",
        ],
        closers: &[
            "Working again, thanks",
            "Closed {ticket}",
            "That did it",
            "New one is on your desk",
            "Will watch it today",
        ],
    },
    Topic {
        openers: &[
            "Can we move the {day} meeting to {time}?",
            "Agenda for {day} is up, add your points",
            "Who is in on {day}? The planner says half the team is out",
            "Reminder: timesheets",
            "Fire drill on {day}, {time}",
        ],
        middles: &[
            "{time} works for me",
            "I have a clash, could do half an hour later",
            "Room is booked, 12 people",
            "Dial-in stays the same",
            "Please send slides beforehand",
            "On leave {day} and the day after, {first} covers for me",
            "Approved",
            "Done mine",
            "Is this one mandatory",
            "Yes, also for contractors",
            "Moved, invitation updated",
        ],
        closers: &[
            "Great, thanks all",
            "See you there",
            "Booked",
            "Done",
            "Cancelled for lack of topics",
        ],
    },
    Topic {
        openers: &[
            "Deploying the pricing service at {time}",
            "Build is red on main",
            "Anyone know why the price feed lags?",
            "Review please: {ticket}",
            "Disk on the staging host is at {pct}%",
        ],
        middles: &[
            "Flaky test, rerunning",
            "Rollback plan is in the change record",
            "Latency back to {k} ms after the restart",
            "Left two comments, nothing big",
            "Log rotation was off, enabled it",
            "Feed handler reconnects in a loop, vendor informed",
            "Green again",
            "Feature flag stays off until {day}",
            "Can you add a test for the empty book",
            "Merged",
            "Alert silenced for an hour",
        ],
        closers: &[
            "Deployed, metrics look fine",
            "Closing {ticket}",
            "Thanks for the quick review",
            "Rolled back, more on {day}",
            "All quiet",
        ],
    },
];

pub(crate) const CLINIC: &[Topic] = &[
    Topic {
        openers: &[
            "Room {k} is ready for the {time}",
            "The {time} has cancelled, anybody want the slot for a walk-in?",
            "Can you fit in a follow-up on {day}?",
            "Waiting room is full, running {bp} minutes late",
            "Interpreter needed for the {time}",
        ],
        middles: &[
            "Put them in room {k}",
            "Vitals done, a bit high, will take it again in ten minutes",
            "Told them, they will wait",
            "Double booked, moving one to {day}",
            "Chart is open, allergies updated",
            "Family is here as well, two chairs please",
            "Consent form is signed and scanned",
            "Interpreter is on the line",
            "They need a note for the employer",
            "New patient forms still missing page two",
            "I can take the walk-in",
        ],
        closers: &[
            "Thanks, on my way",
            "Done, room is free again",
            "Rescheduled for {day}",
            "Back on time by {time} I hope",
            "All checked out",
        ],
    },
    Topic {
        openers: &[
            "Lab called about the {time} samples",
            "Any results back from yesterday?",
            "Courier has not come yet for the bloods",
            "Repeat CBC for bed {k} please",
            "Radiology asks for the referral again",
        ],
        middles: &[
            "Haemolysed, needs a redraw",
            "In the chart since {time}",
            "Potassium is fine, the rest is pending",
            "Called them, next pickup {time}",
            "Faxed it twice, sending through the portal now",
            "They want the indication spelled out",
            "Critical values get a call, this is not one",
            "Culture grows nothing so far",
            "Please co-sign the order",
            "Signed",
        ],
        closers: &[
            "Reviewed, no change to the plan",
            "Redraw is done",
            "Portal shows received",
            "Thanks, patient informed",
            "Filed",
        ],
    },
    Topic {
        openers: &[
            "Who covers {day} night?",
            "We are one nurse short on {day}",
            "Gloves size M are out again",
            "Fridge in the vaccine room alarms at {k} degrees",
            "Refill requests are piling up",
        ],
        middles: &[
            "I can swap with {first}",
            "Agency sends somebody until {time}",
            "Ordered, delivery {day}",
            "Moved the stock to the backup fridge, logged it",
            "Door was not shut, temperature is coming down",
            "Sent {k} of them to the pharmacy",
            "Two need a visit first, last seen over a year ago",
            "Roster is updated",
            "Please count the emergency cart too",
            "Counted, nothing missing",
        ],
        closers: &[
            "Thank you!",
            "Covered then",
            "Inbox is empty, for now",
            "Engineer comes on {day}",
            "Logged",
        ],
    },
    Topic {
        openers: &[
            "Claim {ticket} was rejected, wrong modifier",
            "Prior authorisation for the MRI is still open",
            "Can somebody look at the coding of {ticket}",
            "Statement run goes out on {day}",
            "Insurer changed its fax number, new one is on the board",
        ],
        middles: &[
            "Resubmitted with the corrected code",
            "They want the progress note attached",
            "Peer to peer call is at {time}",
            "Approved for {k} visits",
            "Deductible is not met, front desk please tell them at check-in",
            "Payment plan agreed, {k} instalments",
            "Diagnosis pointer was missing",
            "On hold with them for {bp} minutes now",
            "Appeal letter is drafted",
        ],
        closers: &[
            "Paid",
            "Authorised until the end of {month}",
            "Closed",
            "Sent, waiting again",
            "Thanks {first}",
        ],
    },
];

pub(crate) const FIRM_MAIL: &[Letter] = &[
    Letter {
        subjects: &[
            "Quarterly review, {client}",
            "{client}: agenda for {day}",
            "Meeting with {client} on {day}",
        ],
        openings: &[
            "thank you for making time on {day}. Below is what we would like to cover.",
            "as agreed on the phone, here are the points for our review.",
            "please find attached the material for {day}.",
        ],
        bodies: &[
            "Performance since the last review was in line with the benchmark. The overweight in five year paper helped, the currency hedge cost about {bp} basis points.",
            "We suggest leaving the duration where it is until the {month} auction. If the committee wants to change it, we can show levels in advance.",
            "Two operational matters remain open from last time: the new settlement instructions, and the list of people entitled to give orders.",
            "Our economists expect one more move by the central bank this year. Their published note of {day} is attached for convenience.",
            "Fees for the quarter follow the schedule agreed in {month}. The invoice has gone to accounts payable.",
            "Please let us know whether the trustees will join in person or by video.",
            "The transition into the new mandate was completed on {day}, with turnover of {pct} percent.",
        ],
        endings: &[
            "We look forward to seeing you.",
            "Please call if anything is missing.",
            "Happy to adjust the agenda as you see fit.",
        ],
        files: &["review-{month}.pdf", "agenda.docx", "performance-{ticket}.xlsx"],
        label: None,
    },
    Letter {
        subjects: &[
            "Trade confirmation {ticket}",
            "Confirmation: {bond}, {account}",
            "Your order of {day}",
        ],
        openings: &[
            "we confirm the following transaction for account {account}.",
            "please check the details below and tell us of any difference today.",
        ],
        bodies: &[
            "Security: {bond}\nQuantity: {size}\nPrice: {px1}\nTrade date: {day}\nSettlement: T+1 through your custodian",
            "Order received by telephone at {time} and carried out in full at an average of {px1}.",
            "Commission and fees are shown on the attached statement. Accrued interest is included in the settlement amount.",
            "Should your custodian reject the instruction, our settlements team needs to know before the cut-off at {time}.",
        ],
        endings: &[
            "This confirmation is binding unless we hear from you.",
            "Thank you for your order.",
        ],
        files: &["confirmation-{ticket}.pdf"],
        label: Some("core-books"),
    },
    Letter {
        subjects: &[
            "Account opening {account}",
            "Documents for {account}",
            "Change of authorised signatories, {account}",
        ],
        openings: &[
            "we are pleased to open the account for {client}. A few documents are still needed.",
            "thank you for the documents received on {day}.",
        ],
        bodies: &[
            "The terms of business, version of {month}, apply to this account. Please return one signed copy.",
            "For the file we need a current register extract and certified copies of identification for two signatories.",
            "The account is classified as professional. The reasons and the right to ask for another classification are set out in section 4.",
            "The margin agreement takes effect on the day both sides have signed.",
            "Standing settlement instructions will be called back to a number we have on record before they are used.",
        ],
        endings: &[
            "We will confirm as soon as the account is ready for trading.",
            "Please send originals by courier.",
        ],
        files: &["terms-{month}.pdf", "signatories.pdf", "mandate-{ticket}.pdf"],
        label: Some("account-terms"),
    },
    Letter {
        subjects: &[
            "Minutes of the {day} desk meeting",
            "Project update, week of {day}",
            "Follow-up: limits and marks",
        ],
        openings: &[
            "short minutes below, corrections welcome until {time} tomorrow.",
            "here is where we stand this week.",
        ],
        bodies: &[
            "Limits: the new structure is live for rates and credit. Equities follows in {month} once the feed has been stable for two weeks.",
            "Staffing: two offers are out. Interviews for the third seat start on {day}.",
            "Systems: the pricing service was moved to the new hosts without interruption. Remaining work is tracked under {ticket}.",
            "Training: everybody completes the annual module by the end of {month}. Heads of desk get a list of who has not.",
            "Audit: fieldwork begins on {day}. Please answer document requests within two days and copy the coordinator.",
            "Budget: travel stays frozen except for client meetings with approval.",
        ],
        endings: &[
            "Next meeting as usual.",
            "Questions to me, please.",
            "Thanks to everybody who helped.",
        ],
        files: &["minutes.docx", "status-{ticket}.pptx"],
        label: None,
    },
    Letter {
        subjects: &[
            "Research: {stock}, published today",
            "{issuer}: our note of {day}",
            "Sector outlook for {month}",
        ],
        openings: &[
            "the attached note was published at {time} and is available to all clients on the portal.",
            "a summary of today's publication follows.",
        ],
        bodies: &[
            "We keep our rating and raise the target price slightly after the results. The main risk remains the cost of energy.",
            "The balance sheet allows a buyback, although management said on the public call that investment comes first.",
            "Our survey of purchasing managers points to slower orders in the second half.",
            "Disclosures and ratings history are on the last two pages of the note.",
            "Valuation is {k} times earnings against {bp} for the sector.",
        ],
        endings: &[
            "The analysts are available for questions through the usual desk.",
            "Please see the disclosures in the note.",
        ],
        files: &["note-{ticket}.pdf"],
        label: None,
    },
];

pub(crate) const CLINIC_MAIL: &[Letter] = &[
    Letter {
        subjects: &[
            "Your appointment on {day}",
            "Change to your appointment",
            "Before your visit on {day}",
        ],
        openings: &[
            "this is a reminder of your appointment on {day} at {time}.",
            "we have to move your appointment and offer {day}, {time}.",
        ],
        bodies: &[
            "Please arrive fifteen minutes early and bring your insurance card and a list of what you take.",
            "Do not eat for eight hours before the blood draw. Water is fine.",
            "If you cannot come, tell us a day before so that somebody else can have the time.",
            "Parking behind the building is free for two hours with a stamp from the front desk.",
        ],
        endings: &["We look forward to seeing you.", "Please reply or call the front desk."],
        files: &["directions.pdf", "questionnaire.pdf"],
        label: None,
    },
    Letter {
        subjects: &[
            "Notice of privacy practices, revised",
            "Policy on access requests, version of {month}",
            "Training record {ticket}",
        ],
        openings: &[
            "the revised document is attached and replaces the one of last year.",
            "please file the attached with the required documentation.",
        ],
        bodies: &[
            "The section on requests for copies now names the front desk as the first contact and thirty days as the limit.",
            "Everybody with access to charts confirms by {day} that he has read it.",
            "The officer's review found no change needed to the sanctions policy.",
            "Questions came up about minors. The answer is in section 6, agreed with counsel.",
        ],
        endings: &["Thank you for confirming.", "The signed copy is kept with the officer."],
        files: &["policy-{ticket}.pdf"],
        label: Some("hipaa-documentation"),
    },
    Letter {
        subjects: &[
            "Statement {ticket}",
            "Question about statement {ticket}",
            "Your insurer's answer",
        ],
        openings: &[
            "please find your statement attached.",
            "your insurer has answered our request.",
        ],
        bodies: &[
            "The visit of {day} was covered except for the part that your plan leaves to you.",
            "If a second insurance applies, send us the number and we will file with it.",
            "Paying in instalments is possible and costs nothing extra.",
            "The explanation of benefits comes from the insurer and is not a bill.",
        ],
        endings: &["Call billing if anything is unclear.", "Thank you."],
        files: &["statement-{ticket}.pdf"],
        label: None,
    },
];

/// Short things that clients ask for in mails.
pub(crate) const CLIENT_ASKS: &[&str] = &[
    "could you send me the statement for {month} once more? Our auditors ask for it.",
    "we would like to see levels for {size} {bond} on {day}, no rush.",
    "please update our address for correspondence, the new one is in the signature.",
    "who covers for you while you are away? We have a roll coming up on {day}.",
    "the committee meets on {day}. Can we have the slides two days earlier?",
    "thanks for the quick answer. One more thing: is the minimum ticket still {size}?",
    "we received the confirmation {ticket}, all in order.",
    "attached the signed copy. The original follows by courier.",
    "could we talk about the hedging policy some time next week?",
];

/// What the firm answers them.
pub(crate) const FIRM_ANSWERS: &[&str] = &[
    "of course, you have it by {time} tomorrow.",
    "thank you for the note. Our settlements team has been told and will come back to you on {day}.",
    "the minimum ticket is unchanged, {size}.",
    "{day} suits us well. I have sent an invitation for {time}.",
    "confirmed, the address has been changed in our records.",
    "during my leave a colleague covers, the desk number stays the same.",
    "the signed copy has arrived, many thanks. Nothing else is missing.",
    "I have asked for the statement of {month} and will forward it when it comes.",
    "noted. I will bring it up with the desk and call you on {day}.",
];

/// What the clinic answers its patients.
pub(crate) const CLINIC_ANSWERS: &[&str] = &[
    "we can offer {day} at {time} instead. Please tell us by the evening whether that works.",
    "yes, please do not eat for eight hours before.",
    "thank you, the new card is on file.",
    "the refill went to the pharmacy this morning.",
    "the record has been put into the portal. The school can also ask us for it directly.",
    "your results are in the portal since {day}. The doctor has added a note.",
    "we have passed your kind words on.",
    "I have given your message to the doctor, who will call you before {day}.",
];

/// What patients ask for.
pub(crate) const PATIENT_ASKS: &[&str] = &[
    "I would like to move my appointment to {day} if there is something after {time}.",
    "do I need to fast before the test?",
    "my insurance has changed, the new card is attached.",
    "the pharmacy says that the refill is still waiting for you.",
    "could you send the vaccination record for the school? They need it by {day}.",
    "thank you for the kind care last week.",
    "I have not got the results yet. Are they in the portal?",
];

pub(crate) const GREETINGS: &[&str] = &[
    "Dear {first},",
    "Hello {first},",
    "Hi {first},",
    "Good morning {first},",
    "{first},",
];
pub(crate) const FAREWELLS: &[&str] = &["Best regards,", "Kind regards,", "Regards,", "Many thanks,", "Best,"];

pub(crate) const FIRM_DISCLAIMER: &str = "This message is for the person named above. It is not an offer to buy or sell anything. \
Messages to and from Harrow Vale are kept and may be reviewed as the rules require.";
pub(crate) const CLINIC_DISCLAIMER: &str = "This message may hold health information protected by law. If it reached you by mistake, \
please tell the sender and do not pass it on.";

pub(crate) const BONDS: &[&str] = &[
    "the 10y",
    "UST 5s",
    "Bund 2.3 33",
    "gilt 4q 31",
    "OATs 32",
    "the old 30y",
    "BTP 3.85 34",
    "2s",
    "the 7y",
    "Schatz",
];
pub(crate) const STOCKS: &[&str] = &[
    "ORBN", "TLVR", "KESTREL", "NWGT", "ALDA", "MRRN", "PYLON", "QVST", "HELIX", "BRNT",
];
pub(crate) const ISSUERS: &[&str] = &[
    "Norrland Paper",
    "Castellan Telecom",
    "Vireo Energy",
    "Belmont Rail",
    "Arden Chemicals",
    "Isar Motors",
    "Luminar Health",
    "Portway Logistics",
];
pub(crate) const CURRENCIES: &[&str] = &[
    "EURUSD", "GBPUSD", "USDJPY", "EURSEK", "USDCAD", "AUDUSD", "EURCHF", "NOKSEK",
];
pub(crate) const SIZES: &[&str] = &[
    "5m", "10m", "12m", "15m", "20m", "25m", "30m", "40m", "50m", "75m", "100m",
];
pub(crate) const DAYS: &[&str] = &["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"];
pub(crate) const MONTHS: &[&str] = &[
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
pub(crate) const FLOORS: &[&str] = &["3", "4", "the fifth floor", "7 east", "the trading floor"];
pub(crate) const EMOJI: &[&str] = &["👍", "🙂", "🙏", "😅", "📈", "✅", "🎉", "😂"];

/// Words that some people shorten in a chat.
pub(crate) const SHORT_FORMS: &[(&str, &str)] = &[
    (" please", " pls"),
    ("Thanks", "Thx"),
    ("thanks", "thx"),
    (" tomorrow", " tmrw"),
    (" because ", " bc "),
    (" about ", " abt "),
    (" you ", " u "),
    (" are ", " r "),
    (" minutes", " mins"),
    ("meeting", "mtg"),
];

/// What people put before what they say.
pub(crate) const LEAD_INS: &[&str] = &[
    "Ok. ",
    "Right. ",
    "Sorry, was away. ",
    "Hm. ",
    "FYI: ",
    "Quick one: ",
    "So: ",
    "Back. ",
    "{first}: ",
    "@{first} ",
    "Hi {first}. ",
    "One sec. ",
    "Good point. ",
    "Agreed. ",
    "Just saw this. ",
    "As said. ",
    "Update: ",
    "Yes. ",
    "Not sure. ",
    "Morning {first}. ",
];

/// What people put behind it.
pub(crate) const TAILS: &[&str] = &[
    ", {first}",
    ", as far as I know",
    ", will check at {time}",
    ", same as on {day}",
    ", see {ticket}",
    ", give or take",
    " I think",
    ", let me know",
    ", no rush",
    ", before {time} if possible",
    ", thanks",
    ", for now",
    ", the usual",
    " again",
    ", as discussed",
    ", {first} has the details",
];
