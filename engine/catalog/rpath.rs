/// Lets this package's binaries, tests and benchmarks find the DuckDB library without `LD_LIBRARY_PATH`: first beside
/// themselves, then in the folder they were built with.
///
/// Cargo hands link arguments to no dependent, so every package with binaries calls this from its own build script.
fn rpath() {
    println!("cargo:rerun-if-env-changed=DUCKDB_LIB_DIR");
    let Some(folder) = option("DUCKDB_LIB_DIR") else { return };
    let beside = match option("CARGO_CFG_TARGET_OS").as_deref() {
        Some("linux") => "$ORIGIN",
        Some("macos") => "@loader_path",
        _ => return,
    };
    for place in [beside, &folder] {
        // Not `-Wl,-rpath,…`: a comma in the folder's name would split it.
        for argument in ["-Xlinker", "-rpath", "-Xlinker", place] {
            println!("cargo:rustc-link-arg={argument}");
        }
    }
}

/// A variable that cargo or `make` set for this build.
#[allow(clippy::disallowed_methods, reason = "build scripts are told everything through the environment")]
fn option(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
