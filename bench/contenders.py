"""Who is measured: rinit, the peers as Debian has them, the same built small, and the floors."""

import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent

#: Small, and so fast to start: what somebody would do who wants the best of them. The linker leaves
#: out what nobody calls, and puts code and headers into as few pages as it can.
MUSL = (
    "musl-gcc -std=gnu99 -Os -static -s -ffunction-sections -fdata-sections"
    " -Wl,--gc-sections -Wl,-z,noseparate-code"
).split()
#: Without any libc.
FREE = (
    "gcc -Os -static -s -nostdlib -ffreestanding -fno-stack-protector -fno-asynchronous-unwind-tables"
    " -Wl,--build-id=none -Wl,-z,noseparate-code"
).split()


@dataclass(eq=False)
class Contender:
    id: str
    title: str
    #: `ours`, `peer` or `floor`.
    kind: str
    file: Path | None
    version: str = ""
    #: What makes it reap also where it is not PID 1.
    subreaper: list[str] = field(default_factory=list)

    def command(self, *program, options=()) -> list[str]:
        """The command line that has it run this program."""
        own = [str(self.file), *options] if self.file else []
        # Else tini takes the program's options for its own.
        own += [] if self.kind == "floor" else ["--"]
        return [*own, *map(str, program)]


class Missing(Exception):
    """This machine lacks something; says what, and how to install it."""


def run(*words, **options) -> str:
    """Runs a command; what it printed. What it said on stderr only where it failed."""
    words = list(map(str, words))
    result = subprocess.run(words, capture_output=True, text=True, **options)
    if result.returncode:
        raise Missing(f"{' '.join(words[:3])} failed: {(result.stderr or result.stdout).strip()[-500:]}")
    return result.stdout


def needs(command: str, package: str) -> str:
    """The path of a command."""
    path = shutil.which(command)
    if not path:
        raise Missing(f"{command} is missing: apt-get install {package}")
    return path


def compile(compiler: list[str], source: Path, output: Path, *options: str) -> Path:
    """Compiles one file."""
    needs(compiler[0], {"musl-gcc": "musl-tools"}.get(compiler[0], "gcc libc6-dev"))
    output.parent.mkdir(parents=True, exist_ok=True)
    run(*compiler, *options, "-o", output, source)
    return output


def build_probe(work: Path) -> Path:
    """What runs in the containers and beside them: bench/c/probe.c."""
    source, output = HERE / "c/probe.c", work / "probe"
    try:
        return compile([*MUSL, "-Wall", "-Wextra"], source, output)
    except Missing:
        # Larger, and slower to start; the same for all.
        return compile(["gcc", "-Os", "-static", "-s"], source, output)


# --- the peers, built small -----------------------------------------------------------------------

#: Where apt-get gets the sources from that Debian built its packages of, without touching its
#: configuration.
SOURCES = """Types: deb-src
URIs: {mirror}
Suites: {suite}
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
"""


def mirror(suite: str) -> str:
    """Where this machine has its packages from."""
    form = "$(RELEASE) $(COMPONENT) $(REPO_URI)"
    for line in run("apt-get", "indextargets", "--format", form, "Created-By: Packages").splitlines():
        if line.startswith(f"{suite} main "):
            return line.split()[2]
    raise Missing(f"apt has no source of {suite}, so where are its sources?")


def release(name: str) -> str:
    for line in Path("/etc/os-release").read_text().splitlines():
        key, _, value = line.partition("=")
        if key == name:
            return value.strip('"')
    return ""


def fetch(package: str, work: Path) -> Path:
    """The folder with the source that Debian's package was made of (without Debian's patches)."""
    folder = work / "source" / package
    if not (folder / "unpacked").exists():
        needs("apt-get", "apt")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        apt = work / "apt"
        (apt / "lists").mkdir(parents=True, exist_ok=True)
        (apt / "cache").mkdir(exist_ok=True)
        suite = release("VERSION_CODENAME")
        (apt / "debian.sources").write_text(SOURCES.format(mirror=mirror(suite), suite=suite))
        options = [
            f"-oDir::State::Lists={apt}/lists",
            f"-oDir::Cache={apt}/cache",
            f"-oDir::Etc::SourceList={apt}/debian.sources",
            "-oDir::Etc::SourceParts=/dev/null",
            "-oAPT::Sandbox::User=root",
        ]
        if not any((apt / "lists").glob("*_Sources*")):
            run("apt-get", "-q", *options, "update")
        run("apt-get", "-q", *options, "source", "--download-only", "--tar-only", package, cwd=folder)
        (archive,) = folder.glob("*.orig.tar.*")
        run("tar", "-xf", archive, "--strip-components=1", cwd=folder)
        (folder / "unpacked").touch()
    return folder


def build_tini(work: Path) -> Path:
    source = fetch("tini", work) / "src"
    # What its cmake would put there.
    (source / "tiniConfig.h").write_text('#define TINI_VERSION "0.19.0"\n#define TINI_GIT ""\n')
    return compile(MUSL, source / "tini.c", work / "musl/tini")


def build_dumb_init(work: Path) -> Path:
    return compile(MUSL, fetch("dumb-init", work) / "dumb-init.c", work / "musl/dumb-init")


def build_catatonit(work: Path) -> Path:
    source = fetch("catatonit", work)
    # What its configure would put there.
    template = (source / "config.h.in").read_text()
    for name, value in [("NAME", "catatonit"), ("VERSION", "0.1.7"), ("URL", ""), ("BUGREPORT", "")]:
        template = template.replace(f"@PACKAGE_{name}@", value)
    (source / "config.h").write_text(template)
    return compile(MUSL, source / "catatonit.c", work / "musl/catatonit")


# --- all of them ----------------------------------------------------------------------------------


def packaged(package: str) -> str:
    """The version of an installed package."""
    try:
        return run("dpkg-query", "-W", "-f${Version}", package)
    except Missing:
        return ""


def installed(command: str, package: str, subreaper=()) -> Contender:
    path = Path(needs(command, package))
    return Contender(command, command, "peer", path, packaged(package), list(subreaper))


def built(name: str, build, work: Path, subreaper=()) -> Contender:
    path = build(work)
    version = run("dpkg-query", "-W", "-f${Version}", name)
    return Contender(
        f"{name}-musl", f"{name} musl", "peer", path, f"{version}, built small", list(subreaper)
    )


def least(work: Path) -> Contender:
    if os.uname().machine != "x86_64":
        raise Missing("the least init is written for x86_64 only")
    path = compile(FREE, HERE / "c/least.c", work / "least")
    return Contender("least", "least init", "floor", path, "the least that an init does")


def ours(init: Path) -> Contender:
    version = subprocess.run([init, "--version"], capture_output=True, text=True).stdout.strip()
    return Contender("rinit", "rinit", "ours", init, version)


def wasteful(work: Path) -> Path:
    """An init that does all of it badly: what shows that the rows can tell."""
    return compile(["gcc", "-O1", "-static"], HERE / "c/wasteful.c", work / "wasteful")


def gather(init: Path, work: Path, skip) -> list[Contender]:
    """Everybody, rinit first; `skip` is told who is missing."""
    makers = [
        lambda: installed("tini", "tini", ["-s"]),
        lambda: installed("tini-static", "tini", ["-s"]),
        lambda: installed("dumb-init", "dumb-init"),
        lambda: installed("catatonit", "catatonit"),
        lambda: built("tini", build_tini, work, ["-s"]),
        lambda: built("dumb-init", build_dumb_init, work),
        lambda: built("catatonit", build_catatonit, work),
        lambda: least(work),
    ]
    contenders = [ours(init)]
    for make in makers:
        try:
            contenders.append(make())
        except Missing as missing:
            skip(str(missing))
    return [*contenders, Contender("bare", "bare", "floor", None, "the program without an init")]
