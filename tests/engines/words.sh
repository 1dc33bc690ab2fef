# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # what is not set or used here is so in the other files
# The words that the checks are written with; read by scripts/engines.

# --- what runs in the containers ------------------------------------------------------------------

# The words of the scenes. A container's folder /io is one of ours: `ready`, `go` and `hold` are fifos
# in it, so that nobody has to sleep until something has happened: a scene says words into the first,
# is told by the second to go on, and may read from the third for ever.
prelude='
say() { echo "$*" >/io/ready; }
# The processes that have ended and that nobody has reaped; with a parent named, those of its children.
zombies() { cat /proc/[0-9]*/stat 2>/dev/null | grep -c "^[0-9]* ([^)]*) Z ${1:+$1 }"; }
# Waits for the zombies to go, for a second at most: an init needs a moment, too.
zombies_left() {
    for turn in 1 2 3 4 5 6 7 8 9 10; do
        left=$(zombies "$@")
        [ "$left" -gt 0 ] || break
        sleep 0.1
    done
    echo "$left"
}
# Makes as many orphans, and returns when they have ended: `cat` reads until the last has let go.
orphans() { for n in $(seq "$1"); do ( sleep 0.05 & ); done | cat; }
'

# --- words for the checks --------------------------------------------------------------------------

fail() {
    echo "$*"
    exit 1
}

# lacks REASON: ends the check as skipped.
lacks() {
    echo "$*" >"$io/lacks"
    exit 77
}

# same WHAT FOUND EXPECTED
same() { [ "$2" = "$3" ] || fail "$1: '$2' and not '$3'"; }

# within SECONDS COMMAND...: whatever hangs is ended.
within() { timeout -k 5 "$@"; }

# How long a check waits for a program that hangs, and an engine for one that does not stop: seconds
# that nothing but a fault ever takes.
patience=60 grace=20

# await WORD: waits until the program says it.
await() {
    local word
    read -r -t "$patience" -u 7 word || fail "the program never said '$1'; $(tail -3 "$io/err" 2>&1)"
    same 'the program says' "$word" "$1"
}

# engine ARG...: the engine's command line, as $E has it. Its output goes to files: a command
# substitution would wait for a container that outlives its client.
engine() {
    code=0
    within 120 "${E[@]}" "$@" >"$io/out" 2>"$io/err" || code=$?
    cat "$io/err"
}

# run [OPTION]... IMAGE SCENE: the scene runs in the foreground. $code, and $io/out, tell about it.
# start: the same in the background, under the name `main`.
run() { engine run --rm "${R[@]}" -v "$io:/io" "${@:1:$#-1}" sh -c "$prelude${*: -1}"; }
start() {
    engine run -d --name main "${R[@]}" -v "$io:/io" "${@:1:$#-1}" sh -c "$prelude${*: -1}"
    same 'starting the container: code' "$code" 0
}
output() { cat "$io/out"; }

# The exit code of the container NAME, once it has ended.
left_with() {
    engine wait "${1:-main}"
    output
}

# A process of the host that no container has anything to do with.
call_stranger() {
    sleep 1000 7<&- 8<&- 9<&- &
    stranger=$!
    trap 'kill "$stranger" 2>/dev/null || :' EXIT
}
stranger_lives() { [ -e "/proc/$stranger" ] || fail 'a process of the host is gone'; }

# at_last WORDS COMMAND...: waits until COMMAND prints the words, and some more, perhaps.
at_last() {
    local found='' start=$SECONDS
    until found=$("${@:2}" 2>&1) && [[ $found == *"$1"* ]]; do
        [ $((SECONDS - start)) -lt "$patience" ] || fail "no '$1', but: $found"
        sleep 0.1
    done
}

# at_terminal COMMAND...: the command, on a terminal of its own, is that of a container with the
# keyboard scene in it; its window is resized, and then ^C typed.
resizes=yes
keyboard_scene='
    [ $$ -eq 1 ] && say first
    trap "say \$(stty size)" WINCH
    say up
    until read line && [ "$line" = go ]; do :; done
    say sleeping
    exec sleep 1000'
at_terminal() {
    command -v script >/dev/null || lacks 'script is missing: apt-get install bsdutils'
    local tty columns heard=''
    exec 6<>"$io/keys" # what is typed
    printf -v tty '%q ' "$@"
    echo "tty >$io/tty; exec $tty" >"$io/terminal"
    within $((2 * patience)) script -qefc "bash $io/terminal" /dev/null <"$io/keys" >"$io/screen" 2>&1 &
    local client=$!
    await up
    # The client is deaf until it has put its own terminal in order, which it does not tell.
    if [ "$resizes" = yes ]; then
        for ((columns = 90; columns < 90 + patience; columns++)); do
            stty -F "$(cat "$io/tty")" rows 33 cols "$columns"
            while read -r -t 1 -u 7 heard; do [ "$heard" != "33 $columns" ] || break 2; done
        done
        same 'size of the window' "$heard" "33 $columns"
    fi
    echo go >&6
    while read -r -t "$patience" -u 7 heard; do [ "$heard" != sleeping ] || break; done
    same 'the program says' "$heard" sleeping
    printf '\003' >&6
    code=0
    wait $client || code=$?
    same 'exit code after ^C' "$code" 130
}

# example NAME: the block of the README's section on engines whose first line ends with NAME.
example() {
    grep -q '^## Use it with' "$readme" || lacks "$readme has no section 'Use it with ...'"
    awk -v name="$1" '
        /^## / && !inside { section = /^## Use it with/ }
        section && /^```/ { if (inside) exit; inside = $2 == name; next }
        inside' "$readme" >"$io/example"
    [ -s "$io/example" ] || fail "the README has no example '$1'"
    cat "$io/example"
}
