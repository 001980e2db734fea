# Completions for zsh:  describe BUILD | awk -f rows.awk -f zsh.awk

function quoted(text) {
    gsub(/'/, "'\\''", text)
    return "'" text "'"
}

# What stands in the brackets of an option.
function told(text) {
    gsub(/\\/, "\\\\", text)
    gsub(/\[/, "\\[", text)
    gsub(/\]/, "\\]", text)
    gsub(/:/, "\\:", text)
    return "[" text "]"
}

# What completes an option's value; _arguments reads \: as a colon.
function action(i) {
    if (value_set(i) == "")
        return "_files"
    if (!takes_files(i))
        return "(" value_set(i) ")"
    return " _alternative \"values\\:value\\:(" value_set(i) ")\" \"files\\:file\\:_files\""
}

function specification(i,    takes, text) {
    text = told(help[i])
    takes = argument[i] == "-" ? "" : ":" argument[i] ":" action(i)
    gsub(/\|/, " ", takes)
    return (letter[i] == "-" ? "" : "    " quoted("-" letter[i] (takes == "" ? "" : "+") text takes) " \\\n            ") \
        quoted("--" option[i] (takes == "" ? "" : "=") text takes)
}

function finish(    i, text) {
    for (i = 1; i <= options; i++)
        text = text "            " specification(i) " \\\n"
    specifications[command] = text
    lines_of[command] = does
    order[++count] = command
}

END {
    print "#compdef prunet"
    print "# Completions of prunet for zsh; made by packaging/commands/zsh.awk."
    print "_prunet() {"
    print "    local -a commands=("
    print "        'help:what a command does'"
    print "        'version:what this build is'"
    for (i = 2; i <= count; i++) {
        text = lines_of[order[i]]
        gsub(/:/, "\\:", text)
        print "        " quoted(order[i] ":" text)
    }
    print "    )"
    print "    if ((CURRENT == 2)) || [[ $CURRENT = 3 && $words[2] = help ]]; then"
    print "        _describe command commands"
    print "        [[ $words[CURRENT] != -* ]] || _arguments \\"
    printf "%s            && return\n", specifications["prunet"]
    print "        return"
    print "    fi"
    print "    shift words"
    print "    ((CURRENT--))"
    print "    case ${words[1]#prunet-} in"
    for (i = 2; i <= count; i++) {
        printf "    %s)\n        _arguments -s -S \\\n%s            '*:file:_files'\n        ;;\n", order[i], specifications[order[i]]
    }
    print "    esac"
    print "}"
    print "_prunet \"$@\""
}
