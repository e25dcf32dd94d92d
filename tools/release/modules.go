package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/google/licensecheck"
)

// A module is one that some program is linked of; "std" is Go's own.
type module struct {
	path, version, sum string
	dir                string
	texts              []string // the files with its licences and notices, sorted
	licenses           []string // SPDX ids of what is in the file at its top, sorted
}

// purl names it for other tools (package-url).
func (m *module) purl() string { return "pkg:golang/" + m.path + "@" + m.version }

// licenseFile matches what licences and notices are called.
var licenseFile = regexp.MustCompile(`(?i)^(licen[cs]e|copying|notice|patents)([-._].*)?$`)

// findModules lists what the programs are linked of, and what licences it is under.
func (r *release) findModules() error {
	used := map[string]*debug.Module{}
	for _, p := range r.programs {
		for _, m := range p.info.Deps {
			if m.Replace != nil {
				return fmt.Errorf("%s: is replaced by %s, which nobody else has", m.Path, m.Replace.Path)
			}
			used[m.Path] = m
		}
	}
	std, err := r.std()
	if err != nil {
		return err
	}
	r.modules = []module{std}
	dirs, err := r.dirs()
	if err != nil {
		return err
	}
	for _, m := range used {
		r.modules = append(r.modules, module{path: m.Path, version: m.Version, sum: m.Sum, dir: dirs[m.Path]})
	}
	slices.SortFunc(r.modules, func(a, b module) int { return strings.Compare(a.path, b.path) })
	for i := range r.modules {
		if err := r.modules[i].findLicenses(); err != nil {
			return fmt.Errorf("%s: %w", r.modules[i].path, err)
		}
	}
	return nil
}

// std is Go's library, of the version that has linked the programs; its licence is beside that toolchain.
func (r *release) std() (module, error) {
	root, err := r.ask("env", "GOROOT")
	if err != nil {
		return module{}, err
	}
	version := strings.TrimPrefix(r.programs[0].info.GoVersion, "go")
	return module{path: "std", version: version, dir: strings.TrimSpace(string(root))}, nil
}

// dirs has the folders of all modules, by their paths.
func (r *release) dirs() (map[string]string, error) {
	out, err := r.ask("list", "-m", "-json", "all")
	if err != nil {
		return nil, err
	}
	dirs := map[string]string{}
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var m struct{ Path, Dir string }
		if err := decoder.Decode(&m); errors.Is(err, io.EOF) {
			return dirs, nil
		} else if err != nil {
			return nil, err
		}
		dirs[m.Path] = m.Dir
	}
}

// ask asks the go command about the sources.
func (r *release) ask(args ...string) ([]byte, error) {
	command := exec.Command("go", args...)
	command.Dir, command.Stderr = r.checkout, os.Stderr
	command.Env = append(os.Environ(), "GOOS=", "GOARCH=", "GOFLAGS=")
	out, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("go %s: %w", strings.Join(args, " "), err)
	}
	return out, nil
}

func (m *module) findLicenses() error {
	if m.dir == "" {
		return errors.New("its folder is not in the module cache")
	}
	err := filepath.WalkDir(m.dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "testdata" || m.path == "std" && path != m.dir):
			return filepath.SkipDir
		case d.Type().IsRegular() && licenseFile.MatchString(d.Name()) && filepath.Ext(path) != ".go":
			m.texts = append(m.texts, path)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, path := range m.texts {
		if filepath.Dir(path) != m.dir {
			continue
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, match := range licensecheck.Scan(text).Match {
			if !match.IsURL && match.ID != "GooglePatentsFile" {
				m.licenses = append(m.licenses, match.ID)
			}
		}
	}
	slices.Sort(m.licenses)
	m.licenses = slices.Compact(m.licenses)
	if len(m.licenses) == 0 {
		return errors.New("no licence is known in " + m.dir)
	}
	return nil
}

// writeLicenses puts the licences of all that is linked beside that of the project, as they ask for.
func (r *release) writeLicenses() error {
	var all bytes.Buffer
	for _, m := range r.modules {
		for _, path := range m.texts {
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			below, err := filepath.Rel(m.dir, path)
			if err != nil {
				return err
			}
			fmt.Fprintf(&all, "==== %s %s: %s\n\n%s\n\n", m.path, m.version, filepath.ToSlash(below),
				bytes.TrimSpace(text))
		}
	}
	for _, system := range r.systems {
		folder := filepath.Join(r.stage, system)
		if strings.HasPrefix(system, "linux-") {
			folder = filepath.Join(folder, "usr/share/doc/glowplug")
		}
		if err := os.WriteFile(filepath.Join(folder, "THIRD-PARTY-LICENSES"), all.Bytes(), 0o644); err != nil {
			return err
		}
	}
	return nil
}
