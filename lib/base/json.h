/* JSON files as trees: small ones, such as the dataset.json of a data set. */
#ifndef PRUNET_BASE_JSON_H
#define PRUNET_BASE_JSON_H

#include <stddef.h>

enum json_kind { JSON_OBJECT, JSON_ARRAY, JSON_STRING, JSON_NUMBER, JSON_WORD };

struct json {
    enum json_kind kind;
    char *key;  /* of a member of an object, else NULL */
    char *text; /* of a string, a number or a word (true, false, null) as it stands; else NULL */
    struct json *first, *next; /* members or elements, in their order; the next one of the same parent */
};

/* Reads a file of at most 64 MiB, nested at most 32 deep. STATUS_FAILURE when it cannot be read,
 * STATUS_DATA, naming the byte, when it is no JSON. json_free frees the tree. */
int json_read(const char *path, struct json **root);
void json_free(struct json *root);

/* A member of an object, or NULL: also where `object` is NULL or no object. */
const struct json *json_member(const struct json *object, const char *key);

#endif
