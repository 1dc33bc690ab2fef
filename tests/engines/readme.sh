# shellcheck shell=bash disable=SC1091,SC2016,SC2034,SC2154,SC2317 # scenes; what the other files set and use
# The examples of the README's section 'Use it with ...', run as they stand there; read by scripts/engines.

# here NAME: the example with the paths of an installed rinit turned into those of the one that is tested.
here() { example "$1" | sed "s|/usr/local/bin/|$work/with-init/|g; s|target/release/rinit|$work/with-init/rinit|g"; }

# web: the image of the README's Dockerfile, and the folder that it is built in.
build_web() {
    mkdir -p "$io/web"
    example image >"$io/web/Dockerfile"
    cp "$work/context/golike" "$io/web/app"
    engine build -q -t web "$io/web"
    same 'code of the build' "$code" 0
}
web_says() { within 20 "${E[@]}" logs web; }
clear_web() { within 60 "${E[@]}" rm -f web >/dev/null 2>&1 || :; }

# The commands themselves, with the engine of the suite under its name.
readme_commands_run() {
    build_web
    # What an engine without a network of its own needs more.
    words() {
        local first=$1
        shift
        if [ "$first" = run ]; then set -- --network none "$@"; fi
        within 120 "${E[@]}" "$first" "$@"
    }
    docker() { words "$@"; }
    podman() { words "$@"; }
    here "${engine%%-*}" >"$io/commands"
    clear_web
    (cd "$io/web" && set -x && source "$io/commands")
    same 'exit code' "$(left_with web)" 0
    [[ $(web_says) == *', started by process 1'$'\n'saved ]] || fail "it says: $(web_says)"
    clear_web
}

readme_daemon_json_makes_it_the_init_of_all() {
    here daemon >"$io/daemon.json"
    # The path of a socket cannot be long.
    dockerd_with "$work/dockerd" --config-file "$io/daemon.json" --default-runtime runc
    daemon=$!
    trap 'kill "$daemon" && wait "$daemon" || :' EXIT
    within 60 "${E[@]}" save bare >"$io/bare"
    E=(/usr/bin/docker -H "unix://$work/dockerd/socket")
    dockerd_answers "$daemon" "$work/dockerd/log" || fail "no daemon: $(tail -1 "$work/dockerd/log")"
    within 60 "${E[@]}" load <"$io/bare"
    run bare '[ $$ -eq 1 ] && exit 1; orphans 10; echo "$(/sbin/docker-init --version) $(zombies_left)"; exit 4'
    same 'it prints' "$(output)" "$("$init" --version) 0"
    same 'exit code' "$code" 4
}

readme_containers_conf_makes_it_the_init() {
    here containers.conf >"$io/more.conf"
    # One file, as podman reads no other beside the one that it is given.
    { cat "$io/more.conf" && sed '/^\[containers\]/d' "$CONTAINERS_CONF"; } >"$io/containers.conf"
    export CONTAINERS_CONF=$io/containers.conf
    run --init bare '[ $$ -eq 1 ] && exit 1; orphans 10; echo "$(/run/podman-init --version) $(zombies_left)"; exit 4'
    same 'it prints' "$(output)" "$("$init" --version) 0"
    same 'exit code' "$code" 4
}

compose_file_runs() {
    local compose service
    compose=$tools/usr/libexec/docker/cli-plugins/docker-compose
    [ -x "$compose" ] || compose=/usr/libexec/docker/cli-plugins/docker-compose
    [ -x "$compose" ] || lacks 'docker-compose 2 is missing: scripts/engines --install'
    build_web
    printf 'FROM scratch\nCOPY app /app\n' >"$io/web/Dockerfile"
    engine build -q -t other "$io/web"
    example compose >"$io/compose.yaml"
    # There is no network here.
    printf 'services:\n  web: {network_mode: none}\n  other: {network_mode: none}\n' >"$io/none.yaml"
    E=(env "DOCKER_HOST=unix://$work/docker.sock" "$compose" -p readme -f "$io/compose.yaml" -f "$io/none.yaml")
    # It waits until the health check has said yes.
    engine up -d --wait
    same 'code of up' "$code" 0
    engine stop
    for service in web other; do
        engine logs --no-log-prefix "$service"
        grep -q ', started by process 1' "$io/out" || fail "$service has no init: $(output)"
        grep -q saved "$io/out" || fail "$service could not save: $(output)"
    done
    engine ps -a --format '{{.Service}} {{.ExitCode}}'
    same 'exit codes' "$(sort "$io/out")" $'other 0\nweb 0'
    engine down -v
}

# What the README shows of the files is what they say; comments are left out of it.
readme_shows_the_files_of_kubernetes() {
    local pair
    for pair in inject.yaml:pod containerd.toml:containerd; do
        example "${pair#*:}" >"$io/shown"
        diff <(grep -v '^ *#' "kubernetes/${pair%:*}") "$io/shown" || fail "kubernetes/${pair%:*} says something else"
    done
}

# It gives what rendered_deployment_runs_with_it runs.
readme_kustomization_adds_it_to_a_deployment() {
    cp -r kubernetes "$io/kubernetes"
    sed -i 's/plain.yaml, full.yaml/plain.yaml/' "$io/kubernetes/example/kustomization.yaml"
    kustomize "$io/kubernetes/example" >"$io/expected.yaml"
    mkdir "$io/mine"
    cp kubernetes/example/plain.yaml "$io/mine/deployment.yaml"
    cp -r kubernetes/component "$io/mine/"
    example kustomization >"$io/mine/kustomization.yaml"
    kustomize "$io/mine" >"$io/rendered.yaml"
    diff "$io/expected.yaml" "$io/rendered.yaml" || fail 'it renders something else'
}

readme_installs_the_runtime() {
    mkdir "$io/bin"
    example node | sed "s|/usr/local/bin|$io/bin|g; s|target/release/rinit|$work/with-init/rinit|g" >"$io/commands"
    source "$io/commands"
    argv='"sh", "-c"'
    E=("$io/bin/runc-with-init" --root "$work/runc")
    launch 'readlink /proc/1/exe'
    landed
    same 'first process' "$(output)" /.rinit
}

every_example_of_the_readme_is_run() {
    local name
    example image >/dev/null
    awk '/^## / { section = /^## Use it with/ } section && /^```[a-zA-Z]/ { print $2 }' "$readme" >"$io/names"
    [ -s "$io/names" ] || fail 'it has none'
    while read -r name; do
        case $name in
            docker | podman) ;; # readme_commands_run
            pod | containerd) ;; # readme_shows_the_files_of_kubernetes
            *) grep -qE "(example|here) '?$name\b" tests/engines/readme.sh || fail "'$name' is run by no check" ;;
        esac
    done <"$io/names"
}
