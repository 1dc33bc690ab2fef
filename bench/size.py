"""Size: of the file, of an image with nothing else in it, and of the memory it takes."""

import gzip
import io
import json
import os
import subprocess
import tarfile
from hashlib import sha256
from pathlib import Path

from .container import Container, smaps, status
from .rows import Row, part

#: What the kernel maps into every process, and what costs nobody anything.
KERNELS = {"[vdso]", "[vvar]", "[vvar_vclock]", "[vsyscall]"}


def libraries(file: Path) -> list[Path]:
    """What else must be in an image for it to run: its loader and its libraries."""
    # Of a static program ldd says that it is none, and fails.
    result = subprocess.run(["ldd", file], capture_output=True, text=True)
    words = result.stdout.split() if result.returncode == 0 else []
    return [Path(word).resolve() for word in words if word.startswith("/")]


def layer(files: list[Path]) -> bytes:
    """A layer with these files, as engines write it: the same bytes every time."""
    output = io.BytesIO()
    with tarfile.open(fileobj=output, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for file in files:
            entry = tarfile.TarInfo(str(file).lstrip("/"))
            entry.size, entry.mode = file.stat().st_size, 0o755
            with file.open("rb") as content:
                archive.addfile(entry, content)
        end = archive.offset + 2 * tarfile.BLOCKSIZE
    # Python fills up to 10 kB, as tapes had it.
    return output.getvalue()[:end]


def image(plain: bytes, packed: bytes) -> int:
    """How large an OCI image of this one layer is, as it lies in a registry: layer, configuration
    and manifest."""

    def digest(content):
        return "sha256:" + sha256(content).hexdigest()

    config = json.dumps(
        {
            "architecture": "amd64",
            "os": "linux",
            "config": {"Entrypoint": ["/init"]},
            "rootfs": {"type": "layers", "diff_ids": [digest(plain)]},
        }
    ).encode()
    kind = "application/vnd.oci.image."
    manifest = json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": kind + "manifest.v1+json",
            "config": {
                "mediaType": kind + "config.v1+json",
                "digest": digest(config),
                "size": len(config),
            },
            "layers": [
                {
                    "mediaType": kind + "layer.v1.tar+gzip",
                    "digest": digest(packed),
                    "size": len(packed),
                }
            ],
        }
    ).encode()
    return len(packed) + len(config) + len(manifest)


@part(
    "size",
    Row("file", "file", "B", "stat(2)", exact=True),
    Row(
        "layer",
        "layer, unpacked",
        "B",
        "a tar archive of the file, and of the loader and the libraries of those that need them",
        exact=True,
    ),
    Row(
        "image",
        "one-file image",
        "B",
        "an OCI image of that layer as a registry keeps it: the layer under gzip -9, configuration,"
        " manifest",
        exact=True,
    ),
)
def files(bench, rows):
    for contender in bench.inits:
        content = [contender.file, *libraries(contender.file)]
        plain = layer(content)
        packed = gzip.compress(plain, 9, mtime=0)
        rows["file"].add(contender, contender.file.stat().st_size)
        rows["layer"].add(contender, len(plain))
        rows["image"].add(contender, image(plain, packed))


def mapped(pid: int) -> int:
    """What its mappings cover, the kernel's own left out, in bytes."""
    total = 0
    for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
        words = line.split()
        if words[-1] not in KERNELS:
            start, end = (int(it, 16) for it in words[0].split("-"))
            total += end - start
    return total


@part(
    "size",
    Row("mapped", "memory mapped", "B", "/proc/PID/maps, idle, without vdso and vvar"),
    Row("rss", "RSS, idle", "B", "/proc/PID/smaps_rollup"),
    Row("pss", "PSS, idle", "B", "/proc/PID/smaps_rollup: shared pages by how many share them"),
    Row("dirty", "private dirty, idle", "B", "/proc/PID/smaps_rollup"),
    Row("tables", "page tables, idle", "B", "VmPTE in /proc/PID/status"),
)
def memory(bench, rows):
    # What was just written and is not on the disk yet would count as dirty, for all of them.
    os.sync()
    for _ in bench.rounds(15, quick=3):
        for contender in bench.inits:
            with Container(bench, contender, bench.probe, "hold") as container:
                container.settle()
                pid = container.init
                rows["mapped"].add(contender, mapped(pid))
                rows["rss"].add(contender, smaps(pid, "Rss"))
                rows["pss"].add(contender, smaps(pid, "Pss"))
                rows["dirty"].add(contender, smaps(pid, "Private_Dirty"))
                rows["tables"].add(contender, int(status(pid, "VmPTE").split()[0]) * 1024)


# --- a thousand of them ---------------------------------------------------------------------------


class Account:
    """The kernel's own accounting: a memory cgroup where one can be made (pages, page tables, kernel
    stacks, what the kernel keeps for a process and a namespace), else what is available of the whole
    machine's memory, in which others have their part."""

    def __init__(self):
        self.folder = None
        for root, file in [
            ("/sys/fs/cgroup", "memory.current"),
            ("/sys/fs/cgroup/memory", "memory.usage_in_bytes"),
        ]:
            folder = Path(root) / f"rinit-bench-{os.getpid()}"
            try:
                folder.mkdir()
            except OSError:
                continue
            if (folder / file).exists():
                self.folder, self.file = folder, folder / file
                return
            folder.rmdir()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.folder:
            self.folder.rmdir()

    @property
    def name(self) -> str:
        return f"{self.file.name} of a cgroup" if self.folder else "MemAvailable of the machine"

    def take_in(self, pid: int) -> None:
        if self.folder:
            (self.folder / "cgroup.procs").write_text(str(pid))

    def used(self) -> int:
        """In bytes, from a point that is the same for all."""
        if self.folder:
            return int(self.file.read_text())
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return -int(line.split()[1]) * 1024
        raise KeyError("MemAvailable")


def measure_many(bench, contender, count: int) -> float:
    """The memory of so many containers, in bytes, for each."""
    # Its file is in the page cache by now, and nobody here pays for it.
    bench.run(bench.probe, "enter", *contender.command(bench.probe, "true"))
    with Account() as account:
        # It waits for a line before it starts anybody, so that all are in the account.
        process = subprocess.Popen(
            ["sh", "-c", 'read -r go && exec "$@"', "sh", bench.probe, "many", str(count)]
            + contender.command(bench.probe, "hold"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        account.take_in(process.pid)
        before = account.used()
        process.stdin.write(b"\n")
        process.stdin.flush()
        ready = process.stdout.readline()
        bench.pause(0.5)
        used = account.used() - before
        process.stdin.close()
        process.wait()
        process.stdout.close()
        assert ready == b"ready\n", f"{contender.id}: not all of {count} started"
    return used / count


@part(
    "size",
    Row(
        "thousand",
        "one of 1,000 containers",
        "B",
        "1,000 PID namespaces at once, each with the init and a program of 22 kB: what the kernel"
        " accounts for all, before and after, for each; bare: the program alone",
        floor="bare",
    ),
)
def thousand(bench, rows):
    count = 10 if bench.quick else 1000
    with Account() as account:
        bench.note(f"thousand: {count} containers at once, by {account.name}")
    for contender in bench.contenders:
        rows["thousand"].add(contender, measure_many(bench, contender, count))
