//! Which environment variable stands for which flag: `LEXHOLD_<FLAG>` for flags that every verb takes, `LEXHOLD_<VERB>_<FLAG>`
//! for others.
//!
//! No flag takes a secret. `--as-of`, `--show-content` and `--insecure-no-verify` have no variable: nobody should judge by another
//! day, show what people wrote or trust a bundle because of something left over in a shell.

use clap::builder::BoolishValueParser;
use clap::{Arg, ArgAction, Command};

/// Flags that can only be typed.
const ONLY_TYPED: [&str; 5] = ["as-of", "show-content", "insecure-no-verify", "help", "version"];

/// The command line with a variable for each flag.
pub fn with_environment(command: Command) -> Command {
    below(command, "LEXHOLD")
}

fn below(command: Command, prefix: &str) -> Command {
    command.mut_args(|flag| of_flag(flag, prefix)).mut_subcommands(|verb| {
        let prefix = format!("{prefix}_{}", shouted(verb.get_name()));
        below(verb, &prefix)
    })
}

fn of_flag(flag: Arg, prefix: &str) -> Arg {
    let Some(long) = flag.get_long().filter(|long| !ONLY_TYPED.contains(long)) else {
        return flag;
    };
    // Once a call: clap wants names that live as long as the program.
    let name: &'static str = format!("{prefix}_{}", shouted(long)).leak();
    let flag = flag.env(name).hide_env_values(true);
    match flag.get_action() {
        ArgAction::SetTrue => flag.value_parser(BoolishValueParser::new()),
        _ => flag,
    }
}

fn shouted(name: &str) -> String {
    name.replace('-', "_").to_uppercase()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::CommandFactory as _;

    use super::*;
    use crate::args::Cli;

    /// Every flag below a verb with the path of verbs that leads to it.
    fn flags(command: &Command, path: &[&str], found: &mut Vec<(String, Arg)>) {
        for flag in command.get_arguments() {
            let words: Vec<&str> = path.iter().copied().chain(flag.get_long()).collect();
            found.push((words.join(" "), flag.clone()));
        }
        for verb in command.get_subcommands() {
            flags(verb, &[path, &[verb.get_name()]].concat(), found);
        }
    }

    #[test]
    fn every_flag_has_a_variable_of_its_own_but_those_that_can_only_be_typed() {
        let mut found = Vec::new();
        flags(&with_environment(Cli::command()), &[], &mut found);
        let mut variables = BTreeSet::new();
        for (path, flag) in &found {
            let variable = flag.get_env().and_then(|name| name.to_str());
            let typed = flag.get_long().is_none_or(|long| ONLY_TYPED.contains(&long));
            let expected = (!typed).then(|| format!("LEXHOLD_{}", path.replace([' ', '-'], "_").to_uppercase()));
            assert_eq!(variable, expected.as_deref(), "{path}");
            assert!(
                variable.is_none_or(|name| variables.insert(name)),
                "{path} shares its variable"
            );
        }
        assert!(variables.len() > 150, "only {} flags were found", variables.len());
        let secret = |name: &&&str| ["SECRET", "PASSWORD", "TOKEN"].iter().any(|word| name.contains(word));
        assert_eq!(
            variables.iter().find(secret),
            None,
            "a secret has no place in the environment"
        );
        assert!(variables.contains("LEXHOLD_RUN_OUT") && !variables.contains("LEXHOLD_AS_OF"));
    }
}
