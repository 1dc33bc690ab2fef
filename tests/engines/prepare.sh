# shellcheck shell=bash disable=SC2034,SC2154 # what the other files set and use
# Brings the engines up and down, and makes what they run; read by scripts/engines. Each engine is in a
# shell of its own, so what is set here is set for its checks alone.

# NAME=COMMAND of every package that the engines need. Recommended packages would pull in far more.
packages=(podman=podman runc=runc crun=crun docker.io=/usr/sbin/dockerd containerd=containerd bubblewrap=bwrap
    qemu-system-x86=qemu-system-x86_64 cpio=cpio busybox-static=busybox bsdutils=script procps=pgrep
    python3=python3 python3-venv=/usr/share/doc/python3-venv)

install_packages() {
    local package missing=()
    for package in "${packages[@]}"; do
        command -v "${package#*=}" >/dev/null || [ -e "${package#*=}" ] || missing+=("${package%%=*}")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    echo "installing: ${missing[*]}"
    if ! { apt-get update -qq && apt-get install -y -qq --no-install-recommends "${missing[@]}"; } \
        >"$work/apt" 2>&1 </dev/null; then
        tail -5 "$work/apt" >&2
        echo 'scripts/engines: the packages could not be installed' >&2
    fi
}

# What Debian 12 has in too old a version, or not at all, comes from Debian 13: programs that need
# nothing beside them are unpacked, not installed. The schemas of Kubernetes come from PyPI.
install_tools() {
    if [ ! -x "$tools/usr/bin/kustomize" ] || [ ! -x "$tools/usr/libexec/docker/cli-plugins/docker-compose" ]; then
        echo 'fetching: kustomize docker-compose'
        (fetch_from_trixie kustomize docker-compose) >"$work/fetch" 2>&1 </dev/null || tail -3 "$work/fetch" >&2
    fi
    if [ ! -x "$tools/venv/bin/kubernetes-validate" ]; then
        echo 'installing: kubernetes-validate'
        { python3 -m venv "$tools/venv" &&
            "$tools/venv/bin/pip" install -q --disable-pip-version-check -r tests/engines/requirements.txt; } \
            >"$work/pip" 2>&1 </dev/null || tail -3 "$work/pip" >&2
    fi
}

fetch_from_trixie() {
    local archive apt
    # shellcheck disable=SC2016 # its own words
    archive=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' |
        awk '$2 == "bookworm" || $2 == "trixie" { print $1; exit }')
    [ -n "$archive" ] || { echo 'apt has no source of Debian to ask for them' && return 1; }
    # Lists of its own, so that the machine's stay as they are.
    mkdir -p "$work/trixie/lists/partial" "$work/trixie/archives/partial" "$work/trixie/sources"
    cat >"$work/trixie/sources/trixie.sources" <<END
Types: deb
URIs: $archive
Suites: trixie
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
END
    apt=(apt-get -qq -o Dir::Etc::sourcelist=/dev/null -o "Dir::Etc::sourceparts=$work/trixie/sources"
        -o "Dir::State::lists=$work/trixie/lists" -o "Dir::Cache=$work/trixie" -o Acquire::Languages=none
        -o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false -o APT::Sandbox::User=root)
    "${apt[@]}" update
    mkdir -p "$tools"
    cd "$work/trixie" || return
    "${apt[@]}" download "$@"
    for archive in ./*.deb; do dpkg-deb -x "$archive" "$tools"; done
}

# needs COMMAND...: true when they are there; else says what to install.
needs() {
    local command package
    for command in "$@"; do
        command -v "$command" >/dev/null && continue
        for package in "${packages[@]}"; do
            [ "${package#*=}" != "$command" ] || echo "${command##*/} is missing: apt-get install ${package%%=*}"
        done >"$io/why"
        return 1
    done
}

# What is in the images: one static program that is a whole set of tools, and one that serves.
prepare_context() {
    local applet
    mkdir -p "$work/context/root/bin" "$work/context/root/io" "$work/rootfs/proc" "$work/rootfs/dev" "$work/with-init"
    cp "$(command -v busybox)" "$work/context/root/bin/busybox"
    for applet in $(busybox --list); do
        [ "$applet" = busybox ] || ln -s busybox "$work/context/root/bin/$applet"
    done
    cp -L "$init" "$work/context/init"
    chmod 755 "$work/context/init"
    cp -a "$work/context/root/." "$work/context/init" "$work/rootfs/"
    # What is installed on a node.
    cp "$work/context/init" "$work/with-init/rinit"
    cp kubernetes/runc-with-init "$work/with-init/"
    ln -s runc-with-init "$work/with-init/crun-with-init"
    cc -O1 -static -nostdlib -ffreestanding -fno-stack-protector -o "$work/context/golike" tests/images/golike.c || :
    cat >"$work/context/Dockerfile.rinit" <<'END'
FROM scratch
COPY init /init
ENTRYPOINT ["/init"]
END
    cat >"$work/context/Dockerfile.app" <<'END'
FROM scratch
COPY --from=rinit /init /init
COPY root/ /
ENTRYPOINT ["/init", "--"]
END
    cat >"$work/context/Dockerfile.bare" <<'END'
FROM scratch
COPY root/ /
END
    # Those that the manifests name.
    cat >"$work/context/Dockerfile.golike" <<'END'
FROM scratch
COPY golike /app
ENTRYPOINT ["/app"]
END
    cat >"$work/context/Dockerfile.golike-with-init" <<'END'
FROM scratch
COPY --from=registry.example/rinit:0.1 /init /init
COPY golike /app
ENTRYPOINT ["/init", "--", "/app"]
END
}

# What every image is built with.
B=()

# build_images [NAME:TAG]...: a container without rinit tells its faults from the engine's.
build_images() {
    local image
    [ $# -gt 0 ] || set -- rinit app bare
    for image; do
        engine build "${B[@]}" -q -f "$work/context/Dockerfile.${image%%=*}" -t "${image#*=}" "$work/context"
        [ "$code" -eq 0 ] || { echo "it builds no image here: $(tail -1 "$io/err")" >"$io/why" && return 1; }
    done >/dev/null
    engine run --rm "${R[@]}" "${image#*=}" "${sane-true}" >/dev/null
    [ "$code" -eq 0 ] || { echo "it runs no container here: $(tail -1 "$io/err")" >"$io/why" && return 1; }
}

clear_containers() { within 60 "${E[@]}" rm -f "$@" main other >/dev/null 2>&1 || :; }

# prepare_podman RUNTIME [COMMAND]...: COMMAND is what podman is run with.
prepare_podman() {
    needs podman "$1" busybox || return 1
    # Without CAP_SYS_RESOURCE no limit can be raised, which is what podman does by default.
    cat >"$io/containers.conf" <<'END'
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1000:1000"]
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
END
    chmod 644 "$io/containers.conf"
    export CONTAINERS_CONF=$io/containers.conf
    E=("${@:2}" podman --root "${store:-$io/podman}" --runroot "${store:-$io/podman}-run"
        --storage-driver "${STORAGE_DRIVER:-overlay}" --runtime "$1")
    R=(--network=none) I=(--init --init-path "$work/context/init")
}
prepare_podman-runc() { prepare_podman runc && build_images; }
# crun refuses a cgroup2 mount beside those of cgroup 1: a mount namespace that is without.
prepare_podman-crun() {
    without_unified
    prepare_podman crun "${aside[@]}" && build_images
}
clear_podman() {
    clear_containers --ignore -t 0
    if [ "$engine" = kubernetes ]; then within 60 "${E[@]}" pod rm -f -a -t 0 >/dev/null 2>&1 || :; fi
}

# As nobody, who has no right but to make namespaces, and one user id in them.
prepare_podman-rootless() {
    local user=(setpriv --reuid=65534 --regid=65534 --clear-groups env -C "$work/nobody" HOME="$work/nobody"
        XDG_RUNTIME_DIR="$work/nobody/run")
    mkdir -p "$work/nobody/run"
    chmod 700 "$work/nobody/run"
    chown -R 65534:65534 "$work/nobody"
    local B=(--isolation=chroot) STORAGE_DRIVER=vfs store=$work/nobody/podman
    prepare_podman runc "${user[@]}" && build_images
}

prepare_kubernetes() {
    local sane=check
    prepare_podman runc || return 1
    [ -x "$work/context/golike" ] || { echo 'a C compiler is missing: apt-get install gcc libc6-dev' >"$io/why" && return 1; }
    build_images rinit=registry.example/rinit:0.1 golike=registry.example/app:1.0 \
        golike-with-init=registry.example/app-with-init:1.0
}

aside=()
without_unified() {
    mountpoint -q /sys/fs/cgroup/unified || return 0
    mkfifo "$io/unified"
    unshare -m --propagation private bash -c "umount /sys/fs/cgroup/unified; echo >$io/unified; exec sleep infinity" &
    helpers+=($!)
    read -r -t 20 <>"$io/unified" || :
    aside=(nsenter -t $! -m --)
}

# dockerd_with FOLDER OPTION...: a daemon with all that it has in the folder, which has no network.
dockerd_with() {
    mkdir -p "$1"
    PATH=$work/docker-runtime:$PATH /usr/sbin/dockerd --iptables=false --ip6tables=false --bridge=none \
        --data-root "$1/data" --exec-root "$1/run" -p "$1/pid" -H "unix://$1/socket" "${@:2}" >"$1/log" 2>&1 \
        7<&- 8<&- 9<&- &
}
# dockerd_answers PID LOG
dockerd_answers() {
    local try
    for ((try = 0; try < 10 * patience; try++)); do
        within 20 "${E[@]}" version >/dev/null 2>&1 && return 0
        [ -e "/proc/$1" ] || return 1
        sleep 0.1
    done
    return 1
}

prepare_docker() {
    # Another client of that name may stand before Debian's in PATH.
    needs /usr/sbin/dockerd busybox || return 1
    # runc, and what $work/mounts names is mounted into the container, too. It stands before runc in
    # the daemon's PATH, since BuildKit asks for no other.
    mkdir -p "$work/docker-runtime"
    cat >"$work/docker-runtime/runc" <<END
#!/bin/bash
for word; do
    if [ "\$before" = --bundle ] && [ -f $work/mounts ]; then
        while IFS=: read -r folder place; do
            sed -i 's|"mounts":\[|&{"destination":"'"\$place"'","type":"bind","source":"'"\$folder"'","options":["rbind","ro"]},|' "\$word/config.json"
        done <$work/mounts
    fi
    before=\$word
done
exec $(command -v runc) "\$@"
END
    chmod 755 "$work/docker-runtime/runc"
    dockerd_with "$io/dockerd" --add-runtime "with-init=$work/with-init/runc-with-init" --init-path "$work/context/init"
    helpers+=($!)
    ln -s "$io/dockerd/socket" "$work/docker.sock"
    E=(/usr/bin/docker -H "unix://$io/dockerd/socket")
    R=(--network=none) I=(--init)
    dockerd_answers $! || { echo "dockerd does not answer: $(tail -1 "$io/dockerd/log")" >"$io/why" && return 1; }
    export DOCKER_BUILDKIT=0
    build_images
}

# A root of their own, in which the runtime that adds an init leaves its mount point.
own_rootfs() {
    mkdir -p "$work/$engine"
    cp -a "$work/rootfs" "$work/$engine/"
}
prepare_runc() {
    needs runc busybox || return 1
    own_rootfs
    E=(runc --root "$work/runc/state")
}
prepare_crun() {
    needs crun busybox || return 1
    own_rootfs
    without_unified
    E=("${aside[@]}" crun --root "$work/crun/state")
}
clear_runtime() { within 20 "${E[@]}" delete --force main >/dev/null 2>&1 || :; }

prepare_containerd() {
    local try image=$io/image sum
    needs containerd busybox || return 1
    own_rootfs
    mkdir -p "$io/containerd" "$image"
    cat >"$io/containerd/config.toml" <<'END'
version = 2
disabled_plugins = ["io.containerd.grpc.v1.cri"]
END
    containerd -c "$io/containerd/config.toml" --root "$io/containerd/root" --state "$io/containerd/state" \
        -a "$io/containerd/socket" >"$io/containerd.log" 2>&1 &
    helpers+=($!)
    E=(ctr -a "$io/containerd/socket" -n "rinit-$$")
    # An image is a layer and two words about it.
    tar -C "$work/rootfs" -cf "$image/layer.tar" .
    sum=$(sha256sum <"$image/layer.tar")
    echo '[{"Config": "config.json", "RepoTags": ["localhost/app:latest"], "Layers": ["layer.tar"]}]' >"$image/manifest.json"
    echo '{"architecture": "'"$(dpkg --print-architecture)"'", "os": "linux", "config": {}, "rootfs":
        {"type": "layers", "diff_ids": ["sha256:'"${sum%% *}"'"]}}' >"$image/config.json"
    tar -C "$image" -cf "$image.tar" manifest.json config.json layer.tar
    for ((try = 0; try < 10 * patience; try++)); do
        within 20 "${E[@]}" version >/dev/null 2>&1 && break
        sleep 0.1
    done
    if ! within 60 "${E[@]}" images import "$image.tar" >"$io/out" 2>&1; then
        echo "it takes no image here: $(tail -1 "$io/out")" >"$io/why"
        return 1
    fi
}
clear_containerd() {
    within 20 "${E[@]}" task kill -s KILL main >/dev/null 2>&1 || :
    within 20 "${E[@]}" task delete --force main >/dev/null 2>&1 || :
    within 20 "${E[@]}" containers delete main >/dev/null 2>&1 || :
}

prepare_bubblewrap() { needs bwrap busybox; }

# Debian's smallest kernel, which comes as a package like everything else.
prepare_kernel() {
    local package
    needs qemu-system-x86_64 cpio busybox || return 1
    [ "$(uname -m)" = x86_64 ] || { echo "the kernel is one for x86_64" >"$io/why" && return 1; }
    if [ ! -f "$tools/vmlinuz" ]; then
        package=$(apt-cache depends linux-image-cloud-amd64 2>/dev/null | sed -n 's/^ *Depends: *//p' | head -1)
        mkdir -p "$tools" "$io/package"
        chmod 777 "$io" "$io/package"
        if ! (cd "$io/package" && apt-get download -qq "${package:-linux-image-cloud-amd64}" && dpkg-deb -x ./*.deb .) \
            >"$io/apt" 2>&1; then
            echo "no kernel could be downloaded: $(tail -1 "$io/apt")" >"$io/why"
            return 1
        fi
        mv "$io"/package/boot/vmlinuz-* "$tools/vmlinuz"
    fi
    cp "$tools/vmlinuz" "$work/vmlinuz"
}

