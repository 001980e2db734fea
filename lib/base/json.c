#include "lib/base/json.h"
#include "lib/base/array.h"
#include "lib/base/error.h"
#include "lib/base/json_text.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_BYTES_MAX = 64 << 20, DEPTH_MAX = 32 };

static int take_value(struct json_text *text, int depth, struct json *value);

/* A number or a word: what stands up to the next mark. What it means is its reader's business. */
static int take_bare(struct json_text *text, struct json *value)
{
    static const char letters[] = "+-.0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    json_skip_space(text);
    const char *first = text->at;
    while (text->at < text->end && *text->at && strchr(letters, *text->at))
        text->at++;
    const size_t length = (size_t)(text->at - first);
    if (!length)
        return json_malformed(text, "a value");
    value->kind = strchr("-0123456789", *first) ? JSON_NUMBER : JSON_WORD;
    value->text = strndup(first, length);
    return value->text ? STATUS_OK : fail(STATUS_FAILURE, "%s: out of memory", text->name);
}

/* The members of an object or the elements of an array, whose opening mark is taken. */
static int take_children(struct json_text *text, int depth, struct json *parent, char close)
{
    struct json **place = &parent->first;
    if (json_take(text, close))
        return STATUS_OK;
    do {
        int status = STATUS_OK;
        if (!(*place = calloc(1, sizeof **place)))
            return fail(STATUS_FAILURE, "%s: out of memory", text->name);
        if (parent->kind == JSON_OBJECT && !(status = json_take_string(text, &(*place)->key)))
            status = json_expect(text, ':');
        if (!status)
            status = take_value(text, depth + 1, *place);
        if (status)
            return status;
        place = &(*place)->next;
    } while (json_take(text, ','));
    return json_expect(text, close);
}

static int take_value(struct json_text *text, int depth, struct json *value)
{
    if (depth > DEPTH_MAX)
        return json_malformed(text, "less nesting");
    json_skip_space(text);
    if (json_take(text, '{')) {
        value->kind = JSON_OBJECT;
        return take_children(text, depth, value, '}');
    }
    if (json_take(text, '[')) {
        value->kind = JSON_ARRAY;
        return take_children(text, depth, value, ']');
    }
    if (text->at < text->end && *text->at == '"') {
        value->kind = JSON_STRING;
        return json_take_string(text, &value->text);
    }
    return take_bare(text, value);
}

static int parse(struct json_text *text, struct json **root)
{
    *root = calloc(1, sizeof **root);
    if (!*root)
        return fail(STATUS_FAILURE, "%s: out of memory", text->name);
    int status = take_value(text, 0, *root);
    json_skip_space(text);
    if (!status && text->at != text->end)
        status = json_malformed(text, "nothing more");
    if (!status)
        return STATUS_OK;
    json_free(*root);
    *root = NULL;
    return status;
}

int json_read(const char *path, struct json **root)
{
    FILE *file = fopen(path, "re");
    char *bytes = NULL;
    size_t length = 0, capacity = 0;
    int status = file ? STATUS_OK : fail_errno(STATUS_FAILURE, "%s: cannot open", path);
    while (!status && length <= FILE_BYTES_MAX) {
        if ((status = array_grow(&bytes, &capacity, length + (1 << 16), 1)))
            break;
        size_t got = fread(bytes + length, 1, capacity - length, file);
        length += got;
        if (!got)
            break;
    }
    if (!status && ferror(file))
        status = fail_errno(STATUS_FAILURE, "%s: cannot read", path);
    if (!status && length > FILE_BYTES_MAX)
        status = fail(STATUS_DATA, "%s: more than %d bytes", path, FILE_BYTES_MAX);
    if (!status) {
        struct json_text text = {bytes, bytes, bytes + length, path};
        status = parse(&text, root);
    }
    free(bytes);
    if (file)
        fclose(file);
    return status;
}

/* Siblings in a loop: a list may be long, nesting is not. */
void json_free(struct json *node)
{
    while (node) {
        struct json *next = node->next;
        json_free(node->first);
        free(node->key);
        free(node->text);
        free(node);
        node = next;
    }
}

const struct json *json_member(const struct json *object, const char *key)
{
    if (!object || object->kind != JSON_OBJECT)
        return NULL;
    for (const struct json *member = object->first; member; member = member->next)
        if (!strcmp(member->key, key))
            return member;
    return NULL;
}
