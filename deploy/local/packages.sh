#!/bin/sh
# Names what the build, the demo and the tests need of the machine and do not find. Says nothing if all is there.
missing=""
need() { # what, Debian package, test
    sh -c "$3" >/dev/null 2>&1 || missing="$missing
  $1 (Debian: $2)"
}
need "Rust" "rustup, https://rustup.rs" "command -v cargo"
need "a C and C++ compiler and make" "build-essential" "command -v g++ && command -v make"
need "OpenSSL's headers" "libssl-dev" "pkg-config --exists openssl"
need "zlib's headers" "zlib1g-dev" "pkg-config --exists zlib"
need "pip" "python3-pip" "python3 -m pip --version"
need "Postgres, 13 or later" "postgresql" "ls /usr/lib/postgresql/*/bin/initdb || command -v initdb"
need "Java, 17 or later" "default-jre-headless" "command -v java"
need "Maven" "maven" "command -v mvn"
if [ -n "$missing" ]; then
    echo "missing on this machine:$missing" >&2
    exit 64
fi
