//! English inflection: `-s`, `-ed`, `-ing` with their spelling, and what is irregular.

/// A word and its forms: the word, plural or third person, past, participle, present participle. `None` if it is not
/// one word of two letters or more of the English alphabet.
pub(super) fn forms(word: &str) -> Option<Vec<String>> {
    if word.len() < 2 || !word.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        return None;
    }
    let word = word.to_ascii_lowercase();
    let mut all = vec![word.clone()];
    let mut add = |forms: Vec<String>| {
        for form in forms {
            if !all.contains(&form) {
                all.push(form);
            }
        }
    };
    if let Some(whole) = entry(WHOLE, &word) {
        add(whole);
        return Some(all);
    }
    add(plural(&word));
    add(entry(VERBS, &word).unwrap_or_else(|| doubled(&word).into_iter().map(|stem| past(&stem)).collect()));
    add(doubled(&word).into_iter().map(|stem| gerund(&stem)).collect());
    Some(all)
}

/// What stands behind a word in a table whose lines begin with the word.
fn entry(table: &[&str], word: &str) -> Option<Vec<String>> {
    let at = table
        .binary_search_by(|line| line.split(' ').next().unwrap_or_default().cmp(word))
        .ok()?;
    Some(table[at].split(' ').skip(1).map(str::to_owned).collect())
}

/// The plural, which is also the third person.
fn plural(word: &str) -> Vec<String> {
    if let Some(irregular) = entry(NOUNS, word) {
        return irregular;
    }
    match word.strip_suffix("man") {
        Some(stem) if !PLAIN_MAN.contains(&word) => vec![format!("{stem}men")],
        _ if O_EITHER.binary_search(&word).is_ok() => vec![format!("{word}s"), format!("{word}es")],
        _ => vec![with_s(word)],
    }
}

fn with_s(word: &str) -> String {
    let hisses = ["s", "x", "z", "ch", "sh"].iter().any(|end| word.ends_with(end)) && !HARD_CH.contains(&word);
    if let Some(stem) = word.strip_suffix('y').filter(|stem| ends_in_consonant(stem)) {
        format!("{stem}ies")
    } else if hisses || O_ES.contains(&word) {
        format!("{word}es")
    } else {
        format!("{word}s")
    }
}

fn past(stem: &str) -> String {
    if let Some(stem) = stem.strip_suffix('y').filter(|stem| ends_in_consonant(stem)) {
        format!("{stem}ied")
    } else if stem.ends_with('e') {
        format!("{stem}d")
    } else {
        format!("{stem}ed")
    }
}

fn gerund(stem: &str) -> String {
    if let Some(stem) = stem.strip_suffix("ie") {
        return format!("{stem}ying");
    }
    let silent = stem.strip_suffix('e').filter(|rest| {
        let keeps = ["e", "o", "y"].iter().any(|end| rest.ends_with(end)) || KEEPS_E.contains(&stem);
        !keeps && rest.len() > 1
    });
    format!("{}ing", silent.unwrap_or(stem))
}

/// What `-ed` and `-ing` are put behind: the word, or the word with its last consonant doubled, or either.
fn doubled(word: &str) -> Vec<String> {
    let twice = || format!("{word}{}", &word[word.len() - 1..]);
    if word.ends_with("ic") {
        return vec![format!("{word}k")];
    }
    if !ends_short(word) {
        return vec![word.to_owned()];
    }
    if n_vowel_groups(word) == 1 || DOUBLED.binary_search(&word).is_ok() {
        vec![twice()]
    } else if word.ends_with('l') || EITHER.binary_search(&word).is_ok() {
        vec![word.to_owned(), twice()]
    } else {
        vec![word.to_owned()]
    }
}

/// Whether a word ends in a consonant behind one single vowel, as a syllable does that doubles.
fn ends_short(word: &str) -> bool {
    let letters = word.as_bytes();
    let [rest @ .., vowel, last] = letters else {
        return false;
    };
    let before_is_open = rest.ends_with(b"qu") || rest.last().is_none_or(|before| !is_vowel(*before));
    is_vowel(*vowel) && before_is_open && !is_vowel(*last) && !b"hwxy".contains(last)
}

/// How many runs of vowels a word has; a `y` is a vowel behind a consonant, the `u` of `qu` is none.
fn n_vowel_groups(word: &str) -> usize {
    let word = word.replace("qu", "q");
    let mut groups = 0;
    let mut before = b'a';
    for (at, letter) in word.bytes().enumerate() {
        let is_y = letter == b'y' && at > 0 && !is_vowel(before);
        groups += usize::from(is_y || is_vowel(letter) && (at == 0 || !is_vowel(before)));
        before = letter;
    }
    groups
}

fn is_vowel(letter: u8) -> bool {
    b"aeiou".contains(&letter)
}

/// Whether a `y` behind this stem becomes `i`.
fn ends_in_consonant(stem: &str) -> bool {
    stem.ends_with("qu") || stem.bytes().next_back().is_some_and(|letter| !is_vowel(letter))
}

/// Words all of whose forms stand here.
#[rustfmt::skip]
const WHOLE: &[&str] = &[
    "age ages aged aging ageing", "be am is are was were been being", "bus buses busses bused bussed busing bussing",
    "gas gases gassed gassing", "have has had having", "quiz quizzes quizzed quizzing",
    "whiz whizzes whizzed whizzing",
];

/// Past and participle of irregular verbs.
#[rustfmt::skip]
const VERBS: &[&str] = &[
    "abide abode abided", "arise arose arisen", "awake awoke awoken awaked", "backslide backslid",
    "bear bore borne born", "beat beat beaten", "become became become", "befall befell befallen",
    "beget begot begotten", "begin began begun", "behold beheld", "bend bent", "beseech besought beseeched",
    "beset beset", "bet bet betted", "bid bid bade bidden", "bind bound", "bite bit bitten", "bleed bled",
    "blow blew blown", "break broke broken", "breed bred", "bring brought", "broadcast broadcast broadcasted",
    "browbeat browbeat browbeaten", "build built", "burn burned burnt", "burst burst", "bust busted bust",
    "buy bought", "cast cast", "catch caught", "choose chose chosen", "cling clung", "come came come",
    "cost cost costed", "creep crept", "cut cut", "deal dealt", "dig dug", "dive dived dove", "do did done",
    "draw drew drawn", "dream dreamed dreamt", "drink drank drunk", "drive drove driven", "dwell dwelt dwelled",
    "eat ate eaten", "fall fell fallen", "feed fed", "feel felt", "fight fought", "find found", "fit fitted fit",
    "flee fled", "fling flung", "fly flew flown", "forbear forbore forborne", "forbid forbade forbidden",
    "forecast forecast forecasted", "forego forewent foregone", "foresee foresaw foreseen", "foretell foretold",
    "forget forgot forgotten", "forgive forgave forgiven", "forgo forwent forgone", "forsake forsook forsaken",
    "freeze froze frozen", "get got gotten", "give gave given", "go went gone", "grind ground", "grow grew grown",
    "hang hung hanged", "hear heard", "hide hid hidden", "hit hit", "hold held", "hurt hurt", "input input inputted",
    "inset inset", "interweave interwove interwoven", "keep kept", "kneel knelt kneeled", "knit knitted knit",
    "know knew known", "lay laid", "lead led", "lean leaned leant", "leap leaped leapt", "learn learned learnt",
    "leave left", "lend lent", "let let", "lie lied lay lain", "light lit lighted", "lose lost", "make made",
    "mean meant", "meet met", "mishear misheard", "mislay mislaid", "mislead misled", "misread misread",
    "misspell misspelled misspelt", "mistake mistook mistaken", "misunderstand misunderstood", "mow mowed mown",
    "offset offset", "outbid outbid", "outdo outdid outdone", "outgrow outgrew outgrown", "output output outputted",
    "outrun outran outrun", "outsell outsold", "outspend outspent", "overcome overcame overcome",
    "overdo overdid overdone", "overdraw overdrew overdrawn", "overeat overate overeaten", "overhang overhung",
    "overhear overheard", "overpay overpaid", "override overrode overridden", "overrun overran overrun",
    "oversee oversaw overseen", "oversell oversold", "overshoot overshot", "oversleep overslept",
    "overspend overspent", "overtake overtook overtaken", "overthrow overthrew overthrown",
    "overwrite overwrote overwritten", "partake partook partaken", "pay paid", "plead pleaded pled", "prepay prepaid",
    "prove proved proven", "put put", "quit quit quitted", "read read", "rebuild rebuilt", "rebuy rebought",
    "recast recast", "redo redid redone", "regrow regrew regrown", "relight relit", "remake remade", "rend rent",
    "repay repaid", "reread reread", "rerun reran rerun", "resell resold", "resend resent", "reset reset",
    "rethink rethought", "rewind rewound", "rewrite rewrote rewritten", "rid rid ridded", "ride rode ridden",
    "ring rang rung", "rise rose risen", "run ran run", "saw sawed sawn", "say said", "see saw seen", "seek sought",
    "sell sold", "send sent", "set set", "sew sewed sewn", "shake shook shaken", "shave shaved shaven",
    "shear sheared shorn", "shed shed", "shine shone shined", "shoe shod shoed", "shoot shot", "show showed shown",
    "shrink shrank shrunk", "shut shut", "sing sang sung", "sink sank sunk", "sit sat", "slay slew slain",
    "sleep slept", "slide slid", "sling slung", "slit slit", "smell smelled smelt", "sneak sneaked snuck",
    "sow sowed sown", "speak spoke spoken", "speed sped speeded", "spell spelled spelt", "spend spent",
    "spill spilled spilt", "spin spun", "spit spat spit", "split split", "spoil spoiled spoilt", "spread spread",
    "spring sprang sprung", "stand stood", "steal stole stolen", "stick stuck", "sting stung", "stink stank stunk",
    "strew strewed strewn", "stride strode stridden", "strike struck stricken", "string strung",
    "strive strove striven strived", "swear swore sworn", "sweat sweated sweat", "sweep swept",
    "swell swelled swollen", "swim swam swum", "swing swung", "take took taken", "teach taught", "tear tore torn",
    "tell told", "think thought", "thrive thrived throve", "throw threw thrown", "thrust thrust",
    "tread trod trodden", "unbind unbound", "underbid underbid", "undercut undercut", "undergo underwent undergone",
    "underlie underlay underlain", "underpay underpaid", "undersell undersold", "understand understood",
    "undertake undertook undertaken", "underwrite underwrote underwritten", "undo undid undone", "unwind unwound",
    "uphold upheld", "upset upset", "wake woke woken waked", "waylay waylaid", "wear wore worn", "weave wove woven",
    "wed wedded wed", "weep wept", "wet wetted wet", "win won", "wind wound", "withdraw withdrew withdrawn",
    "withhold withheld", "withstand withstood", "wring wrung", "write wrote written",
];

/// Plurals of irregular nouns.
#[rustfmt::skip]
const NOUNS: &[&str] = &[
    "addendum addenda addendums", "alumna alumnae", "alumnus alumni", "analysis analyses", "antithesis antitheses",
    "appendix appendices appendixes", "axis axes", "bacterium bacteria", "basis bases", "calf calves",
    "child children", "crisis crises", "criterion criteria criterions", "curriculum curricula curriculums",
    "datum data", "diagnosis diagnoses", "dwarf dwarves dwarfs", "elf elves", "ellipsis ellipses",
    "emphasis emphases", "erratum errata", "foot feet", "formula formulas formulae", "goose geese", "half halves",
    "hoof hooves hoofs", "hypothesis hypotheses", "index indexes indices", "knife knives knifes", "leaf leaves leafs",
    "life lives", "loaf loaves loafs", "louse lice", "man men mans", "matrix matrices matrixes",
    "maximum maxima maximums", "medium media mediums", "memorandum memoranda memorandums",
    "millennium millennia millenniums", "minimum minima minimums", "moratorium moratoria moratoriums",
    "mouse mice mouses", "neurosis neuroses", "nucleus nuclei", "oasis oases", "optimum optima optimums", "ox oxen",
    "paralysis paralyses", "parenthesis parentheses", "person people persons", "phenomenon phenomena",
    "psychosis psychoses", "quantum quanta", "radius radii radiuses", "referendum referenda referendums",
    "scarf scarves scarfs", "self selves", "series series", "sheaf sheaves", "shelf shelves", "species species",
    "spectrum spectra spectrums", "stimulus stimuli", "stratum strata", "syllabus syllabi syllabuses",
    "symposium symposia symposiums", "synopsis synopses", "synthesis syntheses", "thesis theses", "thief thieves",
    "tooth teeth", "ultimatum ultimatums ultimata", "vertex vertices vertexes", "vortex vortices vortexes",
    "wharf wharves wharfs", "wife wives", "wolf wolves", "woman women",
];

/// Words of more than one syllable that double their last consonant.
#[rustfmt::skip]
const DOUBLED: &[&str] = &[
    "abet", "abhor", "abut", "acquit", "admit", "airdrop", "allot", "annul", "appal", "aver", "babysit", "backlog",
    "backstop", "barhop", "bedim", "befit", "befog", "beget", "begin", "beset", "besot", "bestir", "blacktop",
    "bobsled", "bootleg", "bootstrap", "bulldog", "carpetbag", "catnap", "chitchat", "cobweb", "commit", "compel",
    "concur", "confer", "control", "copycat", "costar", "crosscut", "deadpan", "debar", "debug", "defer", "defog",
    "defrag", "demob", "demur", "deprogram", "deter", "diagram", "disbar", "disinter", "dispel", "distil", "doorstep",
    "eavesdrop", "embed", "emit", "enrol", "entrap", "equip", "excel", "expel", "extol", "flimflam", "forbid",
    "forget", "format", "foxtrot", "fulfil", "goosestep", "handicap", "hobnob", "hotdog", "humbug", "impel", "incur",
    "infer", "input", "inset", "instil", "inter", "jitterbug", "kidnap", "kneecap", "leapfrog", "manumit", "misfit",
    "monogram", "mousetrap", "namedrop", "nightclub", "nonplus", "occur", "offset", "omit", "outbid", "outcrop",
    "outfit", "outgun", "outhit", "output", "outrun", "outstrip", "outwit", "overbid", "overdub", "overlap",
    "overrun", "overstep", "patrol", "permit", "photostat", "prefab", "prefer", "preset", "program", "propel",
    "ramrod", "readmit", "rebel", "rebid", "rebut", "recap", "recommit", "recur", "reequip", "refer", "refit",
    "reformat", "regret", "rehab", "rejig", "remap", "remit", "reoccur", "repel", "reprogram", "rerun", "reset",
    "reship", "resit", "resubmit", "retrofit", "rewed", "sandbag", "sharecrop", "shotgun", "sidestep", "sublet",
    "submit", "transfer", "transmit", "transship", "typeset", "unbar", "uncap", "unclog", "underbid", "undercut",
    "underpin", "unman", "unpin", "unplug", "unsnap", "unstop", "unstrap", "unwrap", "unzip", "uppercut", "upset",
    "wiretap", "zigzag",
];

/// Words that are written both ways, besides all in `-l`.
#[rustfmt::skip]
const EITHER: &[&str] = &[
    "bayonet", "benefit", "bias", "combat", "focus", "hiccup", "worship",
];

/// Words in `-o` that take `-es`.
#[rustfmt::skip]
const O_ES: &[&str] = &[
    "do", "echo", "embargo", "forego", "forgo", "go", "hero", "misdo", "no", "outdo", "overdo", "potato", "redo",
    "superhero", "tomato", "torpedo", "undergo", "undo", "veto",
];

/// Words in `-o` that take `-s` or `-es`.
#[rustfmt::skip]
const O_EITHER: &[&str] = &[
    "buffalo", "cargo", "domino", "fiasco", "grotto", "innuendo", "lingo", "mango", "memento", "mosquito", "motto",
    "mulatto", "peccadillo", "portico", "proviso", "tornado", "virago", "volcano", "zero",
];

/// Words in `-ch` that do not hiss.
#[rustfmt::skip]
const HARD_CH: &[&str] = &[
    "epoch", "eunuch", "loch", "matriarch", "monarch", "oligarch", "patriarch", "stomach", "tech",
];

/// Words in `-man` that are no men.
#[rustfmt::skip]
const PLAIN_MAN: &[&str] = &[
    "caiman", "german", "human", "norman", "ottoman", "roman", "shaman", "talisman",
];

/// Words that keep their `e` before `-ing`.
#[rustfmt::skip]
const KEEPS_E: &[&str] = &[
    "binge", "singe", "tinge", "twinge", "whinge",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_sorted_and_hold_no_word_twice() {
        let first = |line: &&str| line.split(' ').next().unwrap().to_owned();
        for table in [WHOLE, VERBS, NOUNS, DOUBLED, EITHER, O_EITHER] {
            let words: Vec<String> = table.iter().map(first).collect();
            assert!(words.is_sorted_by(|a, b| a < b), "{words:?}");
        }
    }

    #[test]
    fn spelling_of_single_words() {
        assert_eq!(
            ["quit", "layer", "system", "open", "yap"].map(n_vowel_groups),
            [1, 2, 2, 2, 1]
        );
        assert_eq!(doubled("layer"), ["layer"]);
        assert_eq!(doubled("quit"), ["quitt"]);
        assert_eq!(doubled("label"), ["label", "labell"]);
        assert_eq!(plural("cargo"), ["cargos", "cargoes"]);
        assert_eq!(plural("human"), ["humans"]);
    }
}
