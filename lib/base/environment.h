/* Environment variables: every PRUNET_ variable of the project, of its tests and benchmarks, is a row of one
 * table (environment.c). A variable that nobody reads is mistyped, and every tool refuses it.
 *
 * lib reads them through environment_value. Kernels know nothing above them and read theirs with getenv. */
#ifndef PRUNET_BASE_ENVIRONMENT_H
#define PRUNET_BASE_ENVIRONMENT_H

#include <stddef.h>

struct environment_variable {
    const char *name;
    const char
        *option; /* the tools with this common option read it; NULL: tests or benchmarks do, or tools that
                             * say so in their notes */
    const char *about;      /* what it sets and its values, one line */
    const char *synonym_of; /* NULL, or the variable that this is an older name of */
};

/* All of them, those of the tools first; --help shows those that go with a tool's options. */
extern const struct environment_variable environment_variables[];
extern const size_t environment_variable_count;

/* The value of a variable of the table, or else of an older name of it; NULL when unset or empty. */
const char *environment_value(const char *name);

/* STATUS_USAGE when the environment holds a variable that begins with PRUNET_ and is not in the table; the
 * message names it and the known one whose name is nearest. */
int environment_check(void);

#endif
