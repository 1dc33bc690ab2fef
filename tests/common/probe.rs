//! The probe: a program that says what it finds, for rinit to run.
//!
//! The test's own executable is the probe when its first argument is [`FLAG`]. It takes over
//! before the harness and before Rust's runtime, which would change what is to be observed (it
//! ignores SIGPIPE and opens standard streams that are closed). The words after the flag:
//!
//! | words | what it does |
//! |---|---|
//! | `report` | says what it was born with, line by line: see [`Born`] |
//! | `exit CODE` | exits |
//! | `die SIGNAL` | dies of the signal |
//! | `wait` | says `ready` and waits for ever, everything as it was born |
//! | `signals [LAST]` | says `ready`, then `got N from PID` for every signal; exits with 0 after LAST |
//! | `stubborn` | as `signals`, and cannot be ended but by SIGKILL |
//! | `stopped` | says `ready` and stops, again and again; cannot be ended but by SIGKILL |
//! | `orphans N` | leaves N orphans, says `ready`; they end, all at once, with the probe's stdin; it exits with 7 at the next signal |
//! | `forks N` | makes N orphans that end at once, one after the other, and exits with 7 |
//! | `leave CODE WORD...` | forks off a sibling that does what the words say, waits for a line on stdin, and exits |
//! | `move` | leaves its group for one that a child of its made, says `ready`, waits for a line on stdin, and exits with 7 |
//! | `bomb` | forks again and again, as do all that it forks, until no more can be made: then it says `the limit`, and tries on; cannot be ended but by SIGKILL |
//! | `traced SIGNAL` | has its parent trace it (PTRACE_TRACEME), says `ready` and sends itself the signal |
//! | `as USER WORD...` | the same words as this user (a number) |
//! | `group WORD...` | the same words in a group of its own |
//! | `session WORD...` | the same words in a session of its own |

use std::ffi::{CStr, OsStr};
use std::fmt::Write as _;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use libc::{c_char, c_int};

/// The first argument that turns a test's executable into the probe.
pub const FLAG: &str = "--probe";

/// The path of the probe.
pub fn path() -> &'static Path {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| std::env::current_exe().unwrap())
}

/// The probe with these words, as a word of a shell command.
pub fn shell(words: &str) -> String {
    format!("'{}' {FLAG} {words}", path().display())
}

/// What the probe's `report` says: what it was born with.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Born {
    pub pid: c_int,
    pub parent: c_int,
    pub group: c_int,
    pub session: c_int,
    pub user: u32,
    /// Bit N-1 is signal N.
    pub blocked: u64,
    pub ignored: u64,
    /// All of 0 to 1023 that are open.
    pub descriptors: Vec<c_int>,
    pub folder: Vec<u8>,
    pub arguments: Vec<Vec<u8>>,
    pub environment: Vec<Vec<u8>>,
}

impl Born {
    /// Reads it from what the probe wrote.
    #[track_caller]
    pub fn read(text: &str) -> Self {
        let mut born = Self::default();
        for line in text.lines() {
            let (name, value) = line.split_once(' ').unwrap_or((line, ""));
            let number = || value.parse().unwrap();
            match name {
                "pid" => born.pid = number(),
                "parent" => born.parent = number(),
                "group" => born.group = number(),
                "session" => born.session = number(),
                "user" => born.user = value.parse().unwrap(),
                "blocked" => born.blocked = u64::from_str_radix(value, 16).unwrap(),
                "ignored" => born.ignored = u64::from_str_radix(value, 16).unwrap(),
                "descriptor" => born.descriptors.push(number()),
                "folder" => born.folder = unhex(value),
                "argument" => born.arguments.push(unhex(value)),
                "variable" => born.environment.push(unhex(value)),
                _ => panic!("no report: {text}"),
            }
        }
        assert!(born.pid != 0, "no report: {text}");
        born
    }
}

/// Runs before `main`, with the arguments of `main` (glibc; the only libc the tests are for).
#[used]
#[unsafe(link_section = ".init_array")]
static TAKE_OVER: extern "C" fn(c_int, *const *const c_char, *const *const c_char) = take_over;

extern "C" fn take_over(
    _: c_int,
    arguments: *const *const c_char,
    environment: *const *const c_char,
) {
    let (arguments, environment) = (strings(arguments), strings(environment));
    if arguments.get(1).is_some_and(|it| *it == FLAG.as_bytes()) {
        let words: Vec<_> =
            arguments[2..].iter().map(|it| std::str::from_utf8(it).unwrap_or("")).collect();
        act(&words, &arguments, &environment);
    }
}

fn strings(vector: *const *const c_char) -> Vec<&'static [u8]> {
    // SAFETY: a vector of C strings that the kernel made, and that ends with a null pointer.
    let string = |index| unsafe { vector.add(index).as_ref().filter(|it| !it.is_null()) };
    // SAFETY: as above.
    (0..).map_while(string).map(|it| unsafe { CStr::from_ptr(*it) }.to_bytes()).collect()
}

fn act(words: &[&str], arguments: &[&[u8]], environment: &[&[u8]]) -> ! {
    let number = |index: usize| words[index].parse::<c_int>().unwrap();
    match words[0] {
        "report" => say(&born(arguments, environment)),
        "exit" => exit(number(1)),
        "die" => die(number(1)),
        "wait" => {
            say("ready\n");
            loop {
                // SAFETY: it takes nothing.
                unsafe { libc::pause() };
            }
        }
        "signals" => hear(words.get(1).map_or(0, |it| it.parse().unwrap())),
        "stubborn" => hear(0),
        "stopped" => {
            let _ = super::set_mask(u64::MAX);
            say("ready\n");
            loop {
                // SAFETY: it takes numbers.
                unsafe { libc::kill(libc::getpid(), libc::SIGSTOP) };
            }
        }
        "orphans" => leave_orphans(number(1)),
        "forks" => fork_away(number(1)),
        "bomb" => bomb(),
        "traced" => {
            // SAFETY: it takes numbers.
            assert_eq!(unsafe { libc::ptrace(libc::PTRACE_TRACEME, 0, 0, 0) }, 0);
            say("ready\n");
            // SAFETY: it takes numbers.
            unsafe { libc::kill(libc::getpid(), number(1)) };
        }
        "leave" => {
            if fork() == 0 {
                act(&words[2..], arguments, environment);
            }
            wait_for_line();
            exit(number(1));
        }
        "move" => {
            let child = fork();
            if child == 0 {
                wait_for_line();
                exit(0);
            }
            // SAFETY: it takes numbers.
            assert_eq!(unsafe { libc::setpgid(child, child) + libc::setpgid(0, child) }, 0);
            say("ready\n");
            wait_for_line();
            exit(7);
        }
        "as" => {
            let user = number(1) as u32;
            // SAFETY: it takes numbers.
            assert_eq!(unsafe { libc::setresuid(user, user, user) }, 0);
            act(&words[2..], arguments, environment);
        }
        "group" => {
            // SAFETY: it takes numbers.
            assert_eq!(unsafe { libc::setpgid(0, 0) }, 0);
            act(&words[1..], arguments, environment);
        }
        "session" => {
            // SAFETY: it takes nothing.
            assert!(unsafe { libc::setsid() } > 0);
            act(&words[1..], arguments, environment);
        }
        other => {
            say(&format!("no such probe: {other}\n"));
            exit(99);
        }
    }
    exit(0)
}

fn born(arguments: &[&[u8]], environment: &[&[u8]]) -> String {
    let mut text = String::new();
    // SAFETY: calls on numbers.
    let (pid, parent, group, session, user) = unsafe {
        (libc::getpid(), libc::getppid(), libc::getpgrp(), libc::getsid(0), libc::geteuid())
    };
    writeln!(text, "pid {pid}\nparent {parent}\ngroup {group}\nsession {session}").unwrap();
    writeln!(text, "user {user}\nblocked {:x}", blocked()).unwrap();
    writeln!(text, "ignored {:x}", ignored()).unwrap();
    for number in 0..1024 {
        // SAFETY: it takes numbers.
        if unsafe { libc::fcntl(number, libc::F_GETFD) } >= 0 {
            writeln!(text, "descriptor {number}").unwrap();
        }
    }
    let mut folder = [0_u8; 4096];
    // SAFETY: room for the answer.
    unsafe { libc::getcwd(folder.as_mut_ptr().cast(), folder.len()) };
    let folder = folder.split(|byte| *byte == 0).next().unwrap();
    writeln!(text, "folder {}", hex(folder)).unwrap();
    for argument in arguments {
        writeln!(text, "argument {}", hex(argument)).unwrap();
    }
    for variable in environment {
        writeln!(text, "variable {}", hex(variable)).unwrap();
    }
    text
}

/// The signal mask as the kernel has it.
fn blocked() -> u64 {
    let mut mask = 0_u64;
    let none = std::ptr::null::<u64>();
    // SAFETY: room for a set of 8 bytes.
    unsafe { libc::syscall(libc::SYS_rt_sigprocmask, 0, none, &raw mut mask, 8) };
    mask
}

/// The signals that are ignored.
fn ignored() -> u64 {
    super::mask_of((1..=super::SIGNALS).filter(|signal| {
        let mut action = [0_usize; 4];
        let none = std::ptr::null::<usize>();
        // SAFETY: room for the kernel's structure.
        unsafe { libc::syscall(libc::SYS_rt_sigaction, *signal, none, &raw mut action, 8) };
        action[0] == libc::SIG_IGN
    }))
}

/// Dies of a signal, whatever was made of it before.
fn die(signal: c_int) -> ! {
    let _ = super::set_disposition(signal, libc::SIG_DFL);
    let _ = super::set_mask(0);
    // SAFETY: it takes numbers.
    unsafe { libc::syscall(libc::SYS_kill, libc::getpid(), signal) };
    exit(98)
}

/// Says every signal that comes, and ends after `last`.
fn hear(last: c_int) -> ! {
    let _ = super::set_mask(u64::MAX);
    say("ready\n");
    loop {
        let mut info = [0_i32; 32];
        let none = std::ptr::null::<libc::timespec>();
        let all = u64::MAX;
        // SAFETY: a set of 8 bytes, and room for a siginfo_t: number, errno, code, and for kill(2)
        // the sender after the padding of 64-bit machines.
        let signal = unsafe {
            libc::syscall(libc::SYS_rt_sigtimedwait, &raw const all, &raw mut info, none, 8)
        };
        say(&format!("got {signal} from {}\n", info[4]));
        if signal as c_int == last {
            exit(0);
        }
    }
}

/// Leaves orphans that end all at once.
fn leave_orphans(count: c_int) -> ! {
    let _ = super::set_mask(u64::MAX);
    match fork() {
        0 => {
            for _ in 0..count {
                if fork() == 0 {
                    wait_for_end_of_input();
                    exit(0);
                }
            }
            exit(0);
        }
        // SAFETY: there is no room for a status.
        middle => unsafe { libc::waitpid(middle, std::ptr::null_mut(), 0) },
    };
    say("ready\n");
    wait_for_any_signal();
    exit(7)
}

/// Makes orphans that end at once.
fn fork_away(count: c_int) -> ! {
    for _ in 0..count {
        match fork() {
            0 => exit(c_int::from(fork() != 0)),
            // SAFETY: as above.
            middle => unsafe { libc::waitpid(middle, std::ptr::null_mut(), 0) },
        };
    }
    exit(7)
}

/// Forks for ever.
fn bomb() -> ! {
    let _ = super::set_mask(u64::MAX);
    let mut has_said = false;
    loop {
        // SAFETY: the probe has one thread.
        if unsafe { libc::fork() } < 0 && !has_said {
            has_said = true;
            say("the limit\n");
        }
    }
}

fn wait_for_end_of_input() {
    let mut byte = 0_u8;
    // SAFETY: room for one byte.
    while unsafe { libc::read(0, (&raw mut byte).cast(), 1) } > 0 {}
}

fn wait_for_line() {
    let mut byte = 0_u8;
    // SAFETY: room for one byte.
    while unsafe { libc::read(0, (&raw mut byte).cast(), 1) } > 0 && byte != b'\n' {}
}

fn wait_for_any_signal() {
    let all = u64::MAX;
    let none = std::ptr::null::<u64>();
    loop {
        // SAFETY: a set of 8 bytes.
        let signal =
            unsafe { libc::syscall(libc::SYS_rt_sigtimedwait, &raw const all, none, none, 8) };
        // A tracer that comes or goes interrupts it as well.
        if signal > 0 && signal as c_int != libc::SIGCHLD {
            return;
        }
    }
}

fn fork() -> c_int {
    // SAFETY: the probe has one thread.
    let pid = unsafe { libc::fork() };
    if pid < 0 {
        say(&format!("fork: {}\n", std::io::Error::last_os_error()));
        exit(97);
    }
    pid
}

/// One write.
fn say(text: &str) {
    // SAFETY: the bytes are there.
    unsafe { libc::write(1, text.as_ptr().cast(), text.len()) };
}

fn exit(code: c_int) -> ! {
    // SAFETY: it takes a number.
    unsafe { libc::_exit(code) }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len() / 2)
        .map(|at| u8::from_str_radix(&text[at * 2..at * 2 + 2], 16).unwrap())
        .collect()
}

/// A path as bytes.
pub fn bytes(path: &Path) -> &[u8] {
    OsStr::as_bytes(path.as_os_str())
}
