# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # scenes; what the other files set and use
# --- checks for every engine that knows `run`, `stop`, `kill` and `exec` ---------------------------

starts_the_program_and_stays_pid_1() {
    run app 'echo hello; [ $$ -ne 1 ] && cat /proc/1/comm'
    same 'it prints' "$(output)" $'hello\ninit'
    same 'exit code' "$code" 0
}

leaves_with_the_code_of_the_program() {
    run app '[ $$ -eq 1 ] || exit 42'
    same 'exit code' "$code" 42
}

tells_death_by_a_signal_as_128_plus_its_number() {
    local signal
    for signal in 6 9 15; do
        run app "kill -$signal \$\$; exit 1"
        same "exit code after signal $signal" "$code" $((128 + signal))
    done
}

leaves_no_orphan_unreaped() {
    start app '
        { read go </io/go; orphans 100; say $(zombies_left) zombies; } &
        say started
        exec cat /io/hold'
    await started
    echo go >"$io/go"
    await '0 zombies'
}

stop_ends_a_program_that_knows_no_signals() {
    start app 'say up; exec sleep 1000'
    await up
    engine stop -t "$grace" main
    same 'exit code' "$(left_with)" 143
}

stop_reaches_every_stage_of_a_pipeline() {
    start app '
        stage() { trap "say stopped; exit" TERM; say up; while :; do sleep 1000 & wait; done; }
        stage | stage | stage'
    await up && await up && await up
    engine stop -t "$grace" main
    await stopped && await stopped && await stopped
    same 'exit code' "$(left_with)" 143
}

stop_keeps_the_code_and_lets_a_sibling_save_its_data() {
    start app '
        setsid sh -c "trap \"sleep 0.5; echo all >/io/saved; exit\" TERM
            echo up >/io/ready; while :; do sleep 1000 & wait; done" &
        trap "exit 7" TERM
        while :; do wait; done'
    await up
    engine stop -t "$grace" main
    same 'exit code' "$(left_with)" 7
    same 'the sibling saved' "$(cat "$io/saved" 2>&1)" all
}

stop_kills_a_program_that_will_not_end() {
    start app '[ $$ -eq 1 ] && exit 1; trap "" TERM; say up; while :; do sleep 1000; done'
    await up
    engine stop -t 1 main
    same 'exit code' "$(left_with)" 137
}

kill_reaches_the_whole_group_of_the_program() {
    local signal
    start app '
        trap : HUP INT QUIT USR1 USR2 WINCH CONT 37 64
        sh -c "
            for signal in HUP INT QUIT USR1 USR2 WINCH CONT 37 64; do
                trap \"echo \$signal >/io/ready\" \$signal
            done
            echo up >/io/ready
            while :; do sleep 1000 & wait; done" &
        while :; do wait; done'
    await up
    for signal in HUP USR1 USR2 WINCH CONT 37 64; do
        engine kill -s "$signal" main
        same "kill -s $signal: code" "$code" 0
        await "$signal"
    done
}

runs_with_no_rights_at_all() {
    start --read-only --cap-drop=all --user 65534:65534 --security-opt no-new-privileges app '
        grep -q "^CapEff:.*[1-9a-f]" /proc/self/status && say capable
        orphans 1
        say up $(zombies_left)
        exec sleep 1000'
    await 'up 0'
    engine stop -t "$grace" main
    same 'exit code' "$(left_with)" 143
}

runs_in_very_little_memory() {
    start --memory 8m app '[ $$ -eq 1 ] && exit 1; say up; exec sleep 1000'
    await up
    engine stop -t "$grace" main
    same 'exit code' "$(left_with)" 143
}

says_so_when_no_process_can_be_made() {
    # The engine's own threads need no room in the container by the time that rinit starts; but runc
    # may still make one too late, and aborts.
    local tries=0
    while
        run --pids-limit 1 app 'echo hi'
        tries=$((tries + 1))
        [ "$tries" -lt 5 ] && grep -q 'pthread_create failed' "$io/err"
    do :; done
    same 'exit code' "$code" 125
    grep -q '^rinit: .*process' "$io/err" || fail "it does not say why: $(cat "$io/err")"
}

says_what_is_not_there() {
    engine run --rm "${R[@]}" app /no/such/program
    same 'exit code' "$code" 127
    grep -q '^rinit: .*/no/such/program' "$io/err" || fail "it does not say what: $(cat "$io/err")"
}

reaps_behind_a_command_that_is_executed_in_it() {
    start --entrypoint /bin/busybox app 'say up; exec cat /io/hold'
    await up
    engine exec main /init -- sh -c "$prelude orphans 1"
    same 'exit code' "$code" 0
    engine exec main /init -- sh -c "$prelude zombies_left"
    same 'zombies' "$(output)" 0
}

# What the engine has found out about the health of the container `main`, which podman asks for itself
# only where there is a systemd.
health() {
    if [ "$engine" != docker ]; then within 20 "${E[@]}" healthcheck run main; fi
    within 20 "${E[@]}" inspect -f '{{.State.Health.Status}}' main
}

reaps_behind_healthchecks_where_pid_1_does_not() {
    local interval=disable
    [ "$engine" != docker ] || interval=1s
    start --health-cmd '/init -- sh -c "(sleep 0.1 &) | cat"' --health-interval "$interval" \
        --entrypoint /bin/busybox app 'say up; exec cat /io/hold'
    await up
    at_last healthy health
    engine exec main /init -- sh -c "$prelude zombies_left"
    same 'zombies' "$(output)" 0
}

leaves_the_others_alone_in_a_shared_pid_namespace() {
    engine run -d --name other "${R[@]}" -v "$io:/io" bare sh -c 'echo up >/io/ready; exec cat /io/hold'
    same 'starting the other container: code' "$code" 0
    await up
    run --pid container:other app '
        orphans 10
        echo "$(cat /proc/1/comm): $(zombies_left) zombies"
        (sleep 1000 &)
        exit 9'
    same 'it prints' "$(output)" 'cat: 0 zombies'
    same 'exit code' "$code" 9
    engine inspect -f '{{.State.Running}}' other
    same 'the other container runs' "$(output)" true
}

leaves_the_others_alone_in_the_pid_namespace_of_the_host() {
    call_stranger
    run --pid host app '
        orphans 10
        echo "$(cat /proc/$PPID/comm) $(zombies_left $PPID)"
        (sleep 20 &)
        exit 9'
    same 'it prints' "$(output)" 'init 0'
    same 'exit code' "$code" 9
    stranger_lives
}

takes_the_place_of_the_engines_own_init() {
    start "${I[@]}" bare '[ $$ -eq 1 ] && say first; say up; exec sleep 1000'
    await up
    engine stop -t "$grace" main
    same 'exit code' "$(left_with)" 143
}

is_copied_out_of_its_image() {
    engine create --name main "${R[@]}" app true
    engine cp main:/init "$io/copied"
    cmp "$io/copied" "$work/context/init" || fail 'COPY --from=rinit /init /init gave another file'
}

passes_on_the_keyboard_and_the_size_of_the_window() {
    at_terminal "${E[@]}" run -it --rm --name main "${R[@]}" -v "$io:/io" app sh -c "$prelude$keyboard_scene"
}

# The image has none, and nothing on the command line names one (kubernetes/runc-with-init).
comes_with_the_runtime_to_an_image_without_one() {
    wrapped
    start bare 'orphans 10; say "$(readlink /proc/1/exe) $(zombies_left)"; exec sleep 1000'
    await '/.rinit 0'
    engine stop -t "$grace" main
    same 'exit code' "$(left_with)" 143
}
