# Configurations: how their settings are read and judged, and which options of the tools follow from them. Sourced by common.sh.
# shellcheck shell=bash

# Reads the settings of a configuration: defaults, then each of those joined by + (small+no-augmentation). A name with a
# slash is a file of one's own. Every setting becomes a variable, after settings.awk has checked it; `setting_names`
# lists them in order; find_scheme (scheme.sh) has made of SCHEME what it is.
load_config() { # configuration
    local name file names=() assignments=()
    setting_names=() scheme_is_named=
    [[ $1 != *[$'\t\n']* ]] || die 2 "configuration '$1': a tab or a line break in its name" # it is a cell of tables
    read_settings "$here/configurations/defaults" new
    IFS=+ read -ra names <<<"$1"
    [ ${#names[@]} != 0 ] || die 2 "no configuration is named; there are: $(config_names)"
    for name in "${names[@]}"; do
        case $name in
        */*) file=$name ;;
        *) file=$here/configurations/$name ;;
        esac
        [ -f "$file" ] || die 2 "configuration '$name': no such file $file$(meant_by "$name" $(config_names)); there are: $(config_names)"
        read_settings "$file" known
    done
    check_settings "${assignments[@]}"
    find_scheme
}

# Ends the script unless all are valid and fit each other.
check_settings() { # "KEY value where" with tabs between, where: "FILE: line 3" or "--seed"
    local wrong
    wrong=$(printf '%s\n' $'setting\tvalue\twhere' "$@" |
        awk -f "$here/columns.awk" -f "$here/settings.awk" "$here/settings.tsv" -) || die 2 "$wrong"
}

# The same of options that are given: check_options seed epochs.
check_options() { # names of options
    local name options=()
    for name in "$@"; do
        [ -z "${!name}" ] || options+=("${name^^}"$'\t'"${!name}"$'\t'"--$name")
    done
    [ ${#options[@]} = 0 ] || check_settings "${options[@]}"
}

# The fold that an option gives takes the place of the configuration's.
choose_fold() { # K/N, none or nothing; folder of lists or nothing
    [ -z "$2" ] || [[ ${1:-none} == none ]] || die_usage "--fold and --lists: the lists are the split"
    FOLD=${1:-$FOLD}
}

config_names() {
    (cd "$here/configurations" && printf '%s ' *)
}

die_no_setting() { # where, key
    die 2 "$1: no setting is called $2$(meant_by "$2" "${setting_names[@]}")"
}

read_settings() { # file, "new" where any key may appear or "known"
    local line number=0 key text
    text=$(cat -- "$1") || die 1 "$1: cannot be read" # at once: read takes an error for the end of the file
    while [ -n "$text" ]; do
        line=${text%%$'\n'*} text=${text#"$line"} text=${text#$'\n'}
        number=$((number + 1))
        case $line in '' | '#'*) continue ;; esac
        [[ $line =~ ^([A-Z_]+)=([A-Za-z0-9.,:+/_-]*)$ ]] || die 2 "$1: line $number is not KEY=value: $line"
        key=${BASH_REMATCH[1]}
        if [ "$2" = new ]; then
            setting_names+=("$key")
        else
            [[ " ${setting_names[*]} " == *" $key "* ]] || die_no_setting "$1: line $number" "$key"
            case $key in SCHEME | LABELS) scheme_is_named=yes ;; esac
        fi
        printf -v "$key" %s "${BASH_REMATCH[2]}"
        assignments+=("$key"$'\t'"${BASH_REMATCH[2]}"$'\t'"$1: line $number")
    done
}

# The settings that decide a run's results, a key and its value a line. EPOCHS is not among them: a run may be trained for
# longer.
run_settings() {
    local key
    for key in "${setting_names[@]}"; do
        case $key in EPOCHS | PHANTOM_* | DRAWN_*) continue ;; esac
        printf '%s\t%s\n' "$key" "${!key}"
    done
}

# The options of prunet-init and prunet-plan for the configuration's network, one a line.
network_options() {
    printf '%s\n' --kind "$KIND" --channels "$CHANNELS"
    [ "$KIND" = baseline ] || printf '%s\n' --encoder-blocks "$ENCODER_BLOCKS" --decoder-blocks "$DECODER_BLOCKS"
    [ ${#scheme_options[@]} = 0 ] || printf '%s\n' "${scheme_options[@]}"
}

# The options of augment for intensities and modalities, one a line.
intensity_options() {
    [ "$AUGMENT" = no ] || printf '%s\n' --chance "$AUGMENT_CHANCE" --gamma "$AUGMENT_GAMMA" --contrast "$AUGMENT_CONTRAST" \
        --blur "$AUGMENT_BLUR" --low-resolution "$AUGMENT_LOW_RESOLUTION" --noise "$AUGMENT_NOISE"
    printf '%s\n' --drop-modality "$DROP_MODALITY"
}

# The options of prunet-infer for the windows that it segments by, one a line.
window_options() {
    [ "$WINDOW" != none ] || return 0
    printf '%s\n' --window "$WINDOW" --overlap "$OVERLAP"
    [ "$GAUSSIAN" = no ] || printf '%s\n' --gaussian
}

# Sets a variable to what settings without effect by default add to a product's note, as " window=16x16x16": those that differ
# from the default.
note_settings() { # variable settings...
    local key status words=
    for key in "${@:2}"; do
        status=0
        grep -qxF "$key=${!key}" "$here/configurations/defaults" || status=$?
        [ "$status" -le 1 ] || die 1 "$here/configurations/defaults: cannot be read"
        [ "$status" = 0 ] || words+=" ${key,,}=${!key}"
    done
    printf -v "$1" %s "$words"
}

# Sets `infer_options` to the options of prunet-infer that make a label map, and `to_map` to what then stands in the pipe, with
# bars: the label map of a case that was resampled is made of its probabilities on its own grid.
choose_map_tools() {
    read_lines infer_options window_options
    to_map=()
    if [ "$SPACING" = keep ]; then
        infer_options+=(--label-map)
    else
        to_map=('|' resample --to-source '|' regions --inverse)
    fi
}

# Sets a setting's variable to what a run has; a run of an older version that does not have it has the default.
load_run_setting() { # run, setting...
    local key value
    for key in "${@:2}"; do
        value=$(sed -n "s/^$key\t//p" "$1/manifest/run.tsv")
        [ -n "$value" ] || value=$(sed -n "s/^$key=//p" "$here/configurations/defaults")
        printf -v "$key" %s "$value"
    done
}

# The options of prunet-step and prunet-plan that decide the memory of a training step, one a line.
memory_options() {
    printf '%s\n' --memory "$MEMORY" --loss "$LOSS" --weight-average "$WEIGHT_AVERAGE" --batch "$BATCH"
}

# The options of prunet-step that the configuration decides, but for the learning rate.
step_options() {
    memory_options
    printf '%s\n' --weight-decay "$WEIGHT_DECAY" --loss-divisor "$LOSS_DIVISOR" --loss-dice-weight "$LOSS_DICE_WEIGHT" \
        --loss-bce-weight "$LOSS_BCE_WEIGHT" --loss-smooth "$LOSS_SMOOTH"
}

# The bytes that prunet-plan allocates for a training step or for an inference.
planned_bytes() { # "training" or "inference", prunet-plan's options
    prunet-plan "${@:2}" |
        table_awk -v run="$1" 'field("run") == run && field("item") == "total" && field("name") == "allocated" {
            print field("bytes") }'
}

# Ends the script where the backend that is wanted (--backend, BACKEND=) cannot compute here.
check_backend() {
    [ -z "${PRUNET_BACKEND-}" ] || prunet-plan --size 16x16x16 --channels 4,8 >/dev/null ||
        die 2 "training is not possible here, see above"
}

# The bytes of memory that segmenting a volume takes.
segment_bytes() { # "whole" or "window", prunet-plan's options
    prunet-plan "${@:2}" |
        table_awk -v item="$1" 'field("run") == "segment" && field("item") == item { print field("bytes") }'
}

# A name of a file in a configuration is one in the project's folder; what is in data/ there lies beside the stages in an
# installed copy.
file_of_project() { # name
    local file=$here/../$1
    [ -e "$file" ] || file=$here/../${1#data/}
    printf '%s\n' "$file"
}
