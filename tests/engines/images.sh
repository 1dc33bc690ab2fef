# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # scenes; what the other files set and use
# --- checks for the two that build ------------------------------------------------------------------

# What the first stage of Dockerfile.scratch needs of this machine: FOLDER:PLACE, one a line.
toolchain() {
    echo /usr:/usr
    echo /etc/alternatives:/etc/alternatives
    echo "$(rustc --print sysroot):/rust"
    echo "${CARGO_HOME:-$HOME/.cargo}/registry:/cargo/registry"
}

# build_with_toolchain OPTION... FOLDER: an image whose first stage is FROM rust:1-slim. There is no
# registry to get that from, so it is one of the same name, into which this machine's compiler and
# linker are mounted.
build_with_toolchain() {
    local mounts=()
    command -v cargo cc >/dev/null || lacks 'cargo or a C compiler is missing'
    mkdir -p "$io/rust/root/usr" "$io/rust/root/etc/alternatives" "$io/rust/root/rust" "$io/rust/root/tmp"
    ln -s usr/bin usr/lib usr/lib64 "$io/rust/root/"
    cat >"$io/rust/Dockerfile" <<'END'
FROM scratch
COPY root/ /
ENV PATH=/rust/bin:/usr/bin CARGO_HOME=/cargo CARGO_NET_OFFLINE=true
END
    engine build -q -t rust:1-slim "$io/rust"
    # Docker mounts nothing while it builds; its runtime does (see prepare_docker). And BuildKit would
    # have a network.
    if [ "$engine" = docker ]; then
        toolchain >"$work/mounts"
        mounts=(--network none)
    else
        mapfile -t mounts < <(toolchain | sed 's/.*/--volume=&:ro/')
    fi
    engine build "${mounts[@]}" "$@"
    # podman builds at the same time, perhaps, and this is docker's.
    [ "$engine" != docker ] || rm -f "$work/mounts"
    same 'code of the build' "$code" 0
}

# Dockerfile.scratch as it stands.
dockerfile_scratch_gives_an_image_of_one_file() {
    (cd "$root" && cargo fetch --quiet --locked)
    build_with_toolchain -f Dockerfile.scratch -t from-dockerfile --build-arg VERSION=1.2.3 \
        --build-arg REVISION=0123456789 --build-arg SOURCE=https://example.org/rinit "$root"
    engine run --rm "${R[@]}" from-dockerfile --version
    [[ $(output) == 'rinit version '*' - git.0123456' ]] || fail "it says: $(output)"
    engine save -o "$io/image" from-dockerfile
    mkdir "$io/layers"
    tar -C "$io/layers" -xf "$io/image"
    find "$io/layers" -name '*.tar' -type f -exec tar -tf {} ';' >"$io/files"
    same 'files' "$(cat "$io/files")" init
    engine inspect -f '{{index .Config.Labels "org.opencontainers.image.version"}}' from-dockerfile
    same 'label of the version' "$(output)" 1.2.3
}
dockerfile_scratch_gives_an_image_of_one_file_with_buildkit() {
    export DOCKER_BUILDKIT=1
    dockerfile_scratch_gives_an_image_of_one_file
}

runs_static_programs_in_an_image_from_scratch() {
    local program
    build_with_toolchain -f tests/images/Dockerfile.static -t static tests/images
    for program in rust c golike; do
        engine run --rm "${R[@]}" static "/hello-$program" 42
        [[ $(output) == 'hello from '*', started by process 1' ]] || fail "it says: $(output)"
        same 'exit code' "$code" 42
    done
    engine run --rm "${R[@]}" static /hello-dynamic
    same 'exit code without a loader' "$code" 126
    grep -q '^rinit: .*/ld-linux' "$io/err" || fail "it does not name the loader: $(cat "$io/err")"
}
runs_static_programs_in_an_image_from_buildkit() {
    export DOCKER_BUILDKIT=1
    runs_static_programs_in_an_image_from_scratch
}

runs_a_dynamic_program_in_a_distroless_image() {
    local file
    command -v cc >/dev/null || lacks "a C compiler is missing: apt-get install gcc libc6-dev"
    # Made of this machine's libc, under the name of the real one.
    mkdir -p "$io/distroless/root/etc" "$io/distroless/root/home/nonroot"
    cc -o "$io/hello" tests/images/hello.c
    for file in $(ldd "$io/hello" | grep -o '/[^ ]*'); do
        mkdir -p "$io/distroless/root${file%/*}"
        cp -L "$file" "$io/distroless/root$file"
    done
    echo 'nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin' >"$io/distroless/root/etc/passwd"
    printf 'FROM scratch\nCOPY root/ /\nUSER 65532\nWORKDIR /home/nonroot\n' >"$io/distroless/Dockerfile"
    engine build -q -t gcr.io/distroless/base:nonroot "$io/distroless"
    build_with_toolchain -f tests/images/Dockerfile.distroless -t distroless tests/images
    engine run --rm "${R[@]}" distroless 7
    [[ $(output) == 'hello from C, '*', started by process 1' ]] || fail "it says: $(output)"
    same 'exit code' "$code" 7
}

# --- checks for docker alone ------------------------------------------------------------------------

info_names_the_commit_of_the_init() {
    local version
    version=$("$init" --version)
    engine info --format '{{.InitCommit.ID}}'
    same 'docker info' "$(output)" "${version##*git.}"
    # The daemon's word when an init answers in another form.
    [ -s "$work/io/docker/dockerd/log" ] || fail 'the daemon says nothing'
    if grep 'failed to .* docker-init' "$work/io/docker/dockerd/log"; then fail 'the daemon warns'; fi
}
