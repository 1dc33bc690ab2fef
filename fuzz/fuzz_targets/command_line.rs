//! Any arguments and any environment: the parser answers each, and what it says is true of what it
//! was given.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rinit::cli::{Config, Id};
use rinit::machine::MAX_PROGRAMS;
use rinit::signal::Signal;
use rinit::text::{LINE_MAX, Line, SECOND, SECONDS_MAX, WORD_MAX};

/// The longest time that can be asked for.
const LONGEST: u64 = (SECONDS_MAX as u64 + 1) * SECOND;

// The first byte says how many of the words are arguments; a NUL ends each word, as it does in the
// vectors that the kernel hands over. The rest is the environment.
fuzz_target!(|input: &[u8]| {
    let Some((count, rest)) = input.split_first() else { return };
    let words: Vec<&[u8]> = rest.split(|byte| *byte == 0).collect();
    let (arguments, environment) = words.split_at(words.len().min((*count).into()));

    let config = read(arguments, environment);
    // The same again gives the same; and what is no variable of rinit's has no say.
    assert_eq!(config, read(arguments, environment));
    let own: Vec<&[u8]> =
        environment.iter().copied().filter(|entry| entry.starts_with(b"RINIT_")).collect();
    assert_eq!(config, read(arguments, &own));

    match config {
        Ok(config) => follows(&config, arguments),
        Err(config) => complains(&config, &words),
    }
});

fn read<'a>(arguments: &[&'a [u8]], environment: &[&'a [u8]]) -> Result<Config<'a>, Config<'a>> {
    let mut config = Config::new();
    // At the end of each vector stands a null; what lies past it is something else.
    let argument = |index: usize| {
        assert!(index <= arguments.len());
        arguments.get(index).copied()
    };
    let variable = |index: usize| {
        assert!(index <= environment.len());
        environment.get(index).copied()
    };
    match config.read(argument, variable) {
        Some(()) => Ok(config),
        None => Err(config),
    }
}

/// What was understood makes sense.
fn follows(config: &Config<'_>, arguments: &[&[u8]]) {
    assert!(config.verbose <= 2);
    assert!(config.rules.grace < LONGEST && config.rules.stop_delay < LONGEST);
    assert!(config.sleep < LONGEST);
    // The fixed table stays fixed.
    for signal in [Signal::CHLD, Signal::KILL, Signal::STOP] {
        assert_eq!(config.rules.rewrites.apply(signal), Some(signal));
    }
    assert_eq!(config.remapped.remap(0), 0);

    let programs = config.programs();
    assert!(programs.len() <= MAX_PROGRAMS);
    assert_eq!(programs.is_empty(), config.task != Id::NONE);
    assert!(config.task != Id::COPY_TO || config.path.is_some_and(|path| !path.is_empty()));
    let Some(first) = programs.first() else { return };
    // Something stands before each program, rinit's own name or the separator, and each has a name.
    assert!(*first > 0);
    assert!(programs.iter().all(|start| *start < arguments.len()));
    assert!(programs.windows(2).all(|pair| pair[0] + 1 < pair[1]));
    if let Some(second) = programs.get(1) {
        let separator = arguments[second - 1];
        assert!(!separator.is_empty());
        let found = (*first..arguments.len()).filter(|index| arguments[*index] == separator);
        let expected = programs[1..].iter().map(|start| start - 1);
        assert!(found.eq(expected));
    }
    // What stands behind the programs' beginning is theirs alone: as many words more change nothing.
    let mut more = arguments.to_vec();
    more.push(b"--nonsense");
    let mut again = Config::new();
    assert!(again.read(|index| more.get(index).copied(), |_| None).is_some());
    assert_eq!(again.programs(), programs);
}

/// What was not is one line that names a word and says what was expected.
fn complains(config: &Config<'_>, words: &[&[u8]]) {
    let mut line = Line::new();
    config.error.tell(&mut line);
    let line = line.finish();
    assert!(line.len() < LINE_MAX);
    assert!(line.starts_with(b"rinit: "));
    let has = |part: &[u8]| line.windows(part.len()).any(|it| it == part);
    assert!(has(b": expected "));
    let (last, rest) = line.split_last().unwrap();
    assert_eq!(*last, b'\n');
    assert!(!rest.iter().any(u8::is_ascii_control));
    if let Some(word) = config.error.word {
        let is_there = |it: &&[u8]| it.as_ptr_range().contains(&word.as_ptr());
        assert!(word.is_empty() || words.iter().any(is_there));
        let word = word.get(..WORD_MAX).unwrap_or(word);
        let mut shown = b"'".to_vec();
        shown.extend(word.iter().map(|byte| if byte.is_ascii_control() { b'?' } else { *byte }));
        shown.push(b'\'');
        assert!(has(&shown));
    }
}
