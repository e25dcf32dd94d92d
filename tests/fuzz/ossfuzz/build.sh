#!/bin/bash -eu
# Builds all fuzz targets in OSS-Fuzz's image for Go (google.github.io/oss-fuzz, "Integrating a Go project"), which has
# compile_native_go_fuzzer: package, function, name of the program. What that puts into the tests has to be in go.mod.
cd "$SRC/glowplug"
go get github.com/AdamKorcz/go-118-fuzz-build/testing@v0.0.0-20230306123547-8075edf89bb0
go run ./tests/fuzz/run -list | while read -r folder name; do
	compile_native_go_fuzzer "github.com/glowplug-os/glowplug/$folder" "$name" "${folder//\//_}_$name"
done
