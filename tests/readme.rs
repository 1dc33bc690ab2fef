//! What the README says is true: its examples are run, its options are those of the program.

mod common;

use std::path::Path;
use std::process::Command;

const README: &str = include_str!("../README.md");

/// The commands of the README's console blocks, each with the output that stands below it.
fn examples() -> Vec<(String, String)> {
    let mut examples: Vec<(String, String)> = Vec::new();
    for block in README.split("```console\n").skip(1) {
        let block = block.split("```").next().unwrap();
        for line in block.lines() {
            match line.strip_prefix("$ ") {
                Some(command) => examples.push((command.to_owned(), String::new())),
                None => {
                    let (_, output) = examples.last_mut().expect("a command before its output");
                    output.push_str(line);
                    output.push('\n');
                }
            }
        }
    }
    examples
}

#[test]
fn every_example_prints_what_the_readme_shows() {
    let examples = examples();
    assert!(examples.len() >= 5, "the README has examples");
    let folder = Path::new(common::rinit()).parent().unwrap().to_owned();
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
    for (command, expected) in examples {
        let output = Command::new("sh")
            .args(["-c", &format!("exec 2>&1; {command}")])
            .env("PATH", &path)
            .output()
            .unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stdout), expected, "{command}");
    }
}

#[test]
fn the_table_of_options_is_that_of_the_help_text() {
    let help = rinit::cli::HELP;
    let names = |line: &str| -> Vec<String> {
        line.split(|c: char| " ,`|\t".contains(c))
            .filter(|word| word.starts_with('-') && word.len() > 1)
            .map(str::to_owned)
            .collect()
    };
    let of_help: Vec<_> = help
        .lines()
        .filter(|line| line.starts_with('-'))
        .map(|line| names(line.split("\t").next().unwrap()))
        .collect();
    let of_readme: Vec<_> = README
        .lines()
        .filter(|line| line.starts_with("| `-") && line.matches('|').count() == 4)
        .map(|line| names(line.split('|').nth(1).unwrap()))
        .collect();
    assert_eq!(of_readme, of_help);

    for (line, row) in help.lines().filter(|line| line.starts_with('-')).zip(
        README.lines().filter(|line| line.starts_with("| `-") && line.matches('|').count() == 4),
    ) {
        let has_variable = line.ends_with('*');
        assert_eq!(row.contains("RINIT_"), has_variable, "{line}");
    }
}
