/* Labels, regions and modalities: every number of every scheme, and all combinations of regions. */
#include "lib/volume/labels.h"
#include "lib/base/error.h"
#include "tests/check.h"
#include <stdbool.h>

static void numbers(void)
{
    static const struct {
        const char *scheme;
        float value;
        int wanted; /* -1: refused */
    } cases[] = {{"2018", 1, 1},        {"2018", 2, 2},       {"2018", 4, 4},        {"2018", 3, -1},
                 {"2023", 3, 4},        {"2023", 4, -1},      {"2023", 2, 2},        {"2023", 5, -1},
                 {"msd", 1, 2},         {"msd", 2, 1},        {"msd", 3, 4},         {"msd", 4, -1},
                 {"2018", 0.5f, -1},    {"2018", -1, -1},     {"2018", 1e9f, -1},    {"2018", 256, -1},
                 {"2018", -0.0f, 0},    {"2018", NAN, -1},    {"2018", 1.0009f, 1},  {"2018", 3.9991f, 4},
                 {"2018", -9e-4f, 0},   {"2018", 2.002f, -1}, {"2018", 2.9995f, -1}, {"2023", 2.9995f, 4},
                 {"2018", INFINITY, -1}};
    float data[4] = {0};
    uint8_t map[4];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        data[1] = data[3] = cases[i].value;
        int status = labels_of_values(label_scheme_named(cases[i].scheme), data, 4, map);
        bool right = cases[i].wanted < 0 ? status == STATUS_DATA && strstr(error_message(), "in 2 voxels")
                                         : !status && map[3] == cases[i].wanted && map[0] == 0;
        check(right, "label %g of scheme %s", (double)cases[i].value, cases[i].scheme);
    }
    check(!label_scheme_named("1999") && record_scheme == label_scheme_named("2018"), "schemes by name");
}

static void regions(void)
{
    enum { REGIONS = 3 };
    static const uint8_t labels[4] = {0, 1, 2, 4}, wrong[4] = {0, 3, 4, 3};
    static const uint8_t wanted[REGIONS][4] = {{0, 1, 1, 1}, {0, 1, 0, 1}, {0, 0, 0, 1}};
    uint8_t masks[REGIONS * 4], bits[4], back[8];
    float probabilities[REGIONS * 8];
    regions_of_labels(record_scheme, labels, 4, masks);
    check(record_scheme->region_count == REGIONS && !memcmp(masks, wanted, sizeof wanted),
          "WT, TC, ET of 0, 1, 2, 4");
    int same = !region_bits_of_labels(record_scheme, labels, 4, bits);
    for (int i = 0; i < 4; i++)
        same &= bits[i] == (masks[i] | masks[4 + i] << 1 | masks[8 + i] << 2) &&
                bits[i] == label_region_bits(record_scheme, labels[i]);
    check(same, "and as bits");
    check(region_bits_of_labels(record_scheme, wrong, 4, bits) == STATUS_DATA &&
              strstr(error_message(), "label 3 in 2 voxels"),
          "another label is refused: %s", error_message());

    for (int i = 0; i < 8; i++) /* all subsets of the regions, nested or not */
        for (int r = 0; r < REGIONS; r++)
            probabilities[r * 8 + i] = i >> r & 1 ? 0.51f : 0.5f;
    labels_of_regions(record_scheme, probabilities, 8, back);
    static const uint8_t painted[8] = {0, 2, 1, 1, 4, 4, 4, 4};
    check(!memcmp(back, painted, sizeof painted), "later regions paint over earlier ones; 0.5 is outside");
    probabilities[0] = probabilities[8] = probabilities[16] = NAN;
    labels_of_regions(record_scheme, probabilities, 8, back);
    check(back[0] == 0, "a probability that is not a number is outside");
}

static void lists(void)
{
    char names[NAME_LIST_SIZE];
    region_names(record_scheme, names);
    check(!strcmp(names, "WT TC ET"), "regions in the order of the channels");
    check(region_of_row(record_scheme, 0) == REGION_ET && region_of_row(record_scheme, 1) == REGION_WT &&
              region_of_row(record_scheme, 2) == REGION_TC,
          "and in the order of the tables: ET WT TC");
    modality_names(record_scheme, names);
    check(!strcmp(names, "t1 t1ce t2 flair"), "modalities in the order of the channels");
    int volumes = 0;
    for (int m = 0; m < MODALITIES; m++)
        volumes |= 1 << modalities[m].decathlon;
    check(volumes == (1 << MODALITIES) - 1, "each has its volume in the Decathlon's files");
}

/* Runs of all lengths, and one wrong label at every place. */
static void runs(void)
{
    enum { VOXELS = 1003 };
    static const uint8_t known[] = {0, 1, 2, 4};
    uint8_t labels[VOXELS], bits[VOXELS + 1];
    size_t wrong = 0, unseen = 0;
    for (size_t i = 0, run = 0; i < VOXELS; run++)
        for (size_t k = 0; k <= run % 31 && i < VOXELS; k++)
            labels[i++] = known[run * 7 / 3 % 4];
    bits[VOXELS] = 99;
    bool right = !labels_check(record_scheme, labels, VOXELS) &&
                 !region_bits_of_labels(record_scheme, labels, VOXELS, bits) && bits[VOXELS] == 99;
    for (size_t i = 0; i < VOXELS; i++)
        wrong += bits[i] != label_region_bits(record_scheme, labels[i]);
    check(right && !wrong, "bits of long and short runs");
    for (size_t i = 0; i < VOXELS; i++) {
        const uint8_t was = labels[i];
        labels[i] = 3;
        unseen += labels_check(record_scheme, labels, VOXELS) != STATUS_DATA ||
                  !strstr(error_message(), "label 3 in 1 voxels");
        labels[i] = was;
    }
    check(!unseen, "a wrong label is seen wherever it is");
}

int main(void)
{
    numbers();
    regions();
    runs();
    lists();
    return check_exit();
}
