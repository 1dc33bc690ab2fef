//! `PATH` → the files to try, in order.

use crate::text;

/// Where to search when `PATH` is unset. An empty folder in a search path is the working directory
/// (POSIX, PATH).
pub const DEFAULT: &[u8] = b"/usr/local/bin:/bin:/usr/bin";

/// Does `program` name a file by itself, so that `PATH` is not searched (POSIX, execvp(3))?
#[must_use]
pub fn is_path(program: &[u8]) -> bool {
    text::split(program, b'/').1.is_some()
}

/// The longest name that the kernel takes, NUL included (`PATH_MAX`).
pub const MAX: usize = 4096;

/// `left`, `between`, `right` and the NUL that a system call wants, for a candidate such as
/// `folder/program`; where `left` is empty, `right` alone. None where it does not fit.
///
/// It stands at the end of the buffer, next to the caller's frame: what no candidate needs of a
/// large buffer is never touched and takes no memory.
#[must_use]
pub fn join<'a>(buffer: &'a mut [u8], left: &[u8], between: u8, right: &[u8]) -> Option<&'a [u8]> {
    let end = put(buffer, buffer.len(), b"\0")?;
    let mut start = put(buffer, end, right)?;
    if !left.is_empty() {
        start = put(buffer, start, &[between])?;
        start = put(buffer, start, left)?;
    }
    buffer.get(start..)
}

/// Copies `part` into the buffer so that it ends before `end`; where it starts.
fn put(buffer: &mut [u8], end: usize, part: &[u8]) -> Option<usize> {
    let start = end.checked_sub(part.len())?;
    for (to, from) in buffer.get_mut(start..end)?.iter_mut().zip(part) {
        *to = *from;
    }
    Some(start)
}
