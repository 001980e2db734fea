/* Numbers of label maps that fit two schemes, and names that say which. */
#include "lib/volume/label_readings.h"
#include "lib/volume/scheme.h"
#include "tests/check.h"
#include <math.h>
#include <stdbool.h>

static struct label_readings of(const char *path, const char *numbers)
{
    struct label_readings readings = label_readings_named(path);
    for (; *numbers; numbers++)
        label_readings_see(&readings, *numbers - '0');
    return readings;
}

static void doubts(void)
{
    static const struct {
        const char *path, *numbers, *scheme;
        const char *doubt; /* the sentence has it; NULL: there is none */
    } cases[] = {
        {"a_seg.nii.gz", "0124", "brats-2018", NULL},
        {"a_seg.nii.gz", "012", "brats-2018",
         "1, 2 are read as brats-2018 has them; they fit brats-ped, msd-brain, too"},
        {"a_seg.nii.gz", "02", "brats-2018", "2 are read as brats-2018"},
        {"a_seg.nii.gz", "04", "brats-2018", "they fit brats-2024, brats-ped, too"},
        {"a_seg.nii.gz", "0", "brats-2018", NULL},
        {"a_seg.nii.gz", "", "brats-2018", NULL},
        {"a_seg.nii.gz", "0127", "brats-2018", NULL}, /* refused elsewhere */
        {"a_seg.nii.gz", "0123", "brats-2023", NULL}, /* was named */
        {"a_seg.nii.gz", "012", "msd-brain", NULL},
        {"d/BraTS2021_00006_seg.nii.gz", "012", "brats-2018", NULL},
        {"d/Brats17_TCIA_105_1_seg.nii", "012", "brats-2018", NULL},
        {"d/BraTS20_Training_001_seg.nii", "0123", "msd-brain", NULL}, /* its own scheme has no 3 */
        {"d/BraTS20_Training_001_seg.nii", "012", "msd-brain", "the name says brats-2018, where"},
        {"BRATS_001.nii.gz", "0123", "msd-brain", NULL},
        {"BRATS_001.nii.gz", "0123", "brats-2023", "the name says msd-brain"},
        {"BRATS_001.nii.gz", "012", "brats-2018", "the name says msd-brain"},
        {"BraTS-GLI-00006-100-seg.nii.gz", "0124", "brats-2018", "the name says brats-2024, where"},
        {"BraTS-GLI-00006-100-seg.nii.gz", "01234", "brats-2024", NULL},
        {"BraTS-GLI-00006-100-seg.nii.gz", "012", "brats-2018", NULL},
        {"BraTS-GLI-00006-100-seg.nii.gz", "0123", "brats-ped", "the name says brats-2023, brats-2024"},
        {"BraTS-PED-00006-000-seg.nii.gz", "0123", "brats-2023", "the name says brats-ped"},
        {"BraTS-PED-00006-000-seg.nii.gz", "01234", "brats-ped", NULL},
        {"x-seg.nii.gz", "0124", "brats-2018", "the name says brats-2024, brats-ped"},
        {"x-seg.nii.gz", "012", "brats-2018", "they fit brats-ped, too"},
        {"x-seg.nii.gz", "0123", "brats-2023", NULL},
        {"x-seg.nii.gz", "0123", "brats-ped", NULL},
    };
    char text[LABEL_READINGS_SIZE];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct label_readings readings = of(cases[i].path, cases[i].numbers);
        const bool doubt = label_readings_doubt(&readings, label_scheme_named(cases[i].scheme), text);
        check(doubt == (cases[i].doubt != NULL) && (!doubt || strstr(text, cases[i].doubt)),
              "%s with %s by %s: %s", cases[i].path, cases[i].numbers, cases[i].scheme,
              doubt ? text : "no doubt");
    }
}

/* A scheme that was written for the data is not doubted. */
static void own_scheme(void)
{
    static const char own[] =
        "scheme own\nmodality a _a -a\nlabel 1 A 1,2,3\nlabel 2 B 1,2,4\nregion WT 1 2\nregion TC 2\n";
    const struct label_scheme *scheme = NULL;
    char text[LABEL_READINGS_SIZE];
    const struct label_readings readings = of("a_seg.nii.gz", "012");
    check(!scheme_of_text(own, &scheme) && !label_readings_doubt(&readings, scheme, text),
          "a scheme of one's own");
}

static void data_sets(void)
{
    char text[LABEL_READINGS_SIZE];
    struct label_readings all = {.maps = 0}, map = of("a_seg.nii.gz", "012");
    label_readings_join(&all, &map);
    check(all.maps == 1 && label_readings_doubt(&all, record_scheme, text), "one map is in doubt");
    map = of("b_seg.nii.gz", "014");
    label_readings_join(&all, &map);
    check(all.maps == 2 && !label_readings_doubt(&all, record_scheme, text),
          "another one has the number that decides");
    all = of("BraTS2021_00001_seg.nii.gz", "012");
    map = of("BraTS2021_00002_seg.nii.gz", "02");
    label_readings_join(&all, &map);
    check(all.named && !label_readings_doubt(&all, record_scheme, text), "names that agree decide");
    map = of("a_seg.nii.gz", "02");
    label_readings_join(&all, &map);
    check(!all.named && label_readings_doubt(&all, record_scheme, text), "names that do not say nothing");
}

static void voxels(void)
{
    const float values[] = {0, 0, 2, 2.0004f, 1, -1, NAN, 255, 256, 1e9f, 0.5f, 2};
    struct label_readings readings = label_readings_named("a");
    label_readings_see_all(&readings, values, sizeof values / sizeof values[0]);
    check(readings.seen[0] == 6 && !readings.seen[1] && !readings.seen[2] &&
              readings.seen[3] == UINT64_C(1) << 63,
          "whole numbers of a map: %llx", (unsigned long long)readings.seen[0]);
    check(!label_readings_fit(&readings, record_scheme), "255 is no label");
    readings = of("a", "0124");
    check(label_readings_fit(&readings, record_scheme) &&
              !label_readings_fit(&readings, label_scheme_named("2023")) &&
              label_readings_fit(&readings, label_scheme_named("brats-2024")),
          "which schemes have all numbers");
}

int main(void)
{
    doubts();
    own_scheme();
    data_sets();
    voxels();
    return check_exit();
}
