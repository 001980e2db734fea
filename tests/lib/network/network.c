#include "lib/network/kinds.h"
/* Whole networks against vectors computed in float64 from the authors' own: probabilities, losses, gradients
 * and the weights after three Adam steps, on every backend. What a backend's rounding of operands comes to is
 * allowed on top: small networks feel it more than large ones.
 *
 *     network [NAME...]     only these golden files */
#include "lib/network/network_case.h"
#include "lib/network/network_state.h"
#include "tests/lib/network/golden.h"

static void test_output(const struct golden *golden, const struct kernels *kernels, const char *name)
{
    struct network *network = opened(golden, kernels, false);
    size_t count = (size_t)golden->architecture.outputs * golden->voxels;
    float *output = poisoned(count * sizeof *output);
    put_case(network, golden, false);
    int status = network_infer(network, output);
    double error = largest_difference(count, output, values(golden, "output", ""));
    check(!status && error < 5e-6 + 8 * kernels->rounding, "%s, %s: output within %.1e", kernels->name, name,
          error);
    free(output);
    network_close(network);
}

/* Of all parameters together: |difference| / |expected|, the largest difference, and the root of the mean
 * square difference. */
struct distance {
    double relative, largest, mean;
};

static struct distance compare(const struct network *network, const struct golden *golden, int vector,
                               const char *prefix)
{
    double difference = 0, norm = 0, largest = 0;
    for (size_t i = 0; i < golden->table.count; i++) {
        const struct parameter *p = &golden->table.parameters[i];
        const float *expected = values(golden, prefix, p->name);
        float *got = poisoned(p->count * sizeof *got);
        network_get(network, vector, p, got);
        for (size_t j = 0; j < p->count; j++) {
            double d = (double)got[j] - expected[j];
            difference += d * d;
            norm += (double)expected[j] * expected[j];
            if (!(fabs(d) <= largest))
                largest = fabs(d);
        }
        free(got);
    }
    return (struct distance){sqrt(difference / norm), largest,
                             sqrt(difference / (double)golden->table.floats)};
}

static void test_training(const struct golden *golden, const struct kernels *kernels, const char *name)
{
    double losses[3], error = 0;
    sscanf(safetensors_metadata(&golden->file, "losses"), "%lf,%lf,%lf", &losses[0], &losses[1], &losses[2]);
    struct network *network = opened(golden, kernels, true);
    struct case_score score;
    int status = 0;
    for (int t = 0; t < 3; t++) {
        put_case(network, golden, true);
        status |= network_gradient(network, 1, &score);
        error = fmax(error, fabs(score.loss - losses[t]));
        if (t == 0) {
            double gradient = compare(network, golden, STATE_GRADIENT, "grad.").relative;
            check(gradient < 1e-5 + 50 * kernels->rounding, "%s, %s: gradient within %.1e", kernels->name,
                  name, gradient);
        }
        struct adam adam = {
            .rate = 1e-4, .decay = 1e-5, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8, .step = t + 1};
        status |= network_update(network, &adam);
    }
    check(!status && error < 5e-6 + kernels->rounding, "%s, %s: three losses within %.1e", kernels->name,
          name, error);
    /* Three steps move a weight by 3e-4, however small its gradient is: of the few whose gradient is nearly
     * 0, rounding decides the direction. And where it takes one value over a kink, LeakyReLU's or a tie in a
     * pooling, the gradient of these small networks jumps: by 4e-4 in the third step of a build without
     * optimisation, which is 7e-8 in the mean. */
    struct distance weights = compare(network, golden, STATE_WEIGHTS, "weight_after_3.");
    check(weights.mean < 2e-7 + kernels->rounding && weights.largest < 2e-5 + kernels->rounding,
          "%s, %s: weights after three steps within %.1e, %.1e in the mean", kernels->name, name,
          weights.largest, weights.mean);
    network_close(network);
}

/* The loss scale multiplies loss and gradient, also after a step at another scale. */
static void test_loss_scale(const struct golden *golden, const struct kernels *kernels)
{
    struct network *network = opened(golden, kernels, true);
    const struct parameter *p = parameter_find(&golden->table, "lastConv.weight");
    float whole[256], fifth[256];
    struct case_score score[2];
    put_case(network, golden, true);
    network_gradient(network, 1, &score[0]);
    network_get(network, STATE_GRADIENT, p, whole);
    put_case(network, golden, true);
    network_gradient(network, 0.2, &score[1]);
    network_get(network, STATE_GRADIENT, p, fifth);
    for (size_t i = 0; i < p->count; i++)
        whole[i] *= 0.2f;
    check(fabs(score[1].loss - 0.2 * score[0].loss) < 1e-12 && relative_error(p->count, fifth, whole) < 1e-6,
          "%s: the loss scale multiplies loss and gradient", kernels->name);
    network_close(network);
}

/* An image that is not finite stops the step before anything changes. */
static void test_not_finite(const struct golden *golden, const struct kernels *kernels)
{
    struct network *network = opened(golden, kernels, true);
    size_t count = (size_t)golden->architecture.inputs * golden->voxels;
    float *image = malloc(count * sizeof *image);
    const float bad[] = {NAN, INFINITY, -INFINITY};
    const size_t places[] = {0, count / 2, count - 1};
    for (int i = 0; i < 3; i++) {
        memcpy(image, values(golden, "input", ""), count * sizeof *image);
        image[places[i]] = bad[i];
        put_case(network, golden, true);
        network_put_image(network, image);
        struct case_score score;
        int status = network_gradient(network, 1, &score);
        check(status == STATUS_FAILURE && strstr(error_message(), "not finite"),
              "%s: %f in the image is an error: the loss is not finite", kernels->name, (double)bad[i]);
    }
    check(compare(network, golden, STATE_WEIGHTS, "weight.").largest == 0, "%s: and the weights stay",
          kernels->name);
    free(image);
    network_close(network);
}

static void test_golden_file(const char *name)
{
    char path[128];
    snprintf(path, sizeof path, "tests/golden/%s.safetensors", name);
    struct golden golden = {0};
    open_golden(&golden, path);
    int count;
    const struct kernels *const *list = kernels_list(&count);
    for (int i = 0; i < count; i++) {
        test_output(&golden, list[i], name);
        test_training(&golden, list[i], name);
        if (!strcmp(name, "reversible_3_1")) {
            test_loss_scale(&golden, list[i]);
            test_not_finite(&golden, list[i]);
        }
    }
    close_golden(&golden);
}

static void test_parameter_counts(void)
{
    struct architecture a = architecture_paper(NETWORK_REVERSIBLE);
    struct parameter_table table;
    static const struct {
        int encoder_blocks;
        size_t parameters;
    } rows[] = {{1, 12365283}, {3, 24131523}, {4, 30014643}};
    for (int i = 0; i < 3; i++) {
        a.encoder_blocks = rows[i].encoder_blocks;
        parameter_table_make(&table, &a);
        check(table.total == rows[i].parameters, "%zu parameters for %d encoder blocks", table.total,
              a.encoder_blocks);
        parameter_table_free(&table);
    }
    a = architecture_paper(NETWORK_BASELINE);
    parameter_table_make(&table, &a);
    check(table.total == 12425253, "%zu parameters for the baseline", table.total);
    parameter_table_free(&table);
}

static void test_labels(void)
{
    uint8_t labels[5] = {0, 1, 2, 4, 0}, target[5];
    int status = region_bits_of_labels(record_scheme, labels, 5, target);
    check(!status && !memcmp(target, (uint8_t[]){0, 3, 1, 7, 0}, 5), "labels to regions");
    for (int label = 3; label < 256; label = label == 3 ? 5 : label + 1) {
        labels[3] = (uint8_t)label;
        status |= region_bits_of_labels(record_scheme, labels, 5, target) != STATUS_DATA;
    }
    check(!status && strstr(error_message(), "255"), "any other label is refused by name");
}

int main(int argc, char **argv)
{
    static const char *const files[] = {"reversible_1_1", "reversible_3_1", "baseline"};
    test_parameter_counts();
    test_labels();
    for (int i = 0; argc < 2 && i < 3; i++)
        test_golden_file(files[i]);
    for (int i = 1; i < argc; i++)
        test_golden_file(argv[i]);
    return check_exit();
}
