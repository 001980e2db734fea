/* Hostile lists: of pairs to score, of names to order or split, of cases to expect. The input's first byte
 * says which. */
#include "lib/base/error.h"
#include "lib/metrics/pairs.h"
#include "tests/fuzz/fuzz.h"

static int read_pairs(const char *path, const char *expect)
{
    struct pairs pairs;
    int status = pairs_read(path, expect, &pairs);
    if (status)
        return status;
    fuzz_promise(pairs.count > 0);
    for (size_t i = 0; i < pairs.count; i++)
        fuzz_promise(case_name_valid(pairs.items[i].case_name) && *pairs.items[i].prediction &&
                     *pairs.items[i].reference);
    pairs_free(&pairs);
    return STATUS_OK;
}

static int read_expected(const char *path)
{
    struct expect expect;
    int status = expect_read(&expect, path);
    if (status)
        return status;
    for (size_t i = 0; i < expect.names.count; i++)
        fuzz_promise(!expect_case(&expect, i, expect.names.name[i]));
    fuzz_promise(!expect_end(&expect, expect.names.count) &&
                 expect_case(&expect, expect.names.count, "more"));
    expect_free(&expect);
    return STATUS_OK;
}

static int read_names(const char *path)
{
    struct names names;
    FILE *file = fopen(path, "r");
    fuzz_promise(file != NULL);
    int status = names_read(&names, file, path);
    fclose(file);
    if (status)
        return status;
    status = order_cases(&names, 1);
    for (size_t i = 0; !status && i < names.count; i++)
        fuzz_promise(case_name_valid(names.name[i]));
    if (!status && names.count > 1) {
        size_t training = training_count(names.count, 0.8), begin, end;
        fold_range(names.count, 2, 2, &begin, &end);
        fuzz_promise(training >= 1 && training < names.count && begin < end && end == names.count);
    }
    names_free(&names);
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int status;
    quiet = 1;
    if (!size)
        return 0;
    const char *path = fuzz_file(data + 1, size - 1);
    switch (data[0] % 4) {
    case 0:
        status = read_pairs(path, NULL);
        break;
    case 1:
        status = read_pairs(path, path);
        break;
    case 2:
        status = read_expected(path);
        break;
    default:
        status = read_names(path);
    }
    fuzz_promise(status == STATUS_OK || status == STATUS_DATA);
    *(status ? &fuzz_refused : &fuzz_accepted) += 1;
    return 0;
}

int main(void)
{
    static const char pairs[] =
        "\0# comment\ncase_1\ta.nii.gz\tb c.nii\n\ncase_2\td.nrrd\te.nrrd\nf.nii g.nii\n";
    static const char expected[] = "\2case_1\ncase_2\n\ncase_3\n";
    static const char names[] = "\3case_1\ncase_2\n\ncase_3\n";
    fuzz_rounds("pairs", (const uint8_t *)pairs, sizeof pairs - 1, sizeof pairs - 1, 3000);
    fuzz_rounds("expected cases", (const uint8_t *)expected, sizeof expected - 1, sizeof expected - 1, 2000);
    fuzz_rounds("names", (const uint8_t *)names, sizeof names - 1, sizeof names - 1, 2000);
    fuzz_corpus("lists");
    return check_exit();
}
