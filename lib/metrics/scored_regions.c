#include "lib/metrics/scored_regions.h"
#include "lib/base/error.h"
#include "lib/volume/scheme.h"
#include <stdio.h>
#include <string.h>

struct challenge_region {
    const char *name;
    uint8_t labels[4]; /* 0 ends the list */
};

struct challenge {
    const char *name;
    const char *values;
    uint8_t enhancing; /* the number of the enhancing tumour where 4 stands for it, too; else 0 */
    struct challenge_region regions[SCHEME_REGIONS_MAX]; /* a name of NULL ends the list */
};

/* The regions of brats-evaluation 0.0.10, in its order. */
static const struct challenge challenges[] = {
    {"goat", "0, 1, 2 and 3", 3, {{"ET", {3}}, {"TC", {1, 3}}, {"WT", {1, 2, 3}}}},
    {"men-pre", "0, 1, 2 and 3", 3, {{"ET", {3}}, {"TC", {1, 3}}, {"WT", {1, 2, 3}}}},
    {"gli",
     "0, 1, 2, 3 and 4",
     0,
     {{"SNFH", {2}}, {"ET", {3}}, {"NETC", {1}}, {"RC", {4}}, {"TC", {1, 3}}, {"WT", {1, 2, 3}}}},
    {"mets", "0, 1, 2, 3 and 4", 0, {{"ET", {3}}, {"RC", {4}}, {"TC", {1, 3}}, {"WT", {1, 2, 3}}}},
    {"ped",
     "0, 1, 2, 3 and 4",
     0,
     {{"ET", {1}}, {"NETC", {2}}, {"CC", {3}}, {"ED", {4}}, {"TC", {1, 2, 3}}, {"WT", {1, 2, 3, 4}}}},
    {"men-rt", "0 and 1", 0, {{"GTV", {1}}}},
};

enum { CHALLENGES = sizeof challenges / sizeof challenges[0] };

static const struct challenge *challenge_of(enum label_set set)
{
    return set < LABELS_CHALLENGE ? NULL : &challenges[set - LABELS_CHALLENGE];
}

struct scored_regions scored_regions(enum label_set set)
{
    struct scored_regions regions = {.count = 0};
    const struct challenge *challenge = challenge_of(set);
    const struct label_scheme *scheme = label_set_records(set);
    if (set == LABELS_MASK)
        return (struct scored_regions){1, {"mask"}, {BIT_MASK}};
    if (challenge)
        for (int i = 0; i < SCHEME_REGIONS_MAX && challenge->regions[i].name; i++) {
            regions.name[regions.count] = challenge->regions[i].name;
            regions.bit[regions.count++] = (uint8_t)(1 << i);
        }
    else
        for (int row = 0; row < scheme->region_count; row++) {
            const int region = region_of_row(scheme, row);
            regions.name[regions.count] = scheme->regions[region].name;
            regions.bit[regions.count++] = (uint8_t)(1 << region);
        }
    for (int i = 0; set == LABELS_SCHEME && i < data_scheme->scored_count; i++) {
        regions.name[regions.count] = data_scheme->scored[i].name;
        regions.bit[regions.count++] = (uint8_t)(1 << (data_scheme->region_count + i));
    }
    return regions;
}

void label_set_outputs_alone(void)
{
    static struct label_scheme outputs;
    outputs = *data_scheme;
    outputs.scored_count = 0;
    data_scheme_use(&outputs);
}

int label_set_choose(const char *name, enum label_set *set)
{
    for (int i = 0; i < CHALLENGES; i++)
        if (!strcmp(name, challenges[i].name)) {
            *set = (enum label_set)(LABELS_CHALLENGE + i);
            return STATUS_OK;
        }
    int status = data_scheme_choose(name);
    *set = label_set_of_data();
    return status;
}

enum label_set label_set_of_data(void)
{
    return data_scheme == record_scheme                      ? LABELS_2018
           : data_scheme == label_scheme_named("brats-2023") ? LABELS_2023
                                                             : LABELS_SCHEME;
}

const struct label_scheme *label_set_records(enum label_set set)
{
    return set == LABELS_SCHEME ? data_scheme->records : record_scheme;
}

const char *label_set_names(void)
{
    static char names[512];
    size_t length = (size_t)snprintf(names, sizeof names, "%s", scheme_names());
    for (int i = 0; i < CHALLENGES; i++)
        length += (size_t)snprintf(names + length, sizeof names - length, ", %s", challenges[i].name);
    return names;
}

const char *label_set_challenge(enum label_set set)
{
    const struct challenge *challenge = challenge_of(set);
    return challenge ? challenge->name : NULL;
}

bool label_set_reads_records(enum label_set set)
{
    const struct challenge *challenge = challenge_of(set);
    return !challenge || challenge->enhancing;
}

uint8_t label_set_bits(enum label_set set, int value)
{
    const struct challenge *challenge = challenge_of(set);
    uint8_t bits = 0;
    if (value == LABEL_ENHANCING && challenge->enhancing)
        value = challenge->enhancing;
    for (int i = 0; i < SCHEME_REGIONS_MAX && challenge->regions[i].name; i++)
        for (int k = 0; k < 4 && value; k++)
            bits |= challenge->regions[i].labels[k] == value ? (uint8_t)(1 << i) : 0;
    return bits || !value ? bits : LABEL_NONE;
}

const char *label_set_values(enum label_set set)
{
    return challenge_of(set)->values;
}
