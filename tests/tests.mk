# How tests, benchmarks and what finds faults are built and run. Included by the Makefile.

TEST_SOURCES := $(wildcard tests/*/*.c tests/lib/*/*.c)
TESTS        := $(patsubst %.c,$(BUILD)/%,$(filter-out tests/bench/% tests/cuda/%,$(TEST_SOURCES)))

$(BUILD)/tests/%: $(BUILD)/obj/tests/%.o $(ARCHIVE)
	@mkdir -p $(@D)
	$(call say,LD $@)$(LINK) $(OPENMP) $(CFLAGS) $(LDFLAGS) $^ $(LDLIBS) -o $@

# --- stand-ins ------------------------------------------------------------------------------------------

# Tests of the CUDA backend on a CPU: tests/cuda/shim stands in for the toolkit, and for the list of backends.
# Its cuDNN and cuBLAS are libraries in shim/lib, which use the programs' own runtime.
SHIM_LIBRARIES := $(BUILD)/shim/lib/libcudnn-shim.so.9 $(BUILD)/shim/lib/libcublas-shim.so.13
SHIM_SOURCES := $(CUDA_SOURCES) $(filter-out %/cudnn.cpp %/cublas.cpp %/nccl.cpp,$(wildcard tests/cuda/shim/*))
SHIM_FLAGS   := -Itests/cuda/shim -DCONVOLUTION_PLAN_WORKSPACE=512 -DCUDNN_FILE='"libcudnn-shim.so.9"' -DCUBLAS_FILE='"libcublas-shim.so.%d"' \
                -DNCCL_FILE='"libnccl-shim.so.2"' -DCHOSEN_PLANS='"tests/cuda/shim/chosen_plans.def"'
SHIM_OBJECTS := $(patsubst %,$(BUILD)/obj/shim/%.o,$(filter %.c %.cu %.cpp,$(SHIM_SOURCES)))
SHIM_PROGRAMS := $(if $(and $(shell command -v g++),$(filter x86_64,$(TARGET))),$(addprefix $(BUILD)/shim/,fibers device networks own_choice own_kernels plan_race operations fixed golden int16 network prefetch kernel_bench prunet-step prunet-infer prunet-plan prunet-doctor))

$(BUILD)/obj/shim/%.c.o: %.c
	@mkdir -p $(@D)
	$(call say,CC "$< (shim)")$(CC) $(STRICT_FLAGS) $(WARN) $(CFLAGS) $(SHIM_FLAGS) -MMD -MP -c $< -o $@

$(BUILD)/obj/shim/%.o: %
	@mkdir -p $(@D)
	$(call say,CXX "$< (shim)")g++ -std=c++17 -fopenmp -ffp-contract=off $(CFLAGS) -Wall -Wextra -Wno-unknown-pragmas \
	    $(SHIM_FLAGS) -I. -MMD -MP -x c++ -c $< -o $@

$(BUILD)/shim/fibers: $(BUILD)/obj/shim/tests/cuda/fibers.cpp.o
$(addprefix $(BUILD)/shim/,device networks own_choice own_kernels plan_race): $(BUILD)/shim/%: $(BUILD)/obj/shim/tests/cuda/%.c.o
$(addprefix $(BUILD)/shim/,operations fixed golden int16): $(BUILD)/shim/%: $(BUILD)/obj/tests/kernels/%.o
$(BUILD)/shim/network $(BUILD)/shim/prefetch: $(BUILD)/shim/%: $(BUILD)/obj/tests/lib/network/%.o
$(BUILD)/shim/kernel_bench: $(BUILD)/obj/tests/bench/kernel_bench.o
$(addprefix $(BUILD)/shim/prunet-,step infer plan doctor): $(BUILD)/shim/%: $(BUILD)/obj/tools/%.o
$(SHIM_PROGRAMS): $(SHIM_OBJECTS) $(ARCHIVE) | $(SHIM_LIBRARIES)
	@mkdir -p $(@D)
	$(call say,LD $@)g++ -fopenmp -rdynamic $(CFLAGS) $(LDFLAGS) $(filter %.o,$^) $(ARCHIVE) -lz $(ZSTD_LIBS) -lm -ldl -o $@

$(BUILD)/shim/lib/libcudnn-shim.so.9: tests/cuda/shim/cudnn.cpp
$(BUILD)/shim/lib/libcublas-shim.so.13: tests/cuda/shim/cublas.cpp
$(SHIM_LIBRARIES): $(wildcard tests/cuda/shim/*.h) kernels/cuda/convolution_plan.h $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,LD $@)g++ -std=c++17 -fopenmp -ffp-contract=off $(CFLAGS) -fPIC -shared -Wall -Wextra -Wno-unknown-pragmas \
	    $(SHIM_FLAGS) -I. $(filter %.cpp,$^) -o $@

# Tests of ranks, where there is MPI: prunet-step with it, and the same for CUDA on a CPU. What meets comes before the archive,
# whose ranks are alone.
MPI_RANKS    := $(BUILD)/obj/lib/network/ranks/mpi.o
HAS_MPI      := $(if $(shell command -v $(MPICC)),$(shell echo 'int main(void) { return MPI_Finalize(); }' | \
                  $(MPI_CC) -include mpi.h -x c - -o /dev/null 2>/dev/null && echo 1))
MPI_PROGRAMS := $(if $(and $(HAS_MPI),$(filter-out thread,$(or $(SANITIZE),none))),\
                  $(BUILD)/ranks/prunet-step $(if $(SHIM_PROGRAMS),$(BUILD)/shim/prunet-step-ranks))
$(BUILD)/ranks/prunet-step: $(BUILD)/obj/tools/prunet-step.o $(MPI_RANKS) $(BUILD)/obj/lib/network/ranks/no_nccl.o $(ARCHIVE)
	@mkdir -p $(@D)
	$(call say,LD $@)$(MPI_CC) $(OPENMP) $(CFLAGS) $(LDFLAGS) $^ $(LDLIBS) -o $@

SHIM_NCCL       := $(BUILD)/shim/lib/libnccl-shim.so.2
SHIM_NCCL_RANKS := $(BUILD)/obj/shim/lib/network/ranks/nccl.c.o
$(SHIM_NCCL_RANKS): override CC = $(MPI_CC)
$(BUILD)/shim/prunet-step-ranks: $(BUILD)/obj/tools/prunet-step.o $(MPI_RANKS) $(SHIM_NCCL_RANKS) $(SHIM_OBJECTS) $(ARCHIVE) \
                                 | $(SHIM_LIBRARIES) $(SHIM_NCCL)
	@mkdir -p $(@D)
	$(call say,LD $@)$(subst mpicc,mpicxx,$(MPICC)) -fopenmp -rdynamic $(CFLAGS) $(LDFLAGS) $(filter %.o,$^) $(ARCHIVE) -lz $(ZSTD_LIBS) -lm -ldl -o $@

$(SHIM_NCCL): tests/cuda/shim/nccl.cpp $(wildcard tests/cuda/shim/*.h) $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,LD $@)$(subst mpicc,mpicxx,$(MPICC)) -DOMPI_SKIP_MPICXX -DMPICH_SKIP_MPICXX -std=c++17 $(CFLAGS) -fPIC -shared -Wall -Wextra $(SHIM_FLAGS) -I. $< -o $@

# --- check ---------------------------------------------------------------------------------------------

# A library that makes a tool's calls fail. It stands before the C library, so no sanitizer goes into it.
TESTS += $(BUILD)/faults.so
$(BUILD)/faults.so: tests/faults/shim/faults.c
	@mkdir -p $(@D)
	$(call say,LD $@)$(CC) -std=gnu11 -D_GNU_SOURCE $(WARN) -O2 -shared -fPIC $< -ldl -o $@

# The fuzzer's targets by clang, with sanitizers and a count of the lines that are reached.
FUZZ_TARGETS := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/*.c))
FUZZ_ARCHIVE := $(BUILD)/fuzz/libprunet.a
FUZZ_FLAGS   := -std=gnu11 -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined \
                -fprofile-instr-generate -fcoverage-mapping -D_GNU_SOURCE -DPRUNET_VERSION='"$(VERSION)"' \
                -I. $(ZSTD_FLAGS)
# lib, but for the two files with OpenMP's functions, which come with the kernels from the ordinary archive.
$(FUZZ_ARCHIVE): $(patsubst %.c,$(BUILD)/fuzz/obj/%.o,$(filter-out lib/base/threads.c lib/metrics/evaluation.c,$(wildcard lib/*/*.c))) \
                 $(SCHEMES_SOURCE:.c=.o)
	@rm -f $@
	$(call say,AR $@)ar rcs $@ $^

$(BUILD)/fuzz/obj/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CLANG $<)clang $(FUZZ_FLAGS) -fsanitize=fuzzer-no-link -MMD -MP -c $< -o $@

$(BUILD)/fuzz/%: tests/fuzz/%.c $(FUZZ_ARCHIVE) $(ARCHIVE)
	$(call say,LD $@)clang $(FUZZ_FLAGS) -fsanitize=fuzzer -Dmain=fixed_mutations $< $(FUZZ_ARCHIVE) $(ARCHIVE) $(LDFLAGS) $(LDLIBS) -lgomp -o $@

# options.c: what exits is sent to the target.
$(BUILD)/fuzz/options $(BUILD)/tests/fuzz/options: LDFLAGS += -Wl,--wrap=exit

fuzz-programs: $(FUZZ_TARGETS:%=$(BUILD)/fuzz/%) $(FUZZ_TARGETS:%=$(BUILD)/tests/fuzz/%)

SECONDS ?= 60
fuzz: all  ## libFuzzer (clang) on all readers, SECONDS each (60): files, records, checkpoints, lists, options
	@tests/fuzz/fuzz --setup
	@$(MAKE) --no-print-directory fuzz-programs
	@tests/fuzz/fuzz $(BUILD) $(SECONDS) $(FUZZ_TARGETS)

CALLS ?= 160
faults: all $(BUILD)/faults.so  ## each of a tool's and a stage's calls fails in turn, of a class CALLS at most (160)
	@tests/faults/faults $(BUILD) $(CALLS)

# What has threads of its own, or handlers of signals.
RACES        := $(addprefix lib/,base/output base/sha256_beside base/temporary stream/reader stream/digests_beside stream/mapping volume/labelled_ahead network/prefetch)
RACE_SCRIPTS := $(addprefix tools/,prunet-step.sh prunet-infer.sh digests.sh)
races:  ## the thread that reads, prefetching and the network under ThreadSanitizer; ALSO: further tests
	@$(MAKE) --no-print-directory SANITIZE=thread race-programs
	@tests/races/races build/tsan $(RACES) $(RACE_SCRIPTS) $(ALSO)

race-programs: all $(RACES:%=$(BUILD)/tests/%)

test-programs: all library $(TESTS) $(SHIM_PROGRAMS) $(MPI_PROGRAMS)

test: all library $(TESTS) $(SHIM_PROGRAMS) $(MPI_PROGRAMS)  ## build and run every test; the last line counts them
	tests/run $(BUILD)

test-%: all library $(TESTS) $(SHIM_PROGRAMS) $(MPI_PROGRAMS)  ## run the tests whose name contains %, or those of the kernels' operations that do
	tests/run $(BUILD) $*

# tests/bench/bench explains what is measured and where the tables go. An interrupted benchmark goes on where it was.
bench bench-full: all
	@BUILD=$(BUILD) tests/bench/bench $(if $(filter bench,$@),quick,full)

bench:      ## kernels, steps, inference and memory beside oneDNN and PyTorch, in half an hour
bench-full: ## every row of the paper's Table 1 at its own size beside PyTorch, in hours

BENCH ?= small
bench-kernels: $(BUILD)/bench/kernel_bench  ## check, then time each operation of a training step of BENCH: demo, small, patch or full
	$< $(or $(BACKEND),cpu) $(BENCH)

# On a card. CUDA=1 builds into a folder of its own, with all cores unless the caller has said with how many.
CUDA_PROGRAMS = $(MAKE) $(if $(filter -j% --jobserver%,$(MAKEFLAGS)),,-j$(shell nproc 2>/dev/null || echo 2)) CUDA=1 gpu-programs
gpu-test gpu-bench: gpu-%:
	@nvidia-smi -L 2>/dev/null | grep -q . || { echo "$@: no NVIDIA GPU on this machine" >&2; exit 1; }
	+$(CUDA_PROGRAMS)
	tests/cuda/$@ build/cuda

gpu-test:  ## with a GPU: operations, golden networks, drift, determinism, compute-sanitizer
gpu-bench: ## with a GPU: operations, steps of the paper's rows beside PyTorch, memory beside the plan

# As far as it goes without a card: SHIM=1. OUT: the folder of results.
ifeq ($(SHIM),1)
gpu-check: all $(SHIM_PROGRAMS)
	@SHIM=1 tests/cuda/gpu-check $(BUILD)
else
gpu-check:
	@nvidia-smi -L 2>/dev/null | grep -q . || { echo "$@: no NVIDIA GPU on this machine; SHIM=1 goes as far as the CPU can" >&2; exit 1; }
	+$(CUDA_PROGRAMS)
	tests/cuda/gpu-check build/cuda
endif

gpu-check: ## with a GPU: all that should be seen first, in eight minutes, with a table at the end (SHIM=1: on the CPU)

gpu-package:  ## what gpu-check needs, for a bare machine with a GPU: build/gpu-check.tar.xz, with cases of DATA; ARCHITECTURES=90: for an H200
	+$(CUDA_PROGRAMS)
	@tests/cuda/package build/cuda build/gpu-check.tar.xz

gpu-programs: all $(addprefix $(BUILD)/tests/,cuda/own_choice cuda/own_kernels cuda/plan_race kernels/operations kernels/fixed kernels/int16 kernels/golden lib/network/network lib/network/reversible lib/network/prefetch) \
              $(BUILD)/bench/kernel_bench

$(BUILD)/bench/onednn_bench: LDLIBS += -ldnnl
$(BUILD)/bench/%: $(BUILD)/obj/tests/bench/%.o $(ARCHIVE)
	@mkdir -p $(@D)
	$(call say,LD $@)$(LINK) $(OPENMP) $(CFLAGS) $(LDFLAGS) $^ $(LDLIBS) -o $@

.PHONY: test test-programs races race-programs fuzz fuzz-programs faults bench bench-full bench-kernels gpu-test gpu-bench gpu-check gpu-package gpu-programs
