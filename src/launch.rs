//! A program is born: group, terminal, mask, PATH search, exec.

use core::ffi::CStr;
use core::ptr;

use rinit::machine::Pid;
use rinit::message::Message;
use rinit::signal::Signal;
use rinit::status::{CANNOT, NOT_FOUND};
use rinit::{path, text};

use crate::init::Init;
use crate::start::vfork_into;
use crate::sys::Errno;
use crate::terminal::Terminal;
use crate::{explain, sys};

/// What the child needs; it borrows it, as it borrows all of its parent's memory.
struct Birth<'a, 'b> {
    init: &'a mut Init<'b>,
    number: usize,
    index: usize,
    /// Room for `LISTEN_PID=` and a number. It must outlive the child's frames only until the exec.
    listen_pid: [u8; 24],
}

impl Init<'_> {
    /// Starts the program of this number, whose name stands at `index` of the argument vector. By
    /// the time this returns it leads a group of its own, and has been executed or could not be.
    ///
    /// Its process id; or where no process could be made, the error as a negative number.
    pub fn launch(&mut self, number: usize, index: usize) -> Pid {
        if number > 0 {
            // The separator's place: the vector of the program before ends here.
            // SAFETY: the entry exists, and nobody needs the separator any more.
            unsafe { *self.stack.arguments_from(index - 1) = ptr::null() };
        }
        let mut birth = Birth { init: self, number, index, listen_pid: [0; 24] };
        // SAFETY: `child` expects a `Birth`, and this one lives until the child is through.
        unsafe { vfork_into(child, &raw mut birth) as Pid }
    }
}

/// The child's part. It runs in the parent's memory, while the parent sleeps.
extern "C" fn child(birth: *mut Birth<'_, '_>) -> ! {
    // SAFETY: `launch` handed it over and touches it only after this process is through with it.
    let birth = unsafe { &mut *birth };
    sys::exit(birth.come_to_life())
}

impl Birth<'_, '_> {
    /// Returns only the exit code for the failure.
    fn come_to_life(&mut self) -> u8 {
        let is_first = self.number == 0;
        if is_first {
            self.init.pid = sys::parent_pid();
            self.init.terminal = Terminal::find();
        }
        let is_ours = is_first && self.init.terminal.is_ours();
        sys::lead_own_group();
        if is_ours {
            // With SIGTTOU blocked the kernel lets a background process do this.
            self.init.terminal.set_holder(sys::own_pid());
        }
        if is_first {
            self.name_in_listen_pid();
        }
        if let Some(signal) = self.init.config.parent_death {
            sys::signal_on_parent_death(signal);
            if sys::parent_pid() != self.init.pid {
                return CANNOT;
            }
        }
        // There is no handler after execve(2): what is not the default is to ignore.
        if self.init.sigchld.sa_handler_kernel.is_some() {
            sys::disposition(Signal::CHLD, self.init.sigchld.clone());
        }
        sys::set_mask(&self.init.mask);
        self.execute()
    }

    /// systemd and others that hand over sockets write the receiver's process id into LISTEN_PID
    /// (sd_listen_fds(3)). Where they meant rinit they now mean the calling process.
    fn name_in_listen_pid(&mut self) {
        let stack = self.init.stack;
        let mut digits = [0; 10];
        let Some((index, meant)) = stack.find(b"LISTEN_PID=") else { return };
        if meant == text::decimal(self.init.pid as u32, &mut digits) {
            let pid = text::decimal(sys::own_pid() as u32, &mut digits);
            if let Some(entry) = path::join(&mut self.listen_pid, b"LISTEN_PID", b'=', pid) {
                // SAFETY: the entry exists, and what it points to stays until the exec.
                unsafe { *stack.environment_from(index) = entry.as_ptr() };
            }
        }
    }

    /// Returns only the exit code for the failure.
    fn execute(&self) -> u8 {
        let stack = self.init.stack;
        let name = stack.argument(self.index).unwrap_or_default();
        if path::is_path(name) {
            // SAFETY: it is an entry of the argument vector.
            let file = unsafe { CStr::from_ptr((*stack.arguments_from(self.index)).cast()) };
            return explain::explain(file, self.attempt(file));
        }
        let folders = stack.find(b"PATH=").map_or(path::DEFAULT, |(_, folders)| folders);
        self.search(name, folders, &mut [0; 128])
            .or_else(|| self.search_at_length(name, folders))
            .unwrap_or(NOT_FOUND)
    }

    /// The same with room for the longest name that the kernel takes. It stands apart because the
    /// stack is the parent's: what is not touched here stays out of rinit's memory.
    #[cold]
    #[inline(never)]
    fn search_at_length(&self, name: &[u8], folders: &[u8]) -> Option<u8> {
        self.search(name, folders, &mut [0; path::MAX])
    }

    /// Tries each candidate as execvp(3) does. Returns only the exit code for the failure, or none
    /// where the buffer is too small for a candidate.
    #[inline(never)]
    fn search(&self, name: &[u8], folders: &[u8], buffer: &mut [u8]) -> Option<u8> {
        // Once to execute; where nothing could be, once more to see what stood in the way.
        for explaining in [false, true] {
            let mut rest = Some(folders);
            while let Some(folders) = rest {
                let folder;
                (folder, rest) = text::split(folders, b':');
                let Some(file) = path::join(buffer, folder, b'/', name) else {
                    if buffer.len() < path::MAX {
                        return None;
                    }
                    continue;
                };
                let file = sys::c_string(file);
                if explaining && !sys::is_there(file) {
                    continue;
                }
                let error = self.attempt(file);
                let goes_on = matches!(
                    error,
                    Errno::NOENT | Errno::NOTDIR | Errno::ACCESS | Errno::NAMETOOLONG
                );
                if explaining || !goes_on {
                    return Some(explain::explain(file, error));
                }
            }
        }
        explain::because(name, Message::NotInPath, folders);
        Some(NOT_FOUND)
    }

    /// Executes the file, or where it is a text without `#!` hands it to `/bin/sh`. Returns only
    /// the reason why not.
    #[inline(never)]
    fn attempt(&self, file: &CStr) -> Errno {
        let stack = self.init.stack;
        let arguments = stack.arguments_from(self.index);
        let environment = stack.environment_from(0);
        // SAFETY: the kernel's own vectors.
        let error = unsafe { sys::execute(file, arguments, environment) };
        if error == Errno::NOEXEC && explain::is_text(file) {
            let with_shell = stack.arguments_from(self.index - 1);
            // SAFETY: both entries exist: rinit's own name or a separator stands before a
            // program's. What they held is put back, for the messages that name the program.
            unsafe {
                let name = *arguments;
                *with_shell = SHELL.as_ptr().cast();
                *arguments = file.as_ptr().cast();
                sys::execute(SHELL, with_shell, environment);
                *arguments = name;
                *with_shell = ptr::null();
            }
        }
        error
    }
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
    // An orphan's parent is the namespace's init. That one may also be the true parent; then it
    // has put this process into a group or session of its own, as inits and supervisors do.
    let is_orphan = parent == 1 && sys::own_group() != own_pid;
    if parent != before || is_orphan {
        let _ = sys::signal(own_pid, signal);
    }
}

/// Stops rinit's group as `signal` would have stopped it, had the program been in it; false where
/// the kernel lets nobody stop because nobody could continue it (an orphaned group, POSIX 2.4.3).
pub fn stop_like(signal: Signal) -> bool {
    sys::default_disposition(signal);
    sys::signal_own_group(signal);
    // Here rinit stops.
    sys::let_stops_in();
    sys::block_signals();
    // Whoever continued it did so with a SIGCONT, which is still to be passed on.
    sys::is_continued()
}
