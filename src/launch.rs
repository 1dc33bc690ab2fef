//! A program is born: group, terminal, mask, PATH search, exec.

use core::ffi::CStr;

use rinit::machine::Pid;
use rinit::signal::Signal;
use rinit::status::CANNOT;
use rinit::text::{Nanos, SECOND};
use rinit::{path, text};

use crate::init::Init;
use crate::start::vfork_into;
use crate::sys::Errno;
use crate::terminal::Terminal;
use crate::{cannot_start, explain, sys};

impl Init<'_> {
    /// Starts the program whose name stands at `index` of the argument vector. By
    /// the time this returns it leads a group of its own, and has been executed or could not be.
    ///
    /// Its process id; or where no process could be made, the error as a negative number.
    pub fn launch(&mut self, index: usize) -> Pid {
        self.index = index;
        let knew = self.ignores_sigchld;
        let pid = self.bear();
        if knew == self.ignores_sigchld {
            return pid;
        }
        // The child found out and ended, reaped by the kernel.
        if let Err(error) = sys::default_disposition(Signal::CHLD) {
            return -error.0;
        }
        self.has_failed = false;
        self.bear()
    }

    /// A child that comes to life.
    fn bear(&mut self) -> Pid {
        // SAFETY: `child` expects an `Init`, and this one lives until the child is through.
        unsafe { vfork_into(child, &raw mut *self) as Pid }
    }

    /// The child's part. It runs in the parent's memory, while the parent sleeps. Returns only the
    /// exit code for the failure.
    ///
    /// All programs do the same, though the terminal and LISTEN_PID are for the first one alone:
    /// after it the terminal is no longer rinit's, and LISTEN_PID no longer names rinit.
    fn come_to_life(&mut self) -> u8 {
        if !self.ignores_sigchld {
            match sys::default_disposition(Signal::CHLD) {
                Ok(false) => {}
                Ok(true) => {
                    self.ignores_sigchld = true;
                    return CANNOT;
                }
                Err(_) => return cannot_start(),
            }
        }
        self.pid = sys::parent_pid();
        self.terminal = Terminal::find();
        let is_ours = self.terminal.is_ours();
        self.is_grouped &= sys::lead_own_group();
        if is_ours {
            // With SIGTTOU blocked the kernel lets a background process do this.
            self.terminal.set_holder(sys::own_pid());
        }
        self.name_in_listen_pid();
        if let Some(signal) = self.config.parent_death {
            sys::signal_on_parent_death(signal);
            if sys::parent_pid() != self.pid {
                return CANNOT;
            }
        }
        if self.ignores_sigchld {
            let _ = sys::disposition(Signal::CHLD, true);
        }
        if !sys::is_mask(&sys::set_mask(self.mask.clone())) {
            return cannot_start();
        }
        match self.execute(&mut [0; 160]) {
            Some(code) => code,
            None => self.execute_at_length(),
        }
    }

    /// systemd and others that hand over sockets write the receiver's process id into LISTEN_PID
    /// (sd_listen_fds(3)). Where they meant rinit they now mean the calling process.
    fn name_in_listen_pid(&mut self) {
        let mut index = 0;
        let mut digits = [0; 10];
        if let Some(meant) = self.stack.find(b"LISTEN_PID=", &mut index)
            && meant == text::decimal(self.pid as u32, &mut digits)
        {
            let pid = text::decimal(sys::own_pid() as u32, &mut digits);
            if let Some(entry) = path::join(&mut self.listen_pid, b"LISTEN_PID", b'=', pid) {
                // SAFETY: the entry exists, and what it points to stays where it is.
                unsafe { *self.stack.environment_from(index) = entry.as_ptr() };
            }
        }
    }

    /// The same with room for the longest name that the kernel takes. It stands apart because the
    /// stack is the parent's: what is not touched here stays out of rinit's memory.
    #[cold]
    #[inline(never)]
    fn execute_at_length(&self) -> u8 {
        self.execute(&mut [0; path::MAX]).unwrap_or(CANNOT)
    }

    /// Executes the program, which is searched as execvp(3) does it: in the buffer. Returns only
    /// the exit code for the failure, or none where the buffer is too small for a candidate.
    #[inline(never)]
    fn execute(&self, buffer: &mut [u8]) -> Option<u8> {
        // SAFETY: it is an entry of the argument vector.
        let name = unsafe { CStr::from_ptr((*self.stack.arguments_from(self.index)).cast()) };
        if path::is_path(name.to_bytes()) {
            return Some(explain::explain(name, Some(self.attempt(name)), None));
        }
        let folders = self.stack.find(b"PATH=", &mut 0).unwrap_or(path::DEFAULT);
        // Once to execute; where nothing could be, once more to see what stood in the way.
        let mut explaining = false;
        let mut rest = Some(folders);
        let (file, error) = loop {
            let folder;
            (folder, rest) = text::split(rest.unwrap_or_default(), b':');
            if let Some(file) = path::join(buffer, folder, b'/', name.to_bytes()) {
                let file = sys::c_string(file);
                let error = self.attempt(file);
                let goes_on = matches!(
                    error,
                    Errno::NOENT | Errno::NOTDIR | Errno::ACCESS | Errno::NAMETOOLONG
                );
                if !goes_on || explaining && sys::is_there(file) {
                    break (file, Some(error));
                }
            } else if buffer.len() < path::MAX {
                return None;
            }
            if rest.is_none() {
                if explaining {
                    break (name, None);
                }
                explaining = true;
                rest = Some(folders);
            }
        };
        Some(explain::explain(file, error, explaining.then_some(folders)))
    }

    /// Executes the file, or where it is a text without `#!` hands it to `/bin/sh`. Returns only
    /// the reason why not.
    #[inline(never)]
    fn attempt(&self, file: &CStr) -> Errno {
        let arguments = self.stack.arguments_from(self.index);
        let environment = self.stack.environment_from(0);
        // SAFETY: the kernel's own vectors.
        let error = unsafe { sys::execute(file, arguments, environment) };
        if error == Errno::NOEXEC && explain::is_text(file) {
            let with_shell = self.stack.arguments_from(self.index - 1);
            // SAFETY: both entries exist: rinit's own name or a separator stands before a
            // program's. Nobody reads them again.
            unsafe {
                *with_shell = SHELL.as_ptr().cast();
                *arguments = file.as_ptr().cast();
                sys::execute(SHELL, with_shell, environment);
            }
        }
        error
    }
}

/// Where the child begins.
extern "C" fn child(init: *mut Init<'_>) -> ! {
    // SAFETY: `launch` handed it over and touches it only after this process is through with it.
    let init = unsafe { &mut *init };
    let code = init.come_to_life();
    init.has_failed = true;
    sys::exit(code)
}

/// What executes a text (POSIX, execvp).
const SHELL: &CStr = c"/bin/sh";

/// Asks for `signal` when rinit's parent dies, and sends it at once where the parent has gone.
#[cold]
#[inline(never)]
pub fn watch_parent(signal: Signal) {
    let own_pid = sys::own_pid();
    let before = sys::parent_pid();
    sys::signal_on_parent_death(signal);
    let parent = sys::parent_pid();
    // An orphan's parent is the namespace's init. That one may also be the true parent: then this
    // process shares its group, or leads one of its own, as inits and supervisors have it.
    let group = sys::group_of(0);
    let is_orphan = parent == 1 && group != own_pid && group != sys::group_of(1);
    if parent != before || is_orphan {
        let _ = sys::signal(own_pid, signal);
    }
}

/// How long others get to do their part of a stop.
pub const MOMENT: Nanos = SECOND / 10;

/// Stops rinit, whose process id is given, as `signal` would have stopped it, had it been the
/// program; for 0 all who share its group, as a terminal would have done. False where the kernel
/// lets nobody stop because nobody could continue it (an orphaned group, POSIX 2.4.3).
#[inline(never)]
pub fn stop_like(signal: Signal, pid: Pid) -> bool {
    // A stop signal would take back the SIGCONT of somebody who was faster.
    if !sys::is_continued() {
        let _ = sys::default_disposition(signal);
        sys::signal_own(pid, signal);
        if signal != Signal::TSTP {
            // Another rinit in the group may lend the terminal. Its SIGCONT takes the stop back.
            sys::sleep(MOMENT);
        }
        // Here rinit stops.
        sys::let_stops_in();
        sys::block_signals();
    }
    // Whoever continued it did so with a SIGCONT, which is still to be passed on.
    sys::is_continued()
}
