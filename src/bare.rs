//! rustix, as far as rinit uses it, under the same names and with the same meaning: for the
//! architectures that rustix does not carry, or not the way that rinit needs.
//!
//! | architecture | why |
//! |---|---|
//! | x86 | rustix enters the kernel through the vDSO, whose address it looks for with much code and keeps in a writable static |
//! | powerpc64, s390x | rustix enters the kernel only where the compiler is an unstable one |
//! | loongarch64 | rustix calls libc |

use core::ffi::CStr;

use linux_raw_sys::{general as kernel, prctl};

use crate::start::{system_call, system_call_3};

/// What a call answered: not negative, or an error.
fn outcome(result: isize) -> io::Result<isize> {
    if result < 0 { Err(io::Errno(-result as i32)) } else { Ok(result) }
}

/// The address of something, for the kernel.
fn address<T: ?Sized>(of: &T) -> usize {
    (&raw const *of).cast::<u8>().expose_provenance()
}

/// A system call that touches no memory.
fn call(a: usize, b: usize, c: usize, number: u32) -> io::Result<()> {
    // SAFETY: it touches no memory, says the caller in this module.
    outcome(unsafe { system_call_3(a, b, c, number) }).map(drop)
}

pub mod io {
    /// The number of an error.
    #[derive(Copy, Clone, PartialEq, Eq)]
    pub struct Errno(pub(super) i32);

    impl Errno {
        pub fn raw_os_error(self) -> i32 {
            self.0
        }
    }

    pub type Result<T> = core::result::Result<T, Errno>;
}

pub mod fd {
    use core::marker::PhantomData;

    /// A descriptor that somebody else closes.
    pub struct BorrowedFd<'fd>(pub(super) i32, PhantomData<&'fd ()>);

    impl BorrowedFd<'_> {
        /// # Safety
        /// It must stay open, or nothing depend on that.
        pub const unsafe fn borrow_raw(number: i32) -> Self {
            Self(number, PhantomData)
        }
    }
}

pub mod event {
    use super::{address, fd::BorrowedFd, io, kernel, outcome, runtime::Timespec, system_call};

    pub struct PollFlags;

    impl PollFlags {
        pub const OUT: i16 = kernel::POLLOUT as i16;
    }

    #[repr(transparent)]
    pub struct PollFd(kernel::pollfd);

    impl PollFd {
        pub fn new(file: &BorrowedFd<'_>, events: i16) -> Self {
            Self(kernel::pollfd { fd: file.0, events, revents: 0 })
        }
    }

    /// poll(2) with a time of zero, which looks the same in all widths.
    pub fn poll(files: &mut [PollFd], time: Option<&Timespec>) -> io::Result<usize> {
        // A copy: the kernel writes back what is left of it.
        let mut time = time.copied();
        let time = time.as_mut().map_or(0, |time| (&raw mut *time).expose_provenance());
        // SAFETY: the kernel fills in what is there; no signal mask.
        let count =
            unsafe { system_call(address(files), files.len(), time, kernel::__NR_ppoll, 0) };
        outcome(count).map(|count| count as usize)
    }
}

pub mod fs {
    use super::{CStr, address, io, kernel, outcome, system_call_3};

    #[cfg(target_pointer_width = "32")]
    pub use kernel::statfs64 as StatFs;

    #[cfg(target_pointer_width = "64")]
    pub use kernel::statfs as StatFs;

    /// statfs(2).
    pub fn statfs(path: &CStr) -> io::Result<StatFs> {
        // SAFETY: numbers, for which zeros are good.
        let mut found: StatFs = unsafe { core::mem::zeroed() };
        let (path, room) = (address(path), (&raw mut found).expose_provenance());
        #[cfg(target_pointer_width = "32")]
        let arguments = (path, size_of::<StatFs>(), room, kernel::__NR_statfs64);
        #[cfg(target_pointer_width = "64")]
        let arguments = (path, room, 0, kernel::__NR_statfs);
        let (a, b, c, number) = arguments;
        // SAFETY: a C string, and room for the answer.
        outcome(unsafe { system_call_3(a, b, c, number) })?;
        Ok(found)
    }
}

pub mod process {
    use core::num::NonZero;

    use super::{CStr, address, call, io, kernel, outcome, prctl, system_call, system_call_3};

    /// A process id, above 0.
    #[derive(Copy, Clone)]
    pub struct Pid(NonZero<i32>);

    impl Pid {
        pub const INIT: Self = Self(NonZero::new(1).unwrap());

        pub fn from_raw(number: i32) -> Option<Self> {
            NonZero::new(number).map(Self)
        }

        pub fn as_raw_nonzero(self) -> NonZero<i32> {
            self.0
        }

        fn number(id: Option<Self>) -> usize {
            id.map_or(0, |id| id.0.get() as usize)
        }
    }

    /// The number of a signal.
    #[derive(Copy, Clone)]
    pub struct Signal(pub(super) usize);

    impl Signal {
        pub const KILL: Self = Self(kernel::SIGKILL as usize);
        pub const CONT: Self = Self(kernel::SIGCONT as usize);
        pub const TSTP: Self = Self(kernel::SIGTSTP as usize);
        pub const TTIN: Self = Self(kernel::SIGTTIN as usize);
        pub const TTOU: Self = Self(kernel::SIGTTOU as usize);

        /// # Safety
        /// There must be such a signal.
        pub unsafe fn from_raw_unchecked(number: i32) -> Self {
            Self(number as usize)
        }
    }

    pub fn kill_process(id: Pid, signal: Signal) -> io::Result<()> {
        call(id.0.get() as usize, signal.0, 0, kernel::__NR_kill)
    }

    pub fn kill_process_group(id: Pid, signal: Signal) -> io::Result<()> {
        call(id.0.get().wrapping_neg() as usize, signal.0, 0, kernel::__NR_kill)
    }

    pub fn getpid() -> Pid {
        // SAFETY: it touches no memory.
        Pid::from_raw(unsafe { system_call_3(0, 0, 0, kernel::__NR_getpid) as i32 })
            .unwrap_or(Pid::INIT)
    }

    /// None for a parent outside this namespace.
    pub fn getppid() -> Option<Pid> {
        // SAFETY: it touches no memory.
        Pid::from_raw(unsafe { system_call_3(0, 0, 0, kernel::__NR_getppid) as i32 })
    }

    pub fn setpgid(id: Option<Pid>, group: Option<Pid>) -> io::Result<()> {
        call(Pid::number(id), Pid::number(group), 0, kernel::__NR_setpgid)
    }

    pub fn set_child_subreaper(yes: Option<Pid>) -> io::Result<()> {
        let yes = usize::from(yes.is_some());
        call(prctl::PR_SET_CHILD_SUBREAPER as usize, yes, 0, kernel::__NR_prctl)
    }

    pub fn set_parent_process_death_signal(signal: Option<Signal>) -> io::Result<()> {
        let signal = signal.map_or(0, |signal| signal.0);
        call(prctl::PR_SET_PDEATHSIG as usize, signal, 0, kernel::__NR_prctl)
    }

    pub struct WaitOptions;

    impl WaitOptions {
        pub const NOHANG: usize = kernel::WNOHANG as usize;
        pub const UNTRACED: usize = kernel::WUNTRACED as usize;
    }

    pub struct WaitStatus(i32);

    impl WaitStatus {
        pub fn as_raw(&self) -> i32 {
            self.0
        }
    }

    /// wait4(2) for any child.
    pub fn wait(options: usize) -> io::Result<Option<(Pid, WaitStatus)>> {
        let mut status = 0_i32;
        let room = (&raw mut status).expose_provenance();
        // SAFETY: room for the status.
        let id = unsafe { system_call(usize::MAX, room, options, kernel::__NR_wait4, 0) };
        Ok(Pid::from_raw(outcome(id)? as i32).map(|id| (id, WaitStatus(status))))
    }

    pub enum WaitId {
        Pgid(Option<Pid>),
    }

    pub struct WaitIdOptions;

    impl WaitIdOptions {
        pub const EXITED: usize = kernel::WEXITED as usize;
        pub const NOHANG: usize = kernel::WNOHANG as usize;
        pub const NOWAIT: usize = kernel::WNOWAIT as usize;
    }

    /// waitid(2), without an answer.
    pub fn waitid(WaitId::Pgid(group): WaitId, options: usize) -> io::Result<()> {
        let (kind, group) = (kernel::P_PGID as usize, Pid::number(group));
        // SAFETY: it is told no place for an answer; and none for the resources used, the fifth.
        outcome(unsafe { system_call(kind, group, 0, kernel::__NR_waitid, options) }).map(drop)
    }

    pub fn chdir(path: &CStr) -> io::Result<()> {
        // SAFETY: a C string.
        outcome(unsafe { system_call_3(address(path), 0, 0, kernel::__NR_chdir) }).map(drop)
    }
}

pub mod runtime {
    use linux_raw_sys::signal_macros;

    use super::process::Signal;
    use super::{CStr, address, io, kernel, outcome, system_call, system_call_3};

    pub use kernel::__kernel_timespec as Timespec;
    pub use kernel::siginfo_t as Siginfo;

    pub fn exit_group(code: i32) -> ! {
        loop {
            // SAFETY: it does not return.
            unsafe { system_call_3(code as usize, 0, 0, kernel::__NR_exit_group) };
        }
    }

    /// execve(2); returns only the error.
    ///
    /// # Safety
    /// Both vectors must be null-terminated vectors of C strings.
    pub unsafe fn execve(
        path: &CStr,
        arguments: *const *const u8,
        environment: *const *const u8,
    ) -> io::Errno {
        let [arguments, environment] = [arguments, environment].map(<*const _>::expose_provenance);
        // SAFETY: the caller's promise.
        let error =
            unsafe { system_call_3(address(path), arguments, environment, kernel::__NR_execve) };
        io::Errno(-error as i32)
    }

    /// A set of signals; signal N is bit N-1 (`sigaddset` in include/linux/signal.h), on 32 bits as
    /// well, where the words of it come in the order of the bytes.
    #[derive(Clone)]
    pub struct KernelSigSet(u64);

    const SET_SIZE: usize = size_of::<KernelSigSet>();

    impl KernelSigSet {
        pub const fn all() -> Self {
            Self(u64::MAX)
        }

        pub const fn empty() -> Self {
            Self(0)
        }

        pub fn remove(&mut self, signal: Signal) {
            self.0 &= !(1 << ((signal.0 - 1) & 63));
        }

        pub fn contains(&self, signal: Signal) -> bool {
            self.0 >> ((signal.0 - 1) & 63) & 1 != 0
        }
    }

    pub struct How;

    impl How {
        pub const SETMASK: usize = kernel::SIG_SETMASK as usize;
    }

    /// # Safety
    /// Nothing may depend on the mask as it is.
    pub unsafe fn kernel_sigprocmask(
        how: usize,
        set: Option<&KernelSigSet>,
    ) -> io::Result<KernelSigSet> {
        let mut old = KernelSigSet::empty();
        let room = (&raw mut old).expose_provenance();
        let set = set.map_or(0, address);
        // SAFETY: a set, and room for one.
        outcome(unsafe { system_call(how, set, room, kernel::__NR_rt_sigprocmask, SET_SIZE) })?;
        Ok(old)
    }

    /// `struct sigaction` of the kernel (include/linux/signal_types.h). Where it has no restorer
    /// (loongarch64) the mask follows the flags; rinit sets neither.
    #[derive(Default)]
    #[repr(C)]
    pub struct KernelSigaction {
        pub sa_handler_kernel: kernel::__kernel_sighandler_t,
        flags: usize,
        restorer: usize,
        mask: u64,
    }

    pub fn kernel_sig_ign() -> kernel::__kernel_sighandler_t {
        signal_macros::sig_ign()
    }

    /// # Safety
    /// It must set no handler.
    pub unsafe fn kernel_sigaction(
        signal: Signal,
        new: Option<KernelSigaction>,
    ) -> io::Result<KernelSigaction> {
        let mut old = KernelSigaction::default();
        let room = (&raw mut old).expose_provenance();
        let new = new.as_ref().map_or(0, address);
        // SAFETY: a disposition, and room for one.
        outcome(unsafe { system_call(signal.0, new, room, kernel::__NR_rt_sigaction, SET_SIZE) })?;
        Ok(old)
    }

    /// # Safety
    /// No signal may be meant for somebody else.
    pub unsafe fn kernel_sigtimedwait(
        set: &KernelSigSet,
        timeout: Option<&Timespec>,
    ) -> io::Result<Siginfo> {
        // SAFETY: numbers, for which zeros are good.
        let mut info: Siginfo = unsafe { core::mem::zeroed() };
        let (set, room) = (address(set), (&raw mut info).expose_provenance());
        let time = timeout.map_or(0, address);
        // SAFETY: a set, room for the answer, and a time or none.
        outcome(unsafe {
            #[cfg(target_pointer_width = "64")]
            let result = system_call(set, room, time, kernel::__NR_rt_sigtimedwait, SET_SIZE);
            #[cfg(target_pointer_width = "32")]
            let mut result =
                system_call(set, room, time, kernel::__NR_rt_sigtimedwait_time64, SET_SIZE);
            #[cfg(target_pointer_width = "32")]
            if result == -(linux_raw_sys::errno::ENOSYS as isize) {
                // Before Linux 5.1. A time that does not fit is as good as none.
                let old = timeout.and_then(|time| {
                    let tv_sec = time.tv_sec.try_into().ok()?;
                    Some(kernel::__kernel_old_timespec { tv_sec, tv_nsec: time.tv_nsec as _ })
                });
                let time = old.as_ref().map_or(0, address);
                result = system_call(set, room, time, kernel::__NR_rt_sigtimedwait, SET_SIZE);
            }
            result
        })?;
        Ok(info)
    }

    pub fn kernel_sigpending() -> KernelSigSet {
        let mut set = KernelSigSet::empty();
        let room = (&raw mut set).expose_provenance();
        // SAFETY: room for a set.
        unsafe { system_call_3(room, SET_SIZE, 0, kernel::__NR_rt_sigpending) };
        set
    }
}
