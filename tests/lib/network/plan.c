/* The memory plan: buffers that live together lie apart, the peak is what it says, and what a network
 * allocates is the plan to the byte. */
#include "lib/network/plan.h"
#include "lib/base/error.h"
#include "lib/base/random.h"
#include "lib/network/network.h"
#include "tests/check.h"

static bool live_together(const struct plan_buffer *a, const struct plan_buffer *b)
{
    return a->first <= b->last && b->first <= a->last;
}

/* No two buffers of the same block share a byte at the same time, and all lie inside their block. */
static bool sound(const struct plan *plan)
{
    for (int i = 0; i < plan->buffer_count; i++) {
        const struct plan_buffer *a = &plan->buffers[i];
        if (plan_aligned(plan, a->offset) != a->offset || a->first > a->last ||
            a->offset + a->bytes > (a->resident ? plan->resident_bytes : plan->activation_bytes))
            return false;
        for (int j = 0; j < i; j++) {
            const struct plan_buffer *b = &plan->buffers[j];
            if (a->resident == b->resident && live_together(a, b) && a->bytes && b->bytes &&
                a->offset < b->offset + b->bytes && b->offset < a->offset + a->bytes)
                return false;
        }
    }
    return true;
}

static struct buffer buffer(const char *name, int level, size_t bytes)
{
    return (struct buffer){.name = name, .level = level, .bytes = bytes};
}

static void test_by_hand(void)
{
    struct plan plan = {0};
    struct buffer a = buffer("a", -1, 1000) /* rounded to 1024 */, b = buffer("b", 7, 64),
                  c = buffer("c", -1, 1024), r = buffer("r", -1, 128);
    plan_resident(&plan, &r);
    plan_step(&plan, "one", -1);
    plan_write(&plan, &a);
    plan_scratch(&plan, 100);
    plan_scratch(&plan, 60);
    plan_step(&plan, "two", -1);
    plan_write_to_end(&plan, &b);
    plan_read(&plan, &a);
    plan_step(&plan, "three", 3);
    plan_write(&plan, &c);
    check(!plan_place(&plan), "a plan is placed");
    static char blocks[2][4096];
    plan_bind(&plan, blocks[0], blocks[1]);
    const struct plan_buffer *scratch = &plan.buffers[plan.steps[0].scratch], *last = &plan.buffers[6];
    check(a.at == blocks[1] && c.at == blocks[1], "buffers that never meet share their place");
    check((char *)b.at == blocks[1] + 1024 && r.at == blocks[0] && last->owner == &c, "the others lie apart");
    check(plan.buffers[4].owner == &b && plan.buffers[4].first == 1 && plan.buffers[4].last == 2,
          "what is written to the end lives to the end");
    check(scratch->bytes == 128 && scratch->first == 0 && scratch->last == 0 &&
              (char *)scratch->at == blocks[1] + 1024,
          "scratch is the most that a step asks for, and lives as long");
    check(plan.activation_bytes == 1152 && plan.resident_bytes == 128 && plan.peak_bytes == 1280,
          "totals are those of the lives");
    check(plan.steps[0].live == 1280 && plan.steps[1].live == 1216 && plan.peak_step == 0,
          "the first step with the most bytes is the peak");
    check(!strcmp(plan.buffers[4].name, "b 7") && !strcmp(plan.steps[2].name, "three 3") &&
              plan.buffers[0].resident,
          "names carry the level");
    plan_free(&plan);
}

/* A step that reads what no step has written would read another buffer's bytes. */
static void test_unwritten(void)
{
    struct plan plan = {0};
    struct buffer a = buffer("a", 2, 64);
    plan_step(&plan, "one", -1);
    plan_read(&plan, &a);
    check(plan_place(&plan) == STATUS_FAILURE && strstr(error_message(), "'a 2' before"),
          "reading before writing is refused: %s", error_message());
    plan_free(&plan);
}

static void test_at_random(void)
{
    enum { STEPS = 12, OPEN = 8 };
    bool good = true;
    for (uint64_t seed = 0; seed < 200; seed++) {
        struct plan plan = {0};
        struct buffer buffers[STEPS], temporary[STEPS];
        int open[OPEN], opened = 0;
        for (int s = 0; s < STEPS; s++) {
            uint64_t n = 4 * (uint64_t)s;
            plan_step(&plan, "step", s);
            buffers[s] = buffer("b", s, random_bits(seed, n + 1) % 5000);
            temporary[s] = buffer("t", s, random_bits(seed, n + 2) % 3000);
            if (opened < OPEN && random_uniform(seed, n) < 0.7) {
                open[opened++] = s;
                plan_write(&plan, &buffers[s]);
            }
            plan_write(&plan, &temporary[s]);
            plan_scratch(&plan, random_bits(seed, n + 2) % 2000);
            if (opened && random_uniform(seed, n + 3) < 0.4)
                plan_read(&plan, &buffers[open[--opened]]);
        }
        for (int i = 0; i < opened; i++)
            plan_write_to_end(&plan, &buffers[open[i]]);
        good &= !plan_place(&plan) && sound(&plan) && plan.activation_bytes >= plan.peak_bytes;
        plan_free(&plan);
    }
    check(good, "200 random plans: nothing alive overlaps");
}

/* The paper's networks on a plain layout, scratch left out: 16 bytes a parameter, image and target, one
 * activation and one gradient buffer a level, and nothing else; in MiB. */
static void test_paper(void)
{
    static const struct {
        int encoder_blocks, size[3];
        double mib;
    } rows[] = {{1, {160, 192, 160}, 3248},
                {3, {160, 192, 160}, 3427},
                {4, {160, 192, 160}, 3517},
                {1, {128, 128, 128}, 1494}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct architecture a = architecture_paper(NETWORK_REVERSIBLE);
        a.encoder_blocks = rows[i].encoder_blocks;
        struct plan plan;
        int status = network_plan(&plan, &a, &kernels_reference, TRAINING, rows[i].size, NULL);
        check(!status && sound(&plan), "%d encoder blocks at %d x %d x %d: a sound plan", a.encoder_blocks,
              rows[i].size[0], rows[i].size[1], rows[i].size[2]);
        size_t scratch = 0; /* the peak without what only the reference needs as scratch */
        for (int b = 0; b < plan.buffer_count; b++)
            if (!strcmp(plan.buffers[b].name, "scratch"))
                for (int e = plan.buffers[b].first; e <= plan.buffers[b].last; e++)
                    plan.steps[e].live -= plan.buffers[b].bytes;
        for (int e = 0; e < plan.step_count; e++)
            scratch = plan.steps[e].live > scratch ? plan.steps[e].live : scratch;
        double mib = (double)scratch / 1048576;
        check(fabs(mib - rows[i].mib) < 1, "the buffers' peak is %.0f MiB, %.0f expected", mib, rows[i].mib);
        plan_free(&plan);
    }
}

static size_t allocated, released;

static void *counted_allocate(size_t bytes)
{
    allocated += bytes;
    return kernels_reference.allocate(bytes);
}

static void counted_release(void *memory, size_t bytes)
{
    released += bytes;
    kernels_reference.release(memory, bytes);
}

static const char *use_name(unsigned use)
{
    return use == INFERENCE ? "inference" : use == TRAINING ? "training" : "training with all else";
}

static void test_allocation(enum network_kind kind, unsigned use)
{
    struct kernels counted = kernels_reference;
    counted.allocate = counted_allocate;
    counted.release = counted_release;
    struct architecture a = architecture_paper(kind);
    architecture_set_channels(&a, "4,8,16");
    a.groups = 2;
    const int size[3] = {12, 4, 8}, other[3] = {4, 8, 4}, odd[3] = {12, 6, 8};
    struct plan plan;
    struct network *network;
    allocated = released = 0;
    int status = network_plan(&plan, &a, &counted, use, size, NULL);
    check(!status && allocated == 0, "%s: a plan allocates nothing", network_kind_name(kind));
    status = network_open(&network, &a, &counted, use);
    if (!status)
        status = network_resize(network, size);
    check(!status && sound(&plan) && allocated == plan.resident_bytes + plan.activation_bytes,
          "%s, %s: %zu bytes planned are allocated", network_kind_name(kind), use_name(use), allocated);
    check(network_resize(network, odd) == STATUS_DATA && strstr(error_message(), "crop"),
          "a size that cannot be halved is refused, with advice");
    check(!network_resize(network, other) && released == plan.activation_bytes,
          "another size: the state stays, the activations are released");
    network_close(network);
    check(allocated == released, "all is released at the end");
    plan_free(&plan);
}

int main(void)
{
    test_by_hand();
    test_unwritten();
    test_at_random();
    test_paper();
    static const unsigned uses[] = {INFERENCE, TRAINING, TRAINING | CROSS_ENTROPY | AVERAGING};
    for (size_t i = 0; i < sizeof uses / sizeof *uses; i++) {
        test_allocation(NETWORK_REVERSIBLE, uses[i]);
        test_allocation(NETWORK_BASELINE, uses[i]);
    }
    return check_exit();
}
