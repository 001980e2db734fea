/* Every expected value of tests/golden/metrics/index.tsv: mask pairs and what other tools, and an independent
 * reference, say of them. One line for each metric and convention, with its number of rows.
 *
 * The index names conventions by their tool; `names` says which of ours answers. No row is left out. */
#include "lib/base/error.h"
#include "lib/metrics/score.h"
#include "lib/stream/nifti.h"
#include "tests/check.h"

#define FOLDER "tests/golden/metrics/"
enum { FIELDS = 13, GROUPS_MAX = 100, ROWS = 809 };

static const char *const names[][2] = {
    {"brats2020-captk", "brats"},
    {"brats2023-lesion-gli", "brats2023-gli"},
    {"brats2023-lesion-men", "brats2023-men"},
    {"brats2023-lesion-met", "brats2023-met"},
    {"metricsreloaded", "metrics-reloaded"},
    {"medpy-0.5", "medpy"},
    {"itk", "medpy"},       /* between solids, which is the same where none has a cavity, as here */
    {"panoptica", "medpy"}, /* Dice and distances of plain masks */
    {"nnunet-v2", "nnunet"},
    {"monai-ignore_empty=0", "monai-all"},
};

static const struct {
    const char *name;
    enum measure measure;
} metrics[] = {{"dice", MEASURE_DICE},
               {"sens", MEASURE_SENSITIVITY},
               {"spec", MEASURE_SPECIFICITY},
               {"hd95", MEASURE_HD95},
               {"hd", MEASURE_HD},
               {"asd", MEASURE_ASD},
               {"assd", MEASURE_ASSD},
               {"tp", MEASURE_TP},
               {"fp", MEASURE_FP},
               {"fn", MEASURE_FN},
               {"tn", MEASURE_TN}};

struct group {
    char name[80];
    int rows, right;
    char first_wrong[300];
};

static struct group groups[GROUPS_MAX];
static int group_count;

static struct group *group_of(const char *metric, const char *convention)
{
    char name[80];
    snprintf(name, sizeof name, "%s, %s", metric, convention);
    for (int i = 0; i < group_count; i++)
        if (!strcmp(groups[i].name, name))
            return &groups[i];
    if (group_count == GROUPS_MAX)
        abort();
    snprintf(groups[group_count].name, sizeof name, "%s", name);
    return &groups[group_count++];
}

static const struct convention *our_convention(const char *name)
{
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (!strcmp(names[i][0], name))
            return convention_find(names[i][1]);
    return convention_find(name);
}

/* The pair of the last row: rows of one case follow each other. */
static struct {
    char *path[2];
    enum label_set labels;
    struct segmentation side[2];
} last;

static void forget_pair(void)
{
    for (int side = SIDE_PREDICTION; side <= SIDE_REFERENCE; side++) {
        free(last.path[side]);
        last.path[side] = NULL;
        segmentation_free(&last.side[side]);
    }
}

static int read_pair(char *const file[2], enum label_set labels)
{
    if (last.path[1] && last.labels == labels && !strcmp(last.path[0], file[0]) &&
        !strcmp(last.path[1], file[1]))
        return STATUS_OK;
    forget_pair();
    last.labels = labels;
    for (int side = SIDE_PREDICTION; side <= SIDE_REFERENCE; side++) {
        char path[200];
        snprintf(path, sizeof path, FOLDER "%s", file[side]);
        int status = segmentation_read(path, side, labels, 0, &last.side[side]);
        if (status)
            return status;
        last.path[side] = strdup(file[side]);
    }
    return STATUS_OK;
}

/* Region "mask", "ET", "WT", "TC", or with 2023 labels "ET23" ... */
static int score_row(char *const field[FIELDS], const struct convention *convention, double *value)
{
    const bool year_2023 = strlen(field[5]) == 4 && !strcmp(field[5] + 2, "23");
    const struct scoring scoring = {.convention = convention,
                                    .labels = !strcmp(field[5], "mask") ? LABELS_MASK
                                              : year_2023               ? LABELS_2023
                                                                        : LABELS_2018,
                                    .wanted = {[MEASURE_HD95] = true}};
    struct case_scores scores;
    int status = read_pair(field + 1, scoring.labels);
    if (!status)
        status = score_case(&scoring, field[0], &last.side[0], &last.side[1], &scores);
    for (int region = 0; !status && region < scores.regions; region++)
        for (size_t m = 0; m < sizeof metrics / sizeof metrics[0]; m++)
            if (!strncmp(scores.region_names[region], field[5], year_2023 ? 2 : 5) &&
                !strcmp(metrics[m].name, field[6]))
                *value = scores.region[region].value[metrics[m].measure];
    return status;
}

static bool agrees(const char *expected_text, double tolerance, bool minus_1_undefined, double value)
{
    const double expected = strtod(expected_text, NULL);
    if (isnan(expected) || (minus_1_undefined && expected == -1))
        return isnan(value);
    return expected == value || fabs(value - expected) <= tolerance;
}

static void check_row(char *const field[FIELDS])
{
    const struct convention *convention = our_convention(field[7]);
    struct group *group = group_of(field[6], field[7]);
    double value = 1e30; /* agrees with nothing */
    group->rows++;
    int status =
        convention ? score_row(field, convention, &value) : fail(STATUS_FAILURE, "no such convention");
    if (!status && agrees(field[8], strtod(field[9], NULL), !strcmp(field[7], "prunet-2019"), value))
        group->right++;
    else if (!group->first_wrong[0])
        snprintf(group->first_wrong, sizeof group->first_wrong, ": %s %s is %.10g, expected %s %s", field[0],
                 field[5], status ? NAN : value, field[8], status ? error_message() : "");
}

int main(void)
{
    FILE *file = fopen(FOLDER "index.tsv", "re");
    char line[1024];
    int rows = 0;
    quiet = 1;
    check(file != NULL, "the index opens");
    if (!file)
        return check_exit();
    for (bool header = true; fgets(line, sizeof line, file); header = false) {
        char *field[FIELDS], *rest = line;
        int count = 0;
        line[strcspn(line, "\n")] = 0;
        while (count < FIELDS && rest)
            field[count++] = strsep(&rest, "\t");
        if (header || count != FIELDS)
            continue;
        rows++;
        check_row(field);
    }
    fclose(file);
    forget_pair();
    int right = 0;
    for (int i = 0; i < group_count; i++) {
        check(groups[i].right == groups[i].rows, "%s: %d of %d values%s", groups[i].name, groups[i].right,
              groups[i].rows, groups[i].first_wrong);
        right += groups[i].right;
    }
    check(rows == ROWS && right == ROWS, "%d of %d rows of the index agree, none is left out", right, ROWS);
    return check_exit();
}
