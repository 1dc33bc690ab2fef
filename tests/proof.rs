//! `scripts/size` proves from the ELF file what DESIGN.md and SECURITY.md say of it. Here each of
//! its rules is shown a file that breaks it: a check that cannot fail is worse than none.
#![cfg(target_arch = "x86_64")]

mod common;

use std::fs;
use std::path::Path;
use std::process::Command;

use common::{Folder, is_rinit, rinit, tool};

/// Where the fields of an ELF file stand (elf(5)): the type, the entry, and those of the two program
/// headers, which follow the file's own.
const TYPE: usize = 16;
const ENTRY: usize = 24;
const LOAD: usize = 64;
const STACK: usize = LOAD + 56;
const FLAGS: usize = 4;
const SIZE: usize = 32;
const MEMORY: usize = 40;

/// What the check says of a file, and whether it lets it pass.
fn check(file: &Path, map: Option<&Path>) -> (bool, String) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/size");
    let mut command = Command::new(script);
    if let Some(map) = map {
        command.arg("--map").arg(map);
    }
    let output = command.arg("--check").arg(file).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code() == Some(0), String::from_utf8_lossy(&said).into_owned())
}

/// May this test run? Tools are there, and the file is this checkout's.
fn is_possible() -> bool {
    is_rinit()
        && tool("objdump", "apt-get install binutils").is_some()
        && tool("bash", "apt-get install bash").is_some()
}

#[test]
fn the_shipped_file_passes() {
    if is_possible() {
        let (passes, said) = check(rinit(), None);
        assert!(passes, "{said}");
        assert!(said.contains("ok    traps") && said.contains("ok    unwinding"), "{said}");
    }
}

/// The first place from `start` on at which these bytes stand.
fn find(file: &[u8], start: usize, bytes: &[u8]) -> usize {
    start + file[start..].windows(bytes.len()).position(|it| it == bytes).unwrap()
}

/// A rule, and what breaks it.
type Break<'a> = (&'a str, &'a dyn Fn(&mut Vec<u8>));

#[test]
fn each_rule_is_violated_by_a_file_that_breaks_it() {
    if !is_possible() {
        return;
    }
    // A place of the constants, and one in the padding behind the image.
    let text = |file: &[u8]| find(file, 0, b"PROGRAM [ARG]");
    let entry = |file: &[u8]| usize::from(file[ENTRY]) | usize::from(file[ENTRY + 1]) << 8;
    let breaks: [Break<'_>; 15] = [
        ("size", &|file| file.resize(20_000, 0)),
        ("position", &|file| file[TYPE] = 2),
        ("segments", &|file| file[LOAD + FLAGS] = 7),
        ("writable", &|file| file[LOAD + FLAGS] = 7),
        ("stack", &|file| file[STACK + FLAGS] = 7),
        ("image", &|file| file[LOAD + MEMORY + 1] += 1),
        ("padding", &|file| *file.last_mut().unwrap() = 1),
        ("interpreter", &|file| {
            // Its name: a few bytes of the header.
            file[STACK..STACK + 4].copy_from_slice(&[3, 0, 0, 0]);
            file[STACK + SIZE] = 4;
        }),
        ("dynamic", &|file| file[STACK..STACK + 4].copy_from_slice(&[2, 0, 0, 0])),
        // PT_GNU_EH_FRAME, by which an unwinder finds its tables.
        ("headers", &|file| file[STACK] = 0x50),
        ("unwinding", &|file| {
            let place = text(file);
            file[place..place + 4].copy_from_slice(b"\x01zR\0");
        }),
        // The jump in _start now leads to the trap at its end.
        ("traps", &|file| {
            let start = entry(file);
            let jump = find(file, start, &[0x73]);
            let trap = find(file, start, &[0x0f, 0x0b]);
            file[jump + 1] = u8::try_from(trap - jump - 2).unwrap();
        }),
        // The program runs into a trap.
        ("traps", &|file| {
            let start = entry(file);
            file[start..start + 2].copy_from_slice(&[0x0f, 0x0b]);
        }),
        ("panic-texts", &|file| {
            let place = text(file);
            file[place..place + 8].copy_from_slice(b"panicked");
        }),
        ("panic-texts", &|file| {
            let place = text(file);
            file[place..place + 10].copy_from_slice(b"cli.rs:1:2");
        }),
    ];
    let folder = Folder::new();
    for (number, (rule, change)) in breaks.iter().enumerate() {
        let mut bytes = fs::read(rinit()).unwrap();
        change(&mut bytes);
        let file = folder.file(number.to_string(), &bytes, 0o644);
        let (passes, said) = check(&file, None);
        assert!(!passes && said.contains(&format!("FAIL  {rule} ")), "{rule} holds: {said}");
    }
}

#[test]
fn an_ordinary_program_violates_what_only_rinit_keeps() {
    if is_possible() {
        let (passes, said) = check(Path::new("/bin/true"), None);
        assert!(!passes);
        let rules = ["size", "segments", "writable", "interpreter", "dynamic", "headers"];
        for rule in rules.iter().chain(&["relocations", "unwinding"]) {
            assert!(said.contains(&format!("FAIL  {rule} ")), "{rule} holds: {said}");
        }
    }
}

#[test]
fn a_map_with_a_panic_in_it_violates_the_rules_for_maps() {
    if !is_possible() {
        return;
    }
    let folder = Folder::new();
    let row = |name: &str| format!("              b0               b0       25     4 {name}\n");
    let symbol = |name: &str| row(&format!("                {name}"));
    let good = row(".text") + &symbol("_start");
    let cases = [
        (good.clone(), ""),
        (good.clone() + &row(".panic"), "sections"),
        (good.clone() + &row(".writable"), "sections"),
        (good.clone() + &row(".eh_frame"), "sections"),
        (good.clone() + &symbol("core::panicking::panic_bounds_check"), "panic-names"),
        (good + &symbol("core::option::unwrap_failed"), "panic-names"),
    ];
    for (number, (map, rule)) in cases.iter().enumerate() {
        let map = folder.file(number.to_string(), map, 0o644);
        let (passes, said) = check(rinit(), Some(&map));
        assert_eq!(passes, rule.is_empty(), "{said}");
        assert!(passes || said.contains(&format!("FAIL  {rule} ")), "{rule} holds: {said}");
    }
}

#[test]
fn security_md_names_tests_and_scripts_that_are_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("SECURITY.md")).unwrap();
    let mut count = 0;
    for command in page.split('`').skip(1).step_by(2) {
        if let Some(script) = command.strip_prefix("scripts/") {
            let name = script.split(' ').next().unwrap();
            assert!(name == "…" || root.join("scripts").join(name).exists(), "{command}");
        }
        let Some((_, words)) = command.split_once("cargo test --test ") else { continue };
        count += 1;
        let (name, parts) = words.split_once(" -- ").unwrap_or((words, ""));
        let text = fs::read_to_string(root.join("tests").join(name).with_extension("rs")).unwrap();
        for part in parts.split_whitespace() {
            let tests = text.lines().filter(|it| it.starts_with("fn ") && it.ends_with("() {"));
            let has = tests.into_iter().any(|it| it.contains(part));
            assert!(has, "{command}: no test has {part} in its name");
        }
    }
    assert!(count > 10, "{count} commands");
}
