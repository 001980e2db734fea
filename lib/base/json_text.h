/* The tokens of a JSON text: what its readers share, and strings for its writers. */
#ifndef PRUNET_BASE_JSON_TEXT_H
#define PRUNET_BASE_JSON_TEXT_H

#include <stdbool.h>
#include <stddef.h>

struct output; /* output.h */

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

/* How a byte stands in a string; more than itself where it is a quote, a backslash, a control character or one of
 * `also`. In `text`, with its length. */
enum { JSON_BYTE_SIZE = 7 };
size_t json_byte(char byte, const char *also, char text[JSON_BYTE_SIZE]);

/* Writes a text as a string, in quotes. */
int json_print_string(struct output *output, const char *text);

#endif
