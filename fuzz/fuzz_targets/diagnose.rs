//! Any file: its first bytes are read without a step outside of them, and what an ELF header says is
//! read as another reader reads it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rinit::diagnose::{HEAD_MAX, Machine, diagnose};
use rinit::message::Message;

fuzz_target!(|file: &[u8]| {
    let file = file.get(..HEAD_MAX).unwrap_or(file);
    let mut head = [0; HEAD_MAX];
    head[..file.len()].copy_from_slice(file);
    let found = diagnose(&head, file.len());

    let name = found.machine.name();
    assert!(!name.is_empty() && name.is_ascii());
    let needed = (found.offset, found.size);
    let is_elf = file.starts_with(b"\x7fELF");
    let is_script = file.starts_with(b"#!");
    assert!(is_elf || found.machine == Machine::OWN);
    match found.reason {
        Message::NoLoader if found.machine == Machine::OWN => {
            assert!(is_elf);
            // Where the file ends early, zeros stand in its place.
            assert_eq!(needed, loader(&head).unwrap_or_default());
        }
        Message::NoInterpreter | Message::CarriageReturn => {
            assert!(is_script);
            let name = &head[found.offset..][..found.size];
            let line = &file[2..];
            assert_eq!(name, interpreter(line.get(..254).unwrap_or(line)));
            assert_eq!(name.ends_with(b"\r"), found.reason == Message::CarriageReturn);
        }
        reason => {
            assert_eq!(needed, (0, 0));
            match reason {
                Message::IsEmpty => assert!(file.is_empty()),
                Message::NoLoader => assert!(is_elf && file.len() >= 20),
                Message::IsDamaged => assert!(is_elf && file.len() < 64),
                Message::IsText => assert!(!file.contains(&0) && !is_script && !is_elf),
                Message::IsMachO | Message::IsPe | Message::IsUnknown => {
                    assert!(!is_script && !is_elf);
                }
                other => panic!("{other:?} cannot be seen from the first bytes"),
            }
        }
    }
});

/// The first word of a line.
fn interpreter(line: &[u8]) -> &[u8] {
    let mut words = line.splitn(2, |byte| matches!(byte, b'\n' | 0));
    let blanks = |byte: &u8| matches!(byte, b' ' | b'\t');
    let start = line.iter().take_while(|byte| blanks(byte)).count();
    let line = words.next().unwrap();
    let rest = line.get(start..).unwrap_or_default();
    rest.split(blanks).next().unwrap_or_default()
}

/// Where the loader's name stands and how long it is, in a header of this machine's own; none where
/// there is none, or the file ends too early.
fn loader(file: &[u8]) -> Option<(usize, usize)> {
    let field = |at: usize, len: usize| -> Option<usize> {
        let bytes = file.get(at..at.checked_add(len)?)?;
        let fold = |number: usize, byte: &u8| number << 8 | usize::from(*byte);
        Some(if cfg!(target_endian = "big") {
            bytes.iter().fold(0, fold)
        } else {
            bytes.iter().rev().fold(0, fold)
        })
    };
    // Each is (address size, e_phoff, e_phnum, entry size, p_offset, p_filesz) of elf(5).
    let (address, phoff, phnum, size, offset, filesz) = if cfg!(target_pointer_width = "64") {
        (8, 32, 56, 56, 8, 32)
    } else {
        (4, 28, 44, 32, 4, 16)
    };
    let table = field(phoff, address)?;
    for index in 0..field(phnum, 2)? {
        let entry = table.checked_add(index * size)?;
        // The whole of it has to be there.
        file.get(entry..entry.checked_add(size)?)?;
        if field(entry, 4)? == 3 {
            return Some((field(entry + offset, address)?, field(entry + filesz, address)?));
        }
    }
    None
}
