//! Who holds the terminal.
//!
//! A terminal belongs to a session and is held by one process group of it, the foreground group:
//! that one gets `^C` and may read. Where rinit's own group holds it, the program's group takes its
//! place; and gives way again at the end, for those who share rinit's group.

use rinit::machine::Pid;

use crate::sys;

/// The terminal of rinit's session, where one of the standard streams is it.
pub struct Terminal {
    /// The stream; past the last where none is.
    stream: usize,
    own_group: Pid,
}

/// How many standard streams there are.
const STREAMS: usize = 3;

impl Terminal {
    /// No terminal.
    pub const fn none() -> Self {
        Self { stream: STREAMS, own_group: 0 }
    }

    /// Looks for the terminal behind the standard streams. To be called while still in the group
    /// whose place the program's is to take.
    pub fn find() -> Self {
        for stream in 0..STREAMS {
            if sys::foreground_group(stream) >= 0 {
                return Self { stream, own_group: sys::group_of(0) };
            }
        }
        Self::none()
    }

    /// The group that holds it, 0 for one that was made outside this PID namespace; below 0 where
    /// there is no terminal.
    fn holder(&self) -> Pid {
        if self.stream == STREAMS { -1 } else { sys::foreground_group(self.stream) }
    }

    /// Does rinit's own group, which must be the caller's, hold the terminal?
    #[inline(never)]
    pub fn is_ours(&self) -> bool {
        let holder = self.holder();
        // Two groups from outside this PID namespace look alike; only the holder may read.
        holder == self.own_group && (holder > 0 || sys::may_read(self.stream))
    }

    /// Makes `group` the foreground group; says whether it is.
    pub fn set_holder(&self, group: Pid) -> bool {
        sys::set_foreground_group(self.stream, group)
    }

    /// Makes `group` the foreground group where rinit's own is it, or nobody is; says whether it
    /// was done.
    #[inline(never)]
    pub fn give(&self, group: Pid) -> bool {
        (self.is_ours() || self.is_nobodys()) && self.set_holder(group)
    }

    /// Is the terminal held by a group in which nobody is left?
    fn is_nobodys(&self) -> bool {
        let holder = self.holder();
        holder > 0 && !sys::group_exists(holder)
    }

    /// Gives the terminal back to rinit's own group where `group` still holds it, or nobody.
    pub fn take_back(&self, group: Pid) {
        if self.holder() == group || self.is_nobodys() {
            // Impossible where rinit's own group has no number here; its shell sees to itself then.
            self.set_holder(self.own_group);
        }
    }
}
