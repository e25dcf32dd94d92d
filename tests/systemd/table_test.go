//go:build disk

package systemd

import (
	"cmp"
	"compress/gzip"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/target"
	"github.com/glowplug-os/glowplug/stages/against"
	"github.com/glowplug-os/glowplug/tests/prepared"
)

var (
	update = flag.Bool("update", false, "write the table of settings")
	newer  = flag.String("newer", "", "with -update: a folder with an unpacked package of a newer systemd, whose "+
		"manual has settings that Debian's does not know yet")
)

const tableFile = "../../internal/directives/settings.txt"

// letters are the sections and their pages, as the table has them.
var letters = []struct{ section, letter, page string }{
	{"Unit", "U", "unit"}, {"Service", "S", "service"}, {"Socket", "K", "socket"}, {"Mount", "M", "mount"},
	{"Automount", "A", "automount"}, {"Swap", "W", "swap"}, {"Timer", "T", "timer"}, {"Path", "P", "path"},
	{"Slice", "L", "slice"}, {"Scope", "C", "scope"}, {"Install", "I", "unit"},
}

// debians is the version of systemd in Debian 13.
const debians = 257

// shared are the pages of settings that several sections have, and these.
var shared = map[string]string{"exec": "SKMW", "kill": "SKMWC", "resource-control": "SKMWLC"}

// TestTheTableIsDebians holds the table against what Debian's systemd prints of itself and says in its manual. Settings
// of newer versions are not Debian's to judge.
func TestTheTableIsDebians(t *testing.T) {
	root := trixie(t)
	dump := run(t, root, "/usr/lib/systemd/systemd", "--dump-configuration-items")
	version := strings.TrimSpace(run(t, root, "dpkg-query", "-f", "${Version}", "-W", "systemd"))
	pages, all := manual(t, root), settings(dump)
	made := table{}
	for s, takes := range all {
		rest, asserts := strings.CutPrefix(s.name, "Assert")
		if _, asks := all[setting{s.letter, "Condition" + rest}]; asserts && assert.True(t, asks, s.name) {
			continue // the table has the condition
		}
		made.add(s, takes, pages.since(s))
	}
	was, err := os.ReadFile(tableFile)
	require.NoError(t, err)
	if !*update {
		assert.Equal(t, read(t, string(was), func(since int) bool { return since <= debians }), made,
			"-update writes the table")
		return
	}
	later := read(t, string(was), func(since int) bool { return since > debians })
	if *newer != "" {
		later = manual(t, *newer).unknown(pages)
	}
	maps.Copy(made, later)
	text := "# systemd " + version + " of Debian 13, and what came later by the manual of 262. See directives.go.\n" +
		made.String()
	require.NoError(t, os.WriteFile(tableFile, []byte(text), 0o644))
}

// A kind is what settings of a line of the table have in common.
type kind struct {
	takes string
	since int
}

// A table has the sections of each setting of a kind.
type table map[kind]map[string]string

func (t table) add(s setting, takes string, since int) {
	k := kind{takes, since}
	if t[k] == nil {
		t[k] = map[string]string{}
	}
	has := t[k][s.name] + s.letter
	t[k][s.name] = ""
	for _, l := range letters {
		if strings.Contains(has, l.letter) {
			t[k][s.name] += l.letter
		}
	}
}

// String writes the table as directives.go reads it.
func (t table) String() string {
	lines := map[string][]string{}
	for k, settings := range t {
		for name, sections := range settings {
			head := fmt.Sprintf("%s %s %d", sections, k.takes, k.since)
			lines[head] = append(lines[head], name)
		}
	}
	var b strings.Builder
	for _, head := range slices.Sorted(maps.Keys(lines)) {
		slices.Sort(lines[head])
		b.WriteString(head + " " + strings.Join(lines[head], " ") + "\n")
	}
	return b.String()
}

// read reads the lines of some versions.
func read(t *testing.T, text string, wanted func(since int) bool) table {
	t.Helper()
	out := table{}
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if fields[0] == "#" {
			continue
		}
		since, err := strconv.Atoi(fields[2])
		require.NoError(t, err)
		for _, name := range fields[3:] {
			for _, letter := range strings.Split(fields[0], "") {
				if wanted(since) {
					out.add(setting{letter, name}, fields[1], since)
				}
			}
		}
	}
	return out
}

// A setting is one of a section.
type setting struct{ letter, name string }

// settings reads what systemd prints.
func settings(dump string) map[setting]string {
	all, letter := map[setting]string{}, ""
	for line := range strings.Lines(dump) {
		line = strings.TrimSpace(line)
		for _, l := range letters {
			if line == "["+l.section+"]" {
				letter = l.letter
			}
		}
		if name, kind, is := strings.Cut(line, "="); is {
			all[setting{letter, name}] = takes(letter, name, kind)
		}
	}
	return all
}

// takes puts systemd's word for what a setting takes into the table's.
func takes(section, name, kind string) string {
	single := strings.Fields("STRING INTEGER NICE SERVICETYPE SERVICERESTART KILLMODE SIGNAL LEVEL FACILITY SIZE " +
		"LONG NANOSECONDS OOMSCOREADJUST IOCLASS IOPRIORITY CPUSCHEDPOLICY CPUSCHEDPRIO INPUT " +
		"OUTPUT ACTION POLICY ACCESS " +
		"TIMEOUTMODE SERVICEEXITTYPE SERVICERESTARTMODE SLICE SOCKETBIND TOS PERSONALITY LABEL NETWORKINTERFACE " +
		"SERVICE NODE")
	others := strings.Fields("User Group WorkingDirectory PIDFile BusName ProtectSystem ProtectHome PrivateTmp " +
		"ProtectProc ProcSubset KeyringMode UtmpMode OOMPolicy DefaultInstance CPUQuota TasksMax SocketUser " +
		"SocketGroup OnFailureJobMode OnSuccessJobMode " +
		"ProtectHostname") // a truth value here, and more from 258 on
	switch {
	case slices.Contains(single, kind), slices.Contains(others, name),
		kind == "LIMIT" && (strings.HasPrefix(name, "Limit") || strings.HasPrefix(name, "Memory")):
		return "1"
	case kind == "TIMER" && strings.HasSuffix(name, "Sec"):
		return "S"
	case kind == "OTHER" && strings.HasSuffix(name, "Sec"):
		return "s"
	case kind == "PATH" && section != "P" && name != "ExecSearchPath":
		return "p"
	case section == "I" && name != "DefaultInstance":
		return "U"
	}
	return cmp.Or(map[string]string{"BOOLEAN": "b", "MODE": "m", "SECONDS": "s", "UNSIGNED": "n", "UNIT": "u",
		"UNIT [...]": "U", "PATH [ARGUMENT [...]]": "x"}[kind], "-")
}

// pages has, by page, the settings that it describes, and since when there are such.
type pages map[string]map[string]int

func manual(t *testing.T, root string) pages {
	t.Helper()
	all := pages{}
	names := slices.Collect(maps.Keys(shared))
	for _, l := range letters {
		names = append(names, l.page)
	}
	for _, name := range names {
		f, err := os.Open(filepath.Join(root, "usr/share/man/man5/systemd."+name+".5.gz"))
		require.NoError(t, err)
		unpacked, err := gzip.NewReader(f)
		require.NoError(t, err)
		text, err := io.ReadAll(unpacked)
		require.NoError(t, err)
		require.NoError(t, f.Close())
		all[name] = described(string(text))
	}
	return all
}

var (
	isTerm = regexp.MustCompile(`^\\fI[A-Z][A-Za-z0-9]*=`)
	aName  = regexp.MustCompile(`\\fI([A-Z][A-Za-z0-9]*)=`)
	added  = regexp.MustCompile(`^Added in version (\d+)`)
)

// described reads a page: a term of its list is a line behind a paragraph's begin, its text is set in once. Of several
// versions in the text the last is the term's: values that came later are in lists of their own.
func described(page string) map[string]int {
	depth, before, out := 0, "", map[string]int{}
	var term []string
	for line := range strings.Lines(page) {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, ".RS"):
			depth++
		case strings.HasPrefix(line, ".RE"):
			depth--
		case depth == 0 && line == ".PP":
			term = nil
		case depth == 0 && before == ".PP" && isTerm.MatchString(line):
			for _, m := range aName.FindAllStringSubmatch(line, -1) {
				term = append(term, m[1])
				out[m[1]] = max(out[m[1]], 0)
			}
		case depth == 1 && added.MatchString(line):
			for _, name := range term {
				out[name], _ = strconv.Atoi(added.FindStringSubmatch(line)[1])
			}
		}
		before = line
	}
	return out
}

// oldest is the first version that the manual tells reliably. Older ones are often those in which a page was written
// anew: of JobTimeoutAction it says 240, and NEWS has it in 217.
const oldest = 245

// unsaid are settings of which the pages say nothing, or when another of the same term came. Debian 12's systemd 252
// has none of them.
var unsaid = map[string]int{"UpheldBy": 254, "StartupMemoryLow": 253, "DefaultStartupMemoryLow": 253,
	"StartupMemoryHigh": 253, "StartupMemoryMax": 253, "StartupMemorySwapMax": 253}

// since looks in the section's own page first.
func (p pages) since(s setting) (version int) {
	if unsaid[s.name] > 0 {
		return unsaid[s.name]
	}
	for _, l := range letters {
		if l.letter == s.letter {
			version = p[l.page][s.name]
		}
	}
	for page, sections := range shared {
		if strings.Contains(sections, s.letter) && version == 0 {
			version = p[page][s.name]
		}
	}
	if version < oldest {
		return 0
	}
	return version
}

// TestAnOlderSystemdLacksWhatCameLater holds the versions of the table against the systemd of Debian 12.
func TestAnOlderSystemdLacksWhatCameLater(t *testing.T) {
	const older = 252
	bookworm := os.Getenv("GLOWPLUG_DISK_ROOT")
	require.NotEmpty(t, bookworm, "make test-disk sets it")
	has := settings(run(t, bookworm, "/usr/lib/systemd/systemd", "--dump-configuration-items"))
	text, err := os.ReadFile(tableFile)
	require.NoError(t, err)
	lacking := 0
	for k, names := range read(t, string(text), func(int) bool { return true }) {
		for name, sections := range names {
			for _, letter := range strings.Split(sections, "") {
				if _, known := has[setting{letter, name}]; letter != "C" { // no file makes a scope
					assert.Equal(t, k.since <= older, known, "%s in %s, since %d", name, letter, k.since)
				}
				lacking += min(max(k.since-older, 0), 1)
			}
		}
	}
	assert.Greater(t, lacking, 50)
}

// TestTheSystemdOfAnImageIsFound looks for it in Debian 12 and 13.
func TestTheSystemdOfAnImageIsFound(t *testing.T) {
	for dir, want := range map[string]int{os.Getenv("GLOWPLUG_DISK_ROOT"): 252, trixie(t): debians} {
		in, err := root.Open(dir)
		require.NoError(t, err)
		image := against.Image{Root: target.WholeOf(in)}
		assert.Equal(t, want, image.Systemd())
		require.NoError(t, in.Close())
	}
}

// unknown gives what a newer manual has and an older one has not.
func (p pages) unknown(old pages) table {
	out := table{}
	for page, names := range p {
		for name := range names {
			if _, known := old[page][name]; known || strings.HasPrefix(name, "Assert") {
				continue
			}
			in := shared[page]
			for _, l := range letters {
				if l.page == page && in == "" {
					in = l.letter
				}
			}
			for _, letter := range strings.Split(in, "") {
				if s := (setting{letter, name}); p.since(s) > debians {
					out.add(s, "-", p.since(s))
				}
			}
		}
	}
	return out
}

func trixie(t *testing.T) string {
	t.Helper()
	return prepared.By(t, "./prepare")
}

func run(t *testing.T, root string, args ...string) string {
	t.Helper()
	out, err := exec.Command("chroot", append([]string{root}, args...)...).Output()
	require.NoError(t, err, "%v", args)
	return string(out)
}
