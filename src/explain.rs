//! Why an exec failed, in the user's terms. Nothing here runs before one has.

use core::ffi::CStr;

use rinit::diagnose::{self, HEAD_MAX, Kind, Machine};
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
    diagnose::kind(head(file, &mut [0; 256])) == Kind::Text
}

/// The first bytes of a file; none where it cannot be read.
fn head<'a>(file: &CStr, buffer: &'a mut [u8]) -> &'a [u8] {
    sys::read_at(sys::open(file), buffer, 0)
}

/// Says why `file` could not be executed, of which the kernel only said `error`; the exit code
/// for it.
#[cold]
#[inline(never)]
pub fn explain(file: &CStr, error: Errno) -> u8 {
    blame(file, error, DEPTH_MAX);
    let is_missing = matches!(error, Errno::NOENT | Errno::NOTDIR) && !sys::exists(file);
    if is_missing { NOT_FOUND } else { NOT_EXECUTABLE }
}

/// Says that `file` cannot be run, and why.
#[inline(never)]
pub fn because(file: &[u8], reason: Message, word: &[u8]) {
    // A SIGPIPE of the message must not replace the exit code.
    sys::block_signals();
    let mut line = Line::new();
    line.add(Message::CannotRun, file, [0; 2]);
    line.add(reason, word, [0; 2]);
    if reason == Message::OtherMachine {
        line.add(Message::Word, Machine::OWN.name(), [0; 2]);
    }
    sys::say(&mut line);
}

/// Finds what is at fault: the file, the way to it, or what it needs in order to run.
#[inline(never)]
fn blame(file: &CStr, error: Errno, depth: u8) {
    let mut buffer = [0; path::MAX];
    let mut head_buffer = [0; HEAD_MAX];
    let (reason, word) = fault(file, error, &mut buffer, &mut head_buffer);
    because(file.to_bytes(), reason, word);
    if reason == Message::Needs && depth > 0 {
        blame(sys::c_string(&buffer), error, depth - 1);
    }
}

fn fault<'a>(
    file: &'a CStr,
    error: Errno,
    buffer: &'a mut [u8; path::MAX],
    head_buffer: &'a mut [u8],
) -> (Message, &'a [u8]) {
    if error == Errno::ACCESS || error == Errno::NOTDIR {
        if let Some(part) = closed_part(file, buffer) {
            return (Message::ClosedFolder, part);
        }
    }
    if error == Errno::ACCESS {
        if sys::is_folder(file) {
            return (Message::IsFolder, b"");
        }
        if sys::is_noexec(file) {
            return (Message::IsNoexec, b"");
        }
        if !sys::may_execute(file) {
            return (Message::NotExecutable, b"");
        }
    }
    let kind = diagnose::kind(head(file, head_buffer));
    // What it needs in order to run, if anything.
    let mut missing = Message::NoInterpreter;
    *buffer = [0; path::MAX];
    match kind {
        Kind::Elf(elf) => {
            if elf.machine != Machine::OWN {
                return (Message::OtherMachine, elf.machine.name());
            }
            missing = Message::NoLoader;
            let size = (path::MAX - 1).min(elf.loader_size as usize);
            let room = buffer.get_mut(..size).unwrap_or_default();
            sys::read_at(sys::open(file), room, elf.loader_offset);
        }
        Kind::Script(name) => {
            if name.ends_with(b"\r") {
                missing = Message::CarriageReturn;
            }
            for (to, from) in buffer.iter_mut().zip(name) {
                *to = *from;
            }
        }
        _ => {}
    }
    let needed = sys::c_string(buffer);
    if !needed.is_empty() {
        let there = sys::exists(needed);
        return (if there { Message::Needs } else { missing }, needed.to_bytes());
    }
    if error == Errno::NOEXEC {
        let reason = match kind {
            Kind::Empty => Message::IsEmpty,
            Kind::Text => Message::IsText,
            Kind::Elf(_) | Kind::Truncated => Message::IsDamaged,
            Kind::MachO => Message::IsMachO,
            Kind::Pe => Message::IsPe,
            Kind::Script(_) | Kind::Unknown => Message::IsUnknown,
        };
        return (reason, b"");
    }
    if error == Errno::NOENT {
        if let Some(target) = sys::read_link(file, head_buffer) {
            return (Message::DanglingLink, target);
        }
    }
    (Message::Word, error.reason())
}

/// The first part of the way to `file` that is no folder, or not one that may be searched.
fn closed_part<'a>(file: &'a CStr, buffer: &mut [u8]) -> Option<&'a [u8]> {
    let bytes = file.to_bytes();
    for (index, byte) in bytes.iter().enumerate() {
        if *byte != b'/' || index == 0 {
            continue;
        }
        let part = bytes.get(..index)?;
        let folder = sys::c_string(path::join(buffer, b"", b'/', part)?);
        if !sys::is_folder(folder) || !sys::may_execute(folder) {
            return Some(part);
        }
    }
    None
}
