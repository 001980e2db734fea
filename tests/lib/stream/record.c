/* One record: what is written is read back whole, in a layout that maps; what breaks a rule is refused. */
#include "tests/check.h"
#include "tests/lib/feed.h"
#include <stdint.h>

static bool same_header(const struct record *a, const struct record *b)
{
    return !strcmp(a->case_name, b->case_name) && a->role == b->role && a->sample == b->sample &&
           !memcmp(a->size, b->size, sizeof a->size) && a->channels == b->channels &&
           !memcmp(a->directions, b->directions, sizeof a->directions) &&
           !memcmp(a->origin, b->origin, sizeof a->origin) && a->has_geometry == b->has_geometry &&
           a->has_grid == b->has_grid && !memcmp(a->grid, b->grid, sizeof a->grid) &&
           !memcmp(a->affine, b->affine, sizeof a->affine) &&
           !memcmp(&a->forms, &b->forms, sizeof a->forms) && !strcmp(a->channel_names, b->channel_names) &&
           a->last == b->last && a->foreign == b->foreign &&
           !strcmp(a->keys ? a->keys : "", b->keys ? b->keys : "");
}

static void round_trip(enum sample sample, int channels, bool geometry)
{
    struct record record = sample_record("case.1_A-b", ROLE_IMAGE, sample, channels);
    record.forms = (struct source_forms){.has_qform = true,
                                         .has_sform = true,
                                         .has_units = true,
                                         .qform_code = 1,
                                         .sform_code = 4,
                                         .units = 10,
                                         .qform = {0.1f, -0.0f, 1e-7f, 3.3333333f, 1, 2, -1, 1, 1.5f, 2},
                                         .sform = {0.1f, -0.0f, 1e-30f, 3.4028235e38f, 1.17549435e-38f}};
    if (!geometry)
        record_forget_geometry(&record);
    strcpy(record.channel_names, channels == 2 ? "t1 t2" : "");
    record_set_key(&record, "prunet.aug", "seed=1 epoch=7");
    record_set_key(&record, "note", "a := b: c");
    size_t bytes, header;
    char *text = written(1, &record, &bytes);
    header = bytes - record.bytes;
    check(header == 4096 && !memcmp(text + header - 2, "\n\n", 2),
          "sample %d, %d channels: a header of one page", sample, channels);
    for (int way = 0; way < 2; way++) {
        struct fed fed;
        if (way)
            feed_file(&fed, text, bytes, NULL);
        else
            feed_pipe(&fed, text, bytes, NULL);
        check(!fed.status && fed.count == 1 && same_header(&record, &fed.record[0]) &&
                  fed.record[0].bytes == record.bytes &&
                  !memcmp(fed.record[0].data, record.data, record.bytes),
              "sample %d, %d channels, %s: comes back whole from a %s %s", sample, channels,
              geometry ? "geometry" : "no geometry", way ? "file" : "pipe", fed.message);
        fed_free(&fed);
    }
    free(text);
    record_free(&record);
}

static void is_mapped_and_private(void)
{
    struct record record = sample_record("a", ROLE_IMAGE, SAMPLE_FLOAT, 4);
    char path[512], *paths[] = {path};
    size_t bytes, after;
    free(written(1, &record, &bytes));
    snprintf(path, sizeof path, "%s", scratch("written.nrrd"));
    struct fed fed;
    feed_paths(&fed, 1, paths, NULL);
    check(fed.count == 1 && fed.record[0].mapping && (uintptr_t)fed.record[0].data % 4096 == 0,
          "a one-record file is mapped, its data page-aligned");
    memset(fed.record[0].data, 0xee, fed.record[0].bytes);
    char *again = read_file(path, &after);
    check(after == bytes && !memcmp(again + 4096, record.data, record.bytes),
          "writing to it leaves the file alone");
    free(again);
    fed_free(&fed);
    record_free(&record);
}

static void long_headers(void)
{
    struct record record = sample_record("a", ROLE_MASK, SAMPLE_UINT8, 1);
    char value[3000], name[16];
    struct fed fed;
    memset(value, 'x', sizeof value - 1);
    value[sizeof value - 1] = 0;
    for (int i = 0; i < 21; i++) {
        snprintf(name, sizeof name, "key%d", i);
        record_set_key(&record, name, value);
    }
    size_t bytes;
    char *text = written(1, &record, &bytes);
    feed_file(&fed, text, bytes, NULL);
    check((bytes - record.bytes) % 4096 == 0 && bytes - record.bytes == 65536 && fed.count == 1 &&
              same_header(&record, &fed.record[0]),
          "a header of 65536 bytes is written and read");
    fed_free(&fed);
    free(text);
    record_set_key(&record, "one more", value);
    struct output output;
    output_open(&output, scratch("toolong"), true);
    check(record_write(&output, &record) == STATUS_DATA, "a longer one is not written");
    output_discard(&output);
    record_free(&record);
    record = sample_record("a", ROLE_MASK, SAMPLE_UINT8, 1);
    for (int i = 0; i < 300; i++) {
        snprintf(name, sizeof name, "key%d", i);
        record_set_key(&record, name, "");
    }
    output_open(&output, scratch("toolong"), true);
    check(record_write(&output, &record) == STATUS_DATA, "nor one of more than 256 lines");
    output_discard(&output);
    record_free(&record);
}

static void keys(void)
{
    struct record record = {0};
    char value[16];
    check(!record_key(&record, "a", value, sizeof value), "no key in an empty record");
    record_set_key(&record, "ab", "1");
    record_set_key(&record, "a", "2");
    record_set_key(&record, "ab", "3");
    check(!strcmp(record_key(&record, "ab", value, sizeof value), "3") &&
              !strcmp(record.keys, "a:=2\nab:=3\n"),
          "a key is replaced, others stay");
    check(record_set_key(&record, "c", "x\ny") == STATUS_DATA &&
              record_set_key(&record, "#c", "x") == STATUS_DATA &&
              record_set_key(&record, "c:", "x") == STATUS_DATA &&
              record_set_key(&record, "", "x") == STATUS_DATA,
          "keys and values that would break the header are refused");
    record_free(&record);
    static const char *const bad[] = {"", ".a", "-a", "a/b", "a b", "\xc3\xa9", "a\n", NULL};
    for (int i = 0; bad[i]; i++)
        check(!case_name_valid(bad[i]), "case name %d of the bad ones is refused", i);
    char longest[66];
    memset(longest, 'x', 65);
    longest[65] = 0;
    bool refused = !case_name_valid(longest);
    longest[64] = 0;
    check(refused && case_name_valid(longest) && case_name_valid("_") && case_name_valid("9.-_Az"),
          "64 letters name a case, 65 do not");
}

static void writer_refuses(void)
{
    struct record good = sample_record("a", ROLE_IMAGE, SAMPLE_FLOAT, 1);
    for (int i = 0; i < 6; i++) {
        struct record bad = good;
        static const char *const what[] = {
            "a case name with a slash", "a size of 0", "65 channels",
            "an origin that is NaN",    "no data",     "bytes of another size"};
        if (i == 0)
            strcpy(bad.case_name, "a/b");
        else if (i == 1)
            bad.size[1] = 0;
        else if (i == 2)
            bad.channels = 65;
        else if (i == 3)
            bad.origin[2] = NAN;
        else if (i == 4)
            bad.data = NULL;
        else
            bad.bytes--;
        struct output output;
        output_open(&output, scratch("refused.nrrd"), true);
        check(record_write(&output, &bad) != STATUS_OK, "the writer refuses %s", what[i]);
        output_discard(&output);
    }
    record_free(&good);
}

static void offsets(void)
{
    struct record record = sample_record("a", ROLE_IMAGE, SAMPLE_UINT8, 1);
    int offset[3];
    check(!record_offset(&record, offset) && offset[0] == 1 && offset[1] == 2 && offset[2] == -1,
          "the offset is derived from origin and affine, %d %d %d", offset[0], offset[1], offset[2]);
    record.origin[1] += 0.5e-3 * 1.5;
    check(!record_offset(&record, offset) && offset[1] == 2, "half a thousandth of a voxel is rounding");
    record.origin[1] += 1e-3 * 1.5;
    check(record_offset(&record, offset) == STATUS_DATA, "more is not");
    record.origin[1] = 47;
    record.directions[0][0] = -1 + 2e-4;
    check(record_offset(&record, offset) == STATUS_DATA && strstr(error_message(), "flipped"),
          "nor are other directions");
    record.directions[0][0] = -1;
    record.origin[0] = 1e300;
    check(record_offset(&record, offset) == STATUS_DATA, "an offset beyond int is refused");
    record.affine[2][2] = record.directions[2][2] = 0;
    check(record_offset(&record, offset) == STATUS_DATA && strstr(error_message(), "singular"),
          "a singular affine is refused");
    record_forget_geometry(&record);
    check(record_offset(&record, offset) == STATUS_DATA, "a record without geometry has no offset");
    record_free(&record);
}

static void placing(void)
{
    struct record record = sample_record("a", ROLE_IMAGE, SAMPLE_INT16, 2), whole;
    const int16_t *from = record.data;
    for (size_t i = 0; i < record.bytes / 2; i++)
        ((int16_t *)record.data)[i] = (int16_t)(i + 1);
    bool right = !record_place(&record, 0, &whole) && !memcmp(whole.size, record.grid, sizeof whole.size);
    const int16_t *to = whole.data;
    for (int c = 0; right && c < 2; c++)
        for (int z = 0; z < 7; z++)
            for (int y = 0; y < 8; y++)
                for (int x = 0; x < 9; x++) {
                    int u = x - 1, v = y - 2, w = z + 1;
                    bool inside = u >= 0 && u < 3 && v >= 0 && v < 5 && w < 7;
                    int16_t wanted = inside ? from[((c * 7 + w) * 5 + v) * 3 + u] : 0;
                    right = right && to[((c * 7 + z) * 8 + y) * 9 + x] == wanted;
                }
    check(right, "a crop that overhangs goes back: cut where it overhangs, 0 where it has nothing");
    int offset[3];
    check(!record_offset(&whole, offset) && !offset[0] && !offset[1] && !offset[2], "and then has offset 0");
    record_free(&whole);
    record.origin[0] = 10 + 100; /* 100 voxels beside the grid */
    right = !record_place(&record, 0, &whole);
    for (size_t i = 0; right && i < whole.bytes; i++)
        right = !((char *)whole.data)[i];
    check(right, "a crop beside the grid leaves it 0");
    record_free(&whole);
    record.grid[0] = record.grid[1] = record.grid[2] = 4096;
    check(record_place(&record, 0, &whole) == STATUS_DATA, "a grid of 256 GiB is refused, not allocated");
    record_free(&record);
}

int main(void)
{
    round_trip(SAMPLE_FLOAT, 2, true);
    round_trip(SAMPLE_FLOAT, 1, false);
    round_trip(SAMPLE_UINT8, 1, true);
    round_trip(SAMPLE_INT16, 64, true);
    round_trip(SAMPLE_BFLOAT16, 3, true);
    is_mapped_and_private();
    long_headers();
    keys();
    writer_refuses();
    offsets();
    placing();
    return check_exit();
}
