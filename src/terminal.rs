//! Who holds the terminal.
//!
//! A terminal belongs to a session and is held by one process group of it, the foreground group:
//! that one gets `^C` and may read. Where rinit's own group holds it, the program's group takes its
//! place; gives way to those who share rinit's group when they need it; and again at the end.

use rinit::machine::Pid;

use crate::sys;

/// The terminal of rinit's session, as far as it is known.
pub struct Terminal {
    /// A descriptor of it; negative where there is none.
    descriptor: i32,
    own_group: Pid,
}

/// How many standard streams there are.
const STREAMS: i32 = 3;

impl Terminal {
    /// No terminal.
    pub const fn none() -> Self {
        Self { descriptor: -1, own_group: 0 }
    }

    /// Looks for the terminal behind the standard streams. To be called while still in the group
    /// whose place the program's is to take.
    pub fn find() -> Self {
        for stream in 0..STREAMS {
            let terminal = Self { descriptor: stream, own_group: 0 };
            if terminal.holder() >= 0 {
                return Self { own_group: sys::group_of(0), ..terminal };
            }
        }
        Self::none()
    }

    /// Looks for it by its name where none of the standard streams is it: for a program that has
    /// done so as well, and was stopped over it. Is there one?
    pub fn look_again(&mut self) -> bool {
        if !self.is_known() {
            *self = Self { descriptor: sys::open_terminal() as i32, own_group: sys::group_of(0) };
        }
        self.is_known()
    }

    /// Is there a terminal that rinit knows of?
    pub fn is_known(&self) -> bool {
        self.descriptor >= 0
    }

    /// The group that holds it, 0 for one that was made outside this PID namespace; below 0 where
    /// there is no terminal.
    #[inline(never)]
    #[unsafe(link_section = ".text.idle")]
    fn holder(&self) -> Pid {
        if self.is_known() { sys::foreground_group(self.descriptor) } else { -1 }
    }

    /// Does rinit's own group, which must be the caller's, hold the terminal?
    #[inline(never)]
    pub fn is_ours(&self) -> bool {
        let holder = self.holder();
        // Two groups from outside this PID namespace look alike; only the holder may read.
        holder == self.own_group && (holder > 0 || sys::may_read(self.descriptor))
    }

    /// Is the terminal held by this group?
    pub fn is_held_by(&self, group: Pid) -> bool {
        self.holder() == group
    }

    /// Is the terminal held by a group in which nobody is left?
    #[unsafe(link_section = ".text.idle")]
    fn is_nobodys(&self) -> bool {
        let holder = self.holder();
        holder > 0 && !sys::group_exists(holder)
    }

    /// Does this process, or the kernel (0) in the name of one, share rinit's group?
    pub fn is_shared_with(&self, pid: Pid) -> bool {
        sys::group_of(pid) == self.own_group
    }

    /// Makes `group` the foreground group; says whether it is.
    pub fn set_holder(&self, group: Pid) -> bool {
        sys::set_foreground_group(self.descriptor, group)
    }

    /// Makes `group` the foreground group where rinit's own is it; says whether it is.
    #[inline(never)]
    pub fn give(&self, group: Pid) -> bool {
        self.is_held_by(group) || self.is_ours() && self.set_holder(group)
    }

    /// The same where nobody is left in the group that holds it.
    pub fn take(&self, group: Pid) -> bool {
        self.is_nobodys() && self.set_holder(group)
    }

    /// Gives the terminal to rinit's own group where `group` holds it; says whether it was done.
    ///
    /// Impossible where rinit's own group has no number here; its shell sees to itself then.
    pub fn lend(&self, group: Pid) -> bool {
        self.is_held_by(group) && self.set_holder(self.own_group)
    }

    /// Gives it to rinit's own group where nobody is left in the group that holds it.
    pub fn inherit(&self) {
        self.take(self.own_group);
    }
}
