# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # scenes; what the other files set and use
# Checks for what is below the engines, or beside them; read by scripts/engines.

# --- runc and crun by themselves, containerd ----------------------------------------------------------

# launch SCENE: runs it in a container `main`, in the background. `signal NAME` sends it a signal,
# `landed` waits for its end and gives $code.
launch() {
    "launch_$engine" "$prelude$1" >"$io/out" 2>"$io/err" </dev/null &
    client=$!
}
landed() {
    code=0
    wait "$client" || code=$?
    cat "$io/err"
}
signal() { "signal_$engine" "$1"; }
# executed SCENE: runs it in that container as well, behind an rinit of its own.
executed() { "exec_$engine" "$prelude$1" >"$io/out" 2>"$io/err" || fail "it fails: $(cat "$io/err")"; }

# What the container is like, for a check to change: its first words; what else its process is; the
# namespace that its processes are in; limits.
argv='"/init", "--", "sh", "-c"'
process='"user": {"uid": 0, "gid": 0}'
pid_namespace='{"type": "pid"}'
resources='{}'

# bundle SCENE: a bundle is a folder with a config.json.
bundle() {
    local text
    text=$(sed 's/\\/\\\\/g; s/"/\\"/g; s/$/\\n/' <<<"$1" | tr -d '\n')
    mkdir -p "$io/bundle"
    cat >"$io/bundle/config.json" <<END
{"ociVersion": "1.0.2",
 "process": {$process, "cwd": "/", "env": ["PATH=/bin"], "args": [$argv, "$text"]},
 "root": {"path": "$work/$engine/rootfs", "readonly": true},
 "hostname": "main",
 "annotations": {${annotations-}},
 "mounts": [{"destination": "/proc", "type": "proc", "source": "proc"},
            {"destination": "/dev", "type": "tmpfs", "source": "tmpfs"},
            {"destination": "/dev/pts", "type": "devpts", "source": "devpts", "options": ["newinstance", "ptmxmode=0666"]},
            {"destination": "/io", "type": "bind", "source": "$io", "options": ["bind", "rw"]}],
 "linux": {"cgroupsPath": "/rinit-$$-$engine", "resources": $resources,
           "namespaces": [$pid_namespace, {"type": "ipc"}, {"type": "uts"}, {"type": "mount"}, {"type": "network"}]}}
END
}
launch_runc() {
    bundle "$1"
    within 120 "${E[@]}" run --bundle "$io/bundle" main
}
signal_runc() { within 20 "${E[@]}" kill main "$1"; }
exec_runc() { within 60 "${E[@]}" exec main /init -- sh -c "$1"; }
launch_crun() { launch_runc "$@"; }
signal_crun() { signal_runc "$@"; }
exec_crun() { exec_runc "$@"; }

# The same for ctr, which makes a config.json from its image and from options; it takes one as well.
C=() first=(/init --) own_config=no
launch_containerd() {
    if [ "$own_config" = yes ]; then
        bundle "$1"
        within 120 "${E[@]}" run --rm --config "$io/bundle/config.json" main
        return
    fi
    within 120 "${E[@]}" run --rm --read-only "${C[@]}" --mount "type=bind,src=$io,dst=/io,options=rbind:rw" \
        localhost/app:latest main "${first[@]}" sh -c "$1"
}
signal_containerd() { within 20 "${E[@]}" task kill -s "$1" main; }
exec_containerd() { within 60 "${E[@]}" task exec --exec-id other main /init -- sh -c "$1"; }

ends_with_the_code_of_the_program() {
    launch '[ $$ -ne 1 ] && cat /proc/1/comm; exit 42'
    landed
    same 'it prints' "$(output)" init
    same 'exit code' "$code" 42
}

ends_with_128_plus_the_number_of_the_signal() {
    local signal
    for signal in 6 9 15; do
        launch "kill -$signal \$\$; exit 1"
        landed
        same "exit code after signal $signal" "$code" $((128 + signal))
    done
}

leaves_no_zombie() {
    launch '
        { read go </io/go; orphans 100; say $(zombies_left) zombies; } &
        say started
        exec cat /io/hold'
    await started
    echo go >"$io/go"
    await '0 zombies'
    signal KILL
    landed
}

ends_on_a_signal_when_a_sibling_has_saved_its_data() {
    launch '
        setsid sh -c "trap \"sleep 0.5; echo all >/io/saved; exit\" TERM
            echo up >/io/ready; while :; do sleep 1000 & wait; done" &
        wait'
    await up
    signal TERM
    landed
    same 'exit code' "$code" 143
    same 'the sibling saved' "$(cat "$io/saved" 2>&1)" all
}

is_killed_with_a_program_that_will_not_end() {
    launch '[ $$ -eq 1 ] && exit 1; trap "" TERM; trap "say still here" USR1; say up; while :; do sleep 1000 & wait; done'
    await up
    signal TERM
    signal USR1
    await 'still here'
    signal KILL
    landed
    same 'exit code' "$code" 137
}

passes_every_signal_to_the_whole_group() {
    local signal
    launch '
        trap : HUP USR1 USR2 WINCH CONT 37 64
        sh -c "
            for signal in HUP USR1 USR2 WINCH CONT 37 64; do
                trap \"echo \$signal >/io/ready\" \$signal
            done
            trap \"exit\" TERM
            echo up >/io/ready
            while :; do sleep 1000 & wait; done" &
        while :; do wait; done'
    await up
    for signal in HUP USR1 USR2 WINCH CONT 37 64; do
        signal "$signal"
        await "$signal"
    done
    signal TERM
    landed
    same 'exit code' "$code" 143
}

needs_no_rights() {
    own_config=yes
    process='"user": {"uid": 65534, "gid": 65534}, "noNewPrivileges": true,
        "capabilities": {"bounding": [], "effective": [], "permitted": []}'
    launch '
        grep -q "^CapEff:.*[1-9a-f]" /proc/self/status && say capable
        grep -q "^NoNewPrivs:.*1" /proc/self/status || say privileged
        orphans 1
        say $(id -u) $(zombies_left)
        exec sleep 1000'
    await '65534 0'
    signal TERM
    landed
    same 'exit code' "$code" 143
}

needs_very_little_memory() {
    resources='{"memory": {"limit": 8388608}}'
    C=(--memory-limit 8388608)
    launch '[ $$ -eq 1 ] && exit 1; say up; exec sleep 1000'
    await up
    signal TERM
    landed
    same 'exit code' "$code" 143
}

says_that_no_process_could_be_made() {
    own_config=yes
    resources='{"pids": {"limit": 1}}'
    launch 'echo hi'
    landed
    same 'exit code' "$code" 125
    grep -q '^rinit: .*process' "$io/err" || fail "it does not say why: $(cat "$io/err")"
}

reaps_what_was_executed_behind_it() {
    argv='"sh", "-c"' first=()
    launch 'say up; exec cat /io/hold'
    await up
    executed 'orphans 1'
    executed zombies_left
    same 'zombies' "$(output)" 0
    signal KILL
    landed
}

reaps_its_own_in_the_pid_namespace_of_another() {
    call_stranger
    pid_namespace='{"type": "pid", "path": "/proc/self/ns/pid"}'
    C=(--with-ns pid:/proc/self/ns/pid)
    launch '
        orphans 10
        echo "$(cat /proc/$PPID/comm) $(zombies_left $PPID)"
        (sleep 20 &)
        exit 9'
    landed
    same 'it prints' "$(output)" 'init 0'
    same 'exit code' "$code" 9
    stranger_lives
}

hands_the_terminal_on() {
    local scene=$prelude$keyboard_scene
    process='"user": {"uid": 0, "gid": 0}, "terminal": true'
    case $engine in
        containerd)
            at_terminal "${E[@]}" run -t --rm --mount "type=bind,src=$io,dst=/io,options=rbind:rw" \
                localhost/app:latest main /init -- sh -c "$scene"
            return
            ;;
        # By itself crun tells the container nothing of the window's size.
        crun) resizes=no ;;
    esac
    bundle "$scene"
    at_terminal "${E[@]}" run --bundle "$io/bundle" main
}

# --- the runtime that puts rinit in front of everything (kubernetes/runc-with-init) -----------------------

# wrapped: the engine's runtime is from now on the one with an init, and the containers name none.
wrapped() {
    argv='"sh", "-c"' first=()
    case $engine in
        containerd) C=(--runc-binary "$work/with-init/runc-with-init") ;;
        runc | crun) E=("${E[@]/#$engine/"$work/with-init/$engine-with-init"}") ;;
        docker) R+=(--runtime with-init) ;;
        podman-*) E+=(--runtime "$work/with-init/${engine#*-}-with-init") ;;
    esac
}

gives_an_init_to_what_names_none() {
    # A number that JSON has room for, and a floating-point number has not.
    process='"user": {"uid": 0, "gid": 0},
        "rlimits": [{"type": "RLIMIT_CORE", "soft": 0, "hard": 18446744073709551615}]'
    wrapped
    launch '
        setsid sh -c "trap \"sleep 0.5; echo all >/io/saved; exit\" TERM
            echo up >/io/ready; while :; do sleep 1000 & wait; done" &
        read up </io/ready
        orphans 20
        echo "$(readlink /proc/1/exe) $(zombies_left)"
        [ "$(cat /.rinit | wc -c)" -gt 1000 ] && echo >/.rinit && echo "it can be written to"
        exit 7'
    landed
    same 'it prints' "$(output)" '/.rinit 0'
    same 'exit code' "$code" 7
    same 'the sibling saved' "$(cat "$io/saved" 2>&1)" all
}

gives_an_init_in_two_steps() {
    wrapped
    bundle 'echo "$(readlink /proc/1/exe)" >/io/ready; exit 7'
    within 60 "${E[@]}" create --bundle "$io/bundle" main </dev/null >"$io/out" 2>&1 7<&- 8<&- 9<&-
    within 60 "${E[@]}" start main
    await /.rinit
}

leaves_the_sandbox_of_a_pod_alone() {
    wrapped
    process='"user": {"uid": 0, "gid": 0}, "noNewPrivileges": true'
    launch 'readlink /proc/1/exe'
    landed
    same 'first process of a container' "$(output)" /.rinit
    annotations='"io.kubernetes.cri.container-type": "sandbox"'
    launch 'readlink /proc/1/exe'
    landed
    same 'first process of a sandbox' "$(output)" /bin/busybox
}

says_that_the_init_is_not_there() {
    mkdir "$io/elsewhere"
    cp kubernetes/runc-with-init "$io/elsewhere"
    E=("$io/elsewhere/runc-with-init" --root "$io/elsewhere")
    launch 'echo hi'
    landed
    same 'exit code' "$code" 1
    same 'it says' "$(cat "$io/err")" "runc-with-init: $io/elsewhere/rinit is not there, or cannot be executed"
}

# The file that a node has: containerd itself reads it.
node_has_a_runtime_and_a_pause_of_its_own() {
    containerd -c kubernetes/containerd.toml config dump >"$io/dump"
    grep -q 'BinaryName = "/usr/local/bin/runc-with-init"' "$io/dump" || fail 'containerd does not know the runtime'
    grep -q 'sandbox_image = "registry.example/rinit-pause:0.1"' "$io/dump" || fail 'containerd does not know the pause'
    grep -q 'runtimes.rinit\]' "$io/dump" || fail 'containerd does not know the handler'
    grep -qx 'handler: rinit' kubernetes/runtime-class.yaml || fail 'the RuntimeClass has another handler'
}

# --- what is no engine ---------------------------------------------------------------------------------

# sandbox [OPTION]... SCENE
bubble() {
    within 120 bwrap --unshare-pid --as-pid-1 --die-with-parent --bind "$work/rootfs" / --proc /proc --dev /dev \
        --bind "$io" /io "${@:1:$#-1}" /init -- sh -c "$prelude${*: -1}" </dev/null
}

bubblewrap_takes_it_as_pid_1() {
    code=0
    bubble '
        setsid sh -c "trap \"sleep 0.5; echo all >/io/saved; exit\" TERM
            echo up >/io/ready; while :; do sleep 1000 & wait; done" &
        read up </io/ready
        orphans 20
        echo "$(cat /proc/1/comm) $(zombies_left)"
        exit 5' >"$io/out" || code=$?
    same 'exit code' "$code" 5
    same 'it prints' "$(output)" 'init 0'
    same 'the sibling saved' "$(cat "$io/saved" 2>&1)" all
}

bubblewrap_needs_no_rights_for_it() {
    code=0
    bubble --unshare-all --uid 65534 --gid 65534 --cap-drop ALL '
        grep -q "^CapEff:.*[1-9a-f]" /proc/self/status && echo capable
        orphans 20
        echo "$(cat /proc/1/comm) $(id -u) $(zombies_left)"
        kill -ABRT $$' >"$io/out" || code=$?
    same 'exit code' "$code" 134
    same 'it prints' "$(output)" 'init 65534 0'
}

bubblewrap_passes_signals_to_it() {
    local init signal
    bubble '
        for signal in HUP QUIT USR1 USR2; do trap "say $signal" $signal; done
        trap "exit 3" TERM
        say up
        while :; do sleep 1000 & wait; done' >"$io/out" 2>"$io/err" &
    client=$!
    await up
    # It is the last of a row of only children: this shell, timeout, bwrap.
    init=$client
    until [ "$(cat "/proc/$init/comm")" = init ]; do init=$(pgrep -P "$init"); done
    for signal in HUP QUIT USR1 USR2; do
        kill -s "$signal" "$init"
        await "$signal"
    done
    kill -TERM "$init"
    landed
    same 'exit code' "$code" 3
}

bubblewrap_hands_the_terminal_on() {
    at_terminal bwrap --unshare-pid --as-pid-1 --bind "$work/rootfs" / --proc /proc --dev /dev \
        --bind "$io" /io /init -- sh -c "$prelude$keyboard_scene"
}

# boot SCENE: a kernel with nothing but rinit as its /init; what the machine says is in $io/console.
boot() {
    echo "$prelude$1" >"$io/scene"
    (cd "$work/rootfs" && find . | cpio --quiet -o -H newc) >"$io/initrd"
    (cd "$io" && echo scene | cpio --quiet -o -H newc) >>"$io/initrd"
    within 200 qemu-system-x86_64 -accel tcg -m 256 -display none -serial stdio -monitor none -no-reboot -nic none \
        -kernel "$work/vmlinuz" -initrd "$io/initrd" -append 'console=ttyS0 panic=-1 quiet -- /bin/sh /scene' \
        </dev/null >"$io/console" 2>&1
    grep -v '^\[' "$io/console" || : # its own words are not wanted
}

kernel_runs_it_as_its_first_process() {
    # A machine whose init leaves panics, and tells the status that it left with.
    boot '
        [ $$ -eq 1 ] && exit 1
        mount -t proc proc /proc
        mount -t devtmpfs dev /dev
        echo "first: $(cat /proc/1/comm)"
        orphans 50
        echo "zombies: $(zombies_left)"
        for signal in HUP USR1 USR2 QUIT; do trap "echo caught: $signal" $signal; kill -$signal 1; sleep 0.1; done
        sleep 1 # the panic does not wait for what the console has not yet printed
        exit 7'
    local signal
    grep -q 'first: init' "$io/console" || fail 'rinit is not the first process'
    grep -q 'zombies: 0' "$io/console" || fail 'orphans were not reaped'
    for signal in HUP USR1 USR2 QUIT; do grep -q "caught: $signal" "$io/console" || fail "no $signal"; done
    grep -q 'Attempted to kill init! exitcode=0x00000700' "$io/console" || fail 'it did not leave with 7'
}

kernel_without_proc_and_dev_is_enough() {
    boot '
        [ $$ -eq 1 ] && exit 1
        [ -e /proc/self ] || [ -e /dev/null ] && exit 2
        exec 3>&1
        (trap "sleep 0.3; echo saved >&3; sleep 1; exit" TERM; echo up; while :; do sleep 0.1; done) |
            (read up; kill -TERM 1; sleep 1000)'
    grep -q 'saved' "$io/console" || fail 'the sibling could not save its data'
    grep -q 'Attempted to kill init! exitcode=0x00008f00' "$io/console" || fail 'it did not leave with 143'
}
