//! The system calls: one safe function each. The only place that talks to the kernel.

use core::ffi::CStr;

use linux_raw_sys::general as kernel;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{self, CWD, Mode, OFlags};
use rustix::io::Errno;
use rustix::process::{self, WaitId, WaitIdOptions, WaitOptions};
use rustix::runtime::{self, How, KernelSigSet, KernelSigaction};

use rinit::machine::Pid;
use rinit::signal::Signal;
use rinit::status::Fate;
use rinit::text::{Line, Nanos, SECOND};

use crate::start::system_call;

/// What a system call answers.
pub type Result<T> = core::result::Result<T, Errno>;

fn rustix_pid(pid: Pid) -> Option<process::Pid> {
    process::Pid::from_raw(pid)
}

fn rustix_signal(signal: Signal) -> process::Signal {
    // SAFETY: between 1 and 64, and rinit has no libc that keeps some of them for itself.
    unsafe { process::Signal::from_raw_unchecked(i32::from(signal.number())) }
}

/// A standard stream, 0 to 2.
pub fn stream(number: i32) -> BorrowedFd<'static> {
    // SAFETY: rinit opens nothing that it keeps and closes none of the three, so whatever stands
    // behind the number stays what it was; where nothing does, calls answer EBADF.
    unsafe { BorrowedFd::borrow_raw(number) }
}

/// Exits with this code.
pub fn exit(code: u8) -> ! {
    runtime::exit_group(i32::from(code))
}

// Signals.

/// Blocks all 64 signals; the mask as it was.
pub fn block_signals() -> KernelSigSet {
    set_mask(&KernelSigSet::all())
}

/// Sets the mask; the mask as it was.
#[inline(never)]
pub fn set_mask(mask: &KernelSigSet) -> KernelSigSet {
    // SAFETY: there is no libc whose signals this could break, and no handler that could run.
    let old = unsafe { runtime::kernel_sigprocmask(How::SETMASK, Some(mask)) };
    old.unwrap_or(KernelSigSet::empty())
}

/// Gives SIGCHLD, or another signal, its default disposition; the disposition as it was.
pub fn default_disposition(signal: Signal) -> Option<KernelSigaction> {
    disposition(signal, KernelSigaction::default())
}

/// Sets a signal's disposition; the disposition as it was.
pub fn disposition(signal: Signal, action: KernelSigaction) -> Option<KernelSigaction> {
    // SAFETY: the default or what execve(2) left, which is to ignore: never a handler.
    unsafe { runtime::kernel_sigaction(rustix_signal(signal), Some(action)) }.ok()
}

/// Waits for any signal, `timeout` at most. Which one came, and the process that sent it: 0 for the
/// kernel, and for a process that has no number in this namespace. None when the time is over, or
/// when it was woken for nothing.
pub fn wait_for_signal(timeout: Option<Nanos>) -> Option<(Signal, Pid)> {
    let timeout = timeout.map(|time| runtime::Timespec {
        tv_sec: (time / SECOND) as _,
        tv_nsec: (time % SECOND) as _,
    });
    // SAFETY: there is no libc whose signals this could take.
    let info = unsafe { runtime::kernel_sigtimedwait(&KernelSigSet::all(), timeout.as_ref()) };
    // SAFETY: the first three fields stand in every siginfo_t (sigaction(2)).
    let info = unsafe { &info.as_ref().ok()?.__bindgen_anon_1.__bindgen_anon_1 };
    // Of kill(2), sigqueue(3) and tgkill(2), which fill in the sender.
    let sender = if info.si_code <= 0 {
        // SAFETY: zeroed by the kernel where it has no meaning (`clear_siginfo`).
        unsafe { info._sifields._kill._pid }
    } else {
        0
    };
    Some((Signal::new(info.si_signo)?, sender))
}

/// Unblocks this signal, and so lets in the one that waits.
pub fn let_in(signal: Signal) {
    let mut mask = KernelSigSet::all();
    mask.remove(rustix_signal(signal));
    set_mask(&mask);
}

/// Does this signal wait to be delivered?
pub fn is_pending(signal: Signal) -> bool {
    runtime::kernel_sigpending().contains(rustix_signal(signal))
}

/// kill(2) of one process.
pub fn signal_process(pid: Pid, signal: Signal) -> Result<()> {
    process::kill_process(rustix_pid(pid).ok_or(Errno::SRCH)?, rustix_signal(signal))
}

/// kill(2) of a process group.
pub fn signal_group(group: Pid, signal: Signal) -> Result<()> {
    // kill(-1) is everybody: a group of that number cannot be.
    let group = rustix_pid(group).filter(|group| !group.is_init()).ok_or(Errno::SRCH)?;
    process::kill_process_group(group, rustix_signal(signal))
}

/// kill(2) of the own process group.
pub fn signal_own_group(signal: Signal) -> Result<()> {
    process::kill_current_process_group(rustix_signal(signal))
}

/// kill(-1): every process of the PID namespace but its init. For the init alone.
pub fn signal_everybody(signal: Signal) -> Result<()> {
    process::kill_process_group(process::Pid::INIT, rustix_signal(signal))
}

// Processes.

/// The own process id.
pub fn own_pid() -> Pid {
    process::getpid().as_raw_nonzero().get()
}

/// The parent's process id; 0 for a parent outside this namespace.
pub fn parent_pid() -> Pid {
    process::getppid().map_or(0, |pid| pid.as_raw_nonzero().get())
}

/// The own process group; 0 where it was made outside this namespace.
pub fn own_group() -> Pid {
    // SAFETY: getpgid(2) touches no memory. Not rustix's, whose type has no 0.
    unsafe { system_call(kernel::__NR_getpgid, 0, 0, 0) as Pid }
}

/// Makes the calling process the leader of a group of its own.
pub fn lead_own_group() -> Result<()> {
    process::setpgid(None, None)
}

/// From now on orphans among the descendants become children of this process.
pub fn become_subreaper() -> Result<()> {
    process::set_child_subreaper(Some(process::Pid::INIT))
}

/// Asks for this signal when the parent dies.
pub fn signal_on_parent_death(signal: Signal) -> Result<()> {
    process::set_parent_process_death_signal(Some(rustix_signal(signal)))
}

/// What a child had to report.
pub enum Report {
    /// This child, this fate; reaped if it ended.
    Child(Pid, Fate),
    /// Nothing to report; children live.
    Settled,
    /// No child is left.
    Childless,
}

/// Takes the report of one child, and its remains.
pub fn reap() -> Report {
    match process::wait(WaitOptions::NOHANG | WaitOptions::UNTRACED) {
        Ok(Some((pid, status))) => {
            Report::Child(pid.as_raw_nonzero().get(), Fate::from_status(status.as_raw()))
        }
        Ok(None) => Report::Settled,
        Err(_) => Report::Childless,
    }
}

/// Is a child of this process, living or not yet reaped, in this group? Then the group's number is
/// held by it, and is nobody else's until that child is reaped.
pub fn has_child_in_group(group: Pid) -> bool {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    process::waitid(WaitId::Pgid(rustix_pid(group)), options).is_ok()
}

/// execve(2); returns only the reason why not.
///
/// # Safety
/// Both vectors must be null-terminated vectors of C strings.
pub unsafe fn execute(
    path: &CStr,
    arguments: *const *const u8,
    environment: *const *const u8,
) -> Errno {
    // SAFETY: the caller's promise.
    unsafe { runtime::execve(path, arguments, environment) }
}

/// Goes to `/`, so that no folder is kept from being unmounted or removed.
pub fn leave_folder() {
    // Refused only where `/` may not be searched; nothing of rinit's depends on it.
    let _ = process::chdir(c"/");
}

/// Closes every descriptor from 3 up.
pub fn close_descriptors() {
    // SAFETY: rinit holds no descriptor of its own, so none that it still needs is closed.
    let closed = unsafe { system_call(kernel::__NR_close_range, 3, u32::MAX as usize, 0) };
    if closed < 0 {
        // Before Linux 5.9, or refused by a seccomp profile that does not know the call.
        let limit = process::getrlimit(process::Resource::Nofile).current.unwrap_or(1024);
        for number in 3..limit.min(65_536) {
            // SAFETY: as above.
            unsafe { system_call(kernel::__NR_close, number as usize, 0, 0) };
        }
    }
}

// Time.

/// The time of `CLOCK_MONOTONIC`, which nobody can set.
#[inline(never)]
pub fn now() -> Nanos {
    let mut time = kernel::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: there is room for the answer. Not rustix's, which goes through the vDSO and keeps
    // its address in a writable static.
    unsafe {
        system_call(
            kernel::__NR_clock_gettime,
            kernel::CLOCK_MONOTONIC as usize,
            (&raw mut time).expose_provenance(),
            0,
        );
    }
    time.tv_sec as Nanos * SECOND + time.tv_nsec as Nanos
}

// Terminals.

/// The foreground group of the terminal behind this stream, where that is the terminal of this
/// session; 0 where the group was made outside this namespace.
pub fn foreground_group(terminal: BorrowedFd<'_>) -> Option<Pid> {
    use rustix::fd::AsRawFd;
    let mut group: Pid = 0;
    // SAFETY: there is room for the answer. Not rustix's, whose type has no 0.
    let result = unsafe {
        system_call(
            kernel::__NR_ioctl,
            terminal.as_raw_fd() as usize,
            linux_raw_sys::ioctl::TIOCGPGRP as usize,
            (&raw mut group).expose_provenance(),
        )
    };
    (result == 0).then_some(group)
}

/// May this process read from its terminal, being in the foreground? With SIGTTIN blocked a read,
/// even of nothing, fails where it is not (`__tty_check_change` in drivers/tty/tty_jobctrl.c).
pub fn may_read(terminal: BorrowedFd<'_>) -> bool {
    rustix::io::read(terminal, &mut [0; 0]).is_ok()
}

/// Makes `group` the foreground group of the terminal.
pub fn set_foreground_group(terminal: BorrowedFd<'_>, group: Pid) -> Result<()> {
    rustix::termios::tcsetpgrp(terminal, rustix_pid(group).ok_or(Errno::SRCH)?)
}

/// Is there any process in this group?
pub fn group_exists(group: Pid) -> bool {
    rustix_pid(group)
        .is_some_and(|group| process::test_kill_process_group(group) != Err(Errno::SRCH))
}

// Files.

/// Writes a line to stderr in one write, or not at all: rinit never waits for a reader.
pub fn say(line: &mut Line) {
    let stderr = stream(2);
    let mut ready = [PollFd::new(&stderr, PollFlags::OUT)];
    let now = rustix::event::Timespec { tv_sec: 0, tv_nsec: 0 };
    if poll(&mut ready, Some(&now)) == Ok(1) {
        let _ = rustix::io::write(stderr, line.finish());
    }
}

/// Writes all of it.
pub fn write_all(file: impl AsFd, mut bytes: &[u8]) -> Result<()> {
    while !bytes.is_empty() {
        match rustix::io::write(&file, bytes) {
            Ok(0) => return Err(Errno::IO),
            Ok(count) => bytes = bytes.get(count..).unwrap_or_default(),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Opens a file for reading.
pub fn open(path: &CStr) -> Result<OwnedFd> {
    fs::open(path, OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK, Mode::empty())
}

/// Makes a file that was not there, for writing.
pub fn create(path: &CStr) -> Result<OwnedFd> {
    fs::open(path, OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC, Mode::RWXU)
}

/// Gives the file mode 0755 whatever the umask says, and waits until it is on its disk.
pub fn finish_program(file: &OwnedFd) -> Result<()> {
    fs::fchmod(file, Mode::from_raw_mode(0o755))?;
    fs::fsync(file)
}

/// Puts one file in the place of another.
pub fn rename(from: &CStr, to: &CStr) -> Result<()> {
    fs::rename(from, to)
}

/// Removes a file.
pub fn remove(path: &CStr) {
    let _ = fs::unlink(path);
}

/// Reads at an offset, once; how much of the buffer was filled.
pub fn read_at<'a>(file: &OwnedFd, buffer: &'a mut [u8], offset: u64) -> &'a [u8] {
    let count = rustix::io::pread(file, &mut *buffer, offset).unwrap_or(0);
    buffer.get(..count).unwrap_or_default()
}

/// Where a symbolic link points.
pub fn read_link<'a>(path: &CStr, buffer: &'a mut [u8]) -> Option<&'a [u8]> {
    let len = fs::readlinkat_raw(CWD, path, &mut *buffer).ok()?;
    buffer.get(..len)
}

/// May this process execute the file, or search the folder?
pub fn may_execute(path: &CStr) -> bool {
    fs::access(path, fs::Access::EXEC_OK).is_ok()
}

/// Is there a file of this name? A symbolic link is one, wherever it points.
pub fn is_there(path: &CStr) -> bool {
    fs::lstat(path).is_ok()
}

/// Does the name lead to a file?
pub fn exists(path: &CStr) -> bool {
    fs::access(path, fs::Access::EXISTS).is_ok()
}

/// Is it a folder?
pub fn is_folder(path: &CStr) -> bool {
    fs::open(path, OFlags::PATH | OFlags::DIRECTORY, Mode::empty()).is_ok()
}

/// Is it on a file system that is mounted noexec?
pub fn is_noexec(path: &CStr) -> bool {
    const ST_NOEXEC: i64 = 8; // statfs(2)
    fs::statfs(path).is_ok_and(|system| system.f_flags as i64 & ST_NOEXEC != 0)
}

/// A C string up to the first NUL; an empty one where there is none.
#[inline(never)]
pub fn c_string(bytes: &[u8]) -> &CStr {
    let end = bytes.iter().position(|byte| *byte == 0);
    match end.and_then(|end| bytes.get(..=end)) {
        // SAFETY: it ends with its first NUL.
        Some(bytes) => unsafe { CStr::from_bytes_with_nul_unchecked(bytes) },
        None => c"",
    }
}
