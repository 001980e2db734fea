/* Hostile lists: of pairs to score, of names to order or split, of cases to expect, of digests that records
 * must have, of digests that are remembered. The input's first byte says which. */
#include "lib/base/error.h"
#include "lib/base/file_digest.h"
#include "lib/metrics/pairs.h"
#include "lib/stream/digest_table.h"
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
    const size_t count = expect.names.count;
    for (size_t i = 0; i < count; i++)
        fuzz_promise(!expect_case(&expect, i, expect.names.name[i]) &&
                     expect_case(&expect, i, "?") == STATUS_DATA && expect_end(&expect, i) == STATUS_DATA);
    fuzz_promise(!expect_end(&expect, count) && expect_case(&expect, count, "more") == STATUS_DATA);
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
    status = order_cases(&names, 1, true);
    for (size_t i = 0; !status && i < names.count; i++)
        fuzz_promise(case_name_valid(names.name[i]));
    if (!status && names.count > 1) {
        size_t training = training_count(names.count, 0.8), begin, end;
        fold_range(names.count, 2, 2, &begin, &end);
        fuzz_promise(training >= 1 && training < names.count && begin < end && end == names.count);
        size_t cut = patient_boundary(&names, training), patients = count_patients(&names);
        fuzz_promise(patients >= 1 && patients <= names.count);
        for (size_t i = 0; cut < names.count && i < cut; i++)
            fuzz_promise(!same_patient(names.name[i], names.name[cut]));
        status = names_shuffle(&names, 1);
    }
    names_free(&names);
    return status;
}

static int read_table(const char *path)
{
    struct digest_table table;
    const char *text;
    int status = digest_table_read(&table, path);
    if (status)
        return status;
    for (size_t i = 0; i < table.count; i++) {
        char file[CASE_NAME_SIZE + 16];
        snprintf(file, sizeof file, "x/%s.nrrd", table.row[i].name);
        fuzz_promise(!digest_table_find(&table, file, &text) && sha256_is_text(text));
    }
    fuzz_promise(digest_table_find(&table, "-", &text) == STATUS_USAGE &&
                 digest_table_find(&table, "x/?.nrrd", &text) == STATUS_DATA);
    digest_table_free(&table);
    return STATUS_OK;
}

static int read_remembered(const char *path)
{
    struct file_digests digests;
    int status = file_digests_read(&digests, path);
    if (status)
        return status;
    for (size_t i = 0; i < digests.count; i++)
        fuzz_promise(sha256_is_text(digests.entry[i].text) && !digests.entry[i].asked);
    status = digests.changed ? STATUS_DATA : STATUS_OK;
    file_digests_free(&digests);
    return status;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    struct expect expect;
    struct digest_table table;
    (void)argc, (void)argv;
    fuzz_promise(expect_read(&expect, "/dev/null/none") == STATUS_FAILURE &&
                 expect_read(&expect, "/dev") == STATUS_FAILURE);
    fuzz_promise(digest_table_read(&table, "/dev/null/none") == STATUS_FAILURE &&
                 digest_table_read(&table, "/dev") == STATUS_FAILURE);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int status;
    quiet = 1;
    if (!size)
        return 0;
    const char *path = fuzz_file(data + 1, size - 1);
    switch (data[0] % 6) {
    case 0:
        status = read_pairs(path, NULL);
        break;
    case 1:
        status = read_pairs(path, path);
        break;
    case 2:
        status = read_expected(path);
        break;
    case 3:
        status = read_names(path);
        break;
    case 4:
        status = read_table(path);
        break;
    default:
        status = read_remembered(path);
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
    static const char digests[] =
        "\4case_1\ttraining\te3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n"
        "case_2\tvalidation\tba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\n";
    static const char remembered[] =
        "\5sha256\tdevice\tinode\tsize\twritten\tchanged\n"
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\t1\t2\t3\t-1.000000004\t5."
        "000000006\n"
        "d630175ea1c4dc0c6b9e06e38492adc77282ee7b967d73251826795c5c2ec43e\tof the lines above\n";
    LLVMFuzzerInitialize(NULL, NULL);
    fuzz_rounds("pairs", (const uint8_t *)pairs, sizeof pairs - 1, sizeof pairs - 1, 3000);
    fuzz_rounds("expected cases", (const uint8_t *)expected, sizeof expected - 1, sizeof expected - 1, 2000);
    fuzz_rounds("names", (const uint8_t *)names, sizeof names - 1, sizeof names - 1, 2000);
    fuzz_rounds("digests of records", (const uint8_t *)digests, sizeof digests - 1, sizeof digests - 1, 2000);
    fuzz_rounds("remembered digests", (const uint8_t *)remembered, sizeof remembered - 1,
                sizeof remembered - 1, 2000);
    fuzz_corpus("lists");
    return check_exit();
}
