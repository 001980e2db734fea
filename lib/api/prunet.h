/* prunet as a C library: records of volumes, reversible sequences of your own functions, and the networks of the tools.
 *
 *     pkg-config --cflags --libs --static prunet
 *
 * Status. A function that can fail returns 0 (PRUNET_OK) or another value of enum prunet_status; what it would have
 * made is then not made, its out-parameters are unchanged unless said otherwise, and prunet_message() is the cause in
 * one line, with the file and the case; it calls settings by the tools' options (--loss). A pointer is never NULL unless it is said that it may be.
 *
 * Arrays are in C order (channel, z, y, x), x fastest; sizes are x, y, z in voxels. Samples are little endian.
 *
 * Threads. Computing uses all cores by itself. Two threads may be in the library at the same time only with different
 * objects, and only in functions of records and sequences; opening readers, writers and networks, and whatever takes a
 * network, is for one thread at a time. The message is each thread's own. OpenMP's number of threads in the calling
 * thread is after every call what it was before.
 *
 * The process is yours: no signal is handled, nothing is printed, no call here ends it on bad input or for lack of
 * memory that malloc refuses. It ends all the same
 *   - before main, when there is no memory for the few kilobytes of the built-in label schemes (status 1);
 *   - when OpenMP's library, libgomp, cannot start its threads (its own message, status 1);
 *   - by what ends any program: memory that the kernel has promised and cannot give, SIGPIPE where you have not ignored
 *     it and write into a pipe that nobody reads, SIGXFSZ at `ulimit -f`, a pointer that points nowhere.
 * Where the file system has no files without names (O_TMPFILE), a signal that ends the process can leave a hidden
 * .NAME.*.part beside a file that is being written; whoever writes NAME next removes it. Opening a file to write reads
 * the umask by setting it for a moment.
 *
 * PRUNET_BACKEND, PRUNET_THREADS and PRUNET_CPU of the environment are read as the tools read them, where the program
 * gives no value of its own. docs/library.md has whole programs; docs/FORMAT.md says what is in the files. */
#ifndef PRUNET_H
#define PRUNET_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Errors and warnings ------------------------------------------------------------------------------------ */

enum prunet_status {
    PRUNET_OK = 0,
    PRUNET_FAILURE = 1, /* the machine's fault: no memory, no such file, a full disk */
    PRUNET_USAGE = 2,   /* the caller's: an argument that cannot be */
    PRUNET_DATA = 65    /* the data's: a damaged, truncated or unsuitable file, record or volume */
};

/* The version of this library, such as "0.1.0". */
const char *prunet_version(void);

/* The calling thread's last message; "" before any. Valid until the thread's next call that fails. */
const char *prunet_message(void);

/* From now on warnings (one line each, such as a channel that is filled with zeros) go to `take`, from whichever thread
 * warns; NULL, as at the start: to nobody. `self` is handed on. */
void prunet_on_warning(void (*take)(void *self, const char *text), void *self);

/* Records ------------------------------------------------------------------------------------------------- */

/* One volume of a case with what is known of it. A stream of records is a file or a pipe of NRRD (docs/FORMAT.md), what
 * the tools write; a case is an image, then perhaps its label map. */
struct prunet_record;

enum prunet_role { PRUNET_IMAGE, PRUNET_LABEL, PRUNET_PROB, PRUNET_MASK };
enum prunet_sample { PRUNET_FLOAT, PRUNET_UINT8, PRUNET_INT16, PRUNET_BFLOAT16 };

struct prunet_record_info {
    const char *case_name; /* letters, digits, '.', '_', '-'; at most 64, the first neither '.' nor '-' */
    enum prunet_role role;
    enum prunet_sample sample;
    int size[3];               /* each 1 to 4096 */
    int channels;              /* 1 to 64 */
    const char *channel_names; /* with blanks between, "t1 t1ce t2 flair"; "" or NULL: not named */
    int last;                  /* 1: the last record of its case */
    int has_geometry;          /* 1: the next two are known */
    double directions[3][3];   /* directions[i]: the step along array axis i (x, y, z), in mm, axes RAS */
    double origin[3];          /* of voxel (0, 0, 0) */
    size_t bytes;              /* of all samples; not looked at by prunet_record_make */
};

/* A new record, all samples 0. PRUNET_USAGE for what no record can have; PRUNET_FAILURE without memory. The texts are
 * copied. prunet_record_free is due. */
int prunet_record_make(struct prunet_record **record, const struct prunet_record_info *info);

/* A new record, all samples 0, with case, size and geometry of another one, also those that lead back to its source
 * image. Errors as above. */
int prunet_record_like(struct prunet_record **record, const struct prunet_record *from, enum prunet_role role,
                       enum prunet_sample sample, int channels);

/* Nothing happens for NULL. */
void prunet_record_free(struct prunet_record *record);

/* Fills in what is known; the texts are the record's and valid until it is freed or converted. */
void prunet_record_describe(const struct prunet_record *record, struct prunet_record_info *info);

/* The samples, (channels, z, y, x), to be read and written; valid until the record is freed or converted. */
void *prunet_record_data(struct prunet_record *record);

/* Another key of the record, such as "prunet.aug": copied into value[size], cut to what fits, and returned; NULL where
 * it has none. Setting one replaces its line: PRUNET_FAILURE without memory, PRUNET_DATA for a key or value that a line
 * cannot hold. */
const char *prunet_record_key(const struct prunet_record *record, const char *key, char *value, size_t size);
int prunet_record_set_key(struct prunet_record *record, const char *key, const char *value);

/* The samples become float; nothing happens when they are. PRUNET_FAILURE without memory, the record as it was. */
int prunet_record_to_float(struct prunet_record *record);

/* Probabilities and masks become the label map of their scheme (a region counts above 0.5), a label map of another
 * sample type becomes one of uint8 and is checked. PRUNET_DATA for an image, another number of channels than the scheme
 * has regions, a number that is no label; the record may then be one of floats. */
int prunet_record_to_labels(struct prunet_record *record);

/* A stream of records that is read. PATH "-" is standard input. max_bytes: the largest record's samples; 0: 4 GiB.
 * PRUNET_FAILURE when it cannot be opened. */
struct prunet_reader;
int prunet_reader_open(struct prunet_reader **reader, const char *path, uint64_t max_bytes);

/* The same from a descriptor, of which a copy is read: for a FILE from which nothing has been read yet, fileno(file).
 * A pipe is read ahead; of a regular file the position is not moved. */
int prunet_reader_open_descriptor(struct prunet_reader **reader, int descriptor, uint64_t max_bytes);

/* The next record, which is the caller's; *record is NULL at the end of the stream. PRUNET_DATA for a stream that is
 * empty or ends inside a record or a case, and for a record that is none; *record is NULL then, too. */
int prunet_reader_next(struct prunet_reader *reader, struct prunet_record **record);

/* Records that were read stay. Nothing happens for NULL. */
void prunet_reader_close(struct prunet_reader *reader);

/* How a record lies in its file, any of them together. */
enum prunet_form {
    PRUNET_PLAIN = 0,
    PRUNET_HALF = 1,      /* images of floats: 16 bits a voxel and a scale a channel */
    PRUNET_COMPRESSED = 2 /* by zstd; PRUNET_FAILURE where the library is built without */
};

/* A stream of records that is written. A file appears at PATH, whole, when it is committed, and replaces the one there;
 * until then, and if it never is, nothing changes there. "-" is standard output, which like a device or a FIFO is
 * written at once. PRUNET_FAILURE when it cannot be opened, PRUNET_USAGE for a terminal as standard output. */
struct prunet_writer;
int prunet_writer_open(struct prunet_writer **writer, const char *path);

/* The same into a copy of a descriptor, at once; a FILE is flushed before and after by the caller. */
int prunet_writer_open_descriptor(struct prunet_writer **writer, int descriptor);

/* Adds a record; `form` is of enum prunet_form. PRUNET_FAILURE when it cannot be written: then the writer is only to
 * be closed. PRUNET_DATA for values that the form cannot hold. */
int prunet_writer_write(struct prunet_writer *writer, const struct prunet_record *record, int form);

/* Finishes the file: sync, rename. Nothing but prunet_writer_close may follow. PRUNET_FAILURE leaves the old file, save
 * where only the sync of its folder has failed. */
int prunet_writer_commit(struct prunet_writer *writer);

/* Drops what was not committed. Nothing happens for NULL. */
void prunet_writer_close(struct prunet_writer *writer);

/* The reversible sequence --------------------------------------------------------------------------------- */

/* A block maps x = (x1, x2) to y = (y1, y2), and back without anything saved (Gomez et al., NeurIPS 2017):
 *
 *     y1 = x1 + F(x2)    x2 = y2 - G(y1)
 *     y2 = x2 + G(y1)    x1 = y1 - F(x2)
 *
 * so that of a sequence of any length only the output is stored, in the place of its input. F and G are any functions
 * from half of the state to half of it, with parameters of their own. What a half is, how many floats and in which
 * layout, only they know; the library hands its pointer on. */
struct prunet_branch {
    /* y += sign * F(u). u is only read; u and y are different halves. */
    void (*forward)(void *self, const float *u, float sign, float *y, void *scratch);

    /* du += F'(u)^T dy, and the gradients of F's parameters, wherever they are, likewise; y -= F(u), unless y is NULL.
     * u and dy are only read. F(u) must have the very bits that forward added, or the input is not rebuilt. */
    void (*backward)(void *self, const float *u, float *du, float *y, const float *dy, void *scratch);

    void *self; /* handed to both */
    size_t
        scratch_bytes; /* that each may use from `scratch`, aligned to 64; what is in it does not outlast a call */
};

struct prunet_block {
    struct prunet_branch f, g;
};

struct prunet_sequence;

/* A sequence of `count` blocks, which are copied; what their `self` point to is borrowed. Its scratch is the largest
 * that a branch asks for, once. PRUNET_USAGE for no block or a function that is NULL; PRUNET_FAILURE without memory.
 * The callbacks cannot fail here: one that can notes it in its `self`. None may leave by longjmp or an exception. */
int prunet_sequence_open(struct prunet_sequence **sequence, const struct prunet_block *blocks, int count);

/* Nothing happens for NULL. */
void prunet_sequence_close(struct prunet_sequence *sequence);

/* (x1, x2) becomes (y1, y2), in place: blocks 0, 1, ... Nothing is saved. */
void prunet_sequence_forward(struct prunet_sequence *sequence, float *x1, float *x2);

/* (dy1, dy2), the gradient of a loss with respect to the output, becomes that with respect to the input, in place, and
 * (y1, y2) becomes (x1, x2) again, to rounding; the blocks' parameter gradients are added. With input_wanted 0 the half
 * y1 is left as it is behind block 0's inverse of G, which saves one F. */
void prunet_sequence_backward(struct prunet_sequence *sequence, float *y1, float *y2, float *dy1, float *dy2,
                              int input_wanted);

/* Networks ------------------------------------------------------------------------------------------------ */

/* Which network: that of a checkpoint's file, or one to be described, whose weights are drawn. All 0 is the paper's
 * reversible network for BraTS, seed 0. */
struct prunet_model {
    const char *path;     /* of a state or a model; the rest is then not looked at */
    const char *kind;     /* "reversible" (NULL) or "baseline" */
    const char *channels; /* by level, finest first, both streams together: "60,120,240,360,480" (NULL) */
    const char *scheme;   /* of modalities and regions, a name or a file: "brats-2018" (NULL) */
    int encoder_blocks, decoder_blocks; /* reversible blocks a level; 0: 1 */
    int groups;          /* of every group norm; 0: half the first width (baseline: all of it) */
    int inputs, outputs; /* 0: the scheme's modalities and regions */
    uint64_t seed;       /* of the weights: a function of it and each tensor's name alone */
    double output_bias;  /* added to the last convolution's biases, within -100 to 100 */
};

/* How it is used. Begin with prunet_default_settings. */
struct prunet_settings {
    int training; /* 0: inference alone */
    int fresh;    /* 1: training begins with the file's weights, or their average; Adam has seen nothing */
    const char *backend; /* "cpu", "reference", ...; NULL: PRUNET_BACKEND, else "cpu" */
    int threads;        /* 0: PRUNET_THREADS, else OMP_NUM_THREADS, else the cores that the process may use */
    const char *memory; /* that training may take: "default", "min", or bytes such as "8G" */
    const char *loss;   /* "dice", or "dice+bce": with the regions' mean binary cross-entropy */
    double dice_weight; /* factor of the Dice losses */
    double bce_weight;  /* factor of the cross-entropy */
    double smooth;      /* added to both sides of Dice's fraction */
    double learning_rate; /* Adam's step; its other constants are beta 0.9 and 0.999, epsilon 1e-8 */
    double weight_decay;  /* times the weight, added to the gradient */
    double average_decay; /* of a moving average of the weights, below 1; 0: none */
};

/* The defaults of prunet-step: memory "default", loss "dice", weights and smooth 1, rate 1e-4, decay 1e-5, no average. */
struct prunet_settings prunet_default_settings(int training);

/* What a network takes, in bytes. */
struct prunet_memory {
    size_t resident;    /* weights, and when training their gradient and Adam's state: from open to close */
    size_t activations; /* for volumes of the size asked about */
    size_t peak;     /* the most of both that is alive at once; what is allocated is resident + activations */
    size_t host;     /* of inference, beside them: the copies of image and probabilities; 0 when training */
    char choice[16]; /* what training saves for backward: "recompute", "min", "keep N", "keep all" */
};

/* Plans without allocating: what open and the first call with a volume of this size will take, to the byte. Errors as
 * prunet_network_open and prunet_gradient (training) or prunet_infer have them. */
int prunet_plan(struct prunet_memory *memory, const struct prunet_model *model,
                const struct prunet_settings *settings, const int size[3]);

struct prunet_network;

/* Opens a network. From a file that is a state training goes on, within an epoch, too; a model without an optimizer's
 * state needs `fresh`. PRUNET_USAGE for a network, a backend or a setting that cannot be; PRUNET_DATA for a file that
 * is no checkpoint, or a scheme's that is none; PRUNET_FAILURE when it cannot be read, or without memory. The texts
 * need not outlive the call. prunet_network_close is due. */
int prunet_network_open(struct prunet_network **network, const struct prunet_model *model,
                        const struct prunet_settings *settings);

/* Nothing happens for NULL. */
void prunet_network_close(struct prunet_network *network);

struct prunet_network_info {
    int inputs, outputs;
    int multiple;        /* training takes sizes that are multiples of it; inference pads */
    size_t parameters;   /* numbers */
    int tensors;         /* see prunet_tensor_describe */
    const char *scheme;  /* its name; the texts are the network's */
    const char *backend; /* the code that computes, and on what, for people */
    uint64_t epoch;      /* completed */
    uint64_t step;       /* Adam steps taken */
    uint64_t cases_done; /* of an epoch that has begun */
};
void prunet_network_describe(const struct prunet_network *network, struct prunet_network_info *info);

/* Makes an image's channels the network's inputs, floats in the order of its modalities, by their names; channels that
 * it does not take go, with a warning. fill 1: one that is missing is 0, with a warning. PRUNET_DATA for one that is
 * missing (fill 0), or for another number of channels where they have no names. */
int prunet_record_arrange(struct prunet_record *image, const struct prunet_network *network, int fill);

/* Probabilities, outputs x voxels floats, of an image, inputs x voxels floats, of any size; nothing else is
 * overwritten. Sizes that are no multiples are padded with zeros at the high ends, and cut again. For a network that is
 * trained: with the weights as they are now. PRUNET_DATA when the probabilities are not finite, PRUNET_FAILURE without
 * memory. The buffers stay for the next volume of the size. */
int prunet_infer(struct prunet_network *network, const int size[3], const float *image, float *probabilities);

/* The same of an image record, as prunet-infer does it: *result is a new record of probabilities with the image's
 * geometry, which names regions and scheme, and is the last of its case. The image is used up: freed, whatever the
 * status. Errors also as prunet_record_arrange. */
int prunet_infer_record(struct prunet_network *network, struct prunet_record *image, int fill,
                        struct prunet_record **result);

/* Training: a network that is opened for it; another one is PRUNET_USAGE. A target is one byte a voxel, bit k set where
 * the voxel lies in region k (output k). */

/* The target of a label map of the network's scheme; target may be labels. PRUNET_DATA for a number that is no label,
 * and for a network whose outputs are not the scheme's regions. */
int prunet_target(const struct prunet_network *network, const uint8_t *labels, size_t voxels,
                  uint8_t *target);

struct prunet_score {
    double loss;    /* with the weights before the step */
    double dice[8]; /* of p > 0.5, by output; 1 where region and prediction are empty */
    int skipped;    /* 1: the case was done before; nothing was computed */
};

/* Forward and backward: the loss, and its gradient in place of the old one (PRUNET_GRADIENT). No weight moves. Image
 * and target are only read. PRUNET_DATA for a size that is no multiple; PRUNET_FAILURE when the loss is not finite, the
 * budget of memory too small, or memory short. */
int prunet_gradient(struct prunet_network *network, const int size[3], const float *image,
                    const uint8_t *target, struct prunet_score *score);

/* A training step: prunet_gradient, then Adam, then the average if there is one; the gradient is unspecified
 * afterwards. Errors as prunet_gradient, the state is then unchanged. The case is counted in the epoch by its name. A
 * network that was opened from a state inside an epoch skips the cases done, which must come again in their order:
 * PRUNET_DATA where they are others. */
int prunet_step(struct prunet_network *network, const char *case_name, const int size[3], const float *image,
                const uint8_t *target, struct prunet_score *score);

/* Another rate and decay from the next step on. PRUNET_USAGE for a rate that is not positive, a decay not within 0 to
 * 1. */
int prunet_set_rate(struct prunet_network *network, double learning_rate, double weight_decay);

/* The epoch is over, and the next one begins. PRUNET_DATA where cases of an interrupted one are still to be skipped. */
int prunet_epoch_end(struct prunet_network *network);

/* Writes the training state as a checkpoint, whole or not at all: what prunet-step writes, to the byte, after the same
 * steps. PRUNET_FAILURE when it cannot be written, or a number of it is not finite. */
int prunet_save(struct prunet_network *network, const char *path);

/* One tensor of weights, such as a convolution's [out][in][z][y][x]. */
struct prunet_tensor {
    const char *name; /* the network's */
    int dimensions, size[5];
    size_t count; /* floats */
};

/* Vectors of the training state; of a network for inference there are weights alone. */
enum prunet_vector {
    PRUNET_WEIGHTS,
    PRUNET_EXP_AVG,    /* Adam's running mean of the gradient */
    PRUNET_EXP_AVG_SQ, /* and of its square */
    PRUNET_AVERAGE,    /* of the weights, where average_decay is not 0 */
    PRUNET_GRADIENT    /* only read */
};

/* Tensor number `index`, from 0. PRUNET_USAGE for another one. */
int prunet_tensor_describe(const struct prunet_network *network, int index, struct prunet_tensor *tensor);

/* Copies a tensor's values, `count` floats, from and to a vector. PRUNET_USAGE for one that there is not, or that is
 * only read. */
int prunet_tensor_get(const struct prunet_network *network, enum prunet_vector vector, int index,
                      float *values);
int prunet_tensor_set(struct prunet_network *network, enum prunet_vector vector, int index,
                      const float *values);

#ifdef __cplusplus
}
#endif

#endif
