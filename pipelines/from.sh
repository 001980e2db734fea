# The model that a training begins with, instead of weights that are drawn: the setting FROM or the option --from. Sourced after
# made_from.sh.
# shellcheck shell=bash disable=SC2154

# Sets `model` to the model's file, or to nothing. FROM becomes its digest: what decides a run is not where the file lies.
find_model() { # file of the option, or nothing
    model=$1
    if [ -z "$model" ]; then
        case $FROM in
        none) return ;;
        /*) model=$FROM ;;
        *) model=$(file_of_project "$FROM") ;;
        esac
    fi
    [ -f "$model" ] || die 65 "$model: no such file to begin a training with"
    model=$(realpath -- "$model")
    FROM=$(digest_of "$model") || die 1 "$model: cannot be read"
    check_model
}

# Ends the script unless the model is the configuration's network.
check_model() {
    local shown name key of value
    read_lines shown prunet-model show "$model"
    for name in KIND CHANNELS ENCODER_BLOCKS DECODER_BLOCKS; do
        [ "$KIND" = reversible ] || [[ $name != *_BLOCKS ]] || continue
        of=
        for key in "${shown[@]}"; do
            [ "${key%%$'\t'*}" != "prunet.${name,,}" ] || of=${key#*$'\t'}
        done
        value=${!name}
        [ "$of" = "$value" ] || die 65 "$model: is a network with $name=$of, the configuration's has $name=$value"
    done
}

# Writes the weights that a training begins with: a model's first and last layer are fitted to the run's modalities and regions.
first_weights() { # file
    local options fitted text spacing=()
    if [ -n "$model" ]; then
        run_tool prunet-model export --quiet --spacing "$SPACING" --scheme "$scheme" --seed "$seed" --output-bias "$OUTPUT_BIAS" \
            -o "$1" "$model"
        read_lines fitted prunet-model show --no-header "$1"
        printf '%s\n' "${fitted[@]}" | sed -n 's/^prunet\.refitted\t//p' | while IFS= read -r text; do
            note "$model: $text"
        done
    else
        read_lines options network_options
        [ "$SPACING" = keep ] || spacing=(--spacing "$SPACING")
        run_tool prunet-init --seed "$seed" --output-bias "$OUTPUT_BIAS" "${spacing[@]}" "${options[@]}" -o "$1"
    fi
}
