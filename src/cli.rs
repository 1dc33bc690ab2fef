//! Argument vector and variables → what to do, or a usage error.
//!
//! One table drives all of it: the help text. A line of it names an option's letters and its long
//! name, the word for its value where it takes one, and a `*` where a variable sets it too. The
//! parser looks options and variables up in these very lines, so that parsing, help, variables and
//! errors cannot disagree.

use crate::machine::{MAX_PROGRAMS, Rules};
use crate::signal::{Rewrites, Route, Signal};
use crate::status::Codes;
use crate::text::{self, Line, Nanos, SECOND};

macro_rules! options {
    ($($id:ident $line:literal)*) => {
        /// An option, in the order of the help text.
        #[derive(Copy, Clone, Debug, PartialEq, Eq)]
        #[repr(u8)]
        #[allow(missing_docs, reason = "each is described by its line of the help text")]
        pub enum Id { $($id),* }

        impl Id {
            /// All of them, in the order of the help text.
            pub const ALL: [Self; [$($line),*].len()] = [$(Self::$id),*];
        }

        /// What `--help` prints. The lines of options begin with two spaces; no other does.
        pub const HELP: &str = concat!(
            "usage: rinit [OPTION]... [--] PROGRAM [ARG]...\n",
            $("  ", $line, "\n",)*
            "* or by variable: RINIT_GRACE=5, RINIT_ANY=1\n",
        );
    };
}

options! {
    Group       "-g, --group\t\t\tsignals go to the program's group (default)"
    SingleChild "-c, --single-child *\t\tsignals go to the program alone"
    All         "-a, --all *\t\t\tsignals go to every process of the container"
    Grace       "-t, --grace SECONDS *\t\thow long the others may outlive the program (5)"
    StopDelay   "-d, --stop-delay SECONDS *\thold the first TERM, INT or QUIT this long (0)"
    Rewrite     "-r, --rewrite FROM:TO *\tpass TO on in place of FROM; TO 0 drops it"
    RemapExit   "-e, --remap-exit CODE *\tleave with 0 where the code would be CODE"
    ParentDeath "-p, --parent-death SIGNAL *\tget SIGNAL when rinit's own parent dies"
    Subreaper   "-s, --subreaper\t\taccepted; rinit does this by itself"
    WarnReaped  "-w, --warn-reaped *\t\tsay when an orphan was reaped"
    Verbose     "-v, --verbose *\t\tsay what happens; twice: every event"
    Separator   "-S, --separator WORD\t\tseveral programs follow, WORD between them"
    Any         "--any *\t\t\tthe first of them to end ends the container"
    Pause       "-P, --pause\t\t\trun nothing: reap until TERM or INT"
    CopyTo      "--copy-to PATH\t\twrite this very binary to PATH and leave"
    Sleep       "--sleep SECONDS\t\tsleep and leave"
    Help        "-h, --help\t\t\tprint this"
    Version     "-V, --version\t\t\tprint the version"
    License     "-l, -L, --license\t\tprint the licence"
}

/// What `--license` prints.
pub const LICENSE: &str = "rinit is free software: MIT OR Apache-2.0\n";

/// Where a signal that arrives goes.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// To the process group of each program.
    Group,
    /// To the programs alone.
    SingleChild,
    /// To every process of the container.
    All,
}

/// What the command line asks rinit to do.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Task<'a> {
    /// Start the programs.
    Run,
    /// Reap until told to end.
    Pause,
    /// Sleep this long.
    Sleep(Nanos),
    /// Write the binary to this path.
    CopyTo(&'a [u8]),
    /// Print the help text.
    Help,
    /// Print the version.
    Version,
    /// Print the licence.
    License,
}

impl Task<'_> {
    /// Does it only print?
    fn is_printing(&self) -> bool {
        matches!(self, Self::Help | Self::Version | Self::License)
    }
}

/// Everything that options and variables set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config<'a> {
    /// What to do.
    pub task: Task<'a>,
    /// Where signals go.
    pub target: Target,
    /// How much is said: 0, 1 or 2.
    pub verbose: u8,
    /// Are reaped orphans reported?
    pub warn_reaped: bool,
    /// The signal that tells of a parent's death.
    pub parent_death: Option<Signal>,
    /// What went wrong, where something did.
    pub error: UsageError<'a>,
    /// The options that were given, one bit each by their [`Id`]: they beat their variables.
    given: u32,
    /// The word between programs; none where there is one program.
    separator: Option<&'a [u8]>,
    /// How many programs there are.
    count: usize,
    /// The index in the argument vector of each program's name.
    starts: [usize; MAX_PROGRAMS],
    /// The exit codes that become 0.
    pub remapped: Codes,
    /// What the machine goes by.
    pub rules: Rules,
}

/// How long the others get where nobody says. The engines' own patience is ten seconds (docker,
/// podman) or thirty (Kubernetes); half of the shortest leaves room for the program's own end.
pub const GRACE: Nanos = 5 * SECOND;

/// A command line or variable that rinit cannot follow.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct UsageError<'a> {
    /// The option or variable whose value is at fault; empty where it is no value.
    pub of: &'a [u8],
    /// The word at fault; empty where it is missing.
    pub word: &'a [u8],
    /// What was expected in its place.
    pub expected: &'static str,
}

impl UsageError<'_> {
    /// The line that names the word and says what was expected.
    #[must_use]
    pub fn line(&self) -> Line {
        let mut line = Line::new();
        line.add(
            match (self.of, self.word) {
                ([], []) => "nothing to run",
                ([], _) => "unexpected '%'",
                (_, []) => "no value",
                _ => "bad value '%'",
            },
            self.word,
            [0; 2],
        );
        if !self.of.is_empty() {
            line.add(" for %", self.of, [0; 2]);
        }
        line.add(": expected %", self.expected.as_bytes(), [0; 2]);
        line
    }
}

/// An option as its line of the table has it.
#[derive(Copy, Clone)]
struct Spec {
    id: Id,
    /// The long name, without its dashes.
    long: &'static [u8],
    /// Is there a word for its value? A flag has none.
    takes_value: bool,
    /// Does a variable set it too?
    variable: bool,
}

/// How the name of an option is written.
#[derive(Copy, Clone, PartialEq, Eq)]
enum Spelling {
    /// `t`
    Letter,
    /// `stop-delay`
    Long,
    /// `STOP_DELAY`
    Variable,
}

/// Finds an option by one of its names.
#[inline(never)]
fn look_up(name: &[u8], spelling: Spelling) -> Option<Spec> {
    let mut ids = Id::ALL.into_iter();
    for line in HELP.as_bytes().split(|byte| *byte == b'\n') {
        let [b' ', b' ', names @ ..] = line else { continue };
        let mut spec = Spec { id: ids.next()?, long: &[], takes_value: false, variable: false };
        let mut found = false;
        for token in names.split(|byte| matches!(byte, b' ' | b'\t')) {
            match token {
                [b'-', b'-', long @ ..] => {
                    spec.long = long;
                    found |= match spelling {
                        Spelling::Letter => false,
                        Spelling::Long => name == long,
                        Spelling::Variable => text::is_upper_case_of(name, long),
                    };
                }
                [b'-', letter, ..] => found |= spelling == Spelling::Letter && name == [*letter],
                [b'A'..=b'Z', ..] => spec.takes_value = true,
                [b'*', ..] => spec.variable = true,
                // What it does follows.
                _ => break,
            }
        }
        if found {
            return Some(spec);
        }
    }
    None
}

/// What to say where an option's value is not one.
fn expected(id: Id) -> &'static str {
    match id {
        Id::Grace | Id::StopDelay | Id::Sleep => "seconds, such as 5 or 0.5",
        Id::Rewrite => "FROM:TO, two signals; FROM not CHLD, KILL or STOP; TO may be 0",
        Id::RemapExit => "an exit code, 0 to 255",
        Id::ParentDeath => "a signal, such as TERM, 15 or RTMIN+1",
        Id::Verbose => "0, 1 or 2",
        Id::CopyTo => "a path",
        Id::Separator => "a word",
        _ => "none",
    }
}

/// Where a `-g`, `-c` or `-a` was given, the variables of all three have nothing to say.
const TARGETS: u32 = 1 << Id::Group as u32 | 1 << Id::SingleChild as u32 | 1 << Id::All as u32;

impl<'a> Config<'a> {
    /// What holds where nobody says anything.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            task: Task::Run,
            target: Target::Group,
            verbose: 0,
            warn_reaped: false,
            parent_death: None,
            error: UsageError { of: &[], word: &[], expected: "" },
            given: 0,
            separator: None,
            count: 0,
            starts: [0; MAX_PROGRAMS],
            remapped: Codes::none(),
            rules: Rules { grace: GRACE, stop_delay: 0, any: false, rewrites: Rewrites::none() },
        }
    }

    /// Reads the argument vector, rinit's own name at 0, and then the environment: what stands at
    /// an index, none behind the last.
    ///
    /// None where rinit cannot follow them: then [`Config::error`] says why. Nothing after the
    /// first thing at fault has been looked at.
    #[must_use]
    pub fn read(
        &mut self,
        argument: impl Fn(usize) -> Option<&'a [u8]>,
        variable: impl Fn(usize) -> Option<&'a [u8]>,
    ) -> Option<()> {
        let index = self.options(&argument)?;
        if self.task.is_printing() {
            return Some(());
        }
        let mut entry = 0;
        while let Some(word) = variable(entry) {
            self.variable(word)?;
            entry += 1;
        }
        if self.task == Task::Run {
            self.split(index, argument)
        } else if let Some(word) = argument(index) {
            self.fault(&[], word, "no program with this option")
        } else {
            Some(())
        }
    }

    /// The index in the argument vector of each program's name. The word before each but the
    /// first is the separator, where the vector of the program before ends.
    #[must_use]
    pub fn programs(&self) -> &[usize] {
        self.starts.get(..self.count).unwrap_or_default()
    }

    /// Notes what is at fault.
    #[inline(never)]
    fn fault(&mut self, of: &'a [u8], word: &'a [u8], expected: &'static str) -> Option<()> {
        self.error = UsageError { of, word, expected };
        None
    }

    /// Reads options up to the first word that is none; its index.
    fn options(&mut self, argument: &impl Fn(usize) -> Option<&'a [u8]>) -> Option<usize> {
        let mut index = 1;
        while let Some(word @ [b'-', second, rest @ ..]) = argument(index) {
            index += 1;
            let (mut spelling, mut name, mut value) = (Spelling::Letter, rest, None);
            let mut letters = word.get(1..)?;
            if *second == b'-' {
                if rest.is_empty() {
                    break;
                }
                spelling = Spelling::Long;
                (name, value) = text::split(rest, b'=');
            }
            // Once for a long option; once for each letter of a cluster.
            loop {
                if spelling == Spelling::Letter {
                    (name, letters) = letters.split_at_checked(1)?;
                    value = (!letters.is_empty()).then_some(letters);
                }
                let Some(spec) = look_up(name, spelling) else {
                    self.fault(&[], word, "an option (see rinit --help)");
                    return None;
                };
                self.given |= 1 << spec.id as u32;
                if spec.takes_value {
                    if value.is_none() {
                        value = argument(index);
                        index += 1;
                    }
                    letters = &[];
                } else if spelling == Spelling::Letter {
                    value = None;
                }
                if !spec.takes_value && value.is_some()
                    || self.set(spec.id, value.unwrap_or_default()).is_none()
                {
                    self.fault(spec.long, value.unwrap_or_default(), expected(spec.id));
                    return None;
                }
                if self.task.is_printing() {
                    return Some(index);
                }
                if spelling == Spelling::Long || letters.is_empty() {
                    break;
                }
            }
        }
        Some(index)
    }

    /// Reads one entry of the environment.
    fn variable(&mut self, entry: &'a [u8]) -> Option<()> {
        let Some(name) = entry.strip_prefix(b"RINIT_") else { return Some(()) };
        let (name, Some(value)) = text::split(name, b'=') else { return Some(()) };
        let Some(Spec { id, takes_value, variable: true, .. }) = look_up(name, Spelling::Variable)
        else {
            return Some(());
        };
        let beaten_by = match id {
            Id::SingleChild | Id::All => TARGETS,
            _ => 1 << id as u32,
        };
        let is_off = !takes_value && matches!(value, [] | [b'0']);
        if is_off || self.given & beaten_by != 0 {
            return Some(());
        }
        let mut rest = Some(value);
        while let Some(value) = rest {
            let mut word = value;
            rest = None;
            if matches!(id, Id::Rewrite | Id::RemapExit) {
                (word, rest) = text::split(value, b',');
            }
            let set = match (id, word) {
                (Id::Verbose, [level @ b'1'..=b'2']) => {
                    self.verbose = level - b'0';
                    Some(())
                }
                (Id::Verbose, _) => None,
                // Set by a variable, it stays: the order of variables means nothing.
                (Id::SingleChild, _) if self.target == Target::All => Some(()),
                _ => self.set(id, word),
            };
            if set.is_none() {
                return self.fault(entry.get(..6 + name.len())?, word, expected(id));
            }
        }
        Some(())
    }

    /// Sets what the option sets; none where the value is not one. A flag does not look at it.
    #[inline(never)]
    fn set(&mut self, id: Id, value: &'a [u8]) -> Option<()> {
        match id {
            Id::Group => self.target = Target::Group,
            Id::SingleChild => self.target = Target::SingleChild,
            Id::All => self.target = Target::All,
            Id::Grace => self.rules.grace = text::seconds(value)?,
            Id::StopDelay => self.rules.stop_delay = text::seconds(value)?,
            Id::Rewrite => {
                let (from, to) = text::split(value, b':');
                let from = Signal::parse(from)?;
                let to = match to? {
                    b"0" => None,
                    to => Some(Signal::parse(to)?),
                };
                if matches!(Route::of(from), Route::Reap | Route::Unreachable) {
                    return None;
                }
                self.rules.rewrites.set(from, to);
            }
            Id::RemapExit => self.remapped.insert(text::number(value, 255)? as u8),
            Id::ParentDeath => self.parent_death = Some(Signal::parse(value)?),
            Id::Subreaper => {}
            Id::WarnReaped => self.warn_reaped = true,
            Id::Verbose => self.verbose = 2.min(self.verbose + 1),
            Id::Separator => {
                value.first()?;
                self.separator = Some(value);
            }
            Id::Any => self.rules.any = true,
            Id::Pause => self.task = Task::Pause,
            Id::CopyTo => {
                value.first()?;
                self.task = Task::CopyTo(value);
            }
            Id::Sleep => self.task = Task::Sleep(text::seconds(value)?),
            Id::Help => self.task = Task::Help,
            Id::Version => self.task = Task::Version,
            Id::License => self.task = Task::License,
        }
        Some(())
    }

    /// Splits the argument vector, from the first program's name on, at each separator.
    fn split(&mut self, first: usize, argument: impl Fn(usize) -> Option<&'a [u8]>) -> Option<()> {
        let separator = self.separator.unwrap_or_default();
        let mut index = first;
        let mut start = first;
        loop {
            let word = argument(index);
            if word.is_none() || word == self.separator {
                let wrong = if index == start {
                    "PROGRAM [ARG]... (see rinit --help)"
                } else if word.is_none() && start == first && !separator.is_empty() {
                    "it between programs"
                } else if self.count == MAX_PROGRAMS {
                    "8 programs at most"
                } else {
                    ""
                };
                if !wrong.is_empty() {
                    let of: &[u8] = if separator.is_empty() { b"" } else { b"separator" };
                    return self.fault(of, separator, wrong);
                }
                if let Some(slot) = self.starts.get_mut(self.count) {
                    *slot = start;
                    self.count += 1;
                }
                start = index + 1;
            }
            if word.is_none() {
                return Some(());
            }
            index += 1;
        }
    }
}

impl Default for Config<'_> {
    fn default() -> Self {
        Self::new()
    }
}
