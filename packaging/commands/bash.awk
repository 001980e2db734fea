# Completions for bash:  describe BUILD | awk -f rows.awk -f bash.awk
#
# After an option with a known set of values they are those; after another that takes one, and for operands, files.

function finish(    i) {
    for (i = 1; i <= options; i++) {
        known[command] = known[command] (letter[i] != "-" ? " -" letter[i] : "") " --" option[i]
        if (argument[i] != "-")
            taking[command] = taking[command] "|--" option[i] (letter[i] != "-" ? "|-" letter[i] : "")
        if (value_set(i) != "")
            values[command] = values[command] "|--" option[i] "=" value_set(i) (letter[i] != "-" ? "|-" letter[i] "=" value_set(i) : "")
    }
    order[++count] = command
}

END {
    print "# Completions of prunet for bash; made by packaging/commands/bash.awk."
    print "_prunet() {"
    print "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command=${COMP_WORDS[1]} known= taking= values= joined="
    print "    [[ $word != = ]] || word="
    print "    [[ $before != = ]] || before=${COMP_WORDS[COMP_CWORD - 2]}"
    print "    [[ $1 != prunet-* ]] || command=${1#prunet-}"
    print "    COMPREPLY=()"
    print "    if [[ $1 != prunet-* && ( $COMP_CWORD = 1 || ( $COMP_CWORD = 2 && $command = help ) ) ]]; then"
    printf "        known='help version%s'\n", commands() known["prunet"]
    print "    else"
    print "        case ${command#prunet-} in"
    for (i = 2; i <= count; i++)
        printf "        %s) known='%s' taking='%s|' values='%s|' ;;\n", order[i], substr(known[order[i]], 2), taking[order[i]], values[order[i]]
    print "        esac"
    print "        if [[ $taking == *\"|$before|\"* ]]; then"
    print "            [[ $values == *\"|$before=\"* ]] || return 0"
    print "            known=${values#*\"|$before=\"} known=${known%%|*}"
    print "            [[ $before != --config ]] || joined=${word%\"${word##*+}\"} # small+labels-2023"
    print "        elif [[ $word != -* ]]; then"
    print "            return 0"
    print "        fi"
    print "    fi"
    print "    mapfile -t COMPREPLY < <(compgen -P \"$joined\" -W \"$known\" -- \"${word#\"$joined\"}\")"
    print "}"
    print "complete -o default -F _prunet prunet"
    for (i = 2; i <= count; i++)
        printf "complete -o default -F _prunet prunet-%s\n", order[i]
}

function commands(    i, text) {
    for (i = 2; i <= count; i++)
        text = text " " order[i]
    return text
}
