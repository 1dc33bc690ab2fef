//! The system calls: one safe function each. The only place that talks to the kernel.
//!
//! Where rustix has no function, or one with a path to a panic (those that hand out descriptors
//! check them with an assertion), the kernel is called directly; then a negative number is the
//! negated number of an error, as the kernel has it.

use core::ffi::CStr;
use core::mem;

use linux_raw_sys::{errno, general as kernel, ioctl};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fd::BorrowedFd;
use rustix::process::{self, WaitId, WaitIdOptions, WaitOptions};
pub use rustix::runtime::KernelSigSet;
use rustix::runtime::{self, How, KernelSigaction};

use rinit::machine::Pid;
use rinit::message::reason;
use rinit::signal::Signal;
use rinit::status::Status;
use rinit::text::{Line, Nanos, SECOND};

#[cfg(without_rustix)]
use crate::bare as rustix;
use crate::start::{system_call, system_call_3};

/// What a system call of rustix answers, or the number of its error.
pub type Result<T> = core::result::Result<T, Errno>;

/// The number of an error (errno(3)).
#[derive(Copy, Clone, PartialEq, Eq)]
pub struct Errno(pub i32);

#[allow(missing_docs, reason = "each is described in errno(3)")]
impl Errno {
    pub const PERM: Self = Self(errno::EPERM as i32);
    pub const NOENT: Self = Self(errno::ENOENT as i32);
    pub const INTR: Self = Self(errno::EINTR as i32);
    pub const AGAIN: Self = Self(errno::EAGAIN as i32);
    pub const IO: Self = Self(errno::EIO as i32);
    pub const CHILD: Self = Self(errno::ECHILD as i32);
    pub const NOEXEC: Self = Self(errno::ENOEXEC as i32);
    pub const ACCESS: Self = Self(errno::EACCES as i32);
    pub const NOTDIR: Self = Self(errno::ENOTDIR as i32);
    pub const NAMETOOLONG: Self = Self(errno::ENAMETOOLONG as i32);
    pub const LIBBAD: Self = Self(errno::ELIBBAD as i32);

    /// What it means.
    pub fn reason(self) -> &'static [u8] {
        reason(self.0)
    }
}

impl From<rustix::io::Errno> for Errno {
    fn from(error: rustix::io::Errno) -> Self {
        Self(error.raw_os_error())
    }
}

/// The address of something, for the kernel.
fn address<T: ?Sized>(of: &T) -> usize {
    (&raw const *of).cast::<u8>().expose_provenance()
}

/// The address of something that the kernel will change.
fn address_mut<T: ?Sized>(of: &mut T) -> usize {
    (&raw mut *of).cast::<u8>().expose_provenance()
}

fn rustix_pid(pid: Pid) -> Option<process::Pid> {
    process::Pid::from_raw(pid)
}

fn rustix_signal(signal: Signal) -> process::Signal {
    // SAFETY: between 1 and 64, and rinit has no libc that keeps some of them for itself.
    unsafe { process::Signal::from_raw_unchecked(i32::from(signal.number())) }
}

/// Exits with this code.
pub fn exit(code: u8) -> ! {
    runtime::exit_group(i32::from(code))
}

// Signals.

/// Blocks all 64 signals; the mask as it was.
pub fn block_signals() -> KernelSigSet {
    set_mask(KernelSigSet::all())
}

/// Sets the mask; the mask as it was, see [`is_mask`].
#[inline(never)]
pub fn set_mask(mask: KernelSigSet) -> KernelSigSet {
    // SAFETY: there is no libc whose signals this could break, and no handler that could run.
    let old = unsafe { runtime::kernel_sigprocmask(How::SETMASK, Some(&mask)) };
    old.unwrap_or(KernelSigSet::all())
}

/// Was it a mask, or could none be set? There is none with SIGKILL, which nobody can block.
pub fn is_mask(mask: &KernelSigSet) -> bool {
    !mask.contains(process::Signal::KILL)
}

/// Gives a signal its default disposition; was it ignored?
pub fn default_disposition(signal: Signal) -> Result<bool> {
    disposition(signal, false)
}

/// Ignores a signal, or gives it its default disposition; was it ignored? There is nothing else
/// after an execve(2), which leaves no handler.
#[inline(never)]
pub fn disposition(signal: Signal, ignored: bool) -> Result<bool> {
    let mut action = KernelSigaction::default();
    if ignored {
        action.sa_handler_kernel = runtime::kernel_sig_ign();
    }
    // SAFETY: never a handler.
    let old = unsafe { runtime::kernel_sigaction(rustix_signal(signal), Some(action)) }?;
    Ok(old.sa_handler_kernel.is_some())
}

/// Who is heard when more signals come than can be passed on.
///
/// The kernel hands out the lowest number first, so a flood of SIGHUP would keep SIGTERM and SIGCHLD
/// from ever being heard. So now and then there is a round in which each of the standard signals is
/// heard once: it ends, without waiting, when none of the others is pending. (Real-time signals
/// queue, and come after them.)
#[derive(Default)]
pub struct Fairness {
    /// The signals of this round; bit N-1 is signal N.
    heard: usize,
    /// How many signals came, modulo the width.
    count: u8,
}

/// How many signals come between two rounds: each costs a system call that waits for nothing.
const BETWEEN_ROUNDS: u8 = 32;

/// Waits for any signal, `timeout` at most. Which one came, and the process that sent it: 0 for the
/// kernel, and for a process that has no number in this namespace. Where none came, the error:
/// `EAGAIN` when the time is over, `EINTR` when it was woken for nothing.
#[inline(never)]
#[unsafe(link_section = ".text.idle")]
pub fn wait_for_signal(timeout: Option<Nanos>, fairness: &mut Fairness) -> Result<(Signal, Pid)> {
    let heard = mem::take(&mut fairness.heard);
    let timeout = if heard == 0 { timeout } else { Some(0) };
    let timeout = timeout.map(|time| runtime::Timespec {
        tv_sec: (time / SECOND) as _,
        tv_nsec: (time % SECOND) as _,
    });
    let mut set = KernelSigSet::all();
    // SAFETY: a set is an array of words, of which the first holds the standard signals.
    unsafe { *(&raw mut set).cast::<usize>() = !heard };
    // SAFETY: there is no libc whose signals this could take.
    let info = unsafe { runtime::kernel_sigtimedwait(&set, timeout.as_ref()) }?;
    // SAFETY: the first three fields stand in every siginfo_t (sigaction(2)).
    let info = unsafe { &info.__bindgen_anon_1.__bindgen_anon_1 };
    // Of kill(2), sigqueue(3) and tgkill(2), which fill in the sender.
    let sender = if info.si_code <= 0 {
        // SAFETY: zeroed by the kernel where it has no meaning (`clear_siginfo`).
        unsafe { info._sifields._kill._pid }
    } else {
        0
    };
    let signal = Signal::new(info.si_signo).ok_or(Errno::INTR)?;
    fairness.count = fairness.count.wrapping_add(1);
    let is_round = heard != 0 || fairness.count.is_multiple_of(BETWEEN_ROUNDS);
    if is_round && info.si_signo < 32 {
        fairness.heard = heard | 1 << (info.si_signo - 1);
    }
    Ok((signal, sender))
}

/// Lets in the signals by which a terminal stops, and no other.
pub fn let_stops_in() {
    let mut mask = KernelSigSet::all();
    mask.remove(process::Signal::TSTP);
    mask.remove(process::Signal::TTIN);
    mask.remove(process::Signal::TTOU);
    set_mask(mask);
}

/// Does a SIGCONT wait?
pub fn is_continued() -> bool {
    runtime::kernel_sigpending().contains(process::Signal::CONT)
}

/// kill(2): a positive number is a process, -1 is every process but the init of the PID namespace,
/// and any other negative number is a process group.
#[unsafe(link_section = ".text.idle")]
pub fn signal(pid: Pid, signal: Signal) -> Result<()> {
    let id = rustix_pid(pid.wrapping_abs()).ok_or(Errno::NOENT)?;
    let signal = rustix_signal(signal);
    let sent = if pid > 0 {
        process::kill_process(id, signal)
    } else {
        // Its "group 1" is kill(-1).
        process::kill_process_group(id, signal)
    };
    sent.map_err(Errno::from)
}

/// kill(2) of the own process, whose id is given, or for 0 of the own process group.
pub fn signal_own(pid: Pid, signal: Signal) {
    // SAFETY: kill(2) touches no memory.
    unsafe { system_call_3(pid as usize, signal.number().into(), 0, kernel::__NR_kill) };
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

/// The process group of a process, the calling one's for 0; 0 where the group was made outside this
/// namespace.
pub fn group_of(pid: Pid) -> Pid {
    // SAFETY: getpgid(2) touches no memory. Not rustix's, whose type has no 0.
    unsafe { system_call_3(pid as usize, 0, 0, kernel::__NR_getpgid) as Pid }
}

/// Makes the calling process the leader of a group of its own; says whether it is. For a new
/// process, which leads no session and joins nobody, only a seccomp profile refuses that.
pub fn lead_own_group() -> bool {
    process::setpgid(None, None).is_ok()
}

/// From now on orphans among the descendants become children of this process.
pub fn become_subreaper() -> Result<()> {
    Ok(process::set_child_subreaper(Some(process::Pid::INIT))?)
}

/// Asks for this signal when the parent dies.
pub fn signal_on_parent_death(signal: Signal) {
    // It cannot fail for a signal that there is (prctl(2)).
    let _ = process::set_parent_process_death_signal(Some(rustix_signal(signal)));
}

/// What a child had to report.
pub enum Report {
    /// What this child did; reaped if it ended.
    Child(Pid, Status),
    /// Nothing to report; children live.
    Settled,
    /// The kernel does not say: `ECHILD` where no child is left.
    Failed(Errno),
}

/// Takes the report of one child, and its remains.
#[unsafe(link_section = ".text.idle")]
pub fn reap() -> Report {
    match process::wait(WaitOptions::NOHANG | WaitOptions::UNTRACED) {
        Ok(Some((pid, status))) => {
            Report::Child(pid.as_raw_nonzero().get(), Status(status.as_raw()))
        }
        Ok(None) => Report::Settled,
        Err(error) => Report::Failed(error.into()),
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
    unsafe { runtime::execve(path, arguments, environment) }.into()
}

/// Goes to `/`, so that no folder is kept from being unmounted or removed.
pub fn leave_folder() {
    // Refused only where `/` may not be searched; nothing of rinit's depends on it.
    let _ = process::chdir(c"/");
}

/// Closes every descriptor from 3 up.
pub fn close_descriptors() {
    // SAFETY: rinit holds no descriptor of its own, so none that it still needs is closed.
    let closed = unsafe { system_call_3(3, u32::MAX as usize, 0, kernel::__NR_close_range) };
    if closed < 0 {
        // Before Linux 5.9, or where a seccomp profile does not know the call.
        for number in 3..DESCRIPTORS_MAX {
            // SAFETY: as above.
            unsafe { system_call_3(number, 0, 0, kernel::__NR_close) };
        }
    }
}

/// Gives the memory back that lies in whole pages between two addresses, first and last page left
/// out (madvise(2), MADV_DONTNEED): pages of a file come back when they are needed, others as
/// zeros.
///
/// # Safety
/// Between them lies nothing but what is a file's, or nobody reads again.
#[inline(never)]
#[unsafe(link_section = ".text.idle")]
pub unsafe fn let_go_between(first: usize, last: usize) {
    let (start, end) = ((first | (PAGE - 1)) + 1, last & !(PAGE - 1));
    // Where pages are larger, the kernel refuses what begins within one, but rounds the end up, to
    // where somebody's data may be. An odd page of this size begins no larger one.
    // SAFETY: it is of no length.
    let fits = cfg!(target_arch = "x86_64")
        || unsafe { system_call_3(PAGE, 0, kernel::MADV_DONTNEED as usize, kernel::__NR_madvise) }
            == 0;
    if fits && start < end {
        // SAFETY: the caller's promise.
        unsafe {
            system_call_3(start, end - start, kernel::MADV_DONTNEED as usize, kernel::__NR_madvise)
        };
    }
}

/// The smallest page there is. Where pages are larger, nothing is given back.
pub const PAGE: usize = 4096;

/// How far descriptors are closed one by one: the kernel's own limit where nobody raised it
/// (`INR_OPEN_MAX`).
const DESCRIPTORS_MAX: usize = 4096;

// Time.

/// The time of `CLOCK_MONOTONIC`, which nobody can set.
#[inline(never)]
#[unsafe(link_section = ".text.idle")]
pub fn now() -> Nanos {
    let clock = kernel::CLOCK_MONOTONIC as usize;
    #[cfg(target_pointer_width = "32")]
    {
        let mut time = kernel::__kernel_timespec { tv_sec: 0, tv_nsec: 0 };
        let room = address_mut(&mut time);
        // SAFETY: there is room for the answer.
        if unsafe { system_call_3(clock, room, 0, kernel::__NR_clock_gettime64) } == 0 {
            return time.tv_sec as Nanos * SECOND + time.tv_nsec as Nanos;
        }
        // Before Linux 5.1. What follows counts 68 years of seconds, from when the machine started.
    }
    let mut time = kernel::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: there is room for the answer. Not rustix's, which goes through the vDSO and keeps
    // its address in a writable static.
    let mut refused = || unsafe {
        system_call_3(clock, address_mut(&mut time), 0, kernel::__NR_clock_gettime) != 0
    };
    if refused() && refused() {
        // Another clock, of hundredths of a second, which counts from somewhere else: so not before
        // this one has shown that it never answers.
        // SAFETY: without a buffer it only returns a number.
        return unsafe { system_call_3(0, 0, 0, kernel::__NR_times) } as Nanos * (SECOND / 100);
    }
    time.tv_sec as Nanos * SECOND + time.tv_nsec as Nanos
}

/// Sleeps for less than a second, whatever comes.
#[inline(never)]
pub fn sleep(time: Nanos) {
    let time = kernel::timespec { tv_sec: 0, tv_nsec: time as _ };
    // SAFETY: the kernel reads the time. No signal can interrupt it: all are blocked.
    unsafe { system_call_3(address(&time), 0, 0, kernel::__NR_nanosleep) };
}

// Terminals. Not with rustix, whose process ids are never 0.

/// The foreground group of the terminal behind this descriptor, 0 where it was made outside this
/// namespace; an error where that is not the terminal of this session.
#[inline(never)]
#[unsafe(link_section = ".text.idle")]
pub fn foreground_group(terminal: i32) -> Pid {
    let mut group: Pid = 0;
    let request = ioctl::TIOCGPGRP as usize;
    // SAFETY: there is room for the answer.
    let result = unsafe {
        system_call_3(terminal as usize, request, address_mut(&mut group), kernel::__NR_ioctl)
    };
    if result < 0 { -1 } else { group }
}

/// Opens the terminal of this session (tty(4)); its descriptor, or an error.
pub fn open_terminal() -> isize {
    open_with(c"/dev/tty", kernel::O_RDWR | kernel::O_NONBLOCK, 0)
}

/// Makes `group` the foreground group of the terminal; says whether it is.
#[inline(never)]
pub fn set_foreground_group(terminal: i32, group: Pid) -> bool {
    let request = ioctl::TIOCSPGRP as usize;
    // SAFETY: the kernel reads the number.
    unsafe { system_call_3(terminal as usize, request, address(&group), kernel::__NR_ioctl) == 0 }
}

/// May this process read from its terminal, being in the foreground? With SIGTTIN blocked a read,
/// even of nothing, fails where it is not (`__tty_check_change` in drivers/tty/tty_jobctrl.c).
pub fn may_read(terminal: i32) -> bool {
    // SAFETY: nothing is read.
    unsafe { system_call_3(terminal as usize, 0, 0, kernel::__NR_read) == 0 }
}

/// Is there any process in this group?
pub fn group_exists(group: Pid) -> bool {
    // SAFETY: kill(2) with no signal touches nothing.
    let result = unsafe { system_call_3(-group as usize, 0, 0, kernel::__NR_kill) };
    result != -(errno::ESRCH as isize)
}

// Files.

/// Writes a line to stderr in one write, or not at all: rinit never waits for a reader.
#[inline(never)]
pub fn say(line: &mut Line) {
    // SAFETY: nothing closes it; where it was closed from the start, calls answer EBADF.
    let stderr = unsafe { BorrowedFd::borrow_raw(2) };
    let mut ready = [PollFd::new(&stderr, PollFlags::OUT)];
    let count = poll(&mut ready, Some(&runtime::Timespec { tv_sec: 0, tv_nsec: 0 }));
    // Where it cannot be asked (no descriptor allowed, a seccomp profile), saying it is worth more.
    if count != Ok(0) {
        write(2, line.finish());
    }
}

/// Writes once; how much was written.
#[inline(never)]
fn write(file: usize, bytes: &[u8]) -> isize {
    // SAFETY: the bytes are there.
    unsafe { system_call_3(file, address(bytes), bytes.len(), kernel::__NR_write) }
}

/// Writes all of it; 0, or an error.
#[inline(never)]
pub fn write_all(file: usize, mut bytes: &[u8]) -> isize {
    while !bytes.is_empty() {
        // No signal can interrupt it: all are blocked.
        let count = write(file, bytes);
        // An error, being negative, is past the end.
        let Some(rest) = bytes.get(count as usize..) else { return count };
        bytes = rest;
    }
    0
}

/// What stands for the working directory.
const HERE: usize = kernel::AT_FDCWD as usize;

/// openat(2) relative to the working directory; the descriptor, or an error.
#[inline(never)]
fn open_with(path: &CStr, flags: u32, mode: usize) -> isize {
    let flags = (flags | kernel::O_CLOEXEC) as usize;
    // SAFETY: a C string.
    unsafe { system_call(HERE, address(path), flags, kernel::__NR_openat, mode) }
}

/// Opens a file for reading; its descriptor, or an error.
pub fn open(path: &CStr) -> isize {
    open_with(path, kernel::O_RDONLY | kernel::O_NONBLOCK, 0)
}

/// Makes a file that was not there, for writing; its descriptor, or an error.
pub fn create(path: &CStr) -> isize {
    open_with(path, kernel::O_WRONLY | kernel::O_CREAT | kernel::O_EXCL, 0o700)
}

/// Is there a file of this name? A symbolic link is one, wherever it points. (The descriptor stays
/// open, in a process that is about to end.)
pub fn is_there(path: &CStr) -> bool {
    open_with(path, kernel::O_PATH | kernel::O_NOFOLLOW, 0) >= 0
}

/// Is it a folder? (As above.)
pub fn is_folder(path: &CStr) -> bool {
    open_with(path, kernel::O_PATH | kernel::O_DIRECTORY, 0) >= 0
}

/// Makes a file so long; what is new of it is zeros. 0, or an error.
pub fn set_len(file: usize, len: usize) -> isize {
    // SAFETY: it touches no memory.
    unsafe { system_call_3(file, len, 0, kernel::__NR_ftruncate) }
}

/// Gives the file mode 0755, whatever the umask says; 0, or an error.
pub fn make_program(file: usize) -> isize {
    // SAFETY: it touches no memory.
    unsafe { system_call_3(file, 0o755, 0, kernel::__NR_fchmod) }
}

/// Waits until the file is on its disk; 0, or an error.
pub fn sync(file: usize) -> isize {
    // SAFETY: it touches no memory.
    unsafe { system_call_3(file, 0, 0, kernel::__NR_fsync) }
}

/// renameat(2), or renameat2(2) on architectures that are younger than that.
#[cfg(not(any(target_arch = "loongarch64", target_arch = "riscv64")))]
const RENAME: u32 = kernel::__NR_renameat;
#[cfg(any(target_arch = "loongarch64", target_arch = "riscv64"))]
const RENAME: u32 = kernel::__NR_renameat2;

/// Puts one file in the place of another; 0, or an error.
pub fn rename(from: &CStr, to: &CStr) -> isize {
    // SAFETY: two C strings.
    unsafe { system_call(HERE, address(from), HERE, RENAME, address(to)) }
}

/// Removes a file.
pub fn remove(path: &CStr) {
    // SAFETY: a C string.
    unsafe { system_call_3(HERE, address(path), 0, kernel::__NR_unlinkat) };
}

/// Reads at an offset, once; what was read.
#[inline(never)]
pub fn read_at(file: isize, buffer: &mut [u8], offset: usize) -> &[u8] {
    let (room, size, file) = (address_mut(buffer), buffer.len(), file as usize);
    // SAFETY: there is room for as much.
    let count = unsafe {
        if cfg!(target_pointer_width = "64") {
            system_call(file, room, size, kernel::__NR_pread64, offset)
        } else {
            // pread64(2) takes the offset in two registers, on Arm after an empty one: too many.
            // Two calls take the place of one.
            system_call_3(file, offset, kernel::SEEK_SET as usize, kernel::__NR_lseek);
            system_call_3(file, room, size, kernel::__NR_read)
        }
    };
    buffer.get(..count as usize).unwrap_or_default()
}

/// Reads where a symbolic link points, without a NUL; false where it is no such link.
pub fn read_link(path: &CStr, buffer: &mut [u8]) -> bool {
    let (room, size) = (address_mut(buffer), buffer.len());
    // SAFETY: a C string, and there is room for as much.
    unsafe { system_call(HERE, address(path), room, kernel::__NR_readlinkat, size) > 0 }
}

/// faccessat(2).
#[inline(never)]
fn access(path: &CStr, mode: u32) -> bool {
    // SAFETY: a C string.
    unsafe { system_call_3(HERE, address(path), mode as usize, kernel::__NR_faccessat) == 0 }
}

/// Does the name lead to a file?
pub fn exists(path: &CStr) -> bool {
    access(path, kernel::F_OK)
}

/// May this process execute the file, or search the folder?
pub fn may_execute(path: &CStr) -> bool {
    access(path, kernel::X_OK)
}

/// Is it on a file system that is mounted noexec?
pub fn is_noexec(path: &CStr) -> bool {
    const ST_NOEXEC: u32 = 8; // statfs(2)
    #[allow(
        clippy::unnecessary_cast,
        reason = "their type is not the same on all architectures; they fit into every one"
    )]
    rustix::fs::statfs(path).is_ok_and(|system| (system.f_flags as u32) & ST_NOEXEC != 0)
}

/// A C string up to the first NUL; an empty one where the last byte is none.
#[inline(never)]
pub fn c_string(bytes: &[u8]) -> &CStr {
    match bytes {
        // SAFETY: it ends with the last byte, if not before.
        [.., 0] => unsafe { CStr::from_ptr(bytes.as_ptr().cast()) },
        _ => c"",
    }
}
