# Completions for fish:  describe BUILD | awk -f rows.awk -f fish.awk

function quoted(text) {
    gsub(/\\/, "\\\\", text)
    gsub(/'/, "\\'", text)
    return "'" text "'"
}

function finish(    i, when) {
    if (command == "prunet")
        when = "not __fish_seen_subcommand_from $prunet_commands"
    else {
        when = "__fish_seen_subcommand_from " command
        names = names " " command
        offered = offered "complete -c prunet -f -n 'not __fish_seen_subcommand_from $prunet_commands' -a " command " -d " quoted(does) "\n"
    }
    for (i = 1; i <= options; i++)
        text = text "complete -c prunet -n " quoted(when) " -l " option[i] (letter[i] != "-" ? " -s " letter[i] : "") \
            (argument[i] != "-" ? " -r" : "") \
            (value_set(i) != "" ? (takes_files(i) ? "" : " -f") " -a " quoted(value_set(i)) : "") " -d " quoted(help[i]) "\n"
}

END {
    print "# Completions of prunet for fish; made by packaging/commands/fish.awk."
    print "set -g prunet_commands help version" names
    print "complete -c prunet -f -n 'not __fish_seen_subcommand_from $prunet_commands' -a help -d 'what a command does'"
    print "complete -c prunet -f -n 'not __fish_seen_subcommand_from $prunet_commands' -a version -d 'what this build is'"
    print "complete -c prunet -f -n '__fish_seen_subcommand_from help' -a '" substr(names, 2) "'"
    printf "%s%s", offered, text
}
