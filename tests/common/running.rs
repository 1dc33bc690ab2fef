//! An init that runs, and what comes of it.

use std::fmt;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::Instant;

use libc::c_int;

use super::{children, hang, send};

/// An init that was started. It and all that it started are gone when this is dropped.
pub struct Running {
    pub(super) pid: c_int,
    pub(super) input: Option<File>,
    pub(super) collected: [Option<File>; 2],
    pub(super) texts: [Vec<u8>; 2],
    pub(super) exit: OwnedFd,
    pub(super) status: Option<ExitStatus>,
    pub(super) sitter: Option<c_int>,
    pub(super) leash: Option<OwnedFd>,
}

impl Running {
    /// Its process id, as the test and everybody outside sees it.
    pub fn pid(&self) -> c_int {
        self.pid
    }

    /// Sends it a signal from outside.
    pub fn signal(&self, signal: c_int) {
        assert!(self.status.is_none(), "it has ended: {self:?}");
        send(self.pid, signal);
    }

    /// Writes to its stdin, where that is a pipe.
    pub fn input(&mut self, bytes: impl AsRef<[u8]>) {
        self.input.as_mut().unwrap().write_all(bytes.as_ref()).unwrap();
    }

    /// Closes its stdin, where that is a pipe.
    pub fn end_input(&mut self) {
        self.input = None;
    }

    /// Waits until stdout holds this text; all that stdout holds by then.
    pub fn until(&mut self, text: &str) -> String {
        self.until_stream(1, text)
    }

    /// Waits until stderr holds this text; all that stderr holds by then.
    pub fn until_error(&mut self, text: &str) -> String {
        self.until_stream(2, text)
    }

    fn until_stream(&mut self, number: usize, text: &str) -> String {
        self.wait_for(&format!("{text:?}"), |it| {
            it.texts[number - 1].windows(text.len()).any(|part| part == text.as_bytes())
        });
        String::from_utf8_lossy(&self.texts[number - 1]).into_owned()
    }

    /// Waits until something outside is as it should be, looking again and again. For what the
    /// kernel reports to nobody; where there is an event, wait for that.
    pub fn until_true(&mut self, what: &str, mut is_so: impl FnMut(&mut Self) -> bool) {
        let start = Instant::now();
        while !is_so(self) {
            let in_vain = self.status.is_some() || start.elapsed() > hang();
            assert!(!in_vain, "waited in vain for {what}: {self:?}");
            self.collect(1);
        }
    }

    /// What stdout has held so far.
    pub fn output(&self) -> String {
        String::from_utf8_lossy(&self.texts[0]).into_owned()
    }

    /// The children of a process as /proc has them.
    pub fn children(&self) -> Vec<c_int> {
        children(self.pid)
    }

    /// Waits for its end. Then all that it started is gone as well.
    pub fn finish(mut self) -> Outcome {
        self.ended()
    }

    /// Waits for its end, and leaves what it has left.
    pub fn ended(&mut self) -> Outcome {
        self.wait_for("its end", |it| it.status.is_some());
        let [stdout, stderr] = std::mem::take(&mut self.texts);
        Outcome { status: self.status.unwrap(), stdout, stderr }
    }

    /// Collects what comes until `is_so`. Panics where that cannot be any more, or takes for ever.
    fn wait_for(&mut self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let start = Instant::now();
        loop {
            if is_so(self) {
                return;
            }
            assert!(self.status.is_none(), "waited in vain for {what}: {self:?}");
            assert!(start.elapsed() < hang(), "hangs: no {what}: {self:?}");
            self.collect(1000);
        }
    }

    /// Takes what comes within so many milliseconds.
    fn collect(&mut self, timeout: c_int) {
        // A poll passes over negative numbers.
        let exit = if self.status.is_none() { self.exit.as_raw_fd() } else { -1 };
        let [out, err] =
            self.collected.each_ref().map(|it| it.as_ref().map_or(-1, AsRawFd::as_raw_fd));
        let mut polls =
            [out, err, exit].map(|fd| libc::pollfd { fd, events: libc::POLLIN, revents: 0 });
        // SAFETY: three of them.
        unsafe { libc::poll(polls.as_mut_ptr(), 3, timeout) };
        // In this order: what it wrote before its end is in the pipes when the end is seen.
        if polls[2].revents != 0 {
            self.status = Some(reap(self.pid));
        }
        for (stream, text) in self.collected.iter_mut().zip(&mut self.texts) {
            let Some(file) = stream else { continue };
            match file.read_to_end(text) {
                Ok(_) => *stream = None,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => panic!("cannot read the output: {error}"),
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.status.is_none() {
            send(self.pid, libc::SIGKILL);
            reap(self.pid);
        }
        self.leash = None;
        if let Some(sitter) = self.sitter {
            reap(sitter);
        }
    }
}

impl fmt::Debug for Running {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        describe(formatter, self.status, &self.texts[0], &self.texts[1])
    }
}

/// What came of a run.
pub struct Outcome {
    pub status: ExitStatus,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
}

impl Outcome {
    /// The exit code; none where a signal killed it.
    pub fn code(&self) -> Option<c_int> {
        self.status.code()
    }

    /// What was written to stdout, as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// What was written to stderr, as text.
    pub fn errors(&self) -> String {
        String::from_utf8_lossy(&self.stderr).into_owned()
    }

    /// Asserts the exit code, and that nothing was said on stderr.
    #[track_caller]
    pub fn assert_quiet(&self, code: c_int) {
        assert_eq!((self.code(), self.errors().as_str()), (Some(code), ""), "{self:?}");
    }
}

impl fmt::Debug for Outcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        describe(formatter, Some(self.status), &self.stdout, &self.stderr)
    }
}

fn describe(
    formatter: &mut fmt::Formatter<'_>,
    status: Option<ExitStatus>,
    stdout: &[u8],
    stderr: &[u8],
) -> fmt::Result {
    let status = status.map_or("still running".into(), |status| status.to_string());
    let (stdout, stderr) = (String::from_utf8_lossy(stdout), String::from_utf8_lossy(stderr));
    write!(formatter, "{status}\n--- stdout\n{stdout}\n--- stderr\n{stderr}\n---")
}

/// Waits for a child of the test and reaps it.
pub(super) fn reap(pid: c_int) -> ExitStatus {
    let mut status = 0;
    loop {
        // SAFETY: room for the status.
        if unsafe { libc::waitpid(pid, &raw mut status, 0) } == pid {
            return ExitStatus::from_raw(status);
        }
        let error = io::Error::last_os_error();
        assert_eq!(error.kind(), io::ErrorKind::Interrupted, "waitpid({pid}): {error}");
    }
}
