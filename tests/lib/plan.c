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
        if (a->offset % PLAN_ALIGNMENT || a->first > a->last ||
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

static void test_by_hand(void)
{
    struct plan plan = {0};
    plan_event(&plan, "one", -1);
    int a = plan_begin(&plan, "a", -1, 1000); /* rounded to 1024 */
    plan_event(&plan, "two", -1);
    int b = plan_begin(&plan, "b", 7, 64);
    plan_end(&plan, a);
    plan_event(&plan, "three", 3);
    int c = plan_temporary(&plan, "c", -1, 1024);
    int r = plan_resident(&plan, "r", 128);
    check(!plan_place(&plan), "a plan is placed");
    check(plan.buffers[a].bytes == 1024 && plan.buffers[a].offset == 0 && plan.buffers[c].offset == 0,
          "buffers that never meet share their place");
    check(plan.buffers[b].offset == 1024 && plan.buffers[b].last == 2, "an open life lasts to the end");
    check(plan.activation_bytes == 1088 && plan.resident_bytes == 128 && plan.peak_bytes == 1216,
          "totals are those of the lives");
    check(plan.events[0].live == 1152 && plan.peak_event == 1,
          "the first event with the most bytes is the peak");
    check(!strcmp(plan.buffers[b].name, "b 7") && !strcmp(plan.events[2].name, "three 3") &&
              plan.buffers[r].resident,
          "names carry the level");
    plan_free(&plan);
}

static void test_at_random(void)
{
    bool good = true;
    for (uint64_t seed = 0; seed < 200; seed++) {
        struct plan plan = {0};
        int open[8], opened = 0;
        for (uint64_t e = 0; e < 12; e++) {
            plan_event(&plan, "event", (int)e);
            if (opened < 8 && random_uniform(seed, 4 * e) < 0.7)
                open[opened++] = plan_begin(&plan, "b", (int)e, random_bits(seed, 4 * e + 1) % 5000);
            plan_temporary(&plan, "t", (int)e, random_bits(seed, 4 * e + 2) % 3000);
            if (opened && random_uniform(seed, 4 * e + 3) < 0.4)
                plan_end(&plan, open[--opened]);
        }
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
        int status = network_plan(&plan, &a, &kernels_reference, true, rows[i].size, NULL);
        check(!status && sound(&plan), "%d encoder blocks at %d x %d x %d: a sound plan", a.encoder_blocks,
              rows[i].size[0], rows[i].size[1], rows[i].size[2]);
        size_t scratch = 0; /* the peak without what only the reference needs to borrow */
        for (int b = 0; b < plan.buffer_count; b++)
            if (!strcmp(plan.buffers[b].name, "scratch"))
                for (int e = plan.buffers[b].first; e <= plan.buffers[b].last; e++)
                    plan.events[e].live -= plan.buffers[b].bytes;
        for (int e = 0; e < plan.event_count; e++)
            scratch = plan.events[e].live > scratch ? plan.events[e].live : scratch;
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

static void test_allocation(enum network_kind kind, bool training)
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
    int status = network_plan(&plan, &a, &counted, training, size, NULL);
    check(!status && allocated == 0, "%s: a plan allocates nothing", network_kind_name(kind));
    status = network_open(&network, &a, &counted, training);
    if (!status)
        status = network_resize(network, size);
    check(!status && sound(&plan) && allocated == plan.resident_bytes + plan.activation_bytes,
          "%s, %s: %zu bytes planned are allocated", network_kind_name(kind),
          training ? "training" : "inference", allocated);
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
    test_at_random();
    test_paper();
    for (int training = 0; training < 2; training++) {
        test_allocation(NETWORK_REVERSIBLE, training);
        test_allocation(NETWORK_BASELINE, training);
    }
    return check_exit();
}
