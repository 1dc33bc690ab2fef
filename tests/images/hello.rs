//! A program for an image: says who it is, and ends with the code it is told.

use std::env;
use std::os::unix::process::parent_id;
use std::process;

fn main() {
    println!("hello from Rust, process {}, started by process {}", process::id(), parent_id());
    process::exit(env::args().nth(1).and_then(|code| code.parse().ok()).unwrap_or(0));
}
