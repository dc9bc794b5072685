//! Lets the binary find DuckDB wherever it is run from.

include!("../engine/catalog/rpath.rs");

fn main() {
    rpath();
}
