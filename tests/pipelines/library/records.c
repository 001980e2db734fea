/* Records: made, written, read, converted; what cannot be is an error that the program outlives.
 *
 *     records RECORD GARBAGE ZSTD    a labelled case, a file that holds no record, and 1: the library has zstd */
#include "tests/check.h"
#include <dirent.h>
#include <fcntl.h>
#include <prunet.h>
#include <signal.h>
#include <unistd.h>

/* Names that the library has inside, too. */
int fail = 1, warn = 2, quiet = 3, report = 4, record_free = 5, reader_open = 6, output_open = 7;
int network_open = 8, kernels_find = 9, step = 10, verbose = 11, record_scheme = 12;

static int descriptors(void)
{
    DIR *folder = opendir("/proc/self/fd");
    int count = 0;
    while (folder && readdir(folder))
        count++;
    if (folder)
        closedir(folder);
    return count;
}

static unsigned handled_signals(void)
{
    unsigned handled = 0;
    for (int number = 1; number < 32; number++) {
        struct sigaction now;
        if (!sigaction(number, NULL, &now) && now.sa_handler != SIG_DFL)
            handled |= 1u << number;
    }
    return handled;
}

static struct prunet_record_info odd(void)
{
    return (struct prunet_record_info){.case_name = "odd-1",
                                       .role = PRUNET_IMAGE,
                                       .sample = PRUNET_FLOAT,
                                       .size = {5, 3, 7},
                                       .channels = 2,
                                       .channel_names = "one two",
                                       .last = 1,
                                       .has_geometry = 1,
                                       .directions = {{-1, 0, 0}, {0, -2, 0}, {0, 0, 1.5}},
                                       .origin = {10, -20, 30}};
}

static void refuse(const char *what, struct prunet_record_info info)
{
    struct prunet_record *record = NULL;
    const int status = prunet_record_make(&record, &info);
    check(status == PRUNET_USAGE && !record, "%s is refused: %s", what, prunet_message());
}

static void test_refusals(void)
{
    struct prunet_record_info info = odd();
    refuse("a case's name with a slash", (info.case_name = "a/b", info));
    refuse("no name", (info.case_name = NULL, info));
    info = odd();
    refuse("a size of 0", (info.size[1] = 0, info));
    refuse("a negative size", (info.size[1] = -3, info));
    info = odd();
    refuse("65 channels", (info.channels = 65, info));
    refuse("three channels of two names", (info.channels = 3, info));
    refuse("a line break in a name",
           (info.channels = 2, info.channel_names = "one\nprunet.last:=0 two", info));
    info = odd();
    refuse("an unknown role", (info.role = (enum prunet_role)4, info));
    info = odd();
    refuse("an unknown type", (info.sample = (enum prunet_sample) - 1, info));
    info = odd();
    refuse("a step that is not finite", (info.directions[2][1] = NAN, info));
}

static struct prunet_record *made(void)
{
    struct prunet_record *record = NULL;
    struct prunet_record_info info = odd();
    check(!prunet_record_make(&record, &info), "a record is made");
    float *values = prunet_record_data(record);
    check(values[0] == 0 && values[2 * 5 * 3 * 7 - 1] == 0, "of zeros");
    for (int i = 0; i < 2 * 5 * 3 * 7; i++)
        values[i] = (float)(i - 50) / 3;
    return record;
}

/* Through a descriptor, behind what a program has written of its own. */
static void test_round_trip(struct prunet_record *record, int form, float tolerance)
{
    struct prunet_writer *writer = NULL;
    struct prunet_reader *reader = NULL;
    struct prunet_record *back = NULL;
    struct prunet_record_info info;
    FILE *file = tmpfile();
    fprintf(file, "mine");
    fflush(file);
    int status = prunet_writer_open_descriptor(&writer, fileno(file));
    if (!status && !(status = prunet_writer_write(writer, record, form)))
        status = prunet_writer_commit(writer);
    prunet_writer_close(writer);
    fseek(file, 4, SEEK_SET);
    if (!status && !(status = prunet_reader_open_descriptor(&reader, fileno(file), 0)))
        status = prunet_reader_next(reader, &back);
    if (!check(!status && back, "form %d: written and read by descriptors%s", form,
               status ? prunet_message() : ""))
        return;
    prunet_record_describe(back, &info);
    check(!strcmp(info.case_name, "odd-1") && info.size[0] == 5 && info.size[1] == 3 && info.size[2] == 7 &&
              info.channels == 2 && !strcmp(info.channel_names, "one two") && info.last &&
              info.has_geometry && info.directions[2][2] == 1.5 && info.origin[1] == -20 &&
              info.bytes == sizeof(float) * 210,
          "form %d: all that is known of it", form);
    const double away = largest_difference(210, prunet_record_data(back), prunet_record_data(record));
    check(away <= (double)tolerance, "form %d: the samples, within %g", form, away);
    prunet_record_free(back);
    check(!prunet_reader_next(reader, &back) && !back, "form %d: then the end", form);
    prunet_reader_close(reader);
    fclose(file);
}

static void test_compressed(struct prunet_record *record, int there)
{
    struct prunet_writer *writer = NULL;
    if (there) {
        test_round_trip(record, PRUNET_COMPRESSED, 0);
        test_round_trip(record, PRUNET_HALF | PRUNET_COMPRESSED, 1e-3f);
        return;
    }
    check(!prunet_writer_open(&writer, "compressed.nrrd") &&
              prunet_writer_write(writer, record, PRUNET_COMPRESSED) == PRUNET_FAILURE &&
              prunet_writer_commit(writer) == PRUNET_FAILURE,
          "compressed, without zstd: %s", prunet_message());
    prunet_writer_close(writer);
    check(access("compressed.nrrd", F_OK) != 0, "leaves nothing");
}

static void test_writing(struct prunet_record *record)
{
    struct prunet_writer *writer = NULL;
    check(!prunet_writer_open(&writer, "whole.nrrd") && !prunet_writer_write(writer, record, PRUNET_PLAIN) &&
              access("whole.nrrd", F_OK),
          "a file is not there before it is committed");
    prunet_writer_close(writer);
    check(access("whole.nrrd", F_OK) != 0, "nor when it is closed without that");
    check(!prunet_writer_open(&writer, "whole.nrrd") && !prunet_writer_write(writer, record, PRUNET_PLAIN) &&
              !prunet_writer_commit(writer) && !access("whole.nrrd", F_OK),
          "but then");
    prunet_writer_close(writer);
    writer = NULL;
    check(prunet_writer_open(&writer, "no/folder/x") == PRUNET_FAILURE && !writer, "no folder: %s",
          prunet_message());
    check(prunet_writer_open_descriptor(&writer, 999) == PRUNET_FAILURE && !writer, "no descriptor: %s",
          prunet_message());
    check(!prunet_writer_open(&writer, "/dev/full") &&
              prunet_writer_write(writer, record, PRUNET_PLAIN) == PRUNET_FAILURE &&
              prunet_writer_commit(writer) == PRUNET_FAILURE,
          "a full disk: %s", prunet_message());
    check(prunet_writer_write(writer, record, 4) == PRUNET_USAGE, "no form: %s", prunet_message());
    prunet_writer_close(writer);
}

static int first_record(const char *path, struct prunet_record **record)
{
    struct prunet_reader *reader = NULL;
    int status = prunet_reader_open(&reader, path, 0);
    if (!status)
        status = prunet_reader_next(reader, record);
    prunet_reader_close(reader);
    return status;
}

static void test_bad_files(const char *garbage)
{
    struct prunet_record *record = NULL;
    check(first_record("missing.nrrd", &record) == PRUNET_FAILURE && !record, "no file: %s",
          prunet_message());
    check(strstr(prunet_message(), "missing.nrrd") != NULL, "the message has its name");
    check(first_record(garbage, &record) == PRUNET_DATA && !record, "no record: %s", prunet_message());
    check(first_record(".", &record) == PRUNET_FAILURE && !record, "a folder: %s", prunet_message());
    struct prunet_reader *reader = NULL;
    check(!prunet_reader_open(&reader, "whole.nrrd", 100) &&
              prunet_reader_next(reader, &record) == PRUNET_DATA && !record,
          "more than is taken: %s", prunet_message());
    prunet_reader_close(reader);
    check(!truncate("whole.nrrd", 4500) && first_record("whole.nrrd", &record) == PRUNET_DATA && !record,
          "a truncated record: %s", prunet_message());
}

static void test_conversions(const char *path)
{
    struct prunet_reader *reader = NULL;
    struct prunet_record *image = NULL, *label = NULL, *other = NULL;
    struct prunet_record_info info;
    if (!check(!prunet_reader_open(&reader, path, 0) && !prunet_reader_next(reader, &image) && image &&
                   !prunet_reader_next(reader, &label) && label,
               "a labelled case"))
        return;
    prunet_reader_close(reader);
    check(!truncate(path, 4096), "its file is cut");
    prunet_record_describe(image, &info);
    double sum = 0;
    check(!prunet_record_to_float(image), "floats");
    const float *values = prunet_record_data(image);
    for (size_t i = 0; i < info.bytes / sizeof *values; i++)
        sum += values[i];
    check(isfinite(sum), "which what was read outlives");
    check(prunet_record_to_labels(image) == PRUNET_DATA, "an image: %s", prunet_message());
    check(!prunet_record_to_labels(label), "a label map");
    check(!prunet_record_set_key(label, "mine.key", "a value"), "a key is set");
    check(prunet_record_set_key(label, "mine.key", "a\nb") == PRUNET_DATA, "a bad one is not: %s",
          prunet_message());
    char value[16], small[4];
    check(!prunet_record_like(&other, label, PRUNET_PROB, PRUNET_FLOAT, 3), "one like it");
    check(!strcmp(prunet_record_key(other, "mine.key", value, sizeof value), "a value"), "with its keys");
    check(!strcmp(prunet_record_key(other, "mine.key", small, sizeof small), "a v"), "cut to what fits");
    check(!prunet_record_key(other, "other.key", small, sizeof small), "and no others");
    prunet_record_describe(label, &info);
    const size_t voxels = info.bytes;
    float *probabilities = prunet_record_data(other);
    probabilities[7] = 0.75f;              /* whole tumour alone */
    probabilities[9] = 0.5f;               /* not above */
    probabilities[2 * voxels + 8] = 0.75f; /* enhancing tumour */
    check(!prunet_record_to_labels(other), "probabilities to labels");
    const unsigned char *labels = prunet_record_data(other);
    prunet_record_describe(other, &info);
    check(info.role == PRUNET_LABEL && info.channels == 1 && labels[7] == 2 && labels[8] == 4 &&
              labels[9] == 0,
          "by the scheme");
    ((unsigned char *)prunet_record_data(label))[3] = 3;
    check(prunet_record_to_labels(label) == PRUNET_DATA, "a number that is none: %s", prunet_message());
    prunet_record_free(other);
    prunet_record_free(label);
    prunet_record_free(image);
}

int main(int argc, char **argv)
{
    const int before = descriptors();
    const unsigned signals = handled_signals(); /* by a sanitizer */
    if (argc != 4)
        return 1;
    test_refusals();
    struct prunet_record *record = made();
    test_round_trip(record, PRUNET_PLAIN, 0);
    test_round_trip(record, PRUNET_HALF, 1e-3f);
    test_compressed(record, *argv[3] == '1');
    test_writing(record);
    prunet_record_free(record);
    test_bad_files(argv[2]);
    test_conversions(argv[1]);
    prunet_record_free(NULL);
    prunet_reader_close(NULL);
    prunet_writer_close(NULL);
    check(descriptors() == before, "no descriptor stays open");
    check(handled_signals() == signals, "no signal is handled that was not");
    check(fail + warn + quiet + report + record_free + reader_open + output_open + network_open +
                  kernels_find + step + verbose + record_scheme ==
              78,
          "names of the library's inside are free");
    return check_exit();
}
