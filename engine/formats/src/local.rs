//! Times of a clock whose zone the export does not name.

pub(crate) use lexhold_source::local_instant as instant;
