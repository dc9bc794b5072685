//! The keys of every kind of document, gathered from where each is checked.

use lexhold_document::{Kind, Shape, closer, list};

use crate::cases::case_shape;

/// The keys that documents of a kind have beside those of every document.
pub fn shape_of(kind: Kind) -> Shape {
    let mut shape = match kind {
        Kind::Retention => lexhold_retention::retention_shape(),
        Kind::Ruleset => lexhold_rules::shape::ruleset(),
        Kind::Supervision => crate::supervision_shape(),
        Kind::Calendar => lexhold_retention::calendar_shape(),
        Kind::Hold => lexhold_retention::hold_shape(),
        Kind::Lexicon => lexhold_rules::shape::lexicon(),
        Kind::Disclaimer => lexhold_rules::shape::disclaimer(),
        Kind::Sampling => crate::sampling::sampling_shape(),
        Kind::Delegation => crate::delegation_shape(),
        Kind::Exception => crate::exception_shape(),
        Kind::Cases => crate::cases::cases_shape(),
        Kind::Directory => crate::directory_shape(),
        Kind::Operators => lexhold_policy::operators_shape(),
        Kind::Counts => crate::counts_shape(),
        Kind::Mapping => crate::mapping_shape(),
    };
    // A test needs words of every crate, which only this one knows.
    if let Shape::Map(fields) = &mut shape {
        for field in fields.fields.iter_mut().filter(|field| field.name == "tests") {
            field.shape = list(case_shape());
        }
        // So is a hold's query, which is written as a rule's `match`.
        for field in fields
            .fields
            .iter_mut()
            .filter(|field| kind == Kind::Hold && field.name == "query")
        {
            field.shape = closer("match", lexhold_rules::shape::matched);
        }
    }
    shape
}
