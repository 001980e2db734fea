#include "lib/volume/label_readings.h"
#include "lib/base/numbers.h"
#include "lib/stream/case_names.h"
#include "lib/volume/scheme.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { NUMBERS = 256 };

/* How names begin, the more special first, and the schemes of those collections. */
static const struct {
    const char *begin, *schemes;
} collections[] = {
    {"BRATS_", " msd-brain "},  {"BraTS-PED-", " brats-ped "}, {"BraTS-", " brats-2023 brats-2024 "},
    {"BraTS1", " brats-2018 "}, {"BraTS2", " brats-2018 "},    {"Brats1", " brats-2018 "}};
static const char since_2023[] = " brats-2023 brats-2024 brats-ped ";

static unsigned schemes_of(const char *names)
{
    const struct label_scheme *scheme;
    unsigned bits = 0;
    for (size_t i = 0; (scheme = scheme_builtin(i)); i++) {
        const char *at = strstr(names, scheme->name);
        if (at && at[-1] == ' ' && at[strlen(scheme->name)] == ' ')
            bits |= 1U << i;
    }
    return bits;
}

struct label_readings label_readings_named(const char *path)
{
    const char *name = path_file(path);
    const char *schemes = strstr(name, "-seg.nii") ? since_2023 : "";
    for (size_t i = sizeof collections / sizeof collections[0]; i-- > 0;)
        if (!strncmp(name, collections[i].begin, strlen(collections[i].begin)))
            schemes = collections[i].schemes;
    return (struct label_readings){.named = schemes_of(schemes), .maps = 1};
}

void label_readings_see(struct label_readings *r, int number)
{
    r->seen[number / 64] |= UINT64_C(1) << number % 64;
}

void label_readings_see_all(struct label_readings *r, const float *values, size_t voxels)
{
    float last = 0; /* most voxels are background, and most others have a neighbour of their number */
    for (size_t i = 0; i < voxels; i++) {
        if (values[i] == last)
            continue;
        const float value = label_round(last = values[i]);
        if (value >= 0 && value < NUMBERS && value == floorf(value))
            label_readings_see(r, (int)value);
    }
}

void label_readings_join(struct label_readings *all, const struct label_readings *map)
{
    for (int i = 0; i < 4; i++)
        all->seen[i] |= map->seen[i];
    if (map->maps)
        all->named = all->maps ? all->named & map->named : map->named;
    all->maps += map->maps;
}

static bool sees(const struct label_readings *r, int number)
{
    return r->seen[number / 64] >> number % 64 & 1;
}

bool label_readings_fit(const struct label_readings *r, const struct label_scheme *scheme)
{
    for (int number = 0; number < NUMBERS; number++)
        if (sees(r, number) && scheme->label_of[number] == LABEL_NONE)
            return false;
    return true;
}

static bool sees_all_of(const struct label_readings *r, const struct label_scheme *scheme)
{
    for (int i = 0; i < scheme->label_count; i++)
        if (!sees(r, scheme->labels[i].number))
            return false;
    return true;
}

/* Whether a number lies in the region of a name; by a scheme that has no such region it does not. */
static bool lies_in(const struct label_scheme *scheme, int number, const char *region)
{
    const int r = region_named(scheme, region);
    return r >= 0 && label_region_bits(scheme, scheme->label_of[number]) >> r & 1;
}

/* Whether numbers that occur lie in other regions; only regions that both have can tell. */
static bool differ(const struct label_readings *r, const struct label_scheme *a, const struct label_scheme *b)
{
    for (int number = 1; number < NUMBERS; number++)
        for (int k = 0; k < a->region_count && sees(r, number); k++) {
            const char *name = a->regions[k].name;
            if (region_named(b, name) >= 0 && lies_in(a, number, name) != lies_in(b, number, name))
                return true;
        }
    return false;
}

/* Whether none of the schemes that the names allow reads the numbers as `scheme` does. */
static bool names_contradict(const struct label_readings *r, const struct label_scheme *scheme)
{
    const struct label_scheme *other;
    for (size_t i = 0; (other = scheme_builtin(i)); i++)
        if (r->named >> i & 1 && label_readings_fit(r, other) && !differ(r, scheme, other))
            return false;
    return r->named;
}

static size_t list_numbers(const struct label_readings *r, char *text, size_t size)
{
    size_t length = 0;
    for (int number = 1; number < NUMBERS && length + 8 < size; number++)
        if (sees(r, number))
            length += (size_t)snprintf(text + length, size - length, length ? ", %d" : "%d", number);
    return length;
}

bool label_readings_doubt(const struct label_readings *r, const struct label_scheme *scheme,
                          char text[LABEL_READINGS_SIZE])
{
    const struct label_scheme *other;
    const bool contradiction = names_contradict(r, scheme);
    char numbers[64], others[SCHEME_ADVICE_SIZE] = "";
    bool builtin = false;
    size_t length = 0;
    for (size_t i = 0; (other = scheme_builtin(i)); i++) {
        const bool likely = contradiction || !sees_all_of(r, scheme) || sees_all_of(r, other);
        builtin |= other == scheme;
        if ((!r->named || r->named >> i & 1) && likely && label_readings_fit(r, other) &&
            differ(r, scheme, other))
            length += (size_t)snprintf(others + length, sizeof others - length, length ? ", %s" : "%s",
                                       other->name);
    }
    if (!builtin || !length || (!contradiction && scheme != record_scheme) ||
        !list_numbers(r, numbers, sizeof numbers))
        return false;
    snprintf(text, LABEL_READINGS_SIZE,
             contradiction
                 ? "label numbers %s are read as %s has them; the name says %s, where they are other "
                   "regions"
                 : "label numbers %s are read as %s has them; they fit %s, too, where they are other regions",
             numbers, scheme->name, others);
    return true;
}
