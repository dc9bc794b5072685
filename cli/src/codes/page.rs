//! A page a code: what it means and what to do, with an example that raises it and one that does not.
//!
//! The pages lie in Markdown, a file a family of codes. An example is a fenced block; the first word behind the fence says what it
//! is a piece of, and `bad` that it raises the code. Several files in one example begin with a line `--- NAME`.

/// Declares the files of pages, a family of codes each, in order.
macro_rules! families {
    ($($name:literal),* $(,)?) => {
        /// The files.
        pub(super) const FILES: [&str; [$($name),*].len()] = [$($name),*];
        /// The families of codes, in order.
        pub(super) const FAMILIES: [&str; FILES.len()] = [$(include_str!(concat!("pages/", $name))),*];
    };
}

families![
    "00-files.md",
    "01-keys.md",
    "02-names.md",
    "03-retention.md",
    "04-rules.md",
    "05-imports.md",
    "06-conditions.md",
    "07-tests.md",
    "08-holds.md",
    "09-people.md",
    "10-bundles.md",
];

/// What there is to say about a code.
pub struct Page {
    /// What it means and what to do.
    pub text: String,
    /// What raises it, and how that is put right.
    pub examples: Vec<Example>,
}

/// A piece of a document.
pub struct Example {
    /// What it is a piece of.
    pub frame: &'static str,
    /// Whether it raises the code.
    pub is_bad: bool,
    /// The piece itself.
    pub text: String,
}

impl Page {
    /// The page of a code.
    pub fn of(code: &str) -> Option<Self> {
        let heading = format!("\n## {code}\n");
        let (_, section) = FAMILIES.iter().find_map(|family| family.split_once(heading.as_str()))?;
        let section = section.split("\n## ").next().unwrap_or_default();
        let mut page = Page {
            text: String::new(),
            examples: Vec::new(),
        };
        let mut open = false;
        for line in section.lines() {
            match (line.strip_prefix("```"), open) {
                (Some(info), false) => {
                    let mut words = info.split(' ');
                    page.examples.push(Example {
                        frame: words.next().unwrap_or_default(),
                        is_bad: words.next() == Some("bad"),
                        text: String::new(),
                    });
                    open = true;
                }
                (Some(_), true) => open = false,
                (None, false) => page.text += &format!("{line}\n"),
                (None, true) => {
                    if let Some(example) = page.examples.last_mut() {
                        example.text += &format!("{line}\n");
                    }
                }
            }
        }
        page.text = page.text.trim().to_owned();
        Some(page)
    }
}

impl Example {
    /// What it is a piece of, in words.
    pub fn place(&self) -> &'static str {
        match self.frame {
            "match" => ", under `match`",
            "rule" | "talk" => ", in a rule",
            "rules" => ", under `rules`",
            "conversation" => ", under `conversation`",
            "retention" => ", in a retention document",
            "schedule" => ", in a schedule",
            "when" => ", in a condition",
            "hold" => ", in a hold",
            "console" => ", at a prompt",
            "schema" => ", in the schema of the firm's own attributes",
            "governance" => ", in a governance policy",
            _ => "",
        }
    }
}
