# What can be built, run and tested. `make help` explains the targets.

VERSION := 0.1.0
RELEASED := 2026-11-26
BUILD   := build
PREFIX  := /usr/local
CC      := gcc
CFLAGS  := -O3 -g
WARN    := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Werror=implicit -Wno-unknown-pragmas
CUDA    := 0
MPI     := 0

# The variables of the stages are text: nothing in a value is expanded, by no later line either.
PARAMETERS := DATA RUN CONFIG ROW SEED FOLD EPOCHS BACKEND THREADS CASES OUT LISTS FROM VOXELS BIDS EACH SHARD LOCK LAUNCH CONFIGS ROWS COMPARE BESIDE
ROW_ORIGIN := $(origin ROW)
$(foreach name,$(PARAMETERS),$(eval override $(name) := $$(value $(name))))

# No trapping or errno-setting mathematics: it keeps gcc from vectorising. Everything else stays IEEE.
OPENMP       := -fopenmp
STRICT_FLAGS  = -std=gnu11 $(OPENMP) -fno-math-errno -fno-trapping-math -ffp-contract=off -D_GNU_SOURCE -I.
LDLIBS       := -lz -lm

# Compressed records, where the library is there for this compiler; ZSTD=0 builds without.
ZSTD := $(shell flags=$$(pkg-config --cflags --libs libzstd 2>/dev/null) && echo 'int main(void) { return !ZSTD_versionNumber(); }' | \
          $(CC) -include zstd.h -x c - -x none $$flags -o /dev/null 2>/dev/null && echo 1)
ifeq ($(ZSTD),1)
ZSTD_FLAGS := -DPRUNET_ZSTD $(shell pkg-config --cflags libzstd)
ZSTD_LIBS  := $(shell pkg-config --libs libzstd)
STRICT_FLAGS += $(ZSTD_FLAGS)
LDLIBS += $(ZSTD_LIBS)
endif
ifeq ($(CUDA),1)
BUILD  := build/cuda
endif
# MPI=1: ranks that meet by MPI (lib/network/ranks.h). MPICC is the MPI's own way to its headers and libraries.
# With CUDA=1 they add by NCCL, whose header must be there; its library is opened when the program runs.
RANKS := $(if $(filter 1,$(MPI)),mpi,alone)
MPICC := mpicc
MPI_CC := OMPI_CC=$(lastword $(CC)) MPICH_CC=$(lastword $(CC)) $(MPICC)
LINK   = $(if $(filter 1,$(MPI)),$(MPI_CC) -Wl$(comma)--as-needed,$(CC))
comma := ,
ifeq ($(MPI),1)
BUILD := $(if $(filter 1,$(CUDA)),build/cuda-mpi,build/mpi)
endif
ifeq ($(SANITIZE),1)
BUILD  := build/sanitize
CFLAGS := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
endif
# OpenMP's runtime is not instrumented: without it a loop is run by the thread that meets it.
ifeq ($(SANITIZE),thread)
BUILD  := build/tsan
CFLAGS := -O1 -g -fsanitize=thread -fno-omit-frame-pointer
OPENMP :=
WARN   += -Wno-unused-variable -Wno-unused-function # what only pragmas name
LDLIBS += -lgomp
endif
ifeq ($(DEBUG),1)
BUILD  := build/debug
CFLAGS := -O0 -g
endif

# A build prints one short line a file; with V=1 the commands, with make -s nothing.
ifneq ($(V)$(findstring s,$(firstword -$(MAKEFLAGS))),)
say =
else
say = @printf '  %-5s %s\n' $(1);
endif

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

# --- build ---------------------------------------------------------------------------------------------
# A tool is one file of tools/; everything in lib/ and kernels/ goes into one archive.

TOOLS   := $(patsubst tools/%.c,%,$(wildcard tools/*.c))
SOURCES := $(wildcard lib/*/*.c kernels/*.c) \
           $(filter-out kernels/backends/% kernels/cuda/%,$(wildcard kernels/*/*.c))

# data/schemes, compiled in: brats-2018, the default, first.
SCHEMES        := data/schemes/brats-2018 $(filter-out data/schemes/brats-2018,$(sort $(wildcard data/schemes/*)))
SCHEMES_SOURCE := $(BUILD)/obj/schemes.c

# The families of backends that are linked in: one list or another.
BACKENDS := $(if $(filter 1,$(CUDA)),cuda,cpu)
SOURCES  += kernels/backends/$(BACKENDS).c lib/network/ranks/$(RANKS).c

# A CPU backend is one unit, all.c, which includes its other files, written with gcc's vector extensions and
# compiled once for each instruction set; only its table's name has a suffix, kernels/cpu/cpu.c chooses at run time.
VARIANT_SOURCES := $(wildcard kernels/cpu/*/all.c)
TARGET          := $(firstword $(subst -, ,$(shell $(CC) -dumpmachine)))
VARIANTS        := portable $(if $(filter x86_64,$(TARGET)),avx2 avx512)
FLAGS_portable  :=
FLAGS_avx2      := -mavx2 -mfma
FLAGS_avx512    := -mavx512f -mavx512vl -mavx512bw -mavx512dq -mfma -mprefer-vector-width=512

# CUDA=1 adds the GPU: host code like all other, device code by nvcc for each generation that it knows and, as PTX, for
# the rest. kernels/cuda/toolkit finds it (CUDA 12.4 or later). cuDNN and cuBLAS are opened when the program runs.
CUDA_SOURCES := $(wildcard kernels/cuda/*.c kernels/cuda/*.cu)
ifeq ($(CUDA),1)
TOOLKIT      := $(shell CUDA_HOME='$(CUDA_HOME)' CUDNN_HOME='$(CUDNN_HOME)' kernels/cuda/toolkit)
toolkit_words = $(patsubst $(1)=%,%,$(filter $(1)=%,$(TOOLKIT)))
comma        := ,
NVCC         := $(call toolkit_words,NVCC)
ifeq ($(NVCC),)
$(error CUDA=1: the toolkit is not complete)
endif
CUDA_INCLUDE := $(addprefix -isystem ,$(call toolkit_words,INCLUDE))
NVCCFLAGS    := -std=c++17 -O3 -lineinfo $(CUDA_INCLUDE) \
                $(foreach a,$(subst $(comma), ,$(or $(ARCHITECTURES),$(call toolkit_words,ARCHITECTURES))),-gencode arch=compute_$a$(comma)code=sm_$a) \
                -gencode arch=compute_90,code=compute_90
SOURCES += $(filter %.c,$(CUDA_SOURCES))
CUDA_OBJECTS := $(patsubst %.cu,$(BUILD)/obj/%.cu.o,$(filter %.cu,$(CUDA_SOURCES)))
HAS_NCCL     := $(call toolkit_words,NCCL)
STRICT_FLAGS += $(CUDA_INCLUDE)
LDLIBS += $(call toolkit_words,CUDART) -Wl,--as-needed -lstdc++ -ldl -lrt -lpthread
endif

ifeq ($(MPI),1)
SOURCES += lib/network/ranks/$(if $(HAS_NCCL),nccl,no_nccl).c
endif

OBJECTS := $(SOURCES:%.c=$(BUILD)/obj/%.o) $(CUDA_OBJECTS) $(SCHEMES_SOURCE:.c=.o) \
           $(foreach v,$(VARIANTS),$(VARIANT_SOURCES:%.c=$(BUILD)/obj/%.$v.o))
ARCHIVE := $(BUILD)/libprunet.a

all: $(TOOLS:%=$(BUILD)/bin/%)  ## build every tool into build/bin (the default)

debug:  ## the same without optimisation, for a debugger, into build/debug
	@$(MAKE) --no-print-directory DEBUG=1 all

$(BUILD)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC $<)$(CC) $(STRICT_FLAGS) $(WARN) $(CFLAGS) -DPRUNET_VERSION='"$(VERSION)"' -MMD -MP -c $< -o $@

$(BUILD)/obj/lib/network/ranks/mpi.o $(BUILD)/obj/lib/network/ranks/nccl.o: override CC = $(MPI_CC)

# Each line of a scheme becomes a string; its comments stay behind.
$(SCHEMES_SOURCE): $(SCHEMES) Makefile
	@mkdir -p $(@D)
	@awk 'BEGIN { print "#include \"lib/volume/scheme_builtin.h\"\n\nconst char *const builtin_schemes[] = {" } \
	    FNR == 1 && NR > 1 { print "    ," } \
	    !/^#/ { gsub(/[\\"]/, "\\\\&"); print "    \"" $$0 "\\n\"" } \
	    END { print "};\nconst size_t builtin_scheme_count = sizeof builtin_schemes / sizeof *builtin_schemes;" }' \
	    $(SCHEMES) >$@

$(SCHEMES_SOURCE:.c=.o): $(SCHEMES_SOURCE)
	$(call say,CC $<)$(CC) $(STRICT_FLAGS) $(WARN) $(CFLAGS) -c $< -o $@

define VARIANT_RULE
$(BUILD)/obj/%.$(1).o: %.c
	@mkdir -p $$(@D)
	$$(call say,CC "$$< ($(1))")$(CC) $(STRICT_FLAGS) $(WARN) $(CFLAGS) $(FLAGS_$(1)) -DVARIANT=$(1) -MMD -MP -c $$< -o $$@
endef
$(foreach v,$(VARIANTS),$(eval $(call VARIANT_RULE,$v)))

$(BUILD)/obj/%.cu.o: %.cu
	@mkdir -p $(@D)
	$(call say,NVCC $<)$(NVCC) $(NVCCFLAGS) -I. -MMD -MP -c $< -o $@

$(ARCHIVE): $(OBJECTS)
	@rm -f $@
	$(call say,AR $@)ar rcs $@ $^

# The project as a library of C: lib/api and whatever of the archive it needs, linked into one object, in which the names
# of lib/api/prunet.h alone are to be seen from outside. prunet.pc finds the folder that it lies in, wherever that is.
LIBRARY := $(BUILD)/lib/libprunet.a
$(LIBRARY): $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard lib/api/*.c)) $(ARCHIVE)
	@mkdir -p $(@D)
	$(call say,LD $@)$(CC) -r -nostdlib $^ -o $(@D)/prunet.o
	@$(or $(shell $(CC) -print-prog-name=objcopy 2>/dev/null),objcopy) --strip-debug --wildcard \
	    --keep-global-symbol='prunet_*' $(@D)/prunet.o
	@rm -f $@
	@ar rcs $@ $(@D)/prunet.o && rm $(@D)/prunet.o

PRIVATE_LIBS := -lgomp $(if $(filter 1,$(CUDA)),$(filter -L% -Wl% -lcu% -lstdc%,$(LDLIBS))) -lpthread -lm
$(BUILD)/lib/prunet.pc: $(LIBRARY) Makefile
	@printf '%s\n' 'prefix=$${pcfiledir}/../..' 'includedir=$${prefix}/include' 'libdir=$${prefix}/lib' '' 'Name: prunet' \
	    'Description: partially reversible U-Nets for volumetric segmentation' 'Version: $(VERSION)' \
	    'Cflags: -I$${includedir}' $(if $(ZSTD_LIBS),'Requires.private: libzstd') \
	    'Libs: -L$${libdir} -lprunet' 'Libs.private: $(strip $(PRIVATE_LIBS))' >$@

library: $(BUILD)/lib/prunet.pc  ## libprunet.a and prunet.pc for C programs of your own, into build/lib (docs/library.md)

# What the door says of this build, and of each tool by the table of docs/tools.md.
$(BUILD)/obj/built.c: docs/tools.md $(BUILD)/flags
	@mkdir -p $(@D)
	@awk -F' *[|] *' -v version='$(VERSION)' -v paths='$(VARIANTS)' -v cuda='$(if $(filter 1,$(CUDA)),yes,no)' ' \
	    BEGIN { print "#include \"lib/base/commands.h\"\n\nconst struct tool_line tool_lines[] = {" } \
	    /^## / { tools = $$0 == "## The tools" } \
	    tools && /^\| [a-z]/ && $$2 != "tool" { \
	        gsub(/`/, "", $$3); gsub(/[\\"]/, "\\\\&", $$3); \
	        for (i = split($$2, name, ", "); i > 0; i--) printf "    {\"%s\", \"%s\"},\n", name[i], $$3 } \
	    END { print "    {0},\n};"; \
	          printf "const char *const build_version = \"%s\", *const build_cpu_paths = \"%s\", *const build_cuda = \"%s\";\n", \
	              version, paths, cuda }' docs/tools.md >$@

$(BUILD)/obj/built.o: $(BUILD)/obj/built.c
	$(call say,CC $<)$(CC) $(STRICT_FLAGS) $(filter-out -Wmissing-prototypes,$(WARN)) $(CFLAGS) -c $< -o $@

$(BUILD)/bin/prunet: $(BUILD)/obj/built.o
$(BUILD)/bin/%: $(BUILD)/obj/tools/%.o $(ARCHIVE)
	@mkdir -p $(@D)
	$(call say,LD $@)$(LINK) $(OPENMP) $(CFLAGS) $(LDFLAGS) $^ $(LDLIBS) -o $@

include tests/tests.mk

# What a build folder is compiled with. The file's text, and so its date, changes only when a flag does; then everything
# in the folder is compiled anew.
FLAGS := $(strip $(VERSION) $(CC) $(STRICT_FLAGS) $(WARN) $(CFLAGS) $(foreach v,$(VARIANTS),$(FLAGS_$v)) $(LDFLAGS) $(LDLIBS) \
         $(if $(filter 1,$(CUDA)),$(NVCC) $(NVCCFLAGS)) $(if $(filter 1,$(MPI)),$(LINK) $(HAS_NCCL)))
ifneq ($(file <$(BUILD)/flags),$(FLAGS))
.PHONY: $(BUILD)/flags
endif

$(BUILD)/flags:
	@mkdir -p $(@D)
	@printf '%s\n' '$(subst ','\'',$(FLAGS))' >$@

$(OBJECTS) $(SHIM_OBJECTS) $(MPI_RANKS) $(SHIM_NCCL_RANKS): $(BUILD)/flags
$(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard tools/*.c) $(TEST_SOURCES)): $(BUILD)/flags
$(patsubst %,$(BUILD)/obj/shim/%.o,$(wildcard tests/cuda/*.c tests/cuda/*.cpp)): $(BUILD)/flags

-include $(shell find $(BUILD)/obj $(BUILD)/fuzz -name '*.d' 2>/dev/null)

# --- for editors ---------------------------------------------------------------------------------------

tags:  ## an index of names, by ctags
	ctags -R --languages=C,C++ lib kernels tools tests

# From the commands that make would run; a command that is broken into lines is joined first.
compile_commands.json:  ## every compiler call, for clangd
	@$(MAKE) --no-print-directory --always-make --dry-run V=1 all $(TESTS) $(SHIM_PROGRAMS) $(MPI_PROGRAMS) | awk -v folder='$(CURDIR)' ' \
	    /\\$$/ { sub(/\\$$/, ""); begun = begun $$0; next } \
	    { command = begun $$0; begun = "" } \
	    match(command, / -c [^ ]+/) { \
	        file = substr(command, RSTART + 4, RLENGTH - 4); \
	        gsub(/[\\"]/, "\\\\&", command); \
	        printf "%s\n  {\"directory\": \"%s\", \"file\": \"%s\", \"command\": \"%s\"}", \
	            count++ ? "," : "[", folder, file, command } \
	    END { print "\n]" }' >$@

# --- install -------------------------------------------------------------------------------------------

# packaging/install says what goes where. The copy runs from wherever it is moved to.
install: all library  ## put prunet into DESTDIR/PREFIX (PREFIX=/usr/local): bin, libexec/prunet, share/prunet, lib, include
	@packaging/install '$(BUILD)' '$(DESTDIR)$(PREFIX)'

uninstall:  ## remove it again
	@packaging/install --remove '$(DESTDIR)$(PREFIX)'

# --- packages ------------------------------------------------------------------------------------------
# Each is the same bytes every time, in DIST. packaging/conda and packaging/apptainer hold what those programs read.
# ARCH=arm64 or amd64: what is static is for that machine, by Debian's compiler for it and with its zlib.

DIST   := build/dist
ARCH   :=
STATIC_BUILD    := build/static$(ARCH:%=-%)
STATIC_CC_amd64 := x86_64-linux-gnu-gcc
STATIC_CC_arm64 := aarch64-linux-gnu-gcc
STATIC := $(MAKE) --no-print-directory BUILD=$(STATIC_BUILD) $(if $(ARCH),CC=$(STATIC_CC_$(ARCH))) CFLAGS='-O3' LDFLAGS='-static -s' all
PAGES  := $(if $(ARCH),$(BUILD),$(STATIC_BUILD))

dist:  ## the source as an archive, into DIST (build/dist)
	@packaging/dist '$(DIST)/prunet-$(VERSION).tar.gz'

static-tarball: static  ## programs that need nothing of the machine, for the CPU, as an archive to unpack anywhere
	@packaging/tarball $(STATIC_BUILD) '$(DIST)' static $(PAGES)

tarball: all library  ## this build as such an archive, with CUDA=1 the one for GPUs; it needs zlib and libgomp there, or CUDA's libraries
	@packaging/tarball '$(BUILD)' '$(DIST)' $(if $(filter 1,$(CUDA)),cuda,dynamic)

wheel: static  ## the same for pip, which then has the command prunet
	@packaging/wheel/build $(STATIC_BUILD) '$(DIST)' $(PAGES)

image: static  ## the same as an OCI image, by buildah: segments /input into /output; MODEL: where data/models has none; ARCH: arm64
	@packaging/image/build $(STATIC_BUILD) '$(DIST)/prunet$(ARCH:%=-%).oci.tar' $(PAGES) $(if $(MODEL),'$(MODEL)')

deb:  ## a Debian package, by dpkg-buildpackage and debhelper, into build/deb
	@packaging/deb build/deb

static: $(if $(ARCH),all)
	$(if $(filter-out amd64 arm64,$(ARCH)),$(error ARCH is $(ARCH), neither amd64 nor arm64))+@$(STATIC)

docs: all  ## docs/COMMANDS.md anew, from what the commands say of their options
	@packaging/commands/generate $(BUILD) --markdown >docs/COMMANDS.md

pictures: all  ## README.md's pictures anew, from phantoms, in a quarter of an hour; it needs Chromium
	@packaging/pictures $(BUILD) $(BUILD)/pictures docs

# --- the experiment ------------------------------------------------------------------------------------
# The stages are in pipelines/brats.mk, which is called once, with all that are asked for, and runs them in their order.
# ROW and ROWS are older names of CONFIG and CONFIGS.

ifneq ($(filter command,$(ROW_ORIGIN))$(if $(CONFIG),,none),)
override CONFIG := $(or $(ROW),$(if $(DATA),small,demo))
endif
ifeq ($(RUN),)
override RUN := runs/$(CONFIG)
endif
ifeq ($(SEED),)
override SEED := 1
endif
TABLE1  := baseline-128 reversible-1-1-128 reversible-1-1-full reversible-2-1-full reversible-3-1-full reversible-4-1-full
ifeq ($(CONFIGS),)
override CONFIGS := $(or $(ROWS),$(TABLE1))
endif
ifeq ($(COMPARE),)
override COMPARE := runs/compare
endif
STAGES  := check preprocess train evaluate segment
$(foreach name,BUILD $(filter-out ROW ROWS,$(PARAMETERS)),$(eval stages compare demo report watch gpu-check gpu-package: export $(name) := $$($(name))))

check: stages       ## sum up the cases of DATA and say what forbids training; VOXELS=yes reads all of them
preprocess: stages  ## the cases of DATA to records; without DATA, phantoms are made first
train: stages       ## train the network of CONFIG in the folder RUN, or go on there
evaluate: stages    ## segment and score the validation cases with the best epoch of RUN
segment: stages     ## label maps of the cases in DATA with the best epoch of RUN, into OUT
$(STAGES):
	@:

stages: all
	+@$(MAKE) --no-print-directory -f pipelines/brats.mk $(filter $(STAGES),$(MAKECMDGOALS))

ifneq ($(BACKEND),)
compare: export PRUNET_BACKEND := $(BACKEND)
endif
ifneq ($(THREADS),)
compare: export PRUNET_THREADS := $(THREADS)
endif
compare: all  ## train CONFIGS on DATA with equal splits and print the columns of the paper's Table 1
	@pipelines/compare --data "$$DATA" --home "$$COMPARE" --configs "$$CONFIGS" --seed "$$SEED" $${EPOCHS:+--epochs "$$EPOCHS"}

report: all  ## one HTML page on RUN, into OUT (RUN/report.html); BESIDE: another run to compare it with
	@$(BUILD)/bin/prunet-report $${OUT:+-o "$$OUT"} $${BESIDE:+--beside "$$BESIDE"} -- "$$RUN"

watch: all  ## loss, Dice, time left and memory of the training in RUN, as it goes on
	@$(BUILD)/bin/prunet-watch -- "$$RUN"

demo: all  ## phantoms: preprocess, train, evaluate, and the best threshold beside it, in three minutes
	@BUILD=$(BUILD) pipelines/demo

starter: all  ## train the models in the box anew, on drawn heads alone, into data/models: hours, in runs/starter
	@BUILD=$(BUILD) pipelines/starter --home runs/starter --output data/models/starter.safetensors --any data/models/starter-any.safetensors

# On a bare Debian, demo and test install what they need to build.
ifneq ($(filter demo starter test test-%,$(MAKECMDGOALS)),)
$(OBJECTS) $(TOOLS:%=$(BUILD)/obj/tools/%.o): | setup
endif

setup:
	@pipelines/setup

clean:  ## remove what was built; runs stay
	rm -rf build

help:  ## this text
	@sed -n 's/^\([a-z_.%-]*\):[^#]*##  *\(.*\)/\1|\2/p' $(filter %Makefile %.mk,$(MAKEFILE_LIST)) | \
	    awk -F'|' '{ printf "  make %-22s %s\n", $$1, $$2 }'
	@echo 'Variables'
	@echo '  of the stages:  DATA (folder of cases)  RUN (folder of results)  CONFIG (pipelines/configurations/)  SEED  EPOCHS'
	@echo '                  BACKEND  THREADS  CASES (preprocessed records, RUN/cases)  OUT (RUN/segmentations)  LISTS (own split)'
	@echo '                  FROM (a model to begin with)  FOLD (K/N)  EACH (launcher of a case)  SHARD (K/N)  LOCK  BIDS'
	@echo '                  LAUNCH (what starts ranks: mpirun -n 4)'
	@echo '  of compare:     CONFIGS  COMPARE (folder of results)'
	@echo '  of report:      RUN  OUT (RUN/report.html)  BESIDE (another run)'
	@echo '  to build:       CC  CFLAGS  LDFLAGS  BUILD  SANITIZE=1  SANITIZE=thread  DEBUG=1  CUDA=1  MPI=1  MPICC  V=1 (show the commands)'
	@echo '                  with CUDA=1: CUDA_HOME  CUDNN_HOME, where the toolkit is not found; ARCHITECTURES=90: only these'
	@echo '  to install:     PREFIX  DESTDIR  DIST  MODEL  ARCH (amd64, arm64)'

.PHONY: all library debug tags compile_commands.json install uninstall dist static static-tarball tarball wheel image deb docs pictures setup $(STAGES) stages compare demo starter report watch clean help
.SECONDARY:
