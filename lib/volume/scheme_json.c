#include "lib/volume/scheme_json.h"
#include "lib/base/error.h"
#include "lib/base/json.h"
#include "lib/base/memory_stream.h"
#include "lib/volume/file_kind.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A name as a scheme can have it. */
static void take_name(const char *word, bool lower, char name[SCHEME_NAME_SIZE])
{
    size_t length = 0;
    for (; *word && length < SCHEME_NAME_SIZE - 1; word++) {
        const unsigned char c = (unsigned char)*word;
        const bool first = !length && (c == '-' || c == '.');
        name[length++] =
            c < 0x80 && !first && (isalnum(c) || strchr("._-", c)) ? (char)(lower ? tolower(c) : c) : '_';
    }
    name[length] = 0;
}

/* A whole number from 0 to `most`, or -1. */
static int take_number(const char *text, int most)
{
    char *end;
    if (!text || !isdigit((unsigned char)*text))
        return -1;
    const long number = strtol(text, &end, 10);
    return *end || number > most ? -1 : (int)number;
}

static void print_modality(FILE *to, const char *word)
{
    char name[SCHEME_NAME_SIZE];
    const int known = data_scheme == record_scheme ? modality_of_word(word) : -1;
    take_name(word, true, name);
    if (known < 0) {
        fprintf(to, "modality %s\n", name);
        return;
    }
    fprintf(to, "modality %s", modalities[known].name);
    for (int i = 0; i < SUFFIXES_MAX && *modalities[known].suffix[i]; i++)
        fprintf(to, " %s", modalities[known].suffix[i]);
    fprintf(to, "\n");
}

/* "0": "CT", or "CT": 0, whose numbers are 0, 1, ... */
static int print_modalities(FILE *to, const struct json *names)
{
    const char *of[MODALITIES_MAX] = {NULL};
    int count = 0;
    if (!names || names->kind != JSON_OBJECT)
        return fail(STATUS_DATA, "no channel_names (or modality) say which channel is which modality");
    for (const struct json *member = names->first; member; member = member->next, count++) {
        int channel = take_number(member->key, MODALITIES_MAX - 1);
        const char *word = channel < 0 ? member->key : member->text;
        channel = channel < 0 ? take_number(member->text, MODALITIES_MAX - 1) : channel;
        if (channel < 0 || !word || of[channel])
            return fail(STATUS_DATA, "'%.80s' does not say which channel is which modality", member->key);
        of[channel] = word;
    }
    for (int channel = 0; channel < count; channel++) {
        if (!of[channel])
            return fail(STATUS_DATA, "channel %d of %d has no name", channel, count);
        print_modality(to, of[channel]);
    }
    return STATUS_OK;
}

/* Labels ------------------------------------------------------------------------------------------------ */

struct labels {
    FILE *to;
    const struct json *order; /* regions_class_order, or NULL */
    const struct json *next;  /* its number for the next region */
    bool named[256];          /* labels that have a line */
};

static void print_label(struct labels *l, int number, const char *name)
{
    char own[SCHEME_NAME_SIZE];
    take_name(name, false, own);
    if (!l->named[number])
        fprintf(l->to, "label %d %s\n", number, own);
    l->named[number] = true;
}

/* The words of a region behind its name: the numbers of its labels, which get a line before. */
static int take_labels(struct labels *l, const struct json *value, const char *name, char *words, size_t size)
{
    size_t length = 0;
    const struct json *first = value->kind == JSON_ARRAY ? value->first : value;
    for (const struct json *item = first; item; item = value->kind == JSON_ARRAY ? item->next : NULL) {
        const int number = take_number(item->text, SCHEME_LABELS_MAX);
        char own[SCHEME_NAME_SIZE];
        if (number < 1 || length + 8 > size)
            return fail(STATUS_DATA, "label '%.80s' is no number within 1..%d", name, SCHEME_LABELS_MAX);
        snprintf(own, sizeof own, "label%d", number);
        print_label(l, number, value->kind == JSON_ARRAY ? own : name);
        length += (size_t)snprintf(words + length, size - length, " %d", number);
    }
    return length ? STATUS_OK : fail(STATUS_DATA, "label '%.80s' has no number", name);
}

static int print_region(struct labels *l, const struct json *value, const char *name)
{
    char own[SCHEME_NAME_SIZE], words[8 * SCHEME_LABELS_MAX];
    int status = take_labels(l, value, name, words, sizeof words);
    if (status)
        return status;
    take_name(name, false, own);
    fprintf(l->to, "region %s%s", own, words);
    if (l->order) {
        const int paints = l->next ? take_number(l->next->text, SCHEME_LABELS_MAX) : -1;
        if (paints < 1)
            return fail(STATUS_DATA, "regions_class_order has no number for '%.80s'", name);
        fprintf(l->to, " paints %d", paints);
        l->next = l->next->next;
    }
    fprintf(l->to, "\n");
    return STATUS_OK;
}

/* The background, 0 or [0], is no region. */
static bool is_background(const struct json *value)
{
    return value->kind == JSON_ARRAY ? value->first && is_background(value->first)
                                     : take_number(value->text, 0) == 0;
}

/* "liver": 1, "liver": [1, 2], or the Decathlon's "1": "liver". */
static int print_labels(struct labels *l, const struct json *labels)
{
    int status = STATUS_OK;
    if (!labels || labels->kind != JSON_OBJECT)
        return fail(STATUS_DATA, "no labels");
    for (const struct json *member = labels->first; member && !status; member = member->next) {
        const int number = take_number(member->key, 255);
        if (!strcmp(member->key, "ignore"))
            status = fail(STATUS_DATA, "a label to be ignored is not supported");
        else if (number >= 0 && member->kind == JSON_STRING) {
            const struct json value = {.kind = JSON_NUMBER, .text = member->key};
            if (number)
                status = print_region(l, &value, member->text);
        } else if (!is_background(member))
            status = print_region(l, member, member->key);
    }
    if (!status && !l->order)
        fprintf(l->to, "rule highest\n");
    return status || !l->next
               ? status
               : fail(STATUS_DATA, "regions_class_order has more numbers than there are regions");
}

static int print_scheme(FILE *to, const struct json *root)
{
    const struct json *name = json_member(root, "name"), *channels = json_member(root, "channel_names");
    char own[SCHEME_NAME_SIZE];
    take_name(name && name->kind == JSON_STRING && *name->text ? name->text : "dataset", false, own);
    fprintf(to, "scheme %s\n", own);
    struct labels l = {.to = to, .order = json_member(root, "regions_class_order")};
    l.next = l.order ? l.order->first : NULL;
    int status = print_modalities(to, channels ? channels : json_member(root, "modality"));
    return status ? status : print_labels(&l, json_member(root, "labels"));
}

int scheme_text_of_dataset(const char *path, char **text)
{
    struct json *root;
    struct memory_stream scheme;
    int status = json_read(path, &root);
    if (status)
        return status;
    FILE *to = memory_stream_open(&scheme);
    if (to) {
        const int printed = print_scheme(to, root);
        status = memory_stream_close(to, &scheme);
        status = printed ? printed : status;
        if (status)
            free(scheme.text);
        else
            *text = scheme.text;
    } else
        status = fail(STATUS_FAILURE, "out of memory");
    json_free(root);
    return status ? fail_in(status, "%s", path) : STATUS_OK;
}
