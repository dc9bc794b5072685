//! What could not be carried over.

/// Something of a foreign rule or word that the documents do not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    /// The rule's own id, or the place of the word.
    pub item: String,
    /// What was lost: `rule` or `word` for the whole item, otherwise the part of it.
    pub what: &'static str,
    /// Whether the whole item is missing, not a part of it.
    pub whole: bool,
    /// Why, in words that are the same for all items of one sort.
    pub reason: &'static str,
    /// What the reason speaks of, where that differs from item to item.
    pub detail: String,
}

/// The losses of one import, gathered as they are found.
#[derive(Debug, Default)]
pub(crate) struct Losses(pub(crate) Vec<Loss>);

impl Losses {
    /// The whole item is lost.
    pub(crate) fn whole(&mut self, item: &str, what: &'static str, reason: &'static str, detail: impl Into<String>) {
        self.push(item, what, true, reason, detail.into());
    }

    /// A part of the item is lost.
    pub(crate) fn part(&mut self, item: &str, what: &'static str, reason: &'static str, detail: impl Into<String>) {
        self.push(item, what, false, reason, detail.into());
    }

    fn push(&mut self, item: &str, what: &'static str, whole: bool, reason: &'static str, detail: String) {
        self.0.push(Loss {
            item: item.to_owned(),
            what,
            whole,
            reason,
            detail,
        });
    }
}
