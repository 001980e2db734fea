/* SHA-256 by every way that this processor has: known digests, lengths around blocks, pieces of any size. */
#include "lib/base/sha256.h"
#include "lib/base/progress.h"
#include "tests/check.h"

static sha256_blocks *blocks; /* of the way that is tried */

static const char *digest_in_pieces(const void *bytes, size_t count, size_t piece)
{
    static char text[SHA256_TEXT_SIZE];
    struct sha256 sha;
    sha256_begin(&sha);
    sha.blocks = blocks;
    for (size_t i = 0; i < count; i += piece)
        sha256_add(&sha, (const char *)bytes + i, count - i < piece ? count - i : piece);
    memset(text, '?', sizeof text);
    sha256_end(&sha, text);
    return text;
}

/* FIPS 180-4's examples and NIST's further ones (csrc.nist.gov, SHA256.pdf and SHA2_Additional.pdf). */
static void known(const char *way)
{
    static const struct {
        const char *what;
        unsigned char byte;
        size_t count; /* of `byte`, where text is NULL */
        const char *text, *digest;
    } vectors[] = {
        {"nothing", 0, 0, "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", 0, 0, "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"two blocks", 0, 0, "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
        {"0xbd", 0xbd, 1, NULL, "68325720aabd7c82f30f554b313d0570c95accbb7dc4b5aae11204c08ffe732b"},
        {"55 zeros", 0, 55, NULL, "02779466cdec163811d078815c633f21901413081449002f24aa3e80f0b88ef7"},
        {"56 zeros", 0, 56, NULL, "d4817aa5497628e7c77e6b606107042bbba3130888c5f47a375e6179be789fbb"},
        {"57 zeros", 0, 57, NULL, "65a16cb7861335d5ace3c60718b5052e44660726da4cd13bb745381b235a1785"},
        {"64 zeros", 0, 64, NULL, "f5a5fd42d16a20302798ef6ed309979b43003d2320d9f0e8ea9831a92759fb4b"},
        {"1000 zeros", 0, 1000, NULL, "541b3e9daa09b20bf85fa273e5cbd3e80185aa4ec298e765db87742b70138a53"},
        {"1000 A", 'A', 1000, NULL, "c2e686823489ced2017f6059b8b239318b6364f6dcd835d0a519105a1eadd6e4"},
        {"1005 U", 'U', 1005, NULL, "f4d62ddec0f3dd90ea1380fa16a5ff8dc4c54b21740650f24afc4120903552b0"},
        {"a million a", 'a', 1000000, NULL,
         "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
        {"a million zeros", 0, 1000000, NULL,
         "d29751f2649b32ff572b5e0a9f541ea660a50f94ff0beedfb0b692b924cc8025"},
    };
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        const size_t count = vectors[i].text ? strlen(vectors[i].text) : vectors[i].count;
        char *bytes = malloc(count + 1);
        if (vectors[i].text)
            memcpy(bytes, vectors[i].text, count);
        else
            memset(bytes, vectors[i].byte, count);
        check(!strcmp(digest_in_pieces(bytes, count, count + 1), vectors[i].digest), "%s: %s", way,
              vectors[i].what);
        free(bytes);
    }
}

static unsigned char noise(size_t i)
{
    const uint32_t x = (uint32_t)(i + 1) * 2654435761u;
    return (unsigned char)(x >> 24 ^ x >> 11);
}

/* Each length up to five blocks, at each of 16 alignments, in pieces: what sha256sum says of the lengths together
 * is digested again into one number. */
static void lengths(const char *way)
{
    enum { LENGTHS = 5 * SHA256_BLOCK, ALIGNMENTS = 16 };
    unsigned char *bytes = poisoned(LENGTHS + ALIGNMENTS);
    char all[LENGTHS * (SHA256_TEXT_SIZE - 1)];
    int alike = 1;
    for (size_t length = 0; length < LENGTHS; length++)
        for (size_t at = 0; at < ALIGNMENTS; at++) {
            poison(bytes, LENGTHS + ALIGNMENTS);
            for (size_t i = 0; i < length; i++)
                bytes[at + i] = noise(i);
            char whole[SHA256_TEXT_SIZE];
            memcpy(whole, digest_in_pieces(bytes + at, length, length + 1), sizeof whole);
            alike &= !strcmp(whole, digest_in_pieces(bytes + at, length, 1 + at));
            alike &= !strcmp(whole, digest_in_pieces(bytes + at, length, 57 + at));
            if (!at)
                memcpy(all + length * (SHA256_TEXT_SIZE - 1), whole, SHA256_TEXT_SIZE - 1);
            else
                alike &= !memcmp(all + length * (SHA256_TEXT_SIZE - 1), whole, SHA256_TEXT_SIZE - 1);
        }
    check(alike, "%s: pieces of 1 to 16 and of 57 to 72 bytes, at any alignment, are as one", way);
    /* python3: h = ''.join(sha256(noise[:n]).hexdigest() for n in range(320)); sha256(h.encode()) */
    const char *const expected = "82d0a2fc5ba5e661d0fc8a8af413b5c7e4d1b25513c620e4895f581145d59d40";
    check(!strcmp(digest_in_pieces(all, sizeof all, sizeof all), expected), "%s: the lengths 0 to %d", way,
          LENGTHS - 1);
    free(bytes);
}

/* A length whose bits need more than 32 of them. */
static void long_input(void)
{
    const size_t piece = 1 << 20, pieces = 600;
    char *zeros = calloc(piece, 1), text[SHA256_TEXT_SIZE];
    struct sha256 sha;
    sha256_begin(&sha);
    const double start = clock_seconds();
    for (size_t i = 0; i < pieces; i++)
        sha256_add(&sha, zeros, piece);
    const double seconds = clock_seconds() - start;
    sha256_end(&sha, text);
    /* head -c 629145600 /dev/zero | sha256sum */
    check(!strcmp(text, "987523e7780392e283b404990c4e84e580bc75c451138b0c86c4f81c296eeebe"),
          "600 MiB of zeros, at %.2f GB/s", (double)(piece * pieces) / seconds / 1e9);
    free(zeros);
}

int main(void)
{
    for (int i = 0; i < sha256_way_count; i++) {
        if (!sha256_ways[i].runs_here()) {
            skip("this processor does not have it", "%s", sha256_ways[i].name);
            continue;
        }
        blocks = sha256_ways[i].blocks;
        known(sha256_ways[i].name);
        lengths(sha256_ways[i].name);
    }
    long_input();
    check(sha256_is_text("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\t") &&
              !sha256_is_text("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b85") &&
              !sha256_is_text("E3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
          "64 digits in lower case are a digest");
    return check_exit();
}
