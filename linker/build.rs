//! Gives the program its memory layout, and the commit that `--version` prints.
//!
//! The flags are for the program alone (`rustc-link-arg-bins`): in `.cargo/config.toml` they would
//! hit build scripts and tests as well, and an exported `RUSTFLAGS` would silently replace them.

use std::{env, fs, process::Command};

/// How the program that is shipped is linked, besides the linker script.
const SHIPPED: [&str; 6] = [
    // Position independent, although nothing relocates it: said once more for the targets whose
    // compiler would leave it out.
    "-pie",
    // The kernel starts it without ld.so.
    "--no-dynamic-linker",
    // Bytes that nobody reads.
    "--build-id=none",
    "--gc-sections",
    // One segment has nothing to protect after relocation.
    "-znorelro",
    // What is never mapped is not written either.
    "-znosectionheader",
];

fn main() {
    let folder = env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
    let target = env::var("TARGET").unwrap_or_default();
    let script = format!("{folder}/linker/rinit.ld");
    println!("cargo::rerun-if-changed={script}");

    // rust-lld as the linker itself takes its flags bare; a C compiler in front of it does not.
    let bare = env::var("RUSTC_LINKER").is_ok_and(|linker| linker.ends_with("lld"));
    let is_shipped = env::var("PROFILE").as_deref() == Ok("release");
    let mut flags: Vec<String> = Vec::new();
    if is_shipped {
        flags.push(format!("-T{script}"));
        flags.extend(SHIPPED.map(Into::into));
    } else {
        // `cargo test` links this as well. Unoptimised code has writable and relocated data; linked
        // to a fixed address it works without a loader.
        flags.extend(["--defsym=rust_eh_personality=0", "--no-pie"].map(Into::into));
    }
    if !bare {
        let kind = if is_shipped { "-static-pie" } else { "-static" };
        for flag in ["-nostartfiles", "-nostdlib", kind] {
            println!("cargo::rustc-link-arg-bins={flag}");
        }
        if !is_shipped {
            println!("cargo::rustc-link-arg-bins=-no-pie");
        }
    }
    for flag in flags {
        let prefix = if bare { "" } else { "-Wl," };
        println!("cargo::rustc-link-arg-bins={prefix}{flag}");
    }

    println!("cargo::rustc-env=RINIT_TARGET={target}");
    println!("cargo::rustc-env=RINIT_COMMIT={}", commit(&folder));
}

/// The commit this is built from, shortened to seven digits: from the variable `RINIT_COMMIT`,
/// from the record that `cargo package` leaves, or from git; `unknown` where none of them knows.
fn commit(folder: &str) -> String {
    println!("cargo::rerun-if-env-changed=RINIT_COMMIT");
    println!("cargo::rerun-if-changed={folder}/.git/HEAD");
    println!("cargo::rerun-if-changed={folder}/.git/logs/HEAD");
    let packaged = || {
        let record = fs::read_to_string(format!("{folder}/.cargo_vcs_info.json")).ok()?;
        let (_, hash) = record.split_once("\"sha1\": \"")?;
        Some(hash.to_owned())
    };
    let checked_out = || {
        let git = Command::new("git").args(["-C", folder, "rev-parse", "HEAD"]).output().ok()?;
        git.status.success().then(|| String::from_utf8_lossy(&git.stdout).into_owned())
    };
    let known = env::var("RINIT_COMMIT").ok().or_else(packaged).or_else(checked_out);
    let hash: String =
        known.unwrap_or_default().chars().take_while(char::is_ascii_hexdigit).take(7).collect();
    if hash.is_empty() { "unknown".into() } else { hash }
}
