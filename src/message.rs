//! Every message that rinit can say, in one place.
//!
//! `%` stands for a word, `#` for a number, `$` for a signal: see [`Line::add`](crate::text::Line::add).

use crate::text;

macro_rules! messages {
    ($($(#[$attribute:meta])* $id:ident $text:literal)*) => {
        /// A message.
        #[derive(Copy, Clone, Debug, PartialEq, Eq)]
        #[repr(u8)]
        #[allow(missing_docs, reason = "each is its text")]
        pub enum Message { $($(#[$attribute])* $id),* }

        /// One line each, in their order: without references there is nothing to relocate.
        const TEXTS: &str = concat!($($text, "\n"),*);
    };
}

messages! {
    // What is expected on a command line.
    ExpectedNothing "none"
    ExpectedLevel "0, 1 or 2"
    ExpectedSeconds "seconds, such as 5 or 0.5"
    ExpectedSignal "a signal, such as TERM, 15 or RTMIN+1"
    ExpectedRewrite "FROM:TO, signals; FROM not CHLD, KILL or STOP; TO may be 0"
    ExpectedCode "an exit code, 0 to 255"
    ExpectedPath "a path"
    ExpectedWord "a word"
    ExpectedOption "an option (see rinit --help)"
    ExpectedProgram "PROGRAM [ARG]... (see rinit --help)"
    ExpectedNoProgram "no program with this option"
    ExpectedSeparator "it between programs"
    ExpectedFewer "8 programs at most"
    Unexpected "unexpected '%': expected "
    BadValue "bad value '%' for "
    NoValue "no value for "
    For "%: expected "
    NothingToRun "nothing to run: expected "

    // What rinit cannot do.
    CannotPrint "cannot write to stdout: %"
    CannotCopy "cannot copy: %"
    CannotSubreap "cannot become a subreaper: %"
    CannotWatch "cannot watch the parent: %"
    CannotStart "cannot make a process: %"

    // What happens.
    Started "started % as process #"
    Got "got $ from process #"
    Exited "% # ended with code #"
    Killed "% # was killed by $"
    Stopped "% # was stopped by $"
    SentToAll "$ to everybody: %"
    SentToGroup "$ to group #: %"
    SentToProcess "$ to process #: %"
    Leaving "leaving with code #"

    // Why a program cannot be executed.
    CannotRun "cannot run %: "
    NotInPath "it is not in PATH, which is %"
    ClosedFolder "% is no directory that it may search"
    IsFolder "it is a directory"
    IsNoexec "its file system is mounted noexec"
    NotExecutable "it has no execute permission (chmod +x)"
    OtherMachine "it is built for %, this machine is "
    NoLoader "it is dynamically linked and needs %, which is not in this image"
    NoInterpreter "its interpreter % is not in this image"
    CarriageReturn "its first line ends in CR LF, not LF: there is no interpreter %"
    Needs "it needs %"
    IsEmpty "it is empty"
    IsText "it has no #! line, and there is no /bin/sh"
    IsDamaged "it is a damaged ELF file, or no program"
    IsMachO "it is a program for macOS"
    IsPe "it is a program for Windows"
    IsUnknown "its format is unknown"
    DanglingLink "it is a link to %, which is not there"
    Word "%"
}

impl Message {
    /// Its text, as it stands in the source.
    #[must_use]
    pub fn text(self) -> &'static [u8] {
        text::nth(TEXTS.as_bytes(), b'\n', self as u32)
    }
}

/// What an error number means to the person who wanted to run something. The numbers are those of
/// errno(3) on every architecture that rinit has.
#[must_use]
pub fn reason(errno: i32) -> &'static [u8] {
    let reason = text::entry(REASONS.as_bytes(), errno as u32);
    if reason.is_empty() { b"the kernel refused" } else { reason }
}

const REASONS: &str = "1 forbidden by a security policy
2 no such file or directory
3 no such process
5 input/output error
7 arguments and environment are too large
8 its format is unknown
9 it is closed
11 the limit of processes is reached
12 out of memory
13 permission denied
20 a part of its path is not a directory
21 it is a directory
23 too many open files
24 too many open files
26 it is open for writing
28 no space left
30 read-only file system
32 nobody reads it
36 its name is too long
40 too many symbolic links or interpreters
80 its loader is damaged or for another machine";
