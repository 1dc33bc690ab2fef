//! An init to be run: how, and into what surroundings.

use std::ffi::{CString, OsStr};
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use libc::{c_char, c_int};

use super::birth::{Birth, Newborn, Step, next_report};
use super::running::{Outcome, Running, reap};
use super::{PATH, check, is_root, pipe, probe, rinit, set_disposition, set_mask, skip};

/// What a standard stream is.
pub enum Stream {
    /// The default of 1 and 2: collected. Of 0: what [`Running::input`] writes.
    Pipe,
    /// The default of 0.
    Null,
    /// There is none.
    Closed,
    /// This file, terminal, end of a pipe.
    Is(OwnedFd),
}

/// What runs in the child right before the exec. The child is a fork of a process with threads:
/// system calls only, nothing that allocates.
pub(super) type Setup = Box<dyn Fn() -> io::Result<()>>;

/// An init to be run: the command line, and what it finds when it starts.
///
/// Unless told otherwise it finds: no signal blocked or ignored, a session of its own without a
/// terminal, stdin null, stdout and stderr collected, no other descriptor, no core files, `PATH`
/// alone in its environment, `/proc` of its namespace.
#[must_use]
pub struct Init {
    arguments: Vec<CString>,
    environment: Vec<CString>,
    program: PathBuf,
    streams: [Stream; 3],
    setup: Vec<Setup>,
    is_pid_1: bool,
    by_nobody: bool,
}

impl Init {
    /// rinit with these arguments.
    pub fn new<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Self {
        Self {
            arguments: vec![c"rinit".into()],
            environment: Vec::new(),
            program: rinit().into(),
            streams: [Stream::Null, Stream::Pipe, Stream::Pipe],
            setup: Vec::new(),
            is_pid_1: false,
            by_nobody: false,
        }
        .env("PATH", PATH)
        .args(arguments)
    }

    /// Further arguments.
    pub fn args<S: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = S>) -> Self {
        for argument in arguments {
            self.arguments.push(c_string(argument.as_ref().as_bytes()));
        }
        self
    }

    /// The probe as the program: see [`probe`] for the words.
    pub fn probe<S: AsRef<OsStr>>(self, words: impl IntoIterator<Item = S>) -> Self {
        self.args([probe::path().as_os_str(), OsStr::new(probe::FLAG)]).args(words)
    }

    /// Another binary than rinit, be it to start rinit by it.
    pub fn program(mut self, path: impl Into<PathBuf>) -> Self {
        self.program = path.into();
        self
    }

    /// Sets a variable.
    pub fn env(self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        let (name, value) = (name.as_ref().as_bytes(), value.as_ref().as_bytes());
        self.env_remove(OsStr::from_bytes(name)).env_raw([name, b"=", value].concat())
    }

    /// Adds these bytes to the environment as they are.
    pub fn env_raw(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.environment.push(c_string(bytes.as_ref()));
        self
    }

    /// Removes a variable.
    pub fn env_remove(mut self, name: impl AsRef<OsStr>) -> Self {
        let start = [name.as_ref().as_bytes(), b"="].concat();
        self.environment.retain(|entry| !entry.to_bytes().starts_with(&start));
        self
    }

    /// What stream 0, 1 or 2 is.
    pub fn stream(mut self, number: usize, stream: Stream) -> Self {
        self.streams[number] = stream;
        self
    }

    /// As the first process of its PID namespace. Otherwise another process is that, which does
    /// nothing but reap; rinit's parent is the test either way (0 as rinit sees it).
    pub fn pid_1(mut self) -> Self {
        self.is_pid_1 = true;
        self
    }

    /// As PID 1 or not.
    pub fn pid_1_if(mut self, is_pid_1: bool) -> Self {
        self.is_pid_1 = is_pid_1;
        self
    }

    /// By a user who is not root, in a user namespace of that user's (nobody where root runs the
    /// test), and without any capability. What is run must be within the reach of everybody: see
    /// [`super::Folder::copy`].
    pub fn by_nobody(mut self) -> Self {
        self.by_nobody = true;
        self
    }

    /// A step before the exec: system calls only, nothing that allocates. Mounts are private.
    pub fn setup(mut self, step: impl Fn() -> io::Result<()> + 'static) -> Self {
        self.setup.push(Box::new(step));
        self
    }

    /// With these signals ignored.
    pub fn ignoring(self, signals: impl IntoIterator<Item = c_int>) -> Self {
        let signals: Vec<_> = signals.into_iter().collect();
        self.setup(move || signals.iter().try_for_each(|it| set_disposition(*it, libc::SIG_IGN)))
    }

    /// With these signals blocked: bit N-1 is signal N.
    pub fn blocking(self, mask: u64) -> Self {
        self.setup(move || set_mask(mask))
    }

    /// In this working directory.
    pub fn folder(self, path: &Path) -> Self {
        let path = c_string(path.as_os_str().as_bytes());
        // SAFETY: a C string.
        self.setup(move || check(unsafe { libc::chdir(path.as_ptr()) }))
    }

    /// Starts it, waits for its end, and answers with all there is to know.
    pub fn finish(self) -> Outcome {
        self.start().finish()
    }

    /// Starts it: when this returns the exec has happened.
    pub fn start(self) -> Running {
        self.conceive().start()
    }

    /// Makes its process, which waits before the exec for [`Newborn::start`].
    pub fn conceive(self) -> Newborn {
        let (gate, go) = pipe();
        let (report, reporter) = pipe();
        let (leash, holder) = pipe();
        let mut streams = self.streams.map(Some);
        let mut input = None;
        let mut collected = [None, None];
        let files: [Option<OwnedFd>; 3] = std::array::from_fn(|number| {
            match streams[number].take().unwrap() {
                Stream::Is(file) => Some(file),
                Stream::Closed => None,
                Stream::Null => {
                    Some(File::options().read(true).write(true).open("/dev/null").unwrap().into())
                }
                Stream::Pipe if number == 0 => {
                    let (reader, writer) = pipe();
                    input = Some(File::from(writer));
                    Some(reader)
                }
                Stream::Pipe => {
                    let (reader, writer) = pipe();
                    // SAFETY: a descriptor of this process.
                    unsafe { libc::fcntl(reader.as_raw_fd(), libc::F_SETFL, libc::O_NONBLOCK) };
                    collected[number - 1] = Some(File::from(reader));
                    Some(writer)
                }
            }
        });
        let nobody = 65_534;
        // SAFETY: they take nothing and cannot fail.
        let ids = unsafe { (libc::geteuid(), libc::getegid()) };
        let (user, group) = if self.by_nobody && is_root() { (nobody, nobody) } else { ids };
        let birth = Birth {
            program: c_string(self.program.as_os_str().as_bytes()),
            arguments: vector(&self.arguments),
            environment: vector(&self.environment),
            files: std::array::from_fn(|it| files[it].as_ref().map(AsRawFd::as_raw_fd)),
            setup: &self.setup,
            is_pid_1: self.is_pid_1,
            by_nobody: self.by_nobody.then_some((user, group)),
            user_map: format!("{user} {user} 1"),
            group_map: format!("{group} {group} 1"),
            reporter: reporter.as_raw_fd(),
            leash: leash.as_raw_fd(),
            gate: gate.as_raw_fd(),
        };
        // SAFETY: the child makes system calls only, and never returns from here.
        let porch = unsafe { libc::fork() };
        if porch == 0 {
            birth.make_namespaces();
        }
        assert!(porch > 0, "fork: {}", io::Error::last_os_error());
        drop(reporter);
        reap(porch);
        let mut report = File::from(report);
        let mut sitter = None;
        let pid = loop {
            match next_report(&mut report) {
                Some((Step::Refused, error)) => {
                    skip(&format!(
                        "this machine allows no PID namespaces ({}). Run the tests as root, or \
                         allow them: sysctl kernel.unprivileged_userns_clone=1 \
                         kernel.apparmor_restrict_unprivileged_userns=0",
                        io::Error::from_raw_os_error(error)
                    ));
                    // The harness knows no skipped test: nothing in this file can run.
                    std::process::exit(0);
                }
                Some((Step::Sitter, pid)) => sitter = Some(pid),
                Some((Step::Init, pid)) => break pid,
                other => panic!("cannot make the process: {other:?}"),
            }
        };
        // SAFETY: the call takes numbers, and its answer is a new descriptor.
        let exit = unsafe {
            let exit = libc::syscall(libc::SYS_pidfd_open, pid, 0);
            assert!(exit >= 0, "pidfd_open: {}", io::Error::last_os_error());
            OwnedFd::from_raw_fd(exit as RawFd)
        };
        let running = Running {
            pid,
            input,
            collected,
            texts: [Vec::new(), Vec::new()],
            exit,
            status: None,
            sitter,
            leash: Some(holder),
        };
        Newborn { running, go: File::from(go), report }
    }
}

fn c_string(bytes: &[u8]) -> CString {
    CString::new(bytes).unwrap()
}

/// A vector as execve(2) wants it. It points into `strings`.
fn vector(strings: &[CString]) -> Vec<*const c_char> {
    strings.iter().map(|it| it.as_ptr()).chain([std::ptr::null()]).collect()
}
