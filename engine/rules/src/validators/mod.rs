//! Validators: what a hit of a pattern has to pass beyond its looks, such as a check digit.
//!
//! A validator sees the hit's *number*: its decimal digits of any script as ASCII, its ASCII letters in upper case,
//! and no separators. Separators have to be of one sort throughout. Validators are pure, and what one of them accepts
//! changes only with [`VERSION`].

mod check_digits;
mod date;
mod entropy;
mod national;
mod number;
mod read;
mod securities;
mod weighted;

pub(crate) use read::read;

use date::DateCheck;
use weighted::Weighted;

/// Counts up whenever some validator begins to accept or reject other texts than before.
pub const VERSION: u32 = 1;

/// One validator.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Validator {
    /// One that is known by its name alone.
    Named(&'static Named),
    /// A weighted sum.
    Weighted(Weighted),
    /// A date.
    Date(DateCheck),
    /// At least so many thousandths of a bit of entropy in a character.
    Entropy(u32),
}

/// A validator without parameters.
#[derive(Debug)]
pub(crate) struct Named {
    /// How documents write it.
    pub(crate) name: &'static str,
    /// What it is for.
    pub(crate) title: &'static str,
    accepts: fn(&str) -> bool,
    /// How the number is written where its separators are of two sorts.
    layout: Option<&'static str>,
}

// INVARIANT: names are unique in `NAMED`, which a test checks.
impl PartialEq for Named {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Named {}

impl std::hash::Hash for Named {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

/// Whether a hit passes all of these. What one of them knows of how the number is written holds for all.
pub(crate) fn all_accept(validators: &[Validator], hit: &str) -> bool {
    let wants_number = validators
        .iter()
        .any(|validator| !matches!(validator, Validator::Entropy(_)));
    let layouts: Vec<&str> = validators.iter().filter_map(Validator::layout).collect();
    let number = if wants_number {
        number::compact(hit, &layouts)
    } else {
        Some(String::new())
    };
    number.is_some_and(|number| validators.iter().all(|validator| validator.accepts(hit, &number)))
}

impl Validator {
    fn accepts(&self, hit: &str, number: &str) -> bool {
        match self {
            Validator::Named(named) => (named.accepts)(number),
            Validator::Weighted(weighted) => weighted.accepts(number),
            Validator::Date(date) => date.accepts(number),
            Validator::Entropy(least) => entropy::per_mille(hit) >= *least,
        }
    }

    /// How the number is written where its separators are of two sorts.
    fn layout(&self) -> Option<&str> {
        match self {
            Validator::Named(named) => named.layout,
            Validator::Weighted(weighted) => weighted.layout.as_deref(),
            Validator::Date(_) | Validator::Entropy(_) => None,
        }
    }
}

/// The names of the validators without parameters, each with what it is for.
pub fn validators() -> impl Iterator<Item = (&'static str, &'static str)> {
    NAMED.iter().map(|named| (named.name, named.title))
}

const fn named(name: &'static str, title: &'static str, accepts: fn(&str) -> bool) -> Named {
    Named {
        name,
        title,
        accepts,
        layout: None,
    }
}

/// All validators without parameters, by name.
pub(crate) static NAMED: [Named; 22] = [
    named("aba", "routing numbers of US banks", check_digits::aba),
    Named {
        layout: Some("00.00.00-000.00"),
        ..named("be_rrn", "Belgian national register numbers", national::be_rrn)
    },
    named("cusip", "CUSIP and CINS numbers", securities::cusip),
    named("es_nif", "Spanish NIF and NIE of natural persons", national::es_nif),
    named("fi_hetu", "Finnish personal identity codes", national::fi_hetu),
    named("fr_nir", "French social security numbers", national::fr_nir),
    named(
        "iban",
        "IBAN, with the length and form of its country",
        securities::iban,
    ),
    named("isin", "ISIN", securities::isin),
    named("it_codice_fiscale", "Italian tax codes", national::it_codice_fiscale),
    named("lei", "legal entity identifiers", securities::lei),
    named(
        "luhn",
        "Luhn's check digit: cards, IMEI, Canadian SIN, Swedish personal numbers",
        check_digits::luhn,
    ),
    named(
        "mod11_10",
        "ISO 7064 mod 11,10: German tax numbers, Croatian OIB",
        check_digits::mod11_10,
    ),
    named(
        "mod11_2",
        "ISO 7064 mod 11-2: Chinese resident identity numbers, ORCID, ISNI",
        check_digits::mod11_2,
    ),
    named(
        "mod97_10",
        "ISO 7064 mod 97-10 where it is used: IBAN or LEI",
        securities::mod97_10,
    ),
    named("nhs", "NHS numbers", check_digits::nhs),
    named(
        "not_all_same",
        "not one character over and over",
        check_digits::not_all_same,
    ),
    named("pl_pesel", "Polish PESEL", national::pl_pesel),
    named("sedol", "SEDOL", securities::sedol),
    named("sg_nric", "Singaporean NRIC and FIN", national::sg_nric),
    named(
        "ssn",
        "US social security numbers that can have been issued",
        national::ssn,
    ),
    named("tr_kimlik", "Turkish identity numbers", national::tr_kimlik),
    named("verhoeff", "Verhoeff's check digit: Aadhaar", check_digits::verhoeff),
];

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn accepts(name: &str, hit: &str) -> bool {
        let named = NAMED.iter().find(|named| named.name == name).unwrap();
        all_accept(&[Validator::Named(named)], hit)
    }

    /// Numbers with a right check digit, from the standards and public examples.
    const VALID: [(&str, &[&str]); 22] = [
        ("aba", &["021000021", "011401533", "091000019"]),
        ("be_rrn", &["93.05.18-223.61", "85073003328", "17073003384"]),
        ("cusip", &["037833100", "17275R102", "38259P508", "S08000AA9"]),
        ("es_nif", &["12345678Z", "X1234567L", "Y1234567X", "00000000T"]),
        ("fi_hetu", &["131052-308T", "010101-0101", "010101A0101"]),
        (
            "fr_nir",
            &["255081416802538", "1 85 05 78 006 084 91", "253072B07300470"],
        ),
        (
            "iban",
            &[
                "DE89 3704 0044 0532 0130 00",
                "GB33BUKB20201555555555",
                "FR1420041010050500013M02606",
            ],
        ),
        (
            "isin",
            &["US0378331005", "GB0002634946", "DE0005190003", "AU0000XVGZA3"],
        ),
        ("it_codice_fiscale", &["RSSMRA85T10A562S", "MRTMTT91D08F205J"]),
        ("lei", &["5493001KJTIIGC8Y1R12", "213800D1EI4B9WTWWD28"]),
        (
            "luhn",
            &[
                "4111 1111 1111 1111",
                "5500-0000-0000-0004",
                "340000000000009",
                "79927398713",
            ],
        ),
        ("mod11_10", &["86095742719", "47036892816", "33392005961"]),
        (
            "mod11_2",
            &["11010519491231002X", "0000-0002-1825-0097", "440524188001010014"],
        ),
        ("mod97_10", &["NL91ABNA0417164300", "5493001KJTIIGC8Y1R12"]),
        ("nhs", &["943 476 5919", "4010232137"]),
        ("not_all_same", &["112", "1111 1112"]),
        ("pl_pesel", &["44051401359", "02070803628"]),
        ("sedol", &["0263494", "B0WNLY7", "B0YBKJ7"]),
        ("sg_nric", &["S1234567D", "T0123456G", "F1234567N"]),
        ("ssn", &["078-05-1121", "536 22 8726"]),
        ("tr_kimlik", &["10000000146"]),
        ("verhoeff", &["2363", "123451", "2234 5678 9127"]),
    ];

    #[test]
    fn names_are_in_order_and_never_twice() {
        assert!(NAMED.is_sorted_by(|a, b| a.name < b.name));
        assert!(
            VALID
                .iter()
                .map(|(name, _)| *name)
                .eq(NAMED.iter().map(|named| named.name))
        );
    }

    #[test]
    fn v4_valid_numbers_pass() {
        for (name, numbers) in VALID {
            for number in numbers {
                assert!(accepts(name, number), "{name}: {number}");
            }
        }
    }

    /// All texts that differ from one in one digit or letter, which stays a digit or a letter.
    fn substitutions(number: &str) -> Vec<String> {
        let others = |c: char| match c {
            '0'..='9' => ('0'..='9').collect::<Vec<_>>(),
            'A'..='Z' => ('A'..='Z').collect(),
            _ => Vec::new(),
        };
        let places = number.char_indices().flat_map(|(at, c)| {
            let put = move |other: char| format!("{}{other}{}", &number[..at], &number[at + 1..]);
            others(c).into_iter().filter(move |other| *other != c).map(put)
        });
        places.collect()
    }

    #[test]
    fn v4_every_substitution_in_valid_numbers_fails() {
        for name in [
            "luhn", "mod97_10", "iban", "lei", "mod11_10", "mod11_2", "verhoeff", "nhs",
        ] {
            let (_, numbers) = VALID.iter().find(|(known, _)| *known == name).unwrap();
            for number in *numbers {
                for other in substitutions(number) {
                    assert!(!accepts(name, &other), "{name}: {number} and {other}");
                }
            }
        }
    }

    #[test]
    fn v3_mixed_separators_reject() {
        assert!(accepts("luhn", "4111-1111-1111-1111"));
        assert!(!accepts("luhn", "4111-1111 1111-1111"));
        assert!(!accepts("ssn", "078-051 1121"));
        assert!(accepts("luhn", "４１１１ 1111 1111 ١١١١"));
        assert!(!accepts("luhn", "card 4111"));
    }

    #[test]
    fn v1_wrong_numbers_fail() {
        let wrong = [
            ("luhn", "0"),
            ("luhn", ""),
            ("luhn", "41111111111111l1"),
            ("iban", "XX89370400440532013000"),
            ("iban", "DE8937040044053201300"),
            ("mod97_10", "not one"),
            ("ssn", "000-12-3456"),
            ("ssn", "666-12-3456"),
            ("ssn", "900-12-3456"),
            ("ssn", "123-00-4567"),
            ("ssn", "123-45-0000"),
            ("not_all_same", "00000000"),
            ("not_all_same", "7"),
            ("aba", "000000000"),
            ("sedol", "A263494"),
        ];
        for (name, number) in wrong {
            assert!(!accepts(name, number), "{name}: {number}");
        }
    }
}
