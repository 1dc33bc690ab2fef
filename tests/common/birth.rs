//! How the process of an init comes to be, between the fork and the exec.

use std::ffi::{CStr, CString};
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::RawFd;

use libc::{c_char, c_int};

use super::init::Setup;
use super::running::Running;
use super::{SIGNALS, check, rinit, set_disposition, set_mask};

/// What the child needs, prepared before the fork.
pub(super) struct Birth<'a> {
    pub(super) program: CString,
    pub(super) arguments: Vec<*const c_char>,
    pub(super) environment: Vec<*const c_char>,
    pub(super) files: [Option<RawFd>; 3],
    pub(super) setup: &'a [Setup],
    pub(super) is_pid_1: bool,
    pub(super) by_nobody: Option<(u32, u32)>,
    pub(super) user_map: String,
    pub(super) group_map: String,
    pub(super) reporter: RawFd,
    pub(super) leash: RawFd,
    pub(super) gate: RawFd,
}

/// What the child reports, each with a number: a process id or an error.
#[derive(Copy, Clone, Debug)]
pub(super) enum Step {
    Refused,
    Sitter,
    Init,
    Failed,
}

/// The next report, or none after the last: the exec has closed the pipe.
pub(super) fn next_report(report: &mut File) -> Option<(Step, c_int)> {
    let mut bytes = [0; 8];
    report.read_exact(&mut bytes).ok()?;
    let (step, number) = bytes.split_at(4);
    let step = match step[0] {
        0 => Step::Refused,
        1 => Step::Sitter,
        2 => Step::Init,
        _ => Step::Failed,
    };
    Some((step, c_int::from_ne_bytes(number.try_into().unwrap())))
}

impl Birth<'_> {
    fn report(&self, step: Step, number: c_int) {
        let [a, b, c, d] = number.to_ne_bytes();
        let bytes = [step as u8, 0, 0, 0, a, b, c, d];
        // SAFETY: the bytes are there.
        unsafe { libc::write(self.reporter, bytes.as_ptr().cast(), bytes.len()) };
    }

    /// The first fork. It stays outside the PID namespace that it makes, so it learns the numbers
    /// that the test can use; its children are made children of the test (`CLONE_PARENT`).
    pub(super) fn make_namespaces(&self) -> ! {
        if let Err(error) = self.enter_namespaces() {
            self.report(Step::Refused, error.raw_os_error().unwrap_or(0));
            exit(1);
        }
        if !self.is_pid_1 {
            match clone_beside() {
                0 => self.sit(),
                pid => self.report(Step::Sitter, pid),
            }
        }
        match clone_beside() {
            0 => self.become_init(),
            pid => self.report(Step::Init, pid),
        }
        exit(0)
    }

    fn enter_namespaces(&self) -> io::Result<()> {
        let namespaces = libc::CLONE_NEWPID | libc::CLONE_NEWNS;
        if let Some((user, group)) = self.by_nobody {
            // SAFETY: they take numbers.
            unsafe {
                libc::setgroups(0, std::ptr::null());
                check(libc::setresgid(group, group, group))?;
                check(libc::setresuid(user, user, user))?;
                // Who changed the user may not write its own maps otherwise.
                check(libc::prctl(libc::PR_SET_DUMPABLE, 1))?;
            }
        // SAFETY: it takes flags.
        } else if unsafe { libc::unshare(namespaces) } == 0 {
            return Ok(());
        }
        // SAFETY: as above.
        check(unsafe { libc::unshare(namespaces | libc::CLONE_NEWUSER) })?;
        write_file(c"/proc/self/setgroups", b"deny")?;
        write_file(c"/proc/self/uid_map", self.user_map.as_bytes())?;
        write_file(c"/proc/self/gid_map", self.group_map.as_bytes())
    }

    /// PID 1 of a namespace in which rinit is not: reaps, and ends, and all the others with it, as
    /// soon as nobody holds the other end of the leash.
    fn sit(&self) -> ! {
        // SAFETY: system calls on numbers.
        unsafe {
            let _ = set_disposition(libc::SIGCHLD, libc::SIG_IGN);
            libc::setsid();
            libc::dup2(self.leash, 0);
            libc::syscall(libc::SYS_close_range, 1, u32::MAX, 0);
            while libc::read(0, [0_u8; 1].as_mut_ptr().cast(), 1) != 0 {}
        }
        exit(0)
    }

    fn become_init(&self) -> ! {
        let error = match self.prepare() {
            Ok(()) => {
                // Not execve(2), which a step before it may have forbidden to rinit.
                // SAFETY: vectors of C strings that end with a null pointer.
                unsafe {
                    libc::syscall(
                        libc::SYS_execveat,
                        libc::AT_FDCWD,
                        self.program.as_ptr(),
                        self.arguments.as_ptr(),
                        self.environment.as_ptr(),
                        0,
                    )
                };
                io::Error::last_os_error()
            }
            Err(error) => error,
        };
        self.report(Step::Failed, error.raw_os_error().unwrap_or(0));
        exit(1)
    }

    fn prepare(&self) -> io::Result<()> {
        for signal in 1..=SIGNALS {
            if signal != libc::SIGKILL && signal != libc::SIGSTOP {
                set_disposition(signal, libc::SIG_DFL)?;
            }
        }
        set_mask(0)?;
        // SAFETY: C strings, numbers, and structures that are there.
        unsafe {
            libc::setsid();
            let none = std::ptr::null();
            let private = libc::MS_REC | libc::MS_PRIVATE;
            check(libc::mount(none, c"/".as_ptr(), none, private, none.cast()))?;
            // Refused within some containers; what stands there does for most tests.
            let proc = c"proc".as_ptr();
            libc::mount(proc, c"/proc".as_ptr(), proc, 0, none.cast());
            let no_core = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
            check(libc::setrlimit(libc::RLIMIT_CORE, &raw const no_core))?;
            libc::syscall(libc::SYS_close_range, 3, u32::MAX, libc::CLOSE_RANGE_CLOEXEC);
            // Blocks until the test says go; or ends with it.
            if libc::read(self.gate, [0_u8; 1].as_mut_ptr().cast(), 1) != 1 {
                exit(1);
            }
            for (number, file) in (0..).zip(self.files) {
                match file {
                    Some(file) => check(libc::dup2(file, number))?,
                    None => check(libc::close(number))?,
                }
            }
        }
        self.setup.iter().try_for_each(|step| step())
    }
}

/// An init whose process exists and waits before the exec.
pub struct Newborn {
    pub running: Running,
    pub(super) go: File,
    pub(super) report: File,
}

impl Newborn {
    /// Lets it go on, and waits until the exec has happened.
    pub fn start(mut self) -> Running {
        self.go.write_all(b"!").unwrap();
        if let Some(failure) = next_report(&mut self.report) {
            let error = io::Error::from_raw_os_error(failure.1);
            panic!("cannot run {}: {error}", rinit().display());
        }
        self.running
    }
}

/// Forks off a sibling: a child of the caller's parent. 0 in the sibling.
fn clone_beside() -> c_int {
    let flags = libc::CLONE_PARENT | libc::SIGCHLD;
    // SAFETY: a fork; the child makes system calls only.
    unsafe { libc::syscall(libc::SYS_clone, flags, 0, 0, 0, 0) as c_int }
}

fn exit(code: c_int) -> ! {
    // SAFETY: it takes a number, and runs nothing of this process.
    unsafe { libc::_exit(code) }
}

fn write_file(path: &CStr, bytes: &[u8]) -> io::Result<()> {
    // SAFETY: a C string, and bytes that are there.
    unsafe {
        let file = libc::open(path.as_ptr(), libc::O_WRONLY);
        check(file)?;
        let written = libc::write(file, bytes.as_ptr().cast(), bytes.len());
        check(written as c_int)?;
        check(libc::close(file))
    }
}
