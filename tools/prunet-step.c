/* prunet-step: an Adam step for each labelled case of a stream, or for each batch of them. */
#include "lib/base/error.h"
#include "lib/base/file_digest.h"
#include "lib/base/options.h"
#include "lib/base/output.h"
#include "lib/base/stop.h"
#include "lib/network/backend_choice.h"
#include "lib/network/launched.h"
#include "lib/network/network_state.h"
#include "lib/network/ranks_compare.h"
#include "lib/network/refit.h"
#include "lib/network/train.h"
#include "lib/stream/reader.h"
#include "lib/volume/channels.h"
#include "lib/volume/scheme.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

static const char *state_path, *out, *missing, *usage_path, *scheme_name;
static double rate = 1e-4, decay = 1e-5, divisor = 1;
static int wanted_epoch; /* 0: any */
static int batch = 1;
static bool no_header;
static const char *memory = "default", *loss = "dice";
static double dice_weight = 1, bce_weight = 1, smooth = 1, average_decay;
static bool fresh;
static unsigned use;
static struct memory_budget budget;
static struct backend_choice backend;
static struct reader_options input;
static struct ranks ranks = {.count = 1};
static bool refused_by_all; /* ranks: all fail with the same message */

static const struct option_spec options[] = {
    {"state", 's', OPTION_TEXT, &state_path, "STATE", "the checkpoint to start from (required)"},
    {"output", 'o', OPTION_TEXT, &out, "STATE", "the checkpoint to write (in place)"},
    {"epoch", 0, OPTION_NATURAL, &wanted_epoch, "E",
     "refuse a state that has not completed exactly E-1 epochs"},
    {"batch", 0, OPTION_NATURAL, &batch, "B",
     "one step for B cases, with the mean of their gradients; at most 256 (1)"},
    {"learning-rate", 0, OPTION_REAL, &rate, "R", "Adam's step size (1e-4)"},
    {"weight-decay", 0, OPTION_REAL, &decay, "D",
     "L2 regularisation, added to the gradient; at most 1 (1e-5)"},
    {"fresh-optimizer", 0, OPTION_FLAG, &fresh, NULL,
     "begin anew from the state's or a model's weights: epoch 0"},
    {"scheme", 0, OPTION_TEXT, &scheme_name, "NAME",
     "--fresh-optimizer: fit the weights to this scheme, see below (the state's)"},
    {"weight-average", 0, OPTION_REAL, &average_decay, "D",
     "also keep the weights' moving average of this decay; 0: none (0)"},
    {"loss", 0, OPTION_TEXT, &loss, "LOSS",
     "dice, or dice+bce: with the regions' mean binary cross-entropy (dice)"},
    {"loss-dice-weight", 0, OPTION_REAL, &dice_weight, "W", "factor of the Dice losses; at most 1e6 (1)"},
    {"loss-bce-weight", 0, OPTION_REAL, &bce_weight, "W", "factor of the cross-entropy; at most 1e6 (1)"},
    {"loss-smooth", 0, OPTION_REAL, &smooth, "S",
     "added to both sides of a Dice's fraction; within 1e-6..1e6 (1)"},
    {"loss-divisor", 0, OPTION_REAL, &divisor, "N", "divide the loss by N (1; the authors' code: 5)"},
    MISSING_OPTION(&missing),
    {"memory", 0, OPTION_TEXT, &memory, "SIZE",
     "save branch inputs as far as SIZE goes; min: recompute more still (default)"},
    {"usage", 0, OPTION_TEXT, &usage_path, "TABLE",
     "write what memory was planned and what the process took"},
};

static const struct tool tool = {
    .name = "prunet-step",
    .usage = "--state STATE [-o STATE] [--epoch E] [--expect FILE] [OPTION...] [FILE...]",
    .summary =
        "Reads image and label records, makes one Adam step for each case, and prints a row a case:\n"
        "loss and Dice of the forward pass before the update, seconds of the step, seconds waiting for\n"
        "its input. The checkpoint is written at the complete end of the input: one more epoch.",
    .options = options,
    .count = OPTION_COUNT(options),
    .common = {BACKEND_OPTIONS(backend), .expect = &input.expect_path, .digests = &input.digests_path,
               .max_bytes = &input.max_bytes, .no_header = &no_header},
    .example = "cat $(cat order) | augment --seed 1 --epoch 7 |\n"
               "      prunet-step --state old.safetensors --epoch 7 -o new.safetensors > steps.tsv",
    .notes =
        "By default a step recomputes on the way back what it can from one tensor a level. --memory 8G\n"
        "saves the inputs of the levels' sequences instead, from the smallest on, as long as all buffers\n"
        "stay within the size; --memory min also runs the first level's encoder again from the image.\n"
        "The results may differ in their last bits. The choice is recorded in the checkpoint, -v shows it,\n"
        "and prunet-plan --memory tells what it costs.\n\n"
        "--batch B: a step for each B cases, and one for what is left at the end. Gradients are added as\n"
        "whole multiples of 2^-48, so that the sum does not depend on its order; each must be below 128 in\n"
        "size. A stop inside a batch drops what it has; a state that was stopped inside an epoch goes on in\n"
        "batches of the same size.\n\n"
        "--weight-average 0.999 adds an average of the weights to the state: after step t it moves towards\n"
        "the weights by 1 - min(0.999, (1 + t) / (10 + t)). prunet-infer takes it instead of the weights.\n"
        "A state without one begins it with its weights. --fresh-optimizer begins with the average, if "
        "there\n"
        "is one, and with Adam's means at 0; what is interrupted then goes on without it.\n\n"
        "--fresh-optimizer --scheme begins with a network of other modalities or regions: those that the\n"
        "scheme names as the state's does keep their weights in the first and the last layer, the others\n"
        "are drawn there by the state's seed, and all layers between stay.\n\n"
        "Started by mpirun or srun in a build with MPI (make MPI=1) the processes are ranks: each reads its\n"
        "share of the cases that --expect lists (order-cases --share), the first one writes. The bytes are\n"
        "those of one process.\n\n"
        "SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGXCPU or SIGUSR1: the step is finished, or the wait for input\n"
        "ended, the checkpoint written with the number of cases done, and the exit status is 75. Given\n"
        "that checkpoint as STATE and the same input, those cases are skipped and the epoch goes on;\n"
        "the result is the same, byte for byte. A second SIGINT or SIGQUIT ends it at once.",
};

/* Bytes: of all buffers, as planned, and the most that this process has had in memory. */
static int write_usage(const struct network *network)
{
    struct output output;
    struct rusage self;
    const struct plan *plan = network_current_plan(network);
    if (!usage_path)
        return STATUS_OK;
    int status = output_open(&output, usage_path, false);
    if (status)
        return status;
    getrusage(RUSAGE_SELF, &self); /* ru_maxrss is in KiB */
    status = output_print(&output, "planned\tmeasured\n%zu\t%zu\n",
                          plan->resident_bytes + plan->activation_bytes, (size_t)self.ru_maxrss * 1024);
    if (!status)
        status = output_commit(&output);
    output_discard(&output);
    return status;
}

/* Writes what the epoch has come to: the last row, what memory it took, the state. */
static int save(struct network *network, const struct epoch *epoch, struct output *table)
{
    int status = output_commit(table);
    if (!status)
        status = write_usage(network);
    return status ? status : network_save(network, &epoch->training, out ? out : state_path);
}

/* The new state is written at the end of the epoch, and where a signal stopped it. Of several ranks the first one
 * writes. */
static int run(struct network *network, const struct training *start, struct reader *reader)
{
    const bool writes = !ranks.number;
    struct epoch epoch;
    struct output table;
    epoch_begin(&epoch, network, start, rate, decay, 1 / divisor);
    epoch.fill_missing = missing;
    epoch.ranks = ranks;
    int status = output_open(&table, NULL, false);
    if (!status && !no_header && writes)
        status = train_print_header(&table, network_scheme(network));
    if (!status)
        status = train_stream(&epoch, reader, &table, &stop_wanted);
    if (writes && (!status || status == STATUS_RETRY)) {
        int saved = save(network, &epoch, &table);
        status = saved ? saved : status;
    }
    epoch_free(&epoch);
    return status;
}

/* Where training begins anew, or goes on, and with an average or without. */
static void begin_training(const struct checkpoint *checkpoint, struct training *training)
{
    const bool averaged = checkpoint->has[STATE_AVERAGE];
    *training = checkpoint->training;
    if (fresh) {
        *training = (struct training){.seed = checkpoint->training.seed};
        memcpy(training->spacing, checkpoint->training.spacing, sizeof training->spacing);
        if (!quiet)
            fprintf(stderr,
                    "%s: %s: training begins anew from its %s after %" PRIu64
                    " epochs: epoch 0, Adam's means 0\n",
                    tool_name, state_path, averaged ? "average of the weights" : "weights",
                    checkpoint->training.epoch);
    } else if (averaged && !(average_decay > 0))
        warn("%s: its average of the weights is not gone on with: --weight-average would", state_path);
    training->average_decay = average_decay;
    training->batch = batch;
}

/* Whether the epoch that is wanted, in batches of this size, can follow on the state. */
static int check_state(const struct checkpoint *checkpoint, const struct training *training)
{
    const int regions = checkpoint_scheme(checkpoint)->region_count, stopped = checkpoint->training.batch;
    if (training->cases_done && stopped != batch)
        return fail(STATUS_DATA,
                    "%s: was stopped inside an epoch in batches of %d: it goes on with --batch %d",
                    state_path, stopped, stopped);
    if (wanted_epoch && training->epoch != (uint64_t)wanted_epoch - 1)
        return fail(STATUS_DATA, "%s: has completed %" PRIu64 " epochs, epoch %d follows %d", state_path,
                    training->epoch, wanted_epoch, wanted_epoch - 1);
    if (checkpoint->architecture.outputs != regions)
        return fail(STATUS_DATA, "%s: %d outputs; labels have %d regions", state_path,
                    checkpoint->architecture.outputs, regions);
    return STATUS_OK;
}

/* The state's ends as the wanted scheme has them, and a line where that changes them. */
static int refit(struct checkpoint *checkpoint)
{
    static char text[REFIT_TEXT_SIZE];
    const struct label_scheme *scheme;
    if (!scheme_name)
        return STATUS_OK;
    int status = scheme_find(scheme_name, &scheme);
    if (status)
        return fail_in(status, "--scheme");
    status = checkpoint_refit(checkpoint, scheme, checkpoint->training.seed, 0, text);
    if (!status && *text && !quiet)
        fprintf(stderr, "%s: %s: %s\n", tool_name, state_path, text);
    return status;
}

/* The state's network, loaded. */
static int open_state(struct network **network, struct training *training)
{
    struct checkpoint checkpoint;
    int status = checkpoint_open(&checkpoint, state_path);
    if (status)
        return status;
    begin_training(&checkpoint, training);
    if ((status = refit(&checkpoint))) {
        checkpoint_close(&checkpoint);
        return status;
    }
    if (!(status = check_state(&checkpoint, training)) &&
        !(status = backend_open_network(network, &backend, &checkpoint, use))) {
        network_set_budget(*network, &budget);
        network_set_loss(*network,
                         (struct loss_weights){(float)dice_weight,
                                               use & CROSS_ENTROPY ? (float)bce_weight : 0, (float)smooth});
    }
    checkpoint_close(&checkpoint);
    return status;
}

/* A mistyped name should not cost an epoch. */
static int try_output(const char *path)
{
    struct output output;
    int status = output_open(&output, path, true);
    output_discard(&output);
    return status;
}

/* Ranks that differ would not notice it, and train nonsense. */
static int compare_ranks(const struct network *network, const struct reader *reader)
{
    char settings[256], state[SHA256_TEXT_SIZE];
    struct file_digests digests = {0};
    uint64_t names = 0;
    int status = file_digests_of(&digests, state_path, state);
    file_digests_free(&digests);
    if (status)
        return status;
    for (size_t i = 0; i < reader_expected(reader)->count; i++)
        names = cases_digest(names, reader_expected(reader)->name[i]);
    snprintf(settings, sizeof settings, "%d %a %a %a %a %a %a %a %s %" PRIu64, batch, rate, decay, divisor,
             dice_weight, bce_weight, smooth, average_decay, memory, names);
    if ((status = ranks_compare(&ranks, "version", PRUNET_VERSION)) ||
        (status = ranks_compare(&ranks, "backend", network_backend(network))) ||
        (status = ranks_compare(&ranks, "state", state)) ||
        (status = ranks_compare(&ranks, "list of cases, or other options,", settings)))
        refused_by_all = true;
    return status;
}

/* Of several ranks each has a share of the cases that --expect lists. */
static int prepare_ranks(struct share *share)
{
    int number, count;
    output_tsv |= launched(&number, &count); /* mpirun's pipe is a terminal to us */
    if (ranks.count == 1)
        return STATUS_OK;
    refused_by_all = true;
    if (ranks.count > batch)
        return fail(STATUS_USAGE,
                    "%d ranks are more than the %d cases of a batch (--batch; in a configuration BATCH)",
                    ranks.count, batch);
    if (!input.expect_path)
        return fail(STATUS_USAGE, "%d ranks: --expect FILE is needed, with all cases of the epoch in order",
                    ranks.count);
    refused_by_all = false;
    *share = (struct share){batch, ranks.number, ranks.count};
    input.share = share;
    kernels_share_devices(ranks.local);
    return STATUS_OK;
}

static int train(int count, char *const *paths)
{
    struct network *network;
    struct training training;
    struct reader *reader;
    struct share share;
    int status = prepare_ranks(&share), stop = stop_descriptor();
    input.stop = &stop;
    if (status || (!ranks.number && (status = try_output(out ? out : state_path))) ||
        (status = open_state(&network, &training)))
        return status;
    if (!(status = reader_open(&reader, count, paths, &input))) {
        if (ranks.count > 1)
            status = compare_ranks(network, reader);
        if (!status)
            status = run(network, &training, reader);
        reader_close(reader);
    }
    network_close(network);
    return status;
}

/* All ranks end with one status, and what is the same for all is said once; one that fails takes the others along. */
static int end(int status)
{
    const bool same = !status || status == STATUS_RETRY || refused_by_all;
    if (status && (!same || !ranks.number))
        report(status);
    if (!same)
        ranks_abort(status);
    ranks_close();
    return status;
}

int main(int argc, char **argv)
{
    int first = options_parse(&tool, argc, argv);
    if (!state_path)
        usage_error("--state STATE is needed");
    if (!(rate > 0) || decay < 0 || !(divisor > 0))
        usage_error("--learning-rate and --loss-divisor must be positive, --weight-decay not negative");
    if (decay > 1 || divisor < 1e-6 || divisor > 1e6)
        usage_error("--weight-decay is at most 1, --loss-divisor is within 1e-6..1e6");
    if (dice_weight < 0 || dice_weight > 1e6 || bce_weight < 0 || bce_weight > 1e6)
        usage_error("--loss-dice-weight and --loss-bce-weight are within 0..1e6");
    if (smooth < 1e-6 || smooth > 1e6)
        usage_error("--loss-smooth is within 1e-6..1e6");
    if (average_decay < 0 || average_decay >= 1)
        usage_error("--weight-average is at least 0 and less than 1");
    if (scheme_name && !fresh)
        usage_error("--scheme is for --fresh-optimizer: a state that is gone on with keeps its own");
    if (out && !strcmp(out, "-"))
        usage_error("-o: the table goes to stdout, the checkpoint needs a file");
    if (missing_check(missing) || memory_budget_parse(&budget, memory) || loss_parse(&use, loss))
        usage_error("%s", error_message());
    if (batch > FIXED_COUNT_MAX)
        usage_error("--batch is at most %d", FIXED_COUNT_MAX);
    use |= batch > 1 ? BATCHES : 0;
    use |= (average_decay > 0 ? AVERAGING : 0) | (fresh ? FRESH : 0);
    int status = stop_watch();
    if (!status)
        status = ranks_open(&ranks);
    return status ? report(status) : end(train(argc - first, argv + first));
}
