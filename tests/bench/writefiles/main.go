// Command writefiles writes copies of files into a folder, each synced, and then the folder: what has to be done at the
// very least to have them there.
package main

import (
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	if err := run(os.Args[1], os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, "writefiles:", err)
		os.Exit(1)
	}
}

func run(to string, from []string) error {
	for _, name := range from {
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		f, err := os.OpenFile(filepath.Join(to, filepath.Base(name)), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
		if err != nil {
			return err
		}
		if _, err := f.Write(text); err != nil {
			return err
		}
		if err := f.Sync(); err != nil {
			return err
		}
		if err := f.Close(); err != nil {
			return err
		}
	}
	folder, err := os.Open(to)
	if err != nil {
		return err
	}
	return folder.Sync()
}
