/* The tokens of a JSON text: what its readers share. */
#ifndef PRUNET_BASE_JSON_TEXT_H
#define PRUNET_BASE_JSON_TEXT_H

#include <stdbool.h>
#include <stddef.h>

struct json_text {
    const char *begin, *at, *end;
    const char *name; /* for messages */
};

/* STATUS_DATA: "NAME: expected WHAT at byte N". */
int json_malformed(const struct json_text *text, const char *expected);

void json_skip_space(struct json_text *text);

/* Whether the next token is `symbol`; it is taken if so. json_expect: STATUS_DATA if not. */
bool json_take(struct json_text *text, char symbol);
int json_expect(struct json_text *text, char symbol);

/* A string, unescaped to UTF-8, into fresh memory, which the caller frees. STATUS_DATA where none stands or
 * where it has a NUL or half a surrogate pair, STATUS_FAILURE without memory. */
int json_take_string(struct json_text *text, char **string);

#endif
