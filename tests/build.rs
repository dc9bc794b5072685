//! Lets the test binaries find DuckDB wherever they are run from.

include!("../engine/catalog/rpath.rs");

fn main() {
    rpath();
}
