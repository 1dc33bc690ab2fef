//! What the README says is true: its examples are run, its options are those of the program.

mod common;

const README: &str = include_str!("../README.md");

#[test]
fn every_example_prints_what_the_readme_shows() {
    let blocks =
        README.split("```console\n").skip(1).map(|block| block.split("```").next().unwrap());
    assert!(common::assert_examples(&blocks.collect::<String>()) >= 5, "the README has examples");
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
