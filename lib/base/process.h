/* What a tool makes sure of before it does anything, and where it lies. */
#ifndef PRUNET_BASE_PROCESS_H
#define PRUNET_BASE_PROCESS_H

#include <limits.h>
#include <stdbool.h>

/* Whether lib is a part of somebody else's program (lib/api), to whom signals belong: then it handles none, and reads
 * files into memory where it would map them. False until the first call of lib/api. */
extern bool process_is_guest;

/* A descriptor 0, 1 or 2 that is closed stays so for reads and writes (they fail, EBADF), but no file that is
 * opened later gets its number: what is meant for stdout never goes into a file. A file that may not grow
 * (ulimit -f) is a write that fails, not SIGXFSZ. All else about signals is as the caller has it: what it
 * ignores or blocks stays so, SIGPIPE too. */
void process_begin(void);

/* The folder of the program that runs, with a slash at its end. STATUS_FAILURE where it is not known. */
int program_folder(char folder[PATH_MAX]);

#endif
