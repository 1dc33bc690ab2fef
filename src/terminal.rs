//! Who holds the terminal.
//!
//! A terminal belongs to a session and is held by one process group of it, the foreground group:
//! that one gets `^C` and may read. Where rinit's own group holds it, the program's group takes its
//! place; and gives way again at the end, for those who share rinit's group.

use rinit::machine::Pid;

use crate::sys;

/// The terminal of rinit's session, where one of the standard streams is it.
#[derive(Copy, Clone)]
pub struct Terminal {
    stream: Option<usize>,
    own_group: Pid,
}

impl Terminal {
    /// No terminal.
    pub const fn none() -> Self {
        Self { stream: None, own_group: 0 }
    }

    /// Looks for the terminal behind the standard streams. To be called while still in the group
    /// whose place the program's is to take.
    pub fn find() -> Self {
        let stream = (0..3).find(|number| sys::foreground_group(*number).is_some());
        // Nobody needs the group where there is no terminal: one system call less.
        let own_group = stream.map_or(0, |_| sys::own_group());
        Self { stream, own_group }
    }

    /// Does rinit's own group, which must be the caller's, hold the terminal?
    pub fn is_ours(&self) -> bool {
        let Some(stream) = self.stream else { return false };
        sys::foreground_group(stream).is_some_and(|holder| {
            // Two groups from outside this PID namespace look alike; only the holder may read.
            holder == self.own_group && (holder != 0 || sys::may_read(stream))
        })
    }

    /// Makes `group` the foreground group; says whether it is.
    pub fn set_holder(&self, group: Pid) -> bool {
        self.stream
            .is_some_and(|stream| sys::set_foreground_group(stream, group))
    }

    /// Makes `group` the foreground group where rinit's own is it, or nobody is; says whether it
    /// was done.
    pub fn give(&self, group: Pid) -> bool {
        (self.is_ours() || self.is_nobodys()) && self.set_holder(group)
    }

    /// Is the terminal held by a group in which nobody is left?
    fn is_nobodys(&self) -> bool {
        self.stream
            .and_then(sys::foreground_group)
            .is_some_and(|holder| holder != 0 && !sys::group_exists(holder))
    }

    /// Gives the terminal back to rinit's own group where `group` still holds it, or nobody.
    pub fn take_back(&self, group: Pid) {
        let Some(stream) = self.stream else { return };
        let is_held = sys::foreground_group(stream) == Some(group);
        if is_held || self.is_nobodys() {
            // Impossible where rinit's own group has no number here; its shell sees to itself then.
            self.set_holder(self.own_group);
        }
    }
}
