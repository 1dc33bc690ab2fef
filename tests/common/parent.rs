//! A parent for rinit: a process between the test and rinit that a test can kill, or that has ended
//! before rinit is executed.

use std::io;

use libc::{SIGCHLD, c_int};

use super::{Init, Running, check, children};

/// rinit's parent.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Parent {
    /// The test's own child, which stays.
    Kept,
    /// A child of the test's child: it can be killed.
    Mortal,
    /// The same, and rinit is the init of a PID namespace of its own.
    MortalOfAnInit,
    /// It has ended before rinit is executed.
    Gone,
}

impl Parent {
    /// Starts rinit beneath this parent. What the test holds is the process above: it does nothing,
    /// and stays until it is dropped.
    pub fn start(self, init: Init) -> Running {
        init.setup(move || self.come_between()).start()
    }

    /// The process id of the rinit that was started beneath it.
    pub fn rinit(self, running: &Running) -> c_int {
        match self {
            Self::Kept => running.children()[0],
            _ => children(running.children()[0])[0],
        }
    }

    /// Returns in the process that rinit is to be.
    fn come_between(self) -> io::Result<()> {
        if fork()? != 0 {
            stay();
        }
        if self == Self::Kept {
            return Ok(());
        }
        if self == Self::MortalOfAnInit {
            // SAFETY: it takes flags.
            check(unsafe { libc::unshare(libc::CLONE_NEWPID) })?;
        }
        match (fork()?, self) {
            (0, Self::Gone) => wait_for_adoption(),
            (0, _) => {}
            // SAFETY: it takes a number.
            (_, Self::Gone) => unsafe { libc::_exit(0) },
            _ => stay(),
        }
        Ok(())
    }
}

/// Waits until the parent has ended and PID 1 has taken its place.
fn wait_for_adoption() {
    // SAFETY: they take nothing.
    unsafe {
        while libc::getppid() != 1 {
            libc::sched_yield();
        }
    }
}

/// fork(2), without what a libc does around it: another thread of the test may have held its locks.
pub fn fork() -> io::Result<c_int> {
    // SAFETY: a fork; the child makes system calls only.
    let pid = unsafe { libc::syscall(libc::SYS_clone, SIGCHLD, 0, 0, 0, 0) } as c_int;
    check(pid).map(|()| pid)
}

/// Lets go of the test, which waits until all that lead up to the exec have, and stays.
pub fn stay() -> ! {
    // SAFETY: calls on numbers.
    unsafe {
        libc::syscall(libc::SYS_close_range, 3, u32::MAX, 0);
        loop {
            libc::pause();
        }
    }
}
