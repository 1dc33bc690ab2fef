//! Documentation's examples: a command behind `$ `, and below it what it prints.

use std::process::Command;

/// Runs every command in the text with rinit in `PATH`, and asserts that each prints, on stdout and
/// stderr, what stands below it. Returns how many there were.
#[track_caller]
pub fn assert_examples(text: &str) -> usize {
    let folder = super::rinit().parent().unwrap();
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
    let examples = examples(text);
    for (command, expected) in &examples {
        let output = Command::new("sh")
            .args(["-c", &format!("exec 2>&1; {command}")])
            .env("PATH", &path)
            .output()
            .unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stdout), *expected, "{command}");
    }
    examples.len()
}

/// The commands, each with its output.
fn examples(text: &str) -> Vec<(&str, String)> {
    let mut examples: Vec<(&str, String)> = Vec::new();
    for line in text.lines() {
        match line.strip_prefix("$ ") {
            Some(command) => examples.push((command, String::new())),
            None => {
                let (_, output) = examples.last_mut().expect("a command before its output");
                output.push_str(line);
                output.push('\n');
            }
        }
    }
    examples
}
