# The best weights of a run, held for as long as a script works: a training that goes on may replace and remove them meanwhile.
# Sourced, after made_from.sh.
# shellcheck shell=bash disable=SC2034

# Sets `state` to a file of the folder `work` with the weights of the best epoch, and `weights` to its digest.
hold_weights() { # run work
    local best attempt
    state=$2/state.safetensors
    for attempt in 1 2 3 4 5; do
        best=$(realpath -- "$1/best") # of the moment: the next one may be linked before this one's file is
        if ln -- "$best/state.safetensors" "$state" 2>/dev/null || cp -- "$best/state.safetensors" "$state" 2>/dev/null; then
            weights=$(digest_of "$state")
            return
        fi
        sleep "0.$attempt"
    done
    die 1 "$1/best: its state.safetensors cannot be read"
}
