/* Case names: which are valid, and how one is made of a path; lists of them, sorted, unique and shuffled; and
 * their splits. */
#include "lib/stream/case_names.h"
#include "lib/base/error.h"
#include "tests/check.h"

static int read_text(struct names *names, const char *text)
{
    FILE *file = fmemopen((void *)(size_t)text, strlen(text), "r");
    int status = file ? names_read(names, file, "list") : -1;
    if (file)
        fclose(file);
    return status;
}

static void lists(void)
{
    struct names a, b;
    int status = read_text(&a, "carol\nalice\n\nbob");
    check(!status && a.count == 3 && !strcmp(a.name[0], "alice") && !strcmp(a.name[2], "carol"),
          "names are sorted; an empty line and a missing last newline do not matter");
    check(!read_text(&b, "bob\ncarol\nalice\n") && !names_shuffle(&a, 9) && !names_shuffle(&b, 9),
          "shuffled");
    int same = 1;
    for (size_t i = 0; i < 3; i++)
        same &= !strcmp(a.name[i], b.name[i]);
    check(same, "into one order, whatever the order of the file");
    names_free(&a);
    names_free(&b);
    check(a.count == 0 && a.name == NULL, "freed");
    check(read_text(&a, "x\ny\nx\n") == STATUS_DATA && strstr(error_message(), "x is listed twice"),
          "doubles: %s", error_message());
    char line[5001];
    memset(line, 'n', 5000);
    line[5000] = 0;
    check(read_text(&a, line) == STATUS_DATA, "too long: %s", error_message());

    enum { MANY = 1000 };
    char text[MANY * 8] = "";
    for (int i = 0; i < MANY; i++)
        sprintf(text + strlen(text), "n%04d\n", i);
    size_t kept = 0;
    check(!read_text(&a, text) && !read_text(&b, text) && a.count == MANY, "a thousand names");
    names_shuffle(&a, 1);
    names_shuffle(&b, 2);
    for (size_t i = 0; i < MANY; i++)
        kept += !strcmp(a.name[i], b.name[i]);
    check(kept < 10, "another key, another order: %zu in their place", kept);
    names_free(&a);
    names_free(&b);
}

/* Visits of a patient, as BraTS names them from 2023 on; every other name is a patient. */
static void patients(void)
{
    static const struct {
        const char *a, *b;
        bool same;
    } pairs[] = {
        {"BraTS-GLI-02005-100", "BraTS-GLI-02005-101", true},
        {"BraTS-MEN-RT-0001-000", "BraTS-MEN-RT-0001-001", true},
        {"BraTS-0-100", "BraTS-0-101", true},
        {"BraTS-GLI-02005-100", "BraTS-GLI-02006-100", false},
        {"BraTS-GLI-02005-100", "BraTS-GLI-02005", false},
        {"BraTS-GLI-02005-100", "BraTS-GLI-02005-1000", false},
        {"BraTS-GLI-100", "BraTS-GLI-101", false},
        {"BraTS20_Training_001", "BraTS20_Training_002", false},
        {"BraTS-", "BraTS-1", false},
        {"a-001", "a-002", false},
        {"BraTS-100", "BraTS-101", false},
        {"x", "x", true},
        {"sub-01_ses-1", "sub-01_ses-2", true},
        {"sub-01_ses-1", "sub-02_ses-1", false},
        {"sub-01_ses-1", "sub-011_ses-1", false},
        {"sub-01", "sub-02", false},
        {"sup-01_ses-1", "sup-01_ses-2", false},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        check(same_patient(pairs[i].a, pairs[i].b) == pairs[i].same &&
                  same_patient(pairs[i].b, pairs[i].a) == pairs[i].same,
              "%s and %s are of %s", pairs[i].a, pairs[i].b, pairs[i].same ? "one patient" : "two patients");
    char *sorted[] = {"BraTS-GLI-00001-000", "BraTS-GLI-00001-001", "a", "a-1", "sub-1_ses-1", "sub-1_ses-2"};
    check(count_patients(&(struct names){6, 6, sorted}) == 4, "six cases of four patients");
    check(count_patients(&(struct names){0}) == 0, "no case of none");
}

/* Counts of a split at their edges, and folds that cover. */
static void splits(void)
{
    static const struct {
        size_t cases, training;
        double fraction;
    } counts[] = {{2, 1, 0.8},  {3, 2, 0.8},    {4, 3, 0.8},   {5, 4, 0.8},     {7, 6, 0.8},
                  {8, 6, 0.8},  {9, 7, 0.8},    {16, 13, 0.8}, {285, 228, 0.8}, {2, 1, 0.01},
                  {2, 1, 0.99}, {10, 9, 0.999}, {10, 5, 0.5},  {5, 3, 0.5}};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        check(training_count(counts[i].cases, counts[i].fraction) == counts[i].training,
              "%g of %zu cases: %zu for training", counts[i].fraction, counts[i].cases, counts[i].training);
    int covered = 1;
    for (size_t cases = 2; cases < 40; cases++)
        for (int folds = 2; folds <= (int)cases; folds++) {
            size_t next = 0, begin, end;
            for (int fold = 1; fold <= folds; fold++) {
                fold_range(cases, fold, folds, &begin, &end);
                covered &= begin == next && end > begin && end - begin <= cases / (size_t)folds + 1;
                next = end;
            }
            covered &= next == cases;
        }
    check(covered, "folds are never empty, equal but for one case, and cover all cases once");
}

static void names_of_text(void)
{
    static const struct {
        const char *text;
        int valid;
    } texts[] = {
        {"BraTS2021_00006", 1}, {"a.b-c_d", 1}, {"", 0}, {".hidden", 0}, {"-o", 0}, {"a b", 0}, {"a/b", 0}};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        check(case_name_valid(texts[i].text) == texts[i].valid, "'%s' is%s a case name", texts[i].text,
              texts[i].valid ? "" : " not");
    char long_name[CASE_NAME_SIZE + 1], name[CASE_NAME_SIZE];
    memset(long_name, 'n', sizeof long_name);
    long_name[CASE_NAME_SIZE] = 0;
    check(!case_name_valid(long_name), "65 letters are too many");
    case_name_make(long_name, CASE_NAME_SIZE, "x", name);
    check(strlen(name) == CASE_NAME_SIZE - 1 && case_name_valid(name), "and are cut");

    static const char *const paths[][2] = {
        {"a/b/c.nii.gz", "c"},  {"c.nrrd", "c"}, {"c.seg.nii", "c.seg"}, {"c", "c"}, {"x/.c.nii", "_c"},
        {"x/-c d.nii", "_c_d"}, {"x/", "_"},     {".nii", "_nii"}};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        case_name_of_path(paths[i][0], name);
        check(!strcmp(name, paths[i][1]) && case_name_valid(name), "'%s' is of case '%s'", paths[i][0], name);
    }
}

int main(void)
{
    names_of_text();
    lists();
    splits();
    patients();
    return check_exit();
}
