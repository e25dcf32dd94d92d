package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// validateMany measures a call with very many files beside jq, which parses them and does nothing else.
func (b *bench) validateMany() error {
	const what = "validate, 1,000 files of 4 KB in one call, jq empty"
	if _, err := exec.LookPath("jq"); err != nil {
		fmt.Println(what + ": left out: there is no jq")
		return nil
	}
	dir := b.path("many")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	var files []string
	for i := range 1000 {
		files = append(files, filepath.Join(dir, fmt.Sprintf("%04d.ign", i)))
		if err := os.WriteFile(files[i], inlineFiles(30, 40), 0o600); err != nil {
			return err
		}
	}
	return b.compare(what, 2, func() (time.Duration, error) {
		return timed(b.program("glowplug-validate"), files...)
	}, func() (time.Duration, error) { return timed("jq", append([]string{"empty"}, files...)...) })
}

// advice measures what it costs beside the same without.
func (b *bench) advice() error {
	file := b.path("advice.ign")
	if err := os.WriteFile(file, inlineFiles(10_000, 970), 0o600); err != nil {
		return err
	}
	return b.compare("advice, 10,000 inline files, --lint none", 1.3, func() (time.Duration, error) {
		return timed(b.program("glowplug-validate"), file)
	}, func() (time.Duration, error) { return timed(b.program("glowplug-validate"), "--lint", "none", file) })
}
