/* Training while the next case is on its way: on every backend, and on a stand-in for a device (delayed.h),
 * the same bytes as when each case is put in its turn, whatever the stream does, whenever it is stopped and
 * goes on. */
#include "lib/network/kinds.h"
#include "lib/network/network_case.h"
#include "lib/network/network_state.h"
#include "lib/network/train.h"
#include "lib/stream/reader.h"
#include "lib/volume/labelled.h"
#include "tests/check.h"
#include "tests/lib/feed.h"
#include "tests/lib/network/begin.h"
#include "tests/lib/network/delayed.h"

static atomic_bool stopping;

/* --- cases --- */

enum { INPUTS = 2, CASES = 5 };
static const int small[3] = {8, 4, 4}, large[3] = {8, 8, 12}, odd[3] = {9, 4, 4};

static void fill(struct record *record, int number)
{
    static const uint8_t labels[] = {0, 1, 2, 4};
    size_t count = record_voxels(record) * (size_t)record->channels;
    for (size_t i = 0; i < count; i++) {
        double x = 40 * sin((double)(i % 977) * (number + 1));
        if (record->role == ROLE_LABEL)
            ((uint8_t *)record->data)[i] = labels[(i / 7 + (size_t)number) % 4];
        else if (record->sample == SAMPLE_FLOAT)
            ((float *)record->data)[i] = (float)round(x);
        else
            ((int16_t *)record->data)[i] = (int16_t)round(x);
    }
}

static struct record make_record(int number, enum role role, enum sample sample, int channels,
                                 const int size[3])
{
    struct record record = {.role = role, .sample = sample, .channels = channels, .last = role == ROLE_LABEL};
    memcpy(record.size, size, sizeof record.size);
    snprintf(record.case_name, sizeof record.case_name, "case_%d", number);
    if (record_allocate(&record))
        abort();
    fill(&record, number);
    return record;
}

enum kind { SMALL, LARGE, INTEGERS, THREE_CHANNELS, ODD, BAD_LABEL };
static const struct {
    const int *size;
    enum sample sample;
    int channels, label; /* of one voxel; 0: as it comes */
} kinds[] = {[SMALL] = {small, SAMPLE_FLOAT, INPUTS, 0},    [LARGE] = {large, SAMPLE_FLOAT, INPUTS, 0},
             [INTEGERS] = {small, SAMPLE_INT16, INPUTS, 0}, [THREE_CHANNELS] = {small, SAMPLE_FLOAT, 3, 0},
             [ODD] = {odd, SAMPLE_FLOAT, INPUTS, 0},        [BAD_LABEL] = {small, SAMPLE_FLOAT, INPUTS, 3}};

/* Writes the cases to a file, which is cut short by `cut` bytes. */
static void write_cases(const char *path, int count, const enum kind *of, size_t cut)
{
    struct record records[2 * CASES];
    for (int i = 0; i < count; i++) {
        enum kind k = of[i];
        struct record *image = &records[2 * i], *label = image + 1;
        *image = make_record(i, ROLE_IMAGE, kinds[k].sample, kinds[k].channels, kinds[k].size);
        *label = make_record(i, ROLE_LABEL, SAMPLE_UINT8, 1, kinds[k].size);
        if (kinds[k].label)
            ((uint8_t *)label->data)[5] = (uint8_t)kinds[k].label;
    }
    size_t bytes;
    char *text = written(2 * count, records, &bytes);
    write_file(path, text, bytes - cut);
    free(text);
    for (int i = 0; i < 2 * count; i++)
        record_free(&records[i]);
}

/* --- runs --- */

static struct architecture architecture;

static void make_state(const char *path)
{
    struct parameter_table table;
    architecture = architecture_paper(NETWORK_REVERSIBLE);
    architecture_set_channels(&architecture, "4,8");
    architecture.groups = 2;
    architecture.inputs = INPUTS;
    if (parameter_table_make(&table, &architecture) ||
        checkpoint_save(path, &architecture, &table, &(struct training){.seed = 5}, initial, NULL))
        abort();
    parameter_table_free(&table);
}

/* Each case in its turn, in one thread. */
static int train_in_turn(struct epoch *epoch, struct reader *reader)
{
    struct case_score score;
    bool got;
    int status;
    do {
        struct labelled_case labelled;
        if ((status = labelled_next(reader, &labelled, &got)) || !got)
            break;
        const struct record *image = &labelled.image;
        status = epoch_put(epoch, image->size, image->data, labelled.label.data);
        if (!status)
            status = epoch_gradient(epoch, image->case_name, &score) || epoch_update(epoch);
        labelled_free(&labelled);
    } while (!status);
    return status ? status : epoch_complete(epoch);
}

struct outcome {
    int status;
    char message[512];
    int rows; /* of the table */
    char *state;
    size_t bytes;
};

static int rows_of(const char *path)
{
    size_t bytes;
    int rows = 0;
    char *text = read_file(path, &bytes);
    for (size_t i = 0; i < bytes; i++)
        rows += text[i] == '\n';
    free(text);
    return rows;
}

static struct network *loaded(const struct kernels *kernels, const char *state, struct training *training)
{
    struct checkpoint checkpoint;
    struct network *network;
    if (checkpoint_open(&checkpoint, state) ||
        network_open(&network, &checkpoint.architecture, kernels, TRAINING) ||
        network_load(network, &checkpoint)) {
        fprintf(stderr, "%s\n", error_message());
        exit(1);
    }
    *training = checkpoint.training;
    checkpoint_close(&checkpoint);
    return network;
}

static struct outcome run(const struct kernels *kernels, bool ahead, const char *from, const char *to,
                          const char *cases)
{
    struct outcome outcome = {0};
    struct training training;
    struct network *network = loaded(kernels, from, &training);
    struct epoch epoch;
    struct reader *reader;
    struct output table;
    char path[512], rows[512], *paths[] = {path};
    snprintf(path, sizeof path, "%s", cases);
    snprintf(rows, sizeof rows, "%s", scratch("rows.tsv"));
    epoch_begin(&epoch, network, &training, 1e-2, 1e-5, 1);
    if (reader_open(&reader, 1, paths, NULL) || output_open(&table, rows, false))
        abort();
    outcome.status = ahead ? train_stream(&epoch, reader, &table, &stopping) : train_in_turn(&epoch, reader);
    snprintf(outcome.message, sizeof outcome.message, "%s", error_message());
    if (network_save(network, &epoch.training, to) || output_commit(&table))
        abort();
    outcome.rows = rows_of(rows);
    outcome.state = read_file(to, &outcome.bytes);
    epoch_free(&epoch);
    reader_close(reader);
    network_close(network);
    return outcome;
}

static bool same_state(const struct outcome *a, const struct outcome *b)
{
    return a->bytes == b->bytes && !memcmp(a->state, b->state, a->bytes);
}

static void begin(void)
{
    memset(&d, 0, sizeof d);
    stopping = false;
}

static bool kept_contract(void)
{
    return !d.wrong && !d.host_blocks;
}

/* --- tests --- */

static char start[512], after[512], whole[512], cases[512];
static const enum kind four[] = {SMALL, SMALL, SMALL, SMALL};

/* A stream of so many cases of these kinds: the state of the two ways, and how many cases are prefetched. */
static void compare(const struct kernels *kernels, const char *name, int count, const enum kind *of,
                    int prefetched)
{
    write_cases(cases, count, of, 0);
    begin();
    struct outcome turns = run(kernels, false, start, whole, cases);
    int in_turn = d.prefetches;
    struct outcome outcome = run(kernels, true, start, after, cases);
    check(!turns.status && !outcome.status && outcome.rows == count && same_state(&turns, &outcome),
          "%s, %s: the state of %d steps, byte for byte", kernels->name, name, count);
    if (kernels == &delayed) {
        check(in_turn == 0 && d.prefetches == prefetched, "%s, %s: %d cases were prefetched", kernels->name,
              name, d.prefetches);
        check(kept_contract(), "%s, %s: no byte read too early or overwritten too soon", kernels->name, name);
    }
    free(turns.state);
    free(outcome.state);
}

static void test_streams(const struct kernels *kernels)
{
    compare(kernels, "one size", 4, four, 3);
    compare(kernels, "two sizes", 5, (enum kind[]){SMALL, SMALL, LARGE, LARGE, SMALL}, 2);
    compare(kernels, "integers between floats", 3, (enum kind[]){SMALL, INTEGERS, SMALL}, 2);
    compare(kernels, "one case", 1, four, 0);
}

/* From a pipe the image is read straight into the host memory, from two places in turn. */
static void test_pipe(const struct kernels *kernels)
{
    size_t bytes;
    write_cases(cases, 4, four, 0);
    char *text = read_file(cases, &bytes), path[32];
    begin();
    struct outcome turns = run(kernels, false, start, whole, cases);
    int end = dribble(text, bytes, 1000);
    snprintf(path, sizeof path, "/dev/fd/%d", end);
    struct outcome outcome = run(kernels, true, start, after, path);
    close(end);
    wait(NULL);
    check(!outcome.status && same_state(&turns, &outcome), "%s: the same from a slow pipe", kernels->name);
    if (kernels == &delayed)
        check(d.from_changes == 3 && kept_contract(), "%s: from two places in turn", kernels->name);
    free(turns.state);
    free(outcome.state);
    free(text);
}

/* What is wrong with the third case is said in its turn, after two steps and by its name. */
static void test_errors(const struct kernels *kernels)
{
    static const struct {
        const char *name, *message;
        enum kind third;
        size_t cut;
    } errors[] = {
        {"cut short", "the input ends inside the data", SMALL, 60},
        {"of three channels", "3 channels, the network takes 2", THREE_CHANNELS, 0},
        {"of a size that cannot be halved", "no multiple of 2", ODD, 0},
        {"with a label 3", "label 3", BAD_LABEL, 0},
    };
    write_cases(cases, 2, four, 0);
    begin();
    struct outcome two = run(kernels, false, start, whole, cases);
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        write_cases(cases, 3, (enum kind[]){SMALL, SMALL, errors[i].third}, errors[i].cut);
        begin();
        struct outcome outcome = run(kernels, true, start, after, cases);
        struct checkpoint reached, expected;
        if (checkpoint_open(&reached, after) || checkpoint_open(&expected, whole))
            abort();
        const struct parameter *p = &reached.table.parameters[0];
        check(outcome.status == STATUS_DATA && outcome.rows == 2 && reached.training.step == 2 &&
                  strstr(outcome.message, errors[i].message) && strstr(outcome.message, "case_2") &&
                  !memcmp(checkpoint_values(&reached, STATE_WEIGHTS, p),
                          checkpoint_values(&expected, STATE_WEIGHTS, p), p->count * sizeof(float)),
              "%s, a third case %s: two steps, then %s", kernels->name, errors[i].name, outcome.message);
        if (kernels == &delayed)
            check(d.prefetches == 1 && kept_contract(), "%s: and it is not prefetched", kernels->name);
        checkpoint_close(&reached);
        checkpoint_close(&expected);
        free(outcome.state);
    }
    free(two.state);
}

/* Stopped while the second, third or fourth case is on its way, and gone on with. */
static void test_stops(void)
{
    write_cases(cases, 4, four, 0);
    begin();
    struct outcome undisturbed = run(&delayed, false, start, whole, cases);
    for (int stop = 1; stop <= 3; stop++) {
        char half[512];
        snprintf(half, sizeof half, "%s", scratch("half"));
        begin();
        d.stop_at = stop;
        d.stop = &stopping;
        struct outcome first = run(&delayed, true, start, half, cases);
        check(first.status == STATUS_RETRY && first.rows == stop && d.prefetches == stop && kept_contract(),
              "stopped while case %d is on its way: %d steps", stop + 1, first.rows);
        begin();
        struct outcome second = run(&delayed, true, half, after, cases);
        check(!second.status && second.rows == 4 - stop && same_state(&second, &undisturbed) &&
                  kept_contract(),
              "and gone on with: the bytes of an undisturbed run");
        check(d.prefetches == 3 - stop, "cases done before are not prefetched again");
        free(first.state);
        free(second.state);
    }
    free(undisturbed.state);
}

static size_t planned(const struct kernels *kernels, bool training, size_t *next)
{
    struct plan plan;
    *next = 0;
    if (network_plan(&plan, &architecture, kernels, training, large, NULL))
        abort();
    for (int i = 0; i < plan.buffer_count; i++)
        if (!strcmp(plan.buffers[i].name, "next case"))
            *next = plan.buffers[i].bytes;
    size_t bytes = plan.resident_bytes + plan.activation_bytes;
    plan_free(&plan);
    return bytes;
}

/* Memory for one more case is planned where it gains something, and nowhere else. */
static void test_plan(void)
{
    enum { VOXELS = 8 * 8 * 12 };
    size_t next, without = planned(&kernels_reference, true, &next);
    check(next == 0, "host memory: no place for a next case");
    size_t with = planned(&delayed, true, &next);
    check(next == VOXELS * (INPUTS * sizeof(float) + 1) && with <= without + next,
          "a device: %zu bytes for an image and its target", next);
    without = planned(&kernels_reference, false, &next);
    with = planned(&delayed, false, &next);
    check(next == 0 && with == without, "inference has none");
    struct training training;
    begin();
    struct network *network = loaded(&kernels_reference, start, &training);
    check(!network_resize(network, small) && !network_prefetch_destination(network, INPUTS, small),
          "host memory: nothing can be prefetched");
    network_close(network);
}

static void test_destination(void)
{
    struct training training;
    begin();
    struct network *network = loaded(&delayed, start, &training);
    check(!network_prefetch_destination(network, INPUTS, small), "no destination before the first size");
    d.refuse_host = true;
    check(network_resize(network, small) == STATUS_FAILURE && strstr(error_message(), "host memory"),
          "too little host memory: %s", error_message());
    d.refuse_host = false;
    check(!network_resize(network, small) && network_prefetch_destination(network, INPUTS, small) &&
              !network_prefetch_destination(network, INPUTS + 1, small) &&
              !network_prefetch_destination(network, INPUTS, large),
          "a destination for the present size and channels alone");
    check(!network_put_prefetched(network), "nothing is put that was not prefetched");
    network_close(network);
    check(kept_contract(), "all host memory is released");
}

int main(void)
{
    int count;
    const struct kernels *const *list = kernels_list(&count);
    snprintf(start, sizeof start, "%s", scratch("start"));
    snprintf(after, sizeof after, "%s", scratch("after"));
    snprintf(whole, sizeof whole, "%s", scratch("whole"));
    snprintf(cases, sizeof cases, "%s", scratch("cases.nrrd"));
    quiet = 1;
    make_double();
    make_state(start);
    for (int i = -1; i < count; i++) {
        const struct kernels *kernels = i < 0 ? &delayed : list[i];
        test_streams(kernels);
        if (i < 0 || i == count - 1) {
            test_pipe(kernels);
            test_errors(kernels);
        }
    }
    test_stops();
    test_plan();
    test_destination();
    return check_exit();
}
