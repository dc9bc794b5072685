# Lexhold. `make demo` runs the main job on sample messages, `make test` the tests. Nothing has to be set by hand.

SHELL = /bin/sh
.DEFAULT_GOAL = build
.PHONY: build install install-run test test-remote test-distributed demo demo-run bench lint fmt clean-demo

# Every recipe that builds begins with this: it finds DuckDB, or has it compiled along through the features left in "$@".
duckdb = set --; \
	if found=$$(engine/catalog/fetch-duckdb); then export DUCKDB_LIB_DIR="$$found"; \
	elif [ $$? -eq 3 ]; then set -- --features lexhold-catalog/bundled; \
	else exit 1; fi;

# Where cargo puts what it builds, whichever way that was configured.
target = $$(cargo metadata --no-deps --format-version 1 | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')

# The release binary, target/release/lexhold (or under CARGO_TARGET_DIR), runnable from anywhere.
build:
	@$(duckdb) cargo build --release --workspace --bins "$$@"

# The binary, its manual pages, and completions for bash, zsh and fish, under PREFIX.
PREFIX = $(HOME)/.local
install: build
	@$(MAKE) --no-print-directory install-run lexhold="$(target)/release/lexhold"

# The same with the binary at $(lexhold), whose own words pages and completions are made of. A test comes in here.
share = $(DESTDIR)$(PREFIX)/share
install-run:
	@mkdir -p "$(DESTDIR)$(PREFIX)/bin" "$(share)/bash-completion/completions" "$(share)/zsh/site-functions" \
	    "$(share)/fish/vendor_completions.d" && \
	install "$(lexhold)" "$(DESTDIR)$(PREFIX)/bin/lexhold" && \
	"$(lexhold)" man "$(share)/man/man1" && \
	"$(lexhold)" completions bash > "$(share)/bash-completion/completions/lexhold" && \
	"$(lexhold)" completions zsh > "$(share)/zsh/site-functions/_lexhold" && \
	"$(lexhold)" completions fish > "$(share)/fish/vendor_completions.d/lexhold.fish"

# Every test of the workspace. Run by cargo-nextest where it is installed, otherwise by cargo.
test:
	@$(duckdb) cargo test --doc --workspace "$$@" && \
	if cargo nextest --version >/dev/null 2>&1; then cargo nextest run --workspace "$$@"; \
	else cargo test --workspace --all-targets "$$@"; fi

# Object storage, against a server on this machine: the tests in files named s3. Where there is none it is said, and they do nothing.
test-remote:
	@moto=$$(engine/remote/fetch-moto) || [ $$? -eq 3 ] || exit 1; \
	if [ -n "$$moto" ]; then export LEXHOLD_MOTO="$$moto"; fi; \
	$(duckdb) if cargo nextest --version >/dev/null 2>&1; then cargo nextest run --workspace --test s3 "$$@"; \
	else cargo test --workspace --test s3 "$$@"; fi

# That, and the Python package against one process, Spark and Ray on this machine; says so and does nothing where Python or Java is
# missing.
test-distributed: build test-remote
	@engine/python/test-distributed "$(target)/release"

# The packs whose groups the generated firm has.
packs = retention/us-broker-dealer retention/us-hipaa retention/eu-mifid \
	supervision/information-barriers supervision/approved-channels

# The main job on generated messages, from files to reports, into demo/. Starts afresh each time.
demo: build
	@bin=$(target)/release; rm -rf demo; mkdir demo; \
	"$$bin/lexhold-generate" --seed 7 --messages 5000 --out demo/input && \
	$(MAKE) --no-print-directory demo-run lexhold="$$bin/lexhold" && \
	echo && echo "Open demo/reports/report.html in a browser."

# The main job on what lies in demo/input, by the binary at $(lexhold). The test of README's transcripts comes in here.
demo-run:
	@"$(lexhold)" run demo/input/*.ndjson --home demo/home --rulesets rulesets \
	    $(foreach pack,$(packs),--policies policies/$(pack).yaml) \
	    --directory demo/input/directory.yaml --backfill --out demo/reports

bench:
	@$(duckdb) cargo bench --workspace "$$@"

lint:
	cargo fmt --all -- --check
	@$(duckdb) cargo clippy --workspace --all-targets "$$@" -- -D warnings

fmt:
	cargo fmt --all

clean-demo:
	rm -rf demo
