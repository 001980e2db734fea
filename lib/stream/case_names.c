#include "lib/stream/case_names.h"
#include "lib/base/array.h"
#include "lib/base/error.h"
#include "lib/base/numbers.h"
#include "lib/base/random.h"
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_SIZE = 4096 };

static bool is_name_character(char c)
{
    return c && strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-", c);
}

/* A leading dot would hide a file of this name, a leading hyphen make it an option. */
static bool can_lead(char c)
{
    return is_name_character(c) && c != '.' && c != '-';
}

bool case_name_valid(const char *text)
{
    size_t length = 0;
    while (is_name_character(text[length]))
        length++;
    return length < CASE_NAME_SIZE && !text[length] && can_lead(*text);
}

void case_name_make(const char *text, size_t length, const char *otherwise, char name[CASE_NAME_SIZE])
{
    if (!length) {
        text = otherwise;
        length = strlen(otherwise);
    }
    length = size_min(length, CASE_NAME_SIZE - 1);
    for (size_t i = 0; i < length; i++)
        name[i] = (i ? is_name_character(text[i]) : can_lead(text[i])) ? text[i] : '_';
    name[length] = 0;
}

const char *path_file(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

void case_name_of_path(const char *path, char name[CASE_NAME_SIZE])
{
    static const char *const suffixes[] = {".gz", ".nii", ".nrrd"};
    const char *file = path_file(path);
    size_t length = strlen(file);
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        size_t n = strlen(suffixes[i]);
        if (length > n && !strncmp(file + length - n, suffixes[i], n))
            length -= n;
    }
    case_name_make(file, length, "_", name);
}

int names_add(struct names *names, const char *name)
{
    int status = array_grow(&names->name, &names->capacity, names->count + 1, sizeof *names->name);
    if (status)
        return status;
    char *copy = strdup(name);
    if (!copy)
        return fail(STATUS_FAILURE, "out of memory");
    names->name[names->count++] = copy;
    return STATUS_OK;
}

static int read_lines(struct names *names, FILE *file)
{
    char line[LINE_SIZE];
    for (size_t number = 1; fgets(line, sizeof line, file); number++) {
        size_t length = strcspn(line, "\n");
        if (length == sizeof line - 1)
            return fail(STATUS_DATA, "line %zu is too long", number);
        line[length] = 0;
        int status = *line ? names_add(names, line) : STATUS_OK;
        if (status)
            return status;
    }
    return ferror(file) ? fail_errno(STATUS_FAILURE, "cannot read") : STATUS_OK;
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int sort(struct names *names)
{
    if (names->count)
        qsort(names->name, names->count, sizeof *names->name, compare);
    for (size_t i = 1; i < names->count; i++)
        if (!strcmp(names->name[i - 1], names->name[i]))
            return fail(STATUS_DATA, "%s is listed twice", names->name[i]);
    return STATUS_OK;
}

int names_read(struct names *names, FILE *file, const char *path)
{
    *names = (struct names){0};
    int status = read_lines(names, file);
    if (!status)
        status = sort(names);
    if (!status)
        return STATUS_OK;
    names_free(names);
    return fail_in(status, "%s", path);
}

struct ticket {
    uint64_t number;
    char *name;
};

static int compare_tickets(const void *a, const void *b)
{
    const struct ticket *x = a, *y = b;
    if (x->number != y->number)
        return x->number < y->number ? -1 : 1;
    return strcmp(x->name, y->name);
}

/* The length of what names the patient, without a visit's "-100" or BIDS' "_ses-1". */
static size_t patient_length(const char *name)
{
    size_t length = strlen(name);
    const char *session = strncmp(name, "sub-", 4) ? NULL : strstr(name, "_ses-");
    if (session)
        return (size_t)(session - name);
    if (length < strlen("BraTS-0-100") || strncmp(name, "BraTS-", 6) != 0)
        return length;
    const char *visit = name + length - 4;
    bool has_visit =
        isdigit((unsigned char)visit[-1]) && visit[0] == '-' && strspn(visit + 1, "0123456789") == 3;
    return has_visit ? length - 4 : length;
}

bool same_patient(const char *a, const char *b)
{
    size_t length = patient_length(a);
    return length == patient_length(b) && !memcmp(a, b, length) && !a[length] == !b[length];
}

/* Of sorted names. Those of a patient share what names it and a dash, and so does all that stands between them. */
static const char *first_of_patient(const struct names *names, size_t index)
{
    const char *name = names->name[index], *first = name;
    size_t length = patient_length(name);
    for (size_t i = index; name[length] && i > 0 && !strncmp(names->name[i - 1], name, length + 1); i--)
        if (same_patient(names->name[i - 1], name))
            first = names->name[i - 1];
    return first;
}

static int shuffle(struct names *names, uint64_t key, bool by_patient)
{
    struct ticket *tickets = calloc(names->count + 1, sizeof *tickets);
    if (!tickets)
        return fail(STATUS_FAILURE, "out of memory");
    if (names->count)
        qsort(names->name, names->count, sizeof *names->name, compare);
    for (size_t i = 0; i < names->count; i++) {
        const char *drawn = by_patient ? first_of_patient(names, i) : names->name[i];
        tickets[i] = (struct ticket){random_bits(random_key(key, drawn), 0), names->name[i]};
    }
    qsort(tickets, names->count, sizeof *tickets, compare_tickets);
    for (size_t i = 0; i < names->count; i++)
        names->name[i] = tickets[i].name;
    free(tickets);
    return STATUS_OK;
}

int names_shuffle(struct names *names, uint64_t key)
{
    return shuffle(names, key, false);
}

void names_free(struct names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->name[i]);
    free(names->name);
    *names = (struct names){0};
}

int order_cases(struct names *names, uint64_t seed, bool by_patient)
{
    for (size_t i = 0; i < names->count; i++)
        if (!case_name_valid(names->name[i]))
            return fail(STATUS_DATA, "'%s' is not a valid case name", names->name[i]);
    return shuffle(names, random_key(seed, "split of cases"), by_patient);
}

size_t patient_boundary(const struct names *names, size_t index)
{
    while (index > 0 && index < names->count && same_patient(names->name[index - 1], names->name[index]))
        index++;
    return index;
}

size_t count_patients(const struct names *names)
{
    size_t count = 0;
    for (size_t i = 0; i < names->count; i++)
        count += first_of_patient(names, i) == names->name[i];
    return count;
}

size_t training_count(size_t count, double fraction)
{
    return (size_t)double_clamp(floor(fraction * (double)count + 0.5), 1, (double)(count - 1));
}

void fold_range(size_t count, int fold, int folds, size_t *begin, size_t *end)
{
    *begin = count * (size_t)(fold - 1) / (size_t)folds;
    *end = count * (size_t)fold / (size_t)folds;
}

int expect_read(struct expect *expect, const char *path)
{
    *expect = (struct expect){.path = path};
    FILE *file = fopen(path, "re");
    if (!file)
        return fail_errno(STATUS_FAILURE, "%s: cannot open", path);
    int status = read_lines(&expect->names, file);
    fclose(file);
    for (size_t i = 0; !status && i < expect->names.count; i++)
        if (!case_name_valid(expect->names.name[i]))
            status = fail(STATUS_DATA, "'%.80s' cannot name a case", expect->names.name[i]);
    if (!status)
        return STATUS_OK;
    expect_free(expect);
    return fail_in(status, "%s", path);
}

void expect_free(struct expect *expect)
{
    names_free(&expect->names);
    *expect = (struct expect){0};
}

int expect_case(const struct expect *expect, size_t index, const char *name)
{
    const struct names *names = &expect->names;
    if (index >= names->count)
        return fail(STATUS_DATA, "case %s: one more than the %zu that %s lists", name, names->count,
                    expect->path);
    if (strcmp(names->name[index], name))
        return fail(STATUS_DATA, "case %s: %s lists %s as number %zu: missing or out of order", name,
                    expect->path, names->name[index], index + 1);
    return STATUS_OK;
}

int expect_end(const struct expect *expect, size_t cases)
{
    const struct names *names = &expect->names;
    if (cases >= names->count)
        return STATUS_OK;
    return fail(STATUS_DATA, "case %s is missing: the input ends after %zu of the %zu cases that %s lists",
                names->name[cases], cases, names->count, expect->path);
}
