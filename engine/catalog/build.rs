//! Tells the binaries of this package where DuckDB is, and the newcomer how to get it.

include!("rpath.rs");

fn main() {
    rpath();
    if option("DUCKDB_LIB_DIR").is_none() && option("CARGO_FEATURE_BUNDLED").is_none() {
        println!(
            "cargo:warning=no DuckDB to link with: use `make`, or export DUCKDB_LIB_DIR=\"$(engine/catalog/fetch-duckdb)\""
        );
    }
}
