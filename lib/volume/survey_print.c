#include "lib/base/error.h"
#include "lib/base/json_text.h"
#include "lib/volume/survey.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAMES_SHOWN = 8 };

static const char *const item_names[SURVEY_ITEMS] = {
    "layout",     "modalities", "grid",   "spacing", "orientation", "type",  "label_type",
    "background", "label",      "region", "fits",    "empty",       "error", "warning"};

/* Facts of one value of an item: a stretch of the sorted facts. */
struct group {
    const struct survey_fact *fact;
    size_t cases, voxels;
    bool named; /* its cases are listed */
};

struct groups {
    size_t count;
    struct group *row;
};

static int compare_facts(const void *a, const void *b)
{
    const struct survey_fact *x = a, *y = b;
    if (x->item != y->item)
        return x->item < y->item ? -1 : 1;
    int order = strcmp(x->value, y->value);
    return order ? order : strcmp(x->name, y->name);
}

static bool same_value(const struct survey_fact *a, const struct survey_fact *b)
{
    return a->item == b->item && !strcmp(a->value, b->value);
}

/* Sorts the facts; of those that are there twice (a warning of header and voxels, four images of one type)
 * one stays. */
static void sort_facts(struct survey *survey)
{
    size_t kept = 0;
    if (survey->count)
        qsort(survey->fact, survey->count, sizeof *survey->fact, compare_facts);
    for (size_t i = 0; i < survey->count; i++) {
        struct survey_fact *before = kept ? &survey->fact[kept - 1] : NULL;
        if (before && !compare_facts(before, &survey->fact[i]))
            free(survey->fact[i].value);
        else
            survey->fact[kept++] = survey->fact[i];
    }
    survey->count = kept;
}

/* Labels and regions stay in the order of their values; of the others the most frequent comes first. */
static int compare_groups(const void *a, const void *b)
{
    const struct group *x = a, *y = b;
    if (x->fact->item != y->fact->item)
        return x->fact->item < y->fact->item ? -1 : 1;
    if (x->fact->item == SURVEY_LABEL)
        return atoi(x->fact->value) - atoi(y->fact->value);
    if (x->voxels != y->voxels) /* regions */
        return x->voxels > y->voxels ? -1 : 1;
    if (x->cases != y->cases)
        return x->cases > y->cases ? -1 : 1;
    return strcmp(x->fact->value, y->fact->value);
}

static int group_facts(struct survey *survey, struct groups *groups)
{
    sort_facts(survey);
    *groups = (struct groups){0, calloc(survey->count + 1, sizeof *groups->row)};
    if (!groups->row)
        return fail(STATUS_FAILURE, "out of memory");
    for (size_t i = 0; i < survey->count; i++) {
        const struct survey_fact *fact = &survey->fact[i];
        if (!groups->count || !same_value(groups->row[groups->count - 1].fact, fact))
            groups->row[groups->count++].fact = fact;
        struct group *group = &groups->row[groups->count - 1];
        group->cases++;
        group->voxels += fact->voxels;
    }
    if (groups->count)
        qsort(groups->row, groups->count, sizeof *groups->row, compare_groups);
    for (size_t i = 0; i < groups->count; i++) {
        struct group *group = &groups->row[i];
        const enum survey_item item = group->fact->item;
        const bool first = !i || groups->row[i - 1].fact->item != item;
        group->named = item >= SURVEY_EMPTY || (!first && item < SURVEY_LABEL);
    }
    return STATUS_OK;
}

/* The table -------------------------------------------------------------------------------------------- */

static int print_names(const struct group *group, struct output *output)
{
    int status = output_print(output, "\t%s", group->named ? "" : "-");
    for (size_t i = 0; group->named && i < group->cases && i <= NAMES_SHOWN && !status; i++)
        status = i < NAMES_SHOWN ? output_print(output, "%s%s", i ? "," : "", group->fact[i].name)
                                 : output_print(output, ",and %zu more", group->cases - NAMES_SHOWN);
    return status ? status : output_print(output, "\n");
}

static int print_group(const struct group *group, struct output *output)
{
    const enum survey_item item = group->fact->item;
    int status = output_print(output, "%s\t%s\t%zu\t", item_names[item], group->fact->value, group->cases);
    if (!status)
        status = item == SURVEY_LABEL || item == SURVEY_REGION ? output_print(output, "%zu", group->voxels)
                                                               : output_print(output, "-");
    return status ? status : print_names(group, output);
}

int survey_print_table(struct survey *survey, struct output *output, bool header)
{
    struct groups groups;
    int status = group_facts(survey, &groups);
    if (!status && header)
        status = output_print(output, "item\tvalue\tcases\tvoxels\tnames\n");
    if (!status)
        status = output_print(output, "cases\tall\t%zu\t-\t-\npatients\tall\t%zu\t-\t-\n", survey->cases,
                              survey->patients);
    for (size_t i = 0; i < groups.count && !status; i++)
        status = print_group(&groups.row[i], output);
    free(groups.row);
    return status;
}

/* JSON ------------------------------------------------------------------------------------------------- */

static int print_json_group(const struct group *group, struct output *output)
{
    const enum survey_item item = group->fact->item;
    int status = output_print(output, "\n    {\"value\": ");
    if (!status)
        status = json_print_string(output, group->fact->value);
    if (!status)
        status = output_print(output, ", \"cases\": %zu", group->cases);
    if (!status && (item == SURVEY_LABEL || item == SURVEY_REGION))
        status = output_print(output, ", \"voxels\": %zu", group->voxels);
    if (!status && group->named)
        status = output_print(output, ", \"names\": [");
    for (size_t i = 0; i < group->cases && group->named && !status; i++) {
        status = output_print(output, i ? ", " : "");
        if (!status)
            status = json_print_string(output, group->fact[i].name);
    }
    return status ? status : output_print(output, group->named ? "]}" : "}");
}

int survey_print_json(struct survey *survey, struct output *output)
{
    struct groups groups;
    int status = group_facts(survey, &groups);
    if (!status)
        status = output_print(output, "{\n  \"cases\": %zu,\n  \"patients\": %zu", survey->cases,
                              survey->patients);
    size_t i = 0;
    for (int item = 0; item < SURVEY_ITEMS && !status; item++) {
        bool any = false;
        status = output_print(output, ",\n  \"%s\": [", item_names[item]);
        for (; i < groups.count && (int)groups.row[i].fact->item == item && !status; i++) {
            if (any)
                status = output_print(output, ",");
            if (!status)
                status = print_json_group(&groups.row[i], output);
            any = true;
        }
        if (!status)
            status = output_print(output, any ? "\n  ]" : "]");
    }
    free(groups.row);
    return status ? status : output_print(output, "\n}\n");
}
