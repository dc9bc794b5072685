//! What `check` found, and its plainer forms.

use std::collections::BTreeMap;

use askama::Template;
use lexhold_document::{Allowed, Diagnostic, Files, Level};
use lexhold_model::Digest;
use serde_json::{Value, json};

use crate::forms::github::Annotation;
use crate::forms::junit::{Case, Junit};
use crate::render;

/// A word under `stem`: where it stands, and all its forms.
pub type Stem<'b> = (String, &'b [String]);

/// Problems with all that the forms say beside them.
pub struct Report<'a> {
    /// Whether the answer is positive.
    pub ok: bool,
    /// Whether warnings make it negative too.
    pub strict: bool,
    /// Errors in all.
    pub n_errors: usize,
    /// Warnings in all.
    pub n_warnings: usize,
    /// Fixes that were made, or would be.
    pub n_fixed: usize,
    /// Every file that was read, in order.
    pub paths: Vec<&'a str>,
    /// The problems to tell, by place.
    pub shown: &'a [Diagnostic],
    /// The warnings that comments let stand, by place.
    pub allowed: &'a [Allowed],
    /// The digest of what was compiled.
    pub bundle: Option<Digest>,
    /// Words that stand for all their forms.
    pub stems: Vec<Stem<'a>>,
    /// Why nothing could be checked at all.
    pub failure: Option<String>,
}

impl<'a> Report<'a> {
    /// Nothing could be checked, for this reason.
    pub fn unread(error: &anyhow::Error) -> Self {
        Self {
            ok: false,
            strict: false,
            n_errors: 1,
            n_warnings: 0,
            n_fixed: 0,
            paths: Vec::new(),
            shown: &[],
            allowed: &[],
            bundle: None,
            stems: Vec::new(),
            failure: Some(format!("{error:#}")),
        }
    }

    /// How many errors and warnings, and how many of these are allowed besides.
    pub fn counted(&self) -> String {
        let counted = format!("{}, {}", many(self.n_errors, "error"), many(self.n_warnings, "warning"));
        match self.allowed.len() {
            0 => counted,
            n_allowed => format!("{counted}, {n_allowed} allowed"),
        }
    }

    /// Each problem as text of its own.
    pub fn lines(&self, line: impl Fn(&Diagnostic) -> String) -> String {
        self.shown.iter().map(|one| line(one) + "\n").collect()
    }

    /// One JSON document.
    pub fn json(&self, files: &Files) -> String {
        let diagnostics: Vec<_> = self.shown.iter().map(|one| render::json(files, one)).collect();
        let stems = self
            .stems
            .iter()
            .map(|(place, forms)| json!({ "at": place, "forms": forms }));
        let report = json!({
            "schema": "lexhold/check/1",
            "ok": self.ok,
            "errors": self.n_errors,
            "warnings": self.n_warnings,
            "fixed": self.n_fixed,
            "failure": self.failure,
            "bundle": self.bundle,
            "unverified_bundles": crate::bundle::unverified(),
            "diagnostics": diagnostics,
            "allowed": self.allowed.iter().map(|one| allowed(files, one)).collect::<Vec<_>>(),
            "stems": stems.collect::<Vec<_>>(),
        });
        format!("{report:#}\n")
    }

    /// JUnit's XML: a case for every problem, and one for every file without any.
    pub fn junit(&self, files: &'a Files) -> anyhow::Result<String> {
        let mut by_path: BTreeMap<&str, Vec<&Diagnostic>> = self.paths.iter().map(|path| (*path, Vec::new())).collect();
        for one in self.shown {
            let path = one.place.map_or("", |place| files.path(place.file));
            by_path.entry(path).or_default().push(one);
        }
        let cases = by_path.into_iter().flat_map(|(path, found)| {
            let clean = found.is_empty().then(|| case(path, "check", "pass"));
            clean
                .into_iter()
                .chain(found.into_iter().map(move |one| self.case(files, path, one)))
        });
        let failure = self.failure.iter().map(|failure| Case {
            message: failure.clone(),
            ..case("", "check", "error")
        });
        Ok(Junit::new("lexhold check", failure.chain(cases)).render()?)
    }

    fn case<'f>(&self, files: &'f Files, path: &'f str, one: &'f Diagnostic) -> Case<'f> {
        let failed = self.strict || one.level == Level::Error;
        Case {
            line: one.place.map_or(1, |place| files.position(place).0),
            message: format!("{}: {}", one.code, one.message),
            lines: render::text(files, one, false).lines().map(str::to_owned).collect(),
            ..case(path, one.code, if failed { "fail" } else { "pass" })
        }
    }

    /// The problems beside their lines.
    pub fn annotations(&self, files: &Files) -> Vec<Annotation> {
        let failure = self.failure.iter().map(|failure| Annotation {
            is_error: true,
            at: None,
            title: "lexhold check".into(),
            message: failure.clone(),
        });
        let found = self.shown.iter().map(|one| Annotation {
            is_error: one.level == Level::Error,
            at: one.place.map(|place| {
                let (line, column) = files.position(place);
                (files.path(place.file).to_owned(), line, column)
            }),
            title: one.code.to_owned(),
            message: render::sentences(one),
        });
        failure.chain(found).collect()
    }
}

fn allowed(files: &Files, one: &Allowed) -> Value {
    let mut value = render::json(files, &one.diagnostic);
    value["reason"] = json!(one.reason);
    value["comment"] = render::span(files, one.place);
    value
}

fn case<'a>(file: &'a str, name: &'a str, outcome: &'static str) -> Case<'a> {
    Case {
        file,
        name,
        line: 1,
        outcome,
        message: String::new(),
        lines: Vec::new(),
    }
}

/// `1 error`, `2 errors`.
pub fn many(count: usize, what: &str) -> String {
    if count == 1 {
        format!("1 {what}")
    } else {
        format!("{count} {what}s")
    }
}

/// A name for each problem that stays when lines move: its code, file, words and source line, and which of its equals it is.
pub fn fingerprints<'d>(files: &Files, shown: impl IntoIterator<Item = &'d Diagnostic>) -> Vec<Digest> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let names = shown.into_iter().map(|one| {
        let (path, line) = one.place.map_or(("", ""), |place| {
            let (line, _) = files.position(place);
            let text = files.text(place.file).lines().nth(line - 1).unwrap_or_default();
            (files.path(place.file), text.trim())
        });
        let parts = json!([one.code, path, one.message, line]).to_string();
        let nth = seen.entry(parts.clone()).or_default();
        *nth += 1;
        Digest::of(format!("{parts}{nth}").as_bytes())
    });
    names.collect()
}
