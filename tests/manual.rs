//! What the manual page says is true: it has the options of `rinit --help`, their variables, the
//! exit codes and signals of the README, and its examples print what it shows.

mod common;

use std::process::Command;

const MANUAL: &str = include_str!("../man/rinit.1");
const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/man/rinit.1");
const README: &str = include_str!("../README.md");

/// What `rinit --help` prints, an option a line.
fn help() -> Vec<String> {
    let output = Command::new(common::rinit()).arg("--help").output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().filter(|line| line.starts_with('-')).map(str::to_owned).collect()
}

/// The heads of the list items whose macros begin so, as a reader sees them.
fn items(beginning: &str) -> Vec<String> {
    MANUAL
        .lines()
        .filter_map(|line| line.strip_prefix(".It ").filter(|head| head.starts_with(beginning)))
        .map(|head| {
            // Fl is a dash and Ar a blank before what follows.
            let words = head.replace("Fl Fl ", "--").replace("Fl ", "-").replace(" ,", ",");
            words.replace("Ar ", "").replace("Ev ", "")
        })
        .collect()
}

/// The text between a heading and the next of its kind.
fn section<'a>(text: &'a str, heading: &str, next: &str) -> &'a str {
    let (_, rest) = text.split_once(heading).expect(heading);
    rest.split_once(next).map_or(rest, |(section, _)| section)
}

/// The first column of the README's table in the section.
fn readme_table(heading: &str) -> Vec<&'static str> {
    let rows = section(README, heading, "\n## ").lines().filter(|line| line.starts_with("| "));
    // The head is not one of them.
    rows.skip(1).map(|row| row.trim_matches('|').split('|').next().unwrap().trim()).collect()
}

#[test]
fn the_manual_has_the_options_of_the_help_text() {
    let of_help: Vec<_> =
        help().iter().map(|line| line.split('\t').next().unwrap().to_owned()).collect();
    assert!(of_help.len() >= 19, "{of_help:?}");
    assert_eq!(items("Fl"), of_help);
}

#[test]
fn the_manual_has_the_variables_of_the_help_text() {
    let variable = |line: &String| {
        let (_, rest) = line.split_once("--").unwrap();
        let name = rest.split([' ', '\t']).next().unwrap();
        format!("RINIT_{}", name.replace('-', "_").to_uppercase())
    };
    let of_help: Vec<_> = help().iter().filter(|line| line.ends_with('*')).map(variable).collect();
    let mut of_manual = items("Ev");
    of_manual.retain(|name| name != "PATH");
    assert_eq!(of_manual, of_help);
}

#[test]
fn the_manual_has_the_exit_codes_of_rinit() {
    let codes = section(MANUAL, ".Sh EXIT STATUS", ".Sh ");
    for code in readme_table("\n## Exit code").iter().filter(|code| **code != "the program's") {
        assert!(codes.contains(&format!("\n.It {code}\n")), "{code} is not in the manual");
    }
    for (words, code) in [
        (&["--no-such-option"][..], 125),
        (&["/"], 126),
        (&["/no/such/program"], 127),
        (&["sh", "-c", "kill -KILL $$"], 128 + 9),
    ] {
        let output = Command::new(common::rinit()).args(words).output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{words:?}: {output:?}");
    }
}

#[test]
fn the_manual_has_the_signals_of_the_readme() {
    let signals = section(MANUAL, ".Ss Signals", ".Ss ");
    let rows = readme_table("\n## Signals");
    assert!(rows.len() >= 3, "{rows:?}");
    for row in rows {
        assert!(signals.contains(&format!("\n.It {row}\n")), "{row} is not in the manual");
    }
}

#[test]
fn the_manuals_examples_print_what_it_shows() {
    let blocks = MANUAL.split(".Bd -literal -offset indent\n").skip(1);
    let blocks = blocks.map(|block| block.split(".Ed").next().unwrap());
    let commands: String = blocks.filter(|block| block.starts_with("$ ")).collect();
    assert!(common::assert_examples(&commands) >= 3);
}

#[test]
fn the_manual_is_rendered_without_a_complaint() {
    let Some(mandoc) = common::tool("mandoc", "apt-get install mandoc") else { return };
    let output = Command::new(mandoc).args(["-Tlint", "-Wstyle", PATH]).output().unwrap();
    let complaints = String::from_utf8(output.stdout).unwrap();
    // Which other pages there are is the machine's affair.
    let ours: Vec<_> =
        complaints.lines().filter(|line| !line.contains("referenced manual not found")).collect();
    assert!(ours.is_empty(), "{ours:#?}");
}
