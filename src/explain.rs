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

/// Says why `file` could not be executed; the exit code for it. The kernel said `error`; or none,
/// where there is no such file in any of the folders that were `searched`.
#[cold]
#[inline(never)]
pub fn explain(file: &CStr, error: Option<Errno>, searched: Option<&[u8]>) -> u8 {
    // A SIGPIPE of the message must not replace the exit code.
    sys::block_signals();
    let mut line = Line::new();
    line.add(Message::CannotRun, file.to_bytes(), [0; 2]);
    let start = line.end();
    let is_found = error.is_some();
    let error = error.unwrap_or(Errno::NOENT);
    if !is_found || !blame(&mut line, file, error, DEPTH_MAX) {
        line.cut(start);
        line.add(Message::Word, error.reason(), [0; 2]);
    }
    if let Some(folders) = searched {
        line.add(Message::Searched, folders, [0; 2]);
    }
    sys::say(&mut line);
    let is_missing =
        matches!(error, Errno::NOENT | Errno::NOTDIR) && !(is_found && sys::exists(file));
    if is_missing { NOT_FOUND } else { NOT_EXECUTABLE }
}

/// Adds to the line what is at fault: the file, the way to it, or what it needs in order to run;
/// false where nothing is found.
#[inline(never)]
fn blame(line: &mut Line, file: &CStr, error: Errno, depth: u8) -> bool {
    let mut buffer = [0; path::MAX];
    let reason = fault(file, error, &mut buffer);
    let word = sys::c_string(&buffer);
    line.add(reason, word.to_bytes(), [0; 2]);
    if reason == Message::Needs {
        // That it is no loader, or none for this machine; or shorter than the header of one.
        let is_format = matches!(error, Errno::LIBBAD | Errno::IO);
        let error = if is_format { Errno::NOEXEC } else { error };
        return depth > 0 && blame(line, word, error, depth - 1);
    }
    let rest = match reason {
        Message::OtherMachine => Machine::OWN.name(),
        Message::LinkTo | Message::ClosedFolder => error.reason(),
        _ => b"",
    };
    line.add(Message::Word, rest, [0; 2]);
    reason != Message::Word
}

/// What is wrong with a file that could not be executed; [`Message::Word`] where nothing is found.
/// The word to that is what the buffer, which must be empty, begins with.
#[inline(never)]
fn fault(file: &CStr, error: Errno, buffer: &mut [u8; path::MAX]) -> Message {
    if !sys::exists(file) {
        if sys::read_link(file, buffer) {
            return Message::LinkTo;
        }
        if matches!(error, Errno::ACCESS | Errno::NOTDIR) && finds_closed(file, buffer) {
            return Message::ClosedFolder;
        }
        return Message::Word;
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
    if file >= 0
        && let Some(message) = fault_within(file, error, buffer)
    {
        return message;
    }
    if error == Errno::NOENT { Message::Lacks } else { Message::Word }
}

/// The same, as far as what stands in the file tells.
#[inline(always)]
fn fault_within(file: isize, error: Errno, buffer: &mut [u8; path::MAX]) -> Option<Message> {
    let found = look_at(file);
    // The kernel says ENOEXEC of an ELF file itself, never because of its loader.
    if error != Errno::NOEXEC || found.reason != Message::NoLoader {
        let room = buffer.get_mut(..found.size.min(path::MAX - 1)).unwrap_or_default();
        sys::read_at(file, room, found.offset);
        let needed = sys::c_string(buffer);
        if !needed.is_empty() {
            let is_missing = error == Errno::NOENT && !sys::is_there(needed);
            return Some(if is_missing { found.reason } else { Message::Needs });
        }
    }
    // ENOENT: there is an emulator for it (binfmt_misc), which is not in this image.
    if found.machine != Machine::OWN && matches!(error, Errno::NOEXEC | Errno::NOENT) {
        for (to, from) in buffer.iter_mut().zip(found.machine.name()) {
            *to = *from;
        }
        return Some(Message::OtherMachine);
    }
    if found.reason == Message::NoLoader && matches!(error, Errno::NOEXEC | Errno::IO) {
        return Some(Message::IsDamaged);
    }
    (error == Errno::NOEXEC).then_some(found.reason)
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
