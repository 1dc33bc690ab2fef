//! Why an exec failed, in the user's terms. Nothing here runs before one has.

use core::ffi::CStr;

use rinit::diagnose::{Diagnosis, HEAD_MAX, Machine, diagnose};
use rinit::message::Message;
use rinit::path;
use rinit::status::{NOT_EXECUTABLE, NOT_FOUND};
use rinit::text::Line;

use crate::sys::{self, Errno};

/// How many interpreters of interpreters the kernel follows (`exec_binprm` in fs/exec.c).
const DEPTH_MAX: u8 = 5;

/// Is it a text without a `#!` line, which a shell may read?
#[cold]
#[inline(never)]
pub fn is_text(file: &CStr) -> bool {
    look_at(sys::open(file)).reason == Message::IsText
}

/// What the first bytes of a file say; nothing where it could not be opened.
#[inline(never)]
fn look_at(file: isize) -> Diagnosis {
    let mut head = [0; HEAD_MAX];
    let size = sys::read_at(file, &mut head, 0).len();
    diagnose(&head, size)
}

/// Says why `file` could not be executed; the exit code for it. The kernel said only `error`, or
/// it was `searched` in these folders and is in none of them.
#[cold]
#[inline(never)]
pub fn explain(file: &CStr, error: Errno, searched: Option<&[u8]>) -> u8 {
    // A SIGPIPE of the message must not replace the exit code.
    sys::block_signals();
    let mut line = Line::new();
    line.add(Message::CannotRun, file.to_bytes(), [0; 2]);
    let mut code = NOT_FOUND;
    if let Some(folders) = searched {
        line.add(Message::NotInPath, folders, [0; 2]);
    } else {
        if !matches!(error, Errno::NOENT | Errno::NOTDIR) || sys::exists(file) {
            code = NOT_EXECUTABLE;
        }
        blame(&mut line, file, error, DEPTH_MAX);
    }
    sys::say(&mut line);
    code
}

/// Adds to the line what is at fault: the file, the way to it, or what it needs in order to run.
#[inline(never)]
fn blame(line: &mut Line, file: &CStr, error: Errno, depth: u8) {
    let mut buffer = [0; path::MAX];
    let reason = fault(file, error, &mut buffer);
    let word = sys::c_string(&buffer);
    line.add(reason, word.to_bytes(), [0; 2]);
    let rest = match reason {
        Message::Needs if depth > 0 => return blame(line, word, error, depth - 1),
        Message::Needs | Message::LinkTo | Message::Kernel => error.reason(),
        Message::OtherMachine => Machine::OWN.name(),
        _ => return,
    };
    line.add(Message::Word, rest, [0; 2]);
}

/// What is wrong with a file that could not be executed; where nothing can be found,
/// [`Message::Kernel`]. The word to that is what the buffer, which must be empty, begins with.
#[inline(never)]
fn fault(file: &CStr, error: Errno, buffer: &mut [u8; path::MAX]) -> Message {
    if !error.may_be_anothers() {
        return Message::Kernel;
    }
    if !sys::exists(file) {
        if sys::read_link(file, buffer) {
            return Message::LinkTo;
        }
        if matches!(error, Errno::ACCESS | Errno::NOTDIR) && finds_closed(file, buffer) {
            return Message::ClosedFolder;
        }
        return Message::Kernel;
    }
    if error == Errno::ACCESS {
        if sys::is_folder(file) {
            return Message::IsFolder;
        }
        if sys::is_noexec(file) {
            return Message::IsNoexec;
        }
        if !sys::may_execute(file) {
            return Message::NotExecutable;
        }
    }
    let file = sys::open(file);
    if file < 0 {
        return Message::Kernel;
    }
    let found = look_at(file);
    if found.machine != Machine::OWN {
        for (to, from) in buffer.iter_mut().zip(found.machine.name()) {
            *to = *from;
        }
        return Message::OtherMachine;
    }
    let room = buffer.get_mut(..found.size.min(path::MAX - 1)).unwrap_or_default();
    sys::read_at(file, room, found.offset as u64);
    let needed = sys::c_string(buffer);
    let needs = !needed.is_empty();
    match error {
        Errno::NOENT if needs && !sys::is_there(needed) => found.reason,
        // Then it is a security module that does not let the file itself be executed.
        Errno::ACCESS if needs && sys::may_execute(needed) && !sys::is_folder(needed) => {
            Message::Kernel
        }
        _ if needs => Message::Needs,
        Errno::NOEXEC => match found.reason {
            Message::NoLoader | Message::NoInterpreter => Message::IsDamaged,
            reason => reason,
        },
        _ => Message::Kernel,
    }
}

/// Is there a folder on the way to `file` that is none, or may not be searched? The buffer, which
/// must be empty, then begins with its name.
fn finds_closed(file: &CStr, buffer: &mut [u8; path::MAX]) -> bool {
    for (index, byte) in file.to_bytes().iter().enumerate() {
        let Some(place) = buffer.get_mut(index) else { break };
        *place = *byte;
        if *byte == b'/' && !sys::may_execute(sys::c_string(buffer)) {
            return true;
        }
    }
    false
}
