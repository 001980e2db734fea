#include "lib/volume/scheme.h"
#include "lib/base/array.h"
#include "lib/base/error.h"
#include "lib/base/install.h"
#include "lib/volume/scheme_builtin.h"
#include "lib/volume/scheme_json.h"
#include "lib/volume/scheme_parse.h"
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Those that are built in, which are there before main and do not change; and those that are read, in any
 * thread. A pointer to a scheme stays good. */
enum { BUILTIN_MAX = 32 }; /* their names fit into SCHEME_ADVICE_SIZE */
static const struct label_scheme *builtin[BUILTIN_MAX];
static struct {
    struct label_scheme **at;
    size_t count, capacity;
} known;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static struct label_scheme first; /* brats-2018: a constant address for all that has labels by its name */
const struct label_scheme *const record_scheme = &first;
const struct label_scheme *data_scheme = &first;
const struct modality *modalities = first.modalities;

static const struct {
    const char *older, *name;
} synonyms[] = {{"2018", "brats-2018"}, {"2023", "brats-2023"}, {"msd", "msd-brain"}};

/* Built in -------------------------------------------------------------------------------------------- */

static const struct label_scheme *builtin_named(const char *name)
{
    for (size_t i = 0; i < BUILTIN_MAX && builtin[i]; i++)
        if (!strcmp(builtin[i]->name, name))
            return builtin[i];
    return NULL;
}

const struct label_scheme *scheme_builtin(size_t index)
{
    return index < BUILTIN_MAX ? builtin[index] : NULL;
}

/* A program whose own schemes are wrong does not begin. */
__attribute__((constructor)) static void read_builtin(void)
{
    for (size_t i = 0; i < builtin_scheme_count; i++) {
        struct label_scheme *scheme;
        int status = i == BUILTIN_MAX ? fail(STATUS_DATA, "more than %d", BUILTIN_MAX)
                                      : scheme_parse(builtin_schemes[i], strlen(builtin_schemes[i]),
                                                     builtin_named, &scheme);
        if (status) {
            fprintf(stderr, "%s: data/schemes: %s\n", program_invocation_short_name, error_message());
            exit(status);
        }
        if (!i) {
            first = *scheme;
            first.records = &first;
            free(scheme);
        }
        builtin[i] = i ? scheme : &first;
    }
}

const char *scheme_names(void)
{
    static char names[SCHEME_ADVICE_SIZE];
    size_t length = 0;
    for (size_t i = 0; i < builtin_scheme_count; i++)
        length +=
            (size_t)snprintf(names + length, sizeof names - length, i ? ", %s" : "%s", builtin[i]->name);
    return names;
}

const struct label_scheme *label_scheme_named(const char *name)
{
    const struct label_scheme *scheme;
    return scheme_find(name, &scheme) ? NULL : scheme;
}

/* Texts and files --------------------------------------------------------------------------------------- */

static bool same_scored(const struct label_scheme *a, const struct label_scheme *b)
{
    bool same = a->scored_count == b->scored_count;
    for (int r = 0; same && r < a->scored_count; r++)
        same = !strcmp(a->scored[r].name, b->scored[r].name) &&
               !strcmp((const char *)a->scored[r].labels, (const char *)b->scored[r].labels);
    return same;
}

/* The known scheme of the same text. Texts of records and states do not say what is only scored: `scored` asks
 * for the same of that, too. */
static const struct label_scheme *find_known(const struct label_scheme *parsed, bool scored)
{
    for (size_t i = 0; i < builtin_scheme_count; i++)
        if (!strcmp(builtin[i]->text, parsed->text) && (!scored || same_scored(builtin[i], parsed)))
            return builtin[i];
    for (size_t i = 0; i < known.count; i++)
        if (!strcmp(known.at[i]->text, parsed->text) && (!scored || same_scored(known.at[i], parsed)))
            return known.at[i];
    return NULL;
}

/* The scheme of the same text that is known, or this one from now on; its records are those of one that differs
 * in what is only scored. */
static int keep(struct label_scheme *parsed, bool scored, const struct label_scheme **scheme)
{
    int status = STATUS_OK;
    pthread_mutex_lock(&lock);
    *scheme = find_known(parsed, scored);
    const struct label_scheme *alike = *scheme ? NULL : find_known(parsed, false);
    if (alike)
        parsed->records = alike->records;
    if (!*scheme && !(status = array_grow(&known.at, &known.capacity, known.count + 1, sizeof *known.at)))
        *scheme = known.at[known.count++] = parsed;
    pthread_mutex_unlock(&lock);
    if (*scheme != parsed)
        scheme_parse_free(parsed);
    return status;
}

static int scheme_of_bytes(const char *text, size_t length, bool scored, const struct label_scheme **scheme)
{
    struct label_scheme *parsed;
    int status = scheme_parse(text, length, builtin_named, &parsed);
    return status ? status : keep(parsed, scored, scheme);
}

int scheme_of_text(const char *text, const struct label_scheme **scheme)
{
    return scheme_of_bytes(text, strlen(text), false, scheme);
}

static int read_file(const char *path, const struct label_scheme **scheme)
{
    char text[SCHEME_TEXT_MAX + 1];
    FILE *file = fopen(path, "re");
    if (!file)
        return fail_errno(STATUS_FAILURE, "%s", path);
    const size_t length = fread(text, 1, sizeof text, file);
    int status = ferror(file) ? fail_errno(STATUS_FAILURE, "cannot read") : STATUS_OK;
    fclose(file);
    if (!status)
        status = scheme_of_bytes(text, length, true, scheme);
    return status ? fail_in(status, "%s", path) : STATUS_OK;
}

static int read_dataset(const char *path, const struct label_scheme **scheme)
{
    char *text;
    int status = scheme_text_of_dataset(path, &text);
    if (status)
        return status;
    status = scheme_of_text(text, scheme);
    free(text);
    return status ? fail_in(status, "%s: as a scheme", path) : STATUS_OK;
}

static bool is_json(const char *path)
{
    const size_t length = strlen(path);
    return length > 5 && !strcmp(path + length - 5, ".json");
}

/* The file of a scheme that is installed with the program; *path is NULL where there is none. */
static int installed_file(const char *name, char **path)
{
    char part[NAME_MAX + 16], found[PATH_MAX];
    *path = NULL;
    if (snprintf(part, sizeof part, "schemes/%s", name) >= (int)sizeof part || shared_path(found, part))
        return STATUS_OK;
    *path = strdup(found);
    return *path ? STATUS_OK : fail(STATUS_FAILURE, "out of memory");
}

int scheme_find(const char *name, const struct label_scheme **scheme)
{
    const char *word = name;
    char *path = NULL;
    for (size_t i = 0; i < sizeof synonyms / sizeof synonyms[0]; i++)
        word = strcmp(word, synonyms[i].older) ? word : synonyms[i].name;
    if ((*scheme = builtin_named(word)))
        return STATUS_OK;
    int status = *name && *name != '.' && !strchr(name, '/') ? installed_file(name, &path) : STATUS_OK;
    if (!status && !path && access(name, F_OK))
        status = fail(STATUS_USAGE, "'%s' is no scheme (%s) and no file", name, scheme_names());
    if (!status && is_json(name))
        status = read_dataset(path ? path : name, scheme);
    else if (!status)
        status = read_file(path ? path : name, scheme);
    free(path);
    return status;
}

void data_scheme_use(const struct label_scheme *scheme)
{
    data_scheme = scheme;
    modalities = scheme->modalities;
}

int data_scheme_choose(const char *name)
{
    const struct label_scheme *scheme = data_scheme;
    int status = name ? scheme_find(name, &scheme) : STATUS_OK;
    if (status)
        return fail_in(status, "--scheme");
    data_scheme_use(scheme);
    return STATUS_OK;
}

/* Records ------------------------------------------------------------------------------------------------ */

static const char key[] = "prunet.scheme";

int scheme_of_record(const struct record *record, const struct label_scheme **scheme)
{
    char text[SCHEME_TEXT_MAX + 1];
    *scheme = record_scheme;
    if (!record_key(record, key, text, sizeof text))
        return STATUS_OK;
    int status = scheme_of_text(text, scheme);
    if (status)
        return fail_in(status, "%s", key);
    *scheme = (*scheme)->records;
    return STATUS_OK;
}

int scheme_note(struct record *record, const struct label_scheme *scheme)
{
    return scheme->records == record_scheme ? STATUS_OK : record_set_key(record, key, scheme->records->text);
}

void schemes_that_fit(const float *values, size_t voxels, char advice[SCHEME_ADVICE_SIZE])
{
    size_t length = 0;
    *advice = 0;
    for (size_t k = 0; k < builtin_scheme_count; k++) {
        size_t i = 0;
        while (i < voxels && label_of_value(builtin[k], values[i]) != LABEL_NONE)
            i++;
        if (i == voxels)
            length += (size_t)snprintf(advice + length, SCHEME_ADVICE_SIZE - length, length ? ", %s" : "%s",
                                       builtin[k]->name);
    }
}
