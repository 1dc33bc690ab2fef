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

        /// One line each, in their order (see [`text::entry`]): without references there is nothing to
        /// relocate.
        const TEXTS: &str = concat!($($text, "\n"),*);
    };
}

messages! {
    // What is expected: behind a flag, behind an option that takes a word, on the command line.
    Nothing "nothing more"
    Level "one of 0, 1 or 2"
    Seconds "seconds, such as 0.5"
    Signal "a signal, such as TERM"
    Rewrite "FROM:TO, signals; FROM not CHLD, KILL, STOP; TO may be 0"
    Code "a code, 0 to 255"
    Path "a path"
    AnyWord "a word between 2 to 8 programs"
    Usage "an option or PROGRAM (see --help)"
    Expected "%: expected "
    Instead ", got '%'"

    // What rinit cannot do.
    CannotPrint "cannot write to stdout: %"
    CannotCopy "cannot copy to %: "
    CannotSubreap "cannot become a subreaper: %"
    CannotStart "cannot make a process: %"
    CannotWait "cannot wait: %"

    // What happens.
    Started "started % as process #"
    Got "got $ from process #"
    Exited "% # ended with code #"
    Killed "% # was killed by $"
    Stopped "% # was stopped by $"
    SentToAll "$ to everybody: %"
    SentToGroup "$ to group #: %"
    SentToProcess "$ to process #: %"
    Draining "waiting for the others, # s at most"
    Leaving "leaving with code #"

    // Why a program cannot be executed.
    CannotRun "cannot run %: "
    Searched "; searched PATH '%'"
    IsFolder "it is a directory"
    IsNoexec "its file system is mounted noexec"
    NotExecutable "it has no execute permission (chmod +x)"
    NoLoader "it is dynamically linked and needs %, which is not in this image"
    NoInterpreter "its interpreter % is not in this image"
    CarriageReturn "its first line ends in CRLF, not LF: there is no interpreter %"
    Lacks "something that it needs is not in this image"
    IsNameless "its shebang line is empty or too long"
    IsEmpty "it is empty"
    IsText "it has no shebang line, and no /bin/sh can run it"
    IsDamaged "it is a damaged program, or none"
    IsMachO "it is for macOS (Mach-O)"
    IsPe "it is for Windows (PE)"
    IsUnknown "its format is unknown"
    // Those to which there is more to say.
    OtherMachine "it is built for %, this machine is "
    ClosedFolder "its path leads through %: "
    LinkTo "it is a link to %: "
    Needs "it needs %: "
    Word "%"
}

/// A text that began with a digit could be taken for a number and a text (see [`text::entry`]).
#[allow(clippy::indexing_slicing, reason = "run by the compiler, which would say so")]
const _: () = {
    let texts = TEXTS.as_bytes();
    let mut index = 1;
    while index < texts.len() {
        assert!(texts[index - 1] != b'\n' || !texts[index].is_ascii_digit());
        index += 1;
    }
};

impl Message {
    /// Its text, as it stands in the source.
    #[must_use]
    pub fn text(self) -> &'static [u8] {
        text::entry(TEXTS.as_bytes(), self as u32)
    }
}

/// What an error number means to the person who wanted to run something. The numbers are those of
/// errno(3) on every architecture that rinit has.
#[must_use]
pub fn reason(errno: i32) -> &'static [u8] {
    text::entry(REASONS.as_bytes(), errno as u32)
}

/// By their numbers, see [`text::entry`].
const REASONS: &str = "1 not permitted: user, seccomp or security module
no such file or directory
no such process
5 input/output error
7 arguments and environment too large
its format is unknown
it is closed
11 too many processes
out of memory
permission denied
20 not a directory
it is a directory
23 too many open files
too many open files
26 busy: it is open for writing
28 no space left
30 read-only file system
32 nobody reads it
36 its name is too long
40 too many symbolic links or interpreters
the kernel refused";
