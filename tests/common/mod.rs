//! What the tests of the program share: the shipped binary, a way to run it as PID 1 or as a
//! process among others, and a probe to run under it.
//!
//! ```ignore
//! let outcome = Init::new(["-t", "1", "sh", "-c", "exit 7"]).pid_1().finish();
//! assert_eq!(outcome.code(), Some(7), "{outcome:?}");
//!
//! let mut init = Init::new(["-v"]).probe(["signals"]).pid_1().start();
//! init.until("ready\n");           // an event, never a sleep
//! init.signal(libc::SIGTERM);
//! let outcome = init.finish();
//! ```
//!
//! Every run happens in a PID and mount namespace of its own, be it as PID 1 or not, so that an
//! init gone wrong (`kill(-1)` as root!) can do no harm and nothing survives the test. Root makes
//! them directly; others within a user namespace. Where neither is allowed the tests are skipped.
//!
//! Two variables: `INIT_UNDER_TEST` names another binary to run in place of the one built here
//! (one that was cross-compiled or downloaded; a peer, or an init that is broken on purpose, to see
//! a test fail), and with `NO_SKIP` set a test that cannot run fails.

#![allow(dead_code, unused_imports, reason = "each test file uses what it needs")]

mod birth;
mod examples;
mod init;
pub mod parent;
pub mod probe;
mod running;
pub mod watch;

pub use birth::Newborn;
pub use examples::assert_examples;
pub use init::{Init, Stream};
pub use running::{Outcome, Running};

use std::ffi::CString;
use std::fs;
use std::io::{self, Write};
use std::os::fd::{FromRawFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use libc::c_int;

/// After this long a test is taken to hang. Not a limit that anything is measured by.
pub const HANG: Duration = Duration::from_secs(120);

/// The same, where a variable does not say otherwise for the heavier doses of scripts/hostile.
pub fn hang() -> Duration {
    let seconds = std::env::var("HANG").ok().and_then(|value| value.parse().ok());
    seconds.map_or(HANG, Duration::from_secs)
}

/// How many signals there are: 1 to 64.
pub const SIGNALS: c_int = 64;

/// Every signal that can be blocked: all but KILL and STOP. Bit N-1 is signal N.
pub const ALL_BLOCKED: u64 = !(1 << (libc::SIGKILL - 1) | 1 << (libc::SIGSTOP - 1));

/// The `PATH` that a run gets unless it is told otherwise.
pub const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// The shipped binary: the release build of this checkout, built on the first call.
pub fn rinit() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| match std::env::var_os("INIT_UNDER_TEST") {
        Some(path) => path.into(),
        None => build(),
    })
}

/// Is it the binary of this checkout that is tested, not a peer in its place?
pub fn is_rinit() -> bool {
    std::env::var_os("INIT_UNDER_TEST").is_none()
}

/// Builds the release binary. The cargo that runs the tests has let go of its locks by now.
fn build() -> PathBuf {
    // Cargo hands over `<target directory>/tmp`, wherever that was set.
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let output = Command::new(env!("CARGO"))
        .args(["build", "--release", "--bin", "rinit", "--quiet", "--message-format=json"])
        .arg("--manifest-path")
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
        .arg("--target-dir")
        .arg(target)
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(output.status.success(), "the release build failed");
    let report = String::from_utf8(output.stdout).unwrap();
    let (_, rest) = report.split_once("\"executable\":\"").unwrap();
    let (path, _) = rest.split_once('"').unwrap();
    path.into()
}

/// Says on the real stderr, past the test harness, that a test was not run, and why. The caller
/// returns.
pub fn skip(why: &str) {
    let current = std::thread::current();
    let test = current.name().unwrap_or("a test");
    assert!(std::env::var_os("NO_SKIP").is_none(), "{test} cannot run: {why}");
    let line = format!("\nSKIPPED {test}: {why}\n");
    // SAFETY: the bytes are there.
    unsafe { libc::write(2, line.as_ptr().cast(), line.len()) };
}

/// The path of a program that a test needs; where it is missing, says so and how to get it.
///
/// `let Some(strace) = tool("strace", "apt-get install strace") else { return };`
pub fn tool(name: &str, how: &str) -> Option<PathBuf> {
    let found = PATH.split(':').map(|folder| Path::new(folder).join(name)).find(|it| it.exists());
    if found.is_none() {
        skip(&format!("there is no {name} ({how})"));
    }
    found
}

/// Does the test run as root?
pub fn is_root() -> bool {
    // SAFETY: it takes nothing and cannot fail.
    unsafe { libc::geteuid() == 0 }
}

/// A folder of a test's own, open to every user, removed at its end.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("rinit-test-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path).unwrap();
        set_mode(&path, 0o777);
        Self(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The path of a file in it.
    pub fn join(&self, name: impl AsRef<Path>) -> PathBuf {
        self.0.join(name)
    }

    /// Writes a file of this mode; its path.
    pub fn file(&self, name: impl AsRef<Path>, content: impl AsRef<[u8]>, mode: u32) -> PathBuf {
        let path = self.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        // By a process of its own: a descriptor of this one could find its way into a fork that
        // another test makes just now, and nobody executes what somebody has open for writing.
        let mut writer = Command::new("sh")
            .args(["-c", "cat >\"$0\""])
            .arg(&path)
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        writer.stdin.take().unwrap().write_all(content.as_ref()).unwrap();
        assert!(writer.wait().unwrap().success());
        set_mode(&path, mode);
        path
    }

    /// Copies a program into it, for every user to run; its path.
    pub fn copy(&self, name: impl AsRef<Path>, program: &Path) -> PathBuf {
        self.file(name, fs::read(program).unwrap(), 0o755)
    }
}

/// A folder to be the root of a system: rinit as `/init`, and nothing else.
pub fn scratch() -> Folder {
    let folder = Folder::new();
    folder.copy("init", rinit());
    folder
}

/// rinit with this folder as the root.
pub fn within(init: Init, root: &Folder) -> Init {
    let path = CString::new(probe::bytes(root.path())).unwrap();
    init.program("/init").setup(move || {
        // SAFETY: C strings.
        unsafe {
            check(libc::chroot(path.as_ptr()))?;
            check(libc::chdir(c"/".as_ptr()))
        }
    })
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// chmod(2).
pub fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// kill(2). A process that has ended and was not reaped takes every signal.
pub fn send(pid: c_int, signal: c_int) {
    assert!(pid > 0, "no process: {pid}");
    // SAFETY: it takes numbers.
    let result = unsafe { libc::kill(pid, signal) };
    assert!(result == 0, "kill({pid}, {signal}): {}", io::Error::last_os_error());
}

/// The children of a process, by the numbers that the test can use.
pub fn children(pid: c_int) -> Vec<c_int> {
    let list = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    list.split_whitespace().map(|word| word.parse().unwrap()).collect()
}

/// A field of /proc/PID/status, such as `SigBlk`.
pub fn status_field(pid: c_int, name: &str) -> String {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    line.unwrap_or_default().trim().to_owned()
}

/// Does this process wait for signals with rt_sigtimedwait(2)?
pub fn waits(pid: c_int) -> bool {
    let call = fs::read_to_string(format!("/proc/{pid}/syscall")).unwrap_or_default();
    call.starts_with(&format!("{} ", libc::SYS_rt_sigtimedwait))
}

/// Has this init done with every signal that was sent to it?
pub fn is_idle(pid: c_int) -> bool {
    // In this order: it waits again only after it has acted on what it took.
    status_field(pid, "ShdPnd") == "0000000000000000" && waits(pid)
}

/// Has this process blocked all signals by now? While it waits for them, the kernel shows them as
/// not blocked.
pub fn blocks_all(pid: c_int) -> bool {
    u64::from_str_radix(&status_field(pid, "SigBlk"), 16) == Ok(ALL_BLOCKED) || waits(pid)
}

/// A mask with these signals in it: bit N-1 is signal N.
pub fn mask_of(signals: impl IntoIterator<Item = c_int>) -> u64 {
    signals.into_iter().fold(0, |mask, signal| mask | 1 << (signal - 1))
}

/// rt_sigprocmask(2). Not the libc's, which keeps 32 and 33 for itself.
pub fn set_mask(mask: u64) -> io::Result<()> {
    let none = std::ptr::null::<u64>();
    // SAFETY: a set of 8 bytes, as it says.
    let result = unsafe {
        libc::syscall(libc::SYS_rt_sigprocmask, libc::SIG_SETMASK, &raw const mask, none, 8)
    };
    check(result as c_int)
}

/// rt_sigaction(2) to ignore or to the default. Not the libc's, as above.
pub fn set_disposition(signal: c_int, disposition: libc::sighandler_t) -> io::Result<()> {
    // The kernel's own structure: handler, flags, restorer, mask.
    let action = [disposition, 0, 0, 0];
    let none = std::ptr::null::<usize>();
    // SAFETY: a structure that is there and names no handler.
    let result =
        unsafe { libc::syscall(libc::SYS_rt_sigaction, signal, &raw const action, none, 8) };
    check(result as c_int)
}

/// The error of a system call, if it failed.
pub fn check(result: c_int) -> io::Result<()> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// A pipe: the end to read from, the end to write to. Closed by an exec.
pub fn pipe() -> (OwnedFd, OwnedFd) {
    let mut ends = [0; 2];
    // SAFETY: room for two numbers, which are new descriptors then.
    unsafe {
        assert_eq!(libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC), 0);
        (OwnedFd::from_raw_fd(ends[0]), OwnedFd::from_raw_fd(ends[1]))
    }
}
