# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # scenes; what the other files set and use
# Checks for the folder kubernetes/, with podman as the kubelet; read by scripts/engines.

# The program in the images is tests/images/golike.c: it leaves an orphan behind, tells who started it,
# and serves until SIGTERM; then it says `saved`.

# play FILE NAME: makes the pod, and waits until the container NAME serves. podman 4.3 removes an init
# container while it is still looking for it, if an annotation of the pod does not say otherwise.
keep_init_container=io.podman.annotations.init.container.type
play() {
    code=0
    within 120 "${E[@]}" play kube --network none --annotation "$keep_init_container=always" "$1" \
        >"$io/out" 2>&1 || code=$?
    cat "$io/out"
    same 'starting the pod: code' "$code" 0
    at_last 'hello from' logs "$2"
}
logs() { within 20 "${E[@]}" logs "$1"; }
inspect() { within 20 "${E[@]}" inspect -f "{{$2}}" "$1"; }

# alone NAME: waits until the container's first process has no child but the program, if it is that.
# An orphan that nobody reaps would stay for ever.
children() { echo "children: $(pgrep -c -P "$(inspect "$1" .State.Pid)")."; }
alone() { at_last "children: ${2:-1}." children "$1"; }

# terminate NAME SECONDS: what the kubelet does when the grace period has that long to go.
terminate() {
    within 120 "${E[@]}" stop -t "$2" "$1" >/dev/null
    same 'exit code' "$(left_with "$1")" 0
    at_last saved logs "$1"
}
grace_period() { sed -n 's/^ *terminationGracePeriodSeconds: *//p' "$1"; }

# started NAME: the program was started by an init, and that one reaps.
started() {
    [[ $(logs "$1") == *', started by process 1' ]] || fail "it says: $(logs "$1")"
    alone "$1"
}

init_container_puts_it_in_front_of_an_image_that_has_none() {
    play kubernetes/inject.yaml inject-app
    started inject-app
    terminate inject-app 30
}

# podman 4.3 knows no volume of this kind in a pod; what the kubelet makes of it is a mount.
image_volume_puts_it_in_front_of_an_image_that_has_none() {
    local words
    words=$(grep -oP '(reference: |mountPath: |image: |command: \[|args: \[)\K[^],}]*.*' kubernetes/image-volume.yaml)
    same 'the manifest' "$words" 'registry.example/app:1.0
"/rinit/init", "--", "/app"]
"serve"]
/rinit, readOnly: true}
registry.example/rinit:0.1'
    engine run -d --name main "${R[@]}" --mount type=image,source=registry.example/rinit:0.1,destination=/rinit \
        --entrypoint '["/rinit/init", "--", "/app"]' registry.example/app:1.0 serve
    same 'starting the container: code' "$code" 0
    at_last 'hello from' logs main
    started main
    terminate main 30
}

shared_pid_namespace_has_it_as_the_pause() {
    local pause
    engine build -q -f kubernetes/Dockerfile.pause -t registry.example/rinit-pause:0.1 kubernetes
    sed 's|^\[engine\]|&\ninfra_image = "registry.example/rinit-pause:0.1"|' "$CONTAINERS_CONF" >"$io/containers.conf"
    export CONTAINERS_CONF=$io/containers.conf
    play kubernetes/shared-pid.yaml shared-pid-app
    at_last 'hello from' logs shared-pid-agent
    pause=$(within 20 "${E[@]}" pod inspect -f '{{.InfraContainerID}}' shared-pid)
    same 'the pause' "$(tr '\0' ' ' <"/proc/$(inspect "$pause" .State.Pid)/cmdline")" '/init --pause '
    # Both have left an orphan to it.
    alone "$pause" 0
    terminate shared-pid-app 30
    within 60 "${E[@]}" pod stop shared-pid >/dev/null
    same 'exit code of the pause' "$(left_with "$pause")" 0
}

pre_stop_hook_waits_in_an_image_without_a_sleep() {
    local hook start=$SECONDS
    play kubernetes/pre-stop.yaml pre-stop-app
    started pre-stop-app
    # podman has no hooks, so that the kubelet's part is played here.
    mapfile -t hook < <(sed -n 's/^ *command: \[\(.*\)\]/\1/p' kubernetes/pre-stop.yaml | tr -d '" ' | tr , '\n')
    start=$SECONDS
    engine exec pre-stop-app "${hook[@]}"
    same 'code of the hook' "$code" 0
    [ $((SECONDS - start)) -ge 5 ] || fail 'the hook did not wait'
    same 'the program serves' "$(inspect pre-stop-app .State.Running)" true
    terminate pre-stop-app $(($(grace_period kubernetes/pre-stop.yaml) - 5))
}

stop_delay_does_the_same_without_a_hook() {
    local start
    play kubernetes/stop-delay.yaml stop-delay-app
    started stop-delay-app
    start=$SECONDS
    terminate stop-delay-app "$(grace_period kubernetes/stop-delay.yaml)"
    # A second less, as both ends of it are rounded.
    [ $((SECONDS - start)) -ge 4 ] || fail 'it did not wait'
}

# --- what is validated, and rendered ------------------------------------------------------------------

# valid FILE...: against the API's schema, with no field that it does not know.
valid() {
    [ -x "$tools/venv/bin/kubernetes-validate" ] || lacks 'kubernetes-validate is missing: scripts/engines --install'
    "$tools/venv/bin/kubernetes-validate" --strict "$@" || fail "not valid: $*"
}

manifests_are_those_of_the_api() {
    valid kubernetes/*.yaml kubernetes/example/plain.yaml kubernetes/example/full.yaml
    # What it would say of a field that there is not.
    sed 's/reference:/referenc:/' kubernetes/image-volume.yaml >"$io/wrong.yaml"
    if (valid "$io/wrong.yaml"); then fail 'a wrong field is not seen'; fi
}

# kustomize FOLDER: its own program, or kubectl, which has it built in; components came with 4.
kustomize() {
    if [ -x "$tools/usr/bin/kustomize" ]; then
        "$tools/usr/bin/kustomize" build "$@"
    elif [ -n "$(type -P kustomize)" ]; then
        command kustomize build "$@"
    elif kubectl version --client 2>/dev/null | grep -q 'Kustomize Version: v[4-9]'; then
        kubectl kustomize "$@"
    else
        lacks 'kustomize is missing: scripts/engines --install'
    fi
}

component_adds_it_to_any_deployment() {
    local at
    kustomize kubernetes/example >"$io/rendered.yaml"
    valid "$io/rendered.yaml"
    same 'Deployments' "$(grep -c '^kind: Deployment' "$io/rendered.yaml")" 2
    same 'objects' "$(grep -c '^kind:' "$io/rendered.yaml")" 2
    same 'init containers' "$(grep -c -- '- --copy-to' "$io/rendered.yaml")" 2
    same 'programs' "$(grep -A3 'command:' "$io/rendered.yaml" | grep -c -- '- /rinit/init')" 2
    for at in 'name: migrate' 'mountPath: /data' 'name: agent'; do
        grep -q "$at" "$io/rendered.yaml" || fail "'$at' is lost"
    done
    # One that names no program is refused.
    cp -r kubernetes "$io/kubernetes"
    sed -i '/command:/d' "$io/kubernetes/example/plain.yaml"
    if kustomize "$io/kubernetes/example" >"$io/out"; then fail 'it renders what cannot work'; fi
}

rendered_deployment_runs_with_it() {
    cp -r kubernetes "$io/kubernetes"
    # One of them: podman waits for 20 s at each init container that ends at once.
    sed -i 's/plain.yaml, full.yaml/plain.yaml/' "$io/kubernetes/example/kustomization.yaml"
    echo "commonAnnotations: {$keep_init_container: always}" >>"$io/kubernetes/example/kustomization.yaml"
    kustomize "$io/kubernetes/example" >"$io/rendered.yaml"
    play "$io/rendered.yaml" plain-pod-0-app
    started plain-pod-0-app
    terminate plain-pod-0-app 30
}
