//! The command line: a table of contents.
//!
//! `args` says what can be typed, `settings` what was meant, `load` makes a bundle of it; each verb has a file of its own,
//! `run` and `report` a folder. `failure` holds the exit codes. Clock, randomness and environment are read here and handed
//! on; the crates below have none.

mod activate;
mod alerts;
mod args;
mod backup;
mod bundle;
mod case;
mod check;
mod checkpoint;
mod clock;
mod codes;
mod config;
mod convert;
mod dates;
mod diff;
mod dispose;
mod erasure;
mod evaluate;
mod event;
mod expected;
mod explain;
mod failure;
mod files;
mod find;
mod fmt;
mod forms;
mod hold;
mod home;
mod home_keys;
mod import;
mod init;
mod keys;
mod ledger;
mod load;
mod lock;
mod lsp;
mod mapping;
mod operators;
mod packaging;
mod past;
mod rebuild;
mod remote;
mod render;
mod replay;
mod report;
mod resolution;
mod retention_verbs;
mod review;
mod run;
mod sample;
mod scan;
mod schema;
mod settings;
mod sources;
mod status;
mod terminal;
mod test;
#[cfg(test)]
mod testing;
mod verify;
mod versions;
mod whoami;

use std::process::ExitCode;

use clap::{ArgMatches, Command, CommandFactory as _, FromArgMatches as _};

use args::{Cli, Color, LogFormat, Verb};
use failure::{Exit, Failure, exit_of, is_closed_pipe};
use settings::Settings;

fn main() -> ExitCode {
    // What a panic says may quote text of a message; where it happened does not.
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        terminal::say(&format!("internal fault at {place}; please report it"));
    }));
    std::panic::catch_unwind(call).unwrap_or(Exit::Internal).into()
}

fn call() -> Exit {
    let typed = command().get_matches();
    let cli = Cli::from_arg_matches(&typed).unwrap_or_else(|error| error.exit());
    match dispatch(&cli, &typed) {
        Ok(exit) => exit,
        Err(error) if is_closed_pipe(&error) => Exit::Done,
        Err(error) => {
            complain(&error);
            exit_of(&error)
        }
    }
}

/// The command line, with the environment variables that stand for its flags.
fn command() -> Command {
    args::with_environment(Cli::command())
}

fn dispatch(cli: &Cli, typed: &ArgMatches) -> anyhow::Result<Exit> {
    if let Verb::Lsp(_) = &cli.verb {
        // An editor wants to hear of a broken `lexhold.yaml` from a server that runs.
        let global = &cli.global;
        start_log((global.quiet, global.verbose), global.color, global.log_format);
        return lsp::lsp(&cli.global, typed);
    }
    let settings = Settings::resolve(&cli.global, typed)?;
    start_log((settings.quiet, settings.verbose), settings.color, settings.log_format);
    lock::guard(&settings, &cli.verb)?;
    match &cli.verb {
        Verb::Check(args) => check::check(&settings, args),
        Verb::Fmt(args) => fmt::fmt(&settings, args),
        Verb::Test(args) => test::test(&settings, args),
        Verb::Run(args) => run::run(&settings, args),
        Verb::Evaluate(args) => evaluate::evaluate(&settings, args),
        Verb::Retention(args) => retention_verbs::retention(&settings, args),
        Verb::Activate(args) => activate::activate(&settings, args),
        Verb::Diff(args) => diff::diff(&settings, args),
        Verb::Scan(args) => scan::scan(&settings, args),
        Verb::Convert(args) => convert::convert(&settings, args),
        Verb::Sources(args) => sources::sources(args),
        Verb::Report(args) => report::report(&settings, args),
        Verb::Import(args) => import::import(&settings, args),
        Verb::Alerts(args) => alerts::alerts(&settings, args),
        Verb::Review(args) => review::review(&settings, args),
        Verb::Sample(args) => sample::sample(&settings, args),
        Verb::Case(args) => case::case(&settings, args),
        Verb::Event(args) => event::event(&settings, args),
        Verb::Hold(args) => hold::hold(&settings, args),
        Verb::Explain(args) => explain::explain(&settings, args),
        Verb::Status(args) => status::status(&settings, args),
        Verb::Whoami => whoami::whoami(&settings),
        Verb::Keys(args) => keys::keys(&settings, args),
        Verb::Sign(args) => keys::sign(&settings, args),
        Verb::Verify(args) => verify::verify(&settings, args),
        Verb::Backup(args) => backup::backup(&settings, args),
        Verb::Restore(args) => backup::restore(&settings, args),
        Verb::Checkpoint(args) => checkpoint::checkpoint(&settings, args),
        Verb::Clock(args) => clock::clock(&settings, args),
        Verb::Replay(args) => replay::replay(&settings, args),
        Verb::Dispose(args) => dispose::dispose(&settings, args),
        Verb::Erasure(args) => erasure::erasure(&settings, args),
        Verb::Rebuild => rebuild::rebuild(&settings),
        Verb::Config(args) => config::config(&settings, args, typed),
        Verb::Init(args) => init::init(&settings, args),
        Verb::Bundle(args) => bundle::bundle(&settings, args),
        Verb::Lock => lock::lock(&settings),
        Verb::Schema(args) => schema::schema(args),
        Verb::Lsp(_) => lsp::lsp(&cli.global, typed),
        Verb::Completions(args) => packaging::completions(args),
        Verb::Man(args) => packaging::man(args),
    }
}

/// The error, its causes one a line, and what helps.
fn complain(error: &anyhow::Error) {
    let mut lines = vec![format!("error: {error}")];
    let in_words = |cause: &(dyn std::error::Error + 'static)| match cause.downcast_ref::<std::io::Error>() {
        Some(cause) => files::why(cause),
        None => cause.to_string(),
    };
    lines.extend(
        error
            .chain()
            .skip(1)
            .map(|cause| format!("  because: {}", in_words(cause))),
    );
    // A failure that stands around a cause is no link of the chain by itself.
    let around = error.downcast_ref::<Failure>();
    let failures = error.chain().filter_map(|cause| cause.downcast_ref::<Failure>());
    let mut help: Vec<&str> = around.into_iter().chain(failures).filter_map(Failure::how).collect();
    help.dedup();
    lines.extend(help.into_iter().map(|help| format!("  help: {help}")));
    for line in lines {
        terminal::say(&lexhold_document::printable(&line));
    }
}

fn start_log(loudness: (bool, u8), color: Color, format: LogFormat) {
    use tracing_subscriber::EnvFilter;
    let level = match loudness {
        (true, _) => "error",
        (false, 0) => "warn",
        (false, 1) => "info",
        (false, _) => "debug",
    };
    let filter = EnvFilter::try_from_env("LEXHOLD_LOG").unwrap_or_else(|_| EnvFilter::new(format!("lexhold={level}")));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    let log = log.with_ansi(terminal::colour_on_stderr(color));
    match format {
        LogFormat::Text => log.without_time().with_target(false).init(),
        LogFormat::Json => log.json().init(),
    }
}
