/* A mapped file that is cut while it is read: exit status 65, the file's name, and no temporary file. */
#include "lib/base/error.h"
#include "lib/stream/reader.h"
#include "lib/stream/record_write.h"
#include "lib/stream/safetensors.h"
#include "tests/check.h"
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static const char source[] = "cut.nrrd", target[] = "result", messages[] = "messages";
static char *const paths[] = {"cut.nrrd"};
enum { KEPT = 8192 }; /* header and a page of voxels */

static void write_source(void)
{
    struct record record = {
        .case_name = "one", .role = ROLE_IMAGE, .sample = SAMPLE_UINT8, .size = {64, 64, 64}, .channels = 1};
    struct output output;
    record.last = true;
    if (record_allocate(&record) || output_open(&output, source, true) || record_write(&output, &record) ||
        output_commit(&output))
        abort();
    record_free(&record);
}

static void write_tensors(void)
{
    static float values[1 << 16];
    struct safetensors_tensor tensor = {.name = (char *)"values",
                                        .type = SAFETENSORS_F32,
                                        .dimensions = 1,
                                        .size = {1 << 16},
                                        .data = values,
                                        .bytes = sizeof values};
    struct output output;
    if (output_open(&output, source, true) ||
        safetensors_write(&output, &(struct safetensors){.tensors = &tensor, .tensor_count = 1}) ||
        output_commit(&output))
        abort();
}

static void cut_source(void)
{
    if (truncate(source, KEPT))
        abort();
}

static void *sum_bytes(void *bytes)
{
    static volatile unsigned sum;
    for (size_t i = 0; i < 64 * 64 * 64; i++)
        sum += ((const volatile unsigned char *)bytes)[i];
    return NULL;
}

static struct record open_and_cut(void)
{
    struct reader *reader;
    struct record record;
    bool got;
    write_source();
    if (reader_open(&reader, 1, paths, NULL) || reader_next(reader, &record, &got) || !got)
        abort();
    cut_source();
    reader_close(reader); /* the record and the file's name for the message outlive the reader */
    return record;
}

static void read_here(void)
{
    struct record record = open_and_cut();
    sum_bytes(record.data);
}

static void read_in_a_thread(void)
{
    pthread_t thread;
    struct record record = open_and_cut();
    if (!pthread_create(&thread, NULL, sum_bytes, record.data))
        pthread_join(thread, NULL);
}

static void write_to_a_file(void)
{
    struct output output;
    struct record record = open_and_cut();
    if (!output_open(&output, "another", true))
        exit(record_write(&output, &record));
}

static void read_tensors(void)
{
    struct safetensors file;
    write_tensors();
    if (safetensors_open(&file, source))
        abort();
    cut_source();
    sum_bytes((void *)file.tensors[0].data);
}

/* After the handler is in place. */
static void read_a_mapping_of_others(void)
{
    struct record record = open_and_cut();
    record_free(&record);
    write_source();
    int fd = open(source, O_RDONLY);
    void *bytes = mmap(NULL, 64 * 64 * 64, PROT_READ, MAP_PRIVATE, fd, 0);
    cut_source();
    sum_bytes(bytes);
}

/* What the child's end was, after it had begun to write the target. */
static int ends(void (*act)(void))
{
    int status;
    pid_t child = fork();
    if (!child) {
        struct output output;
        if (!freopen(messages, "w", stderr) || output_open(&output, target, true))
            abort();
        act();
        _exit(STATUS_OK);
    }
    waitpid(child, &status, 0);
    return status;
}

static bool says(const char *text)
{
    char found[256] = "";
    FILE *file = fopen(messages, "r");
    if (!file)
        return false;
    size_t length = fread(found, 1, sizeof found - 1, file);
    fclose(file);
    return length && strstr(found, text);
}

static void check_cut(const char *what, void (*act)(void))
{
    int status = ends(act);
    check(WIFEXITED(status) && WEXITSTATUS(status) == STATUS_DATA, "%s: exit status 65", what);
    check(says("cut.nrrd: the file was cut while it was read"), "%s: the message names the file", what);
    check(access(target, F_OK) && system("test -z \"$(ls -A | grep -e result -e another)\"") == 0,
          "%s: neither a result nor a temporary file", what);
}

int main(void)
{
    const char *folder = getenv("TMPDIR");
    if (folder && chdir(folder))
        return 1;
    check_cut("a record", read_here);
    check_cut("a record, read by another thread", read_in_a_thread);
    check_cut("a record that is written as it is", write_to_a_file);
    check_cut("tensors", read_tensors);
    int status = ends(read_a_mapping_of_others);
    check(WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS, "another SIGBUS ends the process as ever");
    return check_exit();
}
