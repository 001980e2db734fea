/* What prunet COMMAND can be: a tool by its name, with or without "prunet-" before it; a stage or another script of
 * pipelines/; a newcomer's verb that stands for one of them. What lies in the folder of the tools is what there is. */
#ifndef PRUNET_BASE_COMMANDS_H
#define PRUNET_BASE_COMMANDS_H

#include "lib/base/output.h"

/* What a tool does, in a line, from the table of docs/tools.md: "crop", "centres ...". Ends with NULLs. */
extern const struct tool_line {
    const char *name, *does;
} tool_lines[];

/* Becomes the command NAME with the words behind it; words[0] is the command's own and is replaced. Returns only when
 * that fails: STATUS_USAGE for a name that no command has, with the nearest ones; STATUS_FAILURE where it cannot run. */
int command_become(const char *name, char **words);

/* Prints what there is, a line each, newcomers' verbs first. */
int commands_print(struct output *output);

#endif
