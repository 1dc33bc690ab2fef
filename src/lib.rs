//! What rinit decides.
//!
//! rinit is the first process of a container. The program (`src/main.rs`) is a thin shell of
//! system calls; everything that can be decided without one is decided here:
//!
//! 1. **No I/O, no clock, no unsafe.** Bytes, events and times go in; actions come out. So all of
//!    it is tested on the host, fuzzed, and visited state by state.
//! 2. **Total.** No input can make it panic: PID 1 may not, for the kernel answers its death with
//!    the death of the container. The release build proves it: it holds no panic path.
//! 3. **Allocator-free, pointer-free constants.** The program is one read-only segment without
//!    relocations, so a table here holds bytes and never references.
//!
//! | module | what it decides |
//! |---|---|
//! | [`cli`] | argument vector and variables → what to do, or a usage error |
//! | [`signal`] | signal names; the fixed forwarding table; rewrites on top of it |
//! | [`machine`] | the life of a container: event and time in, action out |
//! | [`status`] | wait status → exit code, remapping |
//! | [`path`] | `PATH` → candidates |
//! | [`diagnose`] | the first bytes of a file → why it cannot be executed |
//! | [`text`] | one line of text in a fixed buffer; numbers as people write them |
//! | [`message`] | every message that rinit can say |
#![no_std]
#![forbid(unsafe_code)]
#![deny(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

#[cfg(test)]
extern crate std;

pub mod cli;
pub mod diagnose;
pub mod machine;
pub mod message;
pub mod path;
pub mod signal;
pub mod status;
pub mod text;
