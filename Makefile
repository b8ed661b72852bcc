# `make` lists the targets. Everything they do is a command one can type; none is needed for `cargo run` and `cargo test`.

# Where cargo builds.
TARGET := $(abspath $(or $(CARGO_TARGET_DIR),target))
# The same servers in Go, for `make bench`. Without Go the bench measures us alone.
PEERS ?= tests/peers/go

.PHONY: help test check listing debug tour bench interop map doc

help:
	@echo 'netprog: targets'
	@sed -n 's/^\([a-zA-Z0-9_%-]*\):.*## \(.*\)/\1|\2/p' $(firstword $(MAKEFILE_LIST)) \
		| sed 's/^ch%/ch03/' | awk -F'|' '{ printf "  make %-10s %s\n", $$1, $$2 }'

test: ## every test: cargo test
	cargo test

check: ## formatting, clippy and rustdoc, warnings denied
	cargo fmt --check
	cargo clippy --all-targets -- -D warnings
	RUSTDOCFLAGS='-D warnings' cargo doc --no-deps

ch%: ## one chapter: its unit tests, then its listings (any chapter that is there)
	cargo test --lib $@_
	cargo test --test $@

listing: ## one listing, run and drawn: make listing L=3-8
	$(need-listing)
	cargo run --quiet -- $(L)

debug: ## one listing under gdb, std skipped, deadlines off: make debug L=3-8
	$(need-listing)
	@.debug/listing.sh $(L)

tour: ## every listing, as pages with pictures, in target/tour
	cargo run -- all --html target/tour

bench: ## the measurements, beside a Go peer where there is Go
	cargo build --release --bins
	@if command -v go >/dev/null && [ -d '$(PEERS)' ]; then \
		mkdir -p '$(TARGET)/peers' && (cd '$(PEERS)' && go build -o '$(TARGET)/peers/peers' .) \
		&& cargo run --release --quiet --bin bench -- all --peer '$(TARGET)/peers/peers'; \
	else \
		echo 'no Go here: measuring ours alone'; \
		cargo run --release --quiet --bin bench -- all; \
	fi

# With the packages of .ci/run: nc, socat, curl, telnet, python3; dig, kdig, delv, named, knotd, unbound; ip, ss, unshare, nsenter;
# tftp, in.tftpd, atftp, busybox, dnsmasq; openssl, shasum; setpriv; tshark; nginx, caddy, tinyproxy, ab, wrk, chromium, gzip, cmp,
# Python's requests and websockets. Some tests make links, use port 69 or become somebody else: run it as root.
interop: ## against other people's clients and servers, which must be installed
	cargo test --test interop -- --ignored

map: ## is docs/'s map from rows and listings to code and tests true?
	cargo test --test map

doc: ## the API's documentation, in target/doc
	cargo doc --no-deps

need-listing = $(if $(L),,$(error say which listing: make $@ L=3-8))
