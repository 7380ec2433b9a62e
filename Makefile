# batchbox: one static executable.
#
#   make          builds build/batchbox                    make demo     shows it on four hosts of this machine
#   make check    every test; the last line counts them    make lint     the style and the promises of the source
#   make bench    measures it, beside the real Slurm where that is installed; make bench-core: the scheduler's core alone
#   make install  puts program, links, manual pages, completions and systemd's units below PREFIX (/usr/local), in DESTDIR
#   make units, make unit-LAYER_noun (builds and runs one), make fuzz, make sim, make fault, make golden-update, make clean
#
#   O=DIR    where everything is built (build)             ARCH=...  x86_64 or arm64 (this machine's own)
#   V=1      show commands                                 PIE=1     see packaging/musl.mk
O    ?= build
# One spelling of it, or what the compiler wrote of headers would not count for the other.
override O := $(abspath $(O))
ARCH ?= $(patsubst aarch64,arm64,$(shell uname -m))
Q    := $(if $(V),,@)
say   = $(if $(V),,@echo "  $(1)  $(2)")
ifeq ($(MAKELEVEL),0)
MAKEFLAGS += -j$(shell nproc)
endif

UTIL    := $(wildcard core/util/*.c)
CORE    := $(wildcard core/*.c)
PROTO   := $(wildcard proto/*.c)
CONF    := $(wildcard conf/*.c)
APPLETS := $(wildcard applets/*.c applets/*/*.c)

WARN := -Wall -Wextra -Wconversion -Wshadow -Werror
CSTD := -std=gnu11 -D_GNU_SOURCE -I. -DBATCHBOX_VERSION='"$(shell cat VERSION)"'

# ---- the product: static, musl ------------------------------------------------------------------------
include packaging/musl.mk

# ---- manual pages and completions of the commands, from the tables in the program ------------------------
# The tables are asked of a program that runs here, which is not the product of ARCH=.
ifneq ($(NATIVE),)
TELLER := $(PRODUCT)
else
TELLER := $(O)/batchbox
$(TELLER):
	$(Q)$(MAKE) --no-print-directory ARCH=$(shell uname -m | sed s/aarch64/arm64/) PIE=0 O='$(O)' '$@'
endif
PAGES := $(patsubst packaging/man/%.in,$(O)/man/%,$(wildcard packaging/man/*.in))
$(O)/facts: $(TELLER)
	$(Q)$(TELLER) help --facts >$@.new && mv $@.new $@
$(O)/man/%: packaging/man/%.in packaging/man/make-page $(O)/facts
	@mkdir -p $(@D)
	$(call say,MAN,$@)
	$(Q)awk -f packaging/man/make-page $(O)/facts $< >$@.new && mv $@.new $@
$(O)/completions/%: packaging/completions/%.in packaging/completions/make-completions $(O)/facts
	@mkdir -p $(@D)
	$(call say,MAKE,$@)
	$(Q)awk -f packaging/completions/make-completions -v SHELL=$(*:batchbox.%=%) $(O)/facts $< >$@.new && mv $@.new $@
COMPLETIONS := $(patsubst packaging/completions/%.in,$(O)/completions/%,$(wildcard packaging/completions/*.in))
pages: $(PAGES) $(COMPLETIONS)
ifneq ($(NATIVE),)
all: pages
endif

# ---- the same sources against glibc, with sanitizers: for tests ---------------------------------------
# Two flavours: asan (gcc; units, sim, golden numbers) and fuzz (clang with libFuzzer). Each makes an archive of a layer,
# and a test of a layer links only what that layer may lean on.
SANITIZE     := -O1 -g -fno-omit-frame-pointer -fno-sanitize-recover=undefined -DBATCHBOX_TEST=1
ASAN_CC      := gcc
ASAN_CFLAGS  := $(CSTD) $(WARN) $(SANITIZE) -fsanitize=address,undefined
FUZZ_CC      := clang
FUZZ_CFLAGS  := $(CSTD) $(WARN) $(SANITIZE) -fsanitize=fuzzer-no-link,address,undefined
TEST_LIBS    := -lsodium -lsqlite3 -linih -lpthread
LAYERS       := util core proto conf applets

# $(call test_flavour,DIRECTORY,COMPILER VARIABLE PREFIX)
define test_flavour
$(O)/$(1)/%.o: %.c
	@mkdir -p $$(@D)
	$$(call say,CC($(1)),$$<)
	$$(Q)$$($(2)_CC) $$($(2)_CFLAGS) -MMD -MP -c -o $$@ $$<
$(O)/$(1)/util.a: $(UTIL:%.c=$(O)/$(1)/%.o)
$(O)/$(1)/core.a: $(CORE:%.c=$(O)/$(1)/%.o)
$(O)/$(1)/proto.a: $(PROTO:%.c=$(O)/$(1)/%.o)
$(O)/$(1)/conf.a: $(CONF:%.c=$(O)/$(1)/%.o)
$(O)/$(1)/applets.a: $(APPLETS:%.c=$(O)/$(1)/%.o)
$(LAYERS:%=$(O)/$(1)/%.a):
	@mkdir -p $$(@D)
	@rm -f $$@
	$$(Q)ar rcs $$@ $$^
endef
$(eval $(call test_flavour,asan,ASAN))
$(eval $(call test_flavour,fuzz,FUZZ))

BELOW_util    := util
BELOW_core    := core util
BELOW_proto   := proto core util
BELOW_conf    := conf core util
BELOW_applets := applets proto conf core util
asan_archives = $(patsubst %,$(O)/asan/%.a,$(BELOW_$(1)))

# test/unit/LAYER_noun.c is a cmocka program: its layer is the word before the first underscore.
UNITS := $(patsubst test/unit/%.c,%,$(wildcard test/unit/*_*.c))
define unit_rule
$(O)/unit/$(1): $(O)/asan/test/unit/$(1).o $(call asan_archives,$(firstword $(subst _, ,$(1))))
	@mkdir -p $$(@D)
	$$(Q)$$(ASAN_CC) $$(ASAN_CFLAGS) -o $$@ $$^ -lcmocka $$(TEST_LIBS)
endef
$(foreach unit,$(UNITS),$(eval $(call unit_rule,$(unit))))
units: $(UNITS:%=$(O)/unit/%)
unit-%: $(O)/unit/%
	$<

# All of test/sim is one program: random histories through the core.
SIM := $(wildcard test/sim/*.c)
sim: $(if $(SIM),$(O)/sim)
$(O)/sim: $(SIM:%.c=$(O)/asan/%.o) $(call asan_archives,core)
	$(Q)$(ASAN_CC) $(ASAN_CFLAGS) -o $@ $^ $(TEST_LIBS)

# How fast the core is, as it is in the product, with the names of its functions for perf.
$(eval $(call musl_executable,$(O)/bench-core,$(patsubst %.c,$(MUSL_DIR)/%.o,test/bench/core.c packaging/shim.c $(CORE) $(UTIL))))
$(O)/bench-core: MUSL_LDFLAGS := $(filter-out -s,$(MUSL_LDFLAGS))
bench-core: $(O)/bench-core
	$<

# test/fuzz/fuzz_NAME.c is a libFuzzer target, its inputs are in test/fuzz/corpus/NAME.
FUZZ := $(patsubst test/fuzz/%.c,$(O)/fuzz/%,$(wildcard test/fuzz/fuzz_*.c))
fuzz: $(FUZZ)
$(FUZZ): $(O)/fuzz/%: $(O)/fuzz/test/fuzz/%.o $(BELOW_applets:%=$(O)/fuzz/%.a)
	$(Q)$(FUZZ_CC) $(FUZZ_CFLAGS) -fsanitize=fuzzer -o $@ $^ $(TEST_LIBS)

# What the tests run each of their commands by, in scenes and on a lab's hosts: static, as they start thousands of times.
TOOLS := $(O)/put $(O)/enter
tools: $(TOOLS)
$(O)/put: test/compat/put.c
$(O)/enter: test/lab/enter.c
$(TOOLS):
	@mkdir -p $(@D)
	$(Q)musl-gcc -static -s -O2 $(CSTD) $(WARN) -o $@ $<

# Prints the number of every field of every record and message.
$(O)/golden: $(O)/asan/test/golden/main.o $(call asan_archives,proto)
	$(Q)$(ASAN_CC) $(ASAN_CFLAGS) -o $@ $^ $(TEST_LIBS)
golden-update: $(O)/golden
	test/lint/golden --update $(O)/golden

$(O)/batchbox-asan: $(O)/asan/main.o $(call asan_archives,applets)
	$(Q)$(ASAN_CC) $(ASAN_CFLAGS) -o $@ $^ $(TEST_LIBS)

# ---- what people call ---------------------------------------------------------------------------------
PREFIX  ?= /usr/local
DESTDIR ?=
BINDIR  ?= $(PREFIX)/bin
MANDIR  ?= $(PREFIX)/share/man
UNITDIR ?= $(PREFIX)/lib/systemd/system
BASHDIR ?= $(PREFIX)/share/bash-completion/completions
ZSHDIR  ?= $(PREFIX)/share/zsh/site-functions
FISHDIR ?= $(PREFIX)/share/fish/vendor_completions.d
# The program is renamed over an older one, which may be running. The links' names are read from the table: it may be another machine's.
install: $(PRODUCT) pages
	install -d '$(DESTDIR)$(BINDIR)' '$(DESTDIR)$(MANDIR)'/man1 '$(DESTDIR)$(MANDIR)'/man5 '$(DESTDIR)$(MANDIR)'/man8 '$(DESTDIR)$(UNITDIR)'
	install -m 755 $(PRODUCT) '$(DESTDIR)$(BINDIR)/batchbox.new'
	mv -f '$(DESTDIR)$(BINDIR)/batchbox.new' '$(DESTDIR)$(BINDIR)/batchbox'
	for name in $$(sed -nE 's/^APPLET\(([a-z]+), [a-z_]+, (DAEMON|COMMAND),.*/\1/p' applets/applets.def); do \
		there='$(DESTDIR)$(BINDIR)'/$$name; \
		if [ -e "$$there" ] && [ ! -L "$$there" ]; then echo "install: $$there is not a link: move it away first" >&2; exit 1; fi; \
		ln -sfn batchbox "$$there" || exit 1; \
	done
	for page in packaging/man/*.[158] $(PAGES); do install -m 644 "$$page" '$(DESTDIR)$(MANDIR)'/man"$${page##*.}" || exit 1; done
	install -d '$(DESTDIR)$(BASHDIR)' '$(DESTDIR)$(ZSHDIR)' '$(DESTDIR)$(FISHDIR)'
	install -m 644 $(O)/completions/batchbox.bash '$(DESTDIR)$(BASHDIR)/batchbox'
	install -m 644 $(O)/completions/batchbox.zsh '$(DESTDIR)$(ZSHDIR)/_batchbox'
	install -m 644 $(O)/completions/batchbox.fish '$(DESTDIR)$(FISHDIR)/batchbox.fish'
	for name in $$(sed -nE 's/^APPLET\(([a-z]+), [a-z_]+, COMMAND,.*/\1/p' applets/applets.def); do \
		ln -sfn batchbox '$(DESTDIR)$(BASHDIR)'/$$name && ln -sfn batchbox.fish '$(DESTDIR)$(FISHDIR)'/$$name.fish || exit 1; \
	done
	for unit in packaging/systemd/*.service.in; do \
		file=$${unit##*/} && file='$(DESTDIR)$(UNITDIR)'/$${file%.in} && \
		sed 's|@BINDIR@|$(BINDIR)|' "$$unit" >"$$file" && chmod 644 "$$file" || exit 1; \
	done

demo:
	@packaging/install-packages demo
	@$(MAKE) --no-print-directory all
	@BATCHBOX=$(abspath $(PRODUCT)) test/lab/demo

check:
	@packaging/install-packages check
	@O=$(O) test/run

# cgroups of version 2 in a virtual machine: a minute or two, and no part of `check`.
check-vm: all
	@O=$(abspath $(O)) test/vm/check

lint:
	@O=$(O) test/lint/run

bench:
	@packaging/install-packages demo
	@$(MAKE) --no-print-directory all
	@BATCHBOX=$(abspath $(PRODUCT)) test/bench/bench

-include $(shell find $(O) -name '*.d' -type f 2>/dev/null)

clean:
	rm -rf $(O)
.PHONY: pages units sim bench-core fuzz tools golden-update install demo check check-vm lint bench clean
.DEFAULT_GOAL := all
.SECONDARY:
