// Command release makes what is downloaded of what `make release` has built: archives, packages, their sums, and a list
// of what the programs are made of. It builds nothing itself. The same stage gives the same bytes: times are those of
// the commit, owners are root, names are sorted.
package main

import (
	"crypto/sha256"
	"debug/buildinfo"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"
)

// A release is what all parts of it have to know.
type release struct {
	stage    string    // a folder for each system, such as linux-amd64
	to       string    // the folder that is released
	checkout string    // the folder of the sources
	version  string    // without "v"
	commit   string    // its digest
	time     time.Time // of the commit
	systems  []string  // the folders of the stage, sorted
	programs []program
	modules  []module
}

// A program is a file of the stage that Go has linked.
type program struct {
	system, name string
	sha256       string // in hexadecimal digits
	info         *debug.BuildInfo
}

func main() {
	var r release
	flag.StringVar(&r.stage, "stage", "", "the folder with what was built: one for each system, such as linux-amd64")
	flag.StringVar(&r.to, "to", "", "the folder to write to")
	flag.StringVar(&r.checkout, "checkout", "", "the folder of the sources")
	flag.Parse()
	if err := r.make(); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

func (r *release) make() error {
	for _, part := range []func() error{r.findPrograms, r.findModules, r.writeLicenses, r.writeArchives,
		r.writePackages, r.writeBOM, r.writeSums} {
		if err := part(); err != nil {
			return err
		}
	}
	return nil
}

// findPrograms looks through the stage. All programs are of one commit, which is the release's.
func (r *release) findPrograms() error {
	systems, err := os.ReadDir(r.stage)
	if err != nil {
		return err
	}
	for _, system := range systems {
		r.systems = append(r.systems, system.Name())
		if err := r.findProgramsOf(system.Name()); err != nil {
			return err
		}
	}
	if len(r.programs) == 0 {
		return fmt.Errorf("%s: no programs", r.stage)
	}
	return nil
}

func (r *release) findProgramsOf(system string) error {
	return filepath.WalkDir(filepath.Join(r.stage, system), func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		name := strings.TrimSuffix(d.Name(), ".exe")
		if name != "ignition" && name != "glowplug" && name != "glowplug-validate" {
			return nil
		}
		info, err := buildinfo.ReadFile(path)
		if err != nil {
			return nil // a completion of the same name
		}
		sum, err := digest(path)
		if err != nil {
			return err
		}
		r.programs = append(r.programs, program{system: system, name: name, sha256: sum, info: info})
		return r.identify(info)
	})
}

// identify takes the version, the commit and its time from what Go has recorded of the checkout.
func (r *release) identify(info *debug.BuildInfo) error {
	version := strings.TrimPrefix(info.Main.Version, "v")
	if version == "" || version == "(devel)" || strings.HasSuffix(version, "+dirty") {
		return errors.New("the programs have no version of their own: release from a clean clone, with its tags")
	}
	commit, at := setting(info, "vcs.revision"), setting(info, "vcs.time")
	if r.version != "" && (r.version != version || r.commit != commit) {
		return fmt.Errorf("the programs are of two versions: %s and %s", r.version, version)
	}
	var err error
	r.version, r.commit = version, commit
	r.time, err = time.Parse(time.RFC3339, at)
	return err
}

func setting(info *debug.BuildInfo, key string) string {
	for _, s := range info.Settings {
		if s.Key == key {
			return s.Value
		}
	}
	return ""
}

func digest(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, file); err != nil {
		return "", err
	}
	return fmt.Sprintf("%x", sum.Sum(nil)), nil
}

// writeSums lists all that is released, as sha256sum does.
func (r *release) writeSums() error {
	entries, err := os.ReadDir(r.to)
	if err != nil {
		return err
	}
	var lines strings.Builder
	for _, entry := range entries {
		if !entry.Type().IsRegular() {
			continue
		}
		sum, err := digest(filepath.Join(r.to, entry.Name()))
		if err != nil {
			return err
		}
		fmt.Fprintf(&lines, "%s  %s\n", sum, entry.Name())
	}
	return os.WriteFile(filepath.Join(r.to, "SHA256SUMS"), []byte(lines.String()), 0o644)
}

// create calls write with a new file of the release.
func (r *release) create(name string, write func(io.Writer) error) error {
	file, err := os.OpenFile(filepath.Join(r.to, name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	return errors.Join(write(file), file.Close())
}
