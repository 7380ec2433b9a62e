# The product: one static executable against musl, linked with Debian's own libsodium.a, libsqlite3.a and libinih.a.
# Included by the Makefile. Two flavours of the same sources:
#   $(O)/batchbox         the product (for another machine than this one: $(O)/ARCH/batchbox)
#   $(O)/fault/batchbox   dies at numbered points (proto/fault.h), for test/lab
#   PIE=1                 $(O)/pie/batchbox: position independent, so that its own code lies at random, too
#
# PIE is off because spawning suffers: a page that holds pointers must be written before main() runs, and tables of
# pointers are what we and SQLite are made of. vfork+exec+exit, median of 2,000 on the machine of development, where a
# page fault costs 11 us: 425 us, and 540 us with PIE.
#
# Why by hand: musl-gcc gives a dynamic executable when it is asked for -static-pie, and there is no musl-gcc that
# compiles for another machine. With -nostdinc and -nostdlib any gcc does.

MACHINE_x86_64 := x86_64
MACHINE_arm64  := aarch64
MACHINE := $(MACHINE_$(ARCH))
ifeq ($(MACHINE),)
$(error ARCH=$(ARCH): only x86_64 and arm64 are known)
endif
NATIVE := $(filter $(MACHINE),$(shell uname -m))

MUSL_CC  := $(MACHINE)-linux-gnu-gcc
MUSL_LIB := /usr/lib/$(MACHINE)-linux-musl
PIE      ?= 0
ifeq ($(PIE),1)
PIE_CFLAGS := -fPIE
PIE_LDFLAGS := -Wl,-pie,--no-dynamic-linker,-z,text
MUSL_DIR := $(O)/musl-$(ARCH)-pie
CRT1 := $(MUSL_LIB)/rcrt1.o
CRTS := S
else
PIE_CFLAGS := -fno-pie
PIE_LDFLAGS := -no-pie
MUSL_DIR := $(O)/musl-$(ARCH)
CRT1 := $(MUSL_LIB)/crt1.o
CRTS :=
endif
# A variable that asks the compiler is expanded only by rules that use it, and only once.
once = $(eval $(1) := $(shell $(2)))$($(1))
GCC_INCLUDE = $(call once,GCC_INCLUDE,$(MUSL_CC) -print-file-name=include)
GCC_LIB     = $(call once,GCC_LIB,dirname $$($(MUSL_CC) -print-libgcc-file-name))

# musl's headers, and of /usr/include (glibc's) only what is linked into one directory: libraries and kernel headers.
MUSL_LINKS  := sodium sodium.h sqlite3.h ini.h linux asm-generic
MUSL_CFLAGS = -nostdinc -isystem $(MUSL_LIB:/usr/lib/%=/usr/include/%) -isystem $(GCC_INCLUDE) \
	-isystem $(MUSL_DIR)/include $(CSTD) $(WARN) -O2 $(PIE_CFLAGS) -ffunction-sections -fdata-sections \
	-fno-asynchronous-unwind-tables -fstack-protector-strong -fstack-clash-protection \
	-ffile-prefix-map=$(CURDIR)/= -ffile-prefix-map=$(O)/=
MUSL_LDFLAGS := -nostdlib -static -s $(PIE_LDFLAGS) -Wl,-z,relro,-z,now,-z,noexecstack \
	-Wl,--gc-sections,--build-id=none,--fatal-warnings
MUSL_ARCHIVES := $(patsubst %,/usr/lib/$(MACHINE)-linux-gnu/lib%.a,sodium sqlite3 inih)
PRODUCT_SOURCES := main.c packaging/shim.c $(UTIL) $(CORE) $(PROTO) $(CONF) $(APPLETS)

$(MUSL_DIR)/include:
	@for file in $(MUSL_LIB)/libc.a $(MUSL_ARCHIVES); do test -e $$file || { \
		echo "$$file is missing: run packaging/install-packages $(if $(NATIVE),build,arm64)" >&2; exit 1; }; done
	@mkdir -p $@.new
	@for name in $(MUSL_LINKS); do ln -sfn /usr/include/$$name $@.new/$$name; done
	@ln -sfn /usr/include/$(MACHINE)-linux-gnu/asm $@.new/asm
	@mv $@.new $@

# $(call musl_executable,EXECUTABLE,OBJECTS)
define musl_executable
$(1): $(2)
	@mkdir -p $$(@D)
	$$(call say,LD,$$@)
	$$(Q)$$(MUSL_CC) $$(MUSL_LDFLAGS) -o $$@ $(CRT1) $(MUSL_LIB)/crti.o $$(GCC_LIB)/crtbegin$(CRTS).o \
		$$^ $(MUSL_ARCHIVES) $(MUSL_LIB)/libc.a $$(GCC_LIB)/libgcc.a $$(GCC_LIB)/libgcc_eh.a $(MUSL_LIB)/libc.a \
		$$(GCC_LIB)/crtend$(CRTS).o $(MUSL_LIB)/crtn.o
endef
# $(call musl_objects,DIRECTORY,DEFINES)
define musl_objects
$(1)/%.o: %.c VERSION packaging/musl.mk | $(MUSL_DIR)/include
	@mkdir -p $$(@D)
	$$(call say,CC,$$<)
	$$(Q)$$(MUSL_CC) $$(MUSL_CFLAGS) $(2) -MMD -MP -c -o $$@ $$<
endef

# Of the second flavour only these are others: proto/fault.h is included by sources, never by a header.
FAULT_SOURCES := $(shell grep -l '"proto/fault.h"' $(PRODUCT_SOURCES))
FAULT_DIR := $(O)/fault/musl-$(ARCH)

PRODUCT := $(O)/$(if $(NATIVE),,$(ARCH)/)$(if $(filter 1,$(PIE)),pie/)batchbox
$(eval $(call musl_objects,$(MUSL_DIR),))
$(eval $(call musl_objects,$(FAULT_DIR),-DBATCHBOX_FAULTS=1))
$(eval $(call musl_executable,$(PRODUCT),$(PRODUCT_SOURCES:%.c=$(MUSL_DIR)/%.o)))
$(eval $(call musl_executable,$(O)/fault/batchbox,$(patsubst %.c,$(MUSL_DIR)/%.o,$(filter-out $(FAULT_SOURCES),$(PRODUCT_SOURCES))) $(FAULT_SOURCES:%.c=$(FAULT_DIR)/%.o)))
all: $(PRODUCT)
fault: $(O)/fault/batchbox
.PHONY: all fault
