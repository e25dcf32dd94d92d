package machine

import (
	"bufio"
	"io"
	"path"
	"slices"
	"strings"
)

// LoadOrder gives the files of modules and of all that they need, what is needed first. Dependencies is a
// modules.dep(5). A module that is not in it is built into the kernel, or is not there.
func LoadOrder(dependencies io.Reader, names []string) ([]string, error) {
	needs, files := map[string][]string{}, map[string]string{}
	lines := bufio.NewScanner(dependencies)
	for lines.Scan() {
		file, rest, _ := strings.Cut(lines.Text(), ":")
		needs[file] = strings.Fields(rest)
		files[moduleName(file)] = file
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	var order []string
	seen := map[string]bool{}
	var load func(file string)
	load = func(file string) {
		if seen[file] {
			return
		}
		seen[file] = true
		for _, need := range needs[file] {
			load(need)
		}
		order = append(order, file)
	}
	for _, name := range names {
		if file, isModule := files[moduleName(name)]; isModule {
			load(file)
		}
	}
	return slices.Clip(order), nil
}

// moduleName is a module's by its file. The kernel takes "-" for "_" in names (modprobe(8)).
func moduleName(file string) string {
	name, _, _ := strings.Cut(path.Base(file), ".")
	return strings.ReplaceAll(name, "-", "_")
}
