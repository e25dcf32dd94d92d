// Package releases knows which versions of the config language the engines read that systems have shipped, and which
// systemd their units are for.
package releases

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/glowplug-os/glowplug/config"
)

// A Release is one from which on a system reads configs up to a version.
type Release struct {
	Since    string // the first release, as the system counts: numbers with dots between them
	Reads    config.Version
	Inferred bool // from what it is built of, and not from its own packages
}

// A System is one that ships an engine.
type System struct {
	ID, Name string
	Source   string // where this is from
	Releases []Release
	systemd  string // see Systemds
}

// Systems lists what is known, in the order of the names (docs/peer/targets.md has the details).
func Systems() []System {
	const fedora = "38=253 39=254 40=255 41=256 42=257 43=258 44=259 45=0"
	return []System{
		{"fcos", "Fedora CoreOS", "lock files of the stable stream; from 41 on Fedora's packages", []Release{
			{"31.20200109", config.V3_0, false}, {"31.20200601", config.V3_1, false},
			{"32.20201117", config.V3_2, false}, {"34.20210727", config.V3_3, false},
			{"37.20230322", config.V3_4, false}, {"41", config.V3_5, true}, {"44", config.V3_6, true}},
			"31=243 32=245 33=246 34=248 35=249 36=250 37=251 " + fedora},
		{"fiot", "Fedora IoT", "Fedora's packages", []Release{
			{"38", config.V3_4, true}, {"41", config.V3_5, true}, {"45", config.V3_6, false}}, fedora},
		{"flatcar", "Flatcar", "the ebuilds of the branch of each release", []Release{
			{"3185", config.V3_3, false}, {"3549", config.V3_4, false}, {"4152", config.V3_5, false},
			{"4799", config.V3_6, false}},
			"3185=250 3480=251 3510=252 3913=255 4230=256 4487=257 4628=258 4629=0 4722=260 4758=0"},
		{"ignition", "Ignition", "its release notes", []Release{
			{"2.0.0", config.V3_0, false}, {"2.3.0", config.V3_1, false}, {"2.7.0", config.V3_2, false},
			{"2.11.0", config.V3_3, false}, {"2.15.0", config.V3_4, false}, {"2.20.0", config.V3_5, false},
			{"2.26.0", config.V3_6, false}}, ""},
		{"leap", "openSUSE Leap", "the packages of each release", []Release{
			{"15.2", config.V3_1, false}, {"15.4", config.V3_3, false}}, "15.2=234 15.3=246 15.4=249 15.6=0"},
		{"microos", "openSUSE MicroOS and Tumbleweed", "the packages, by the date of the snapshot", []Release{
			{"20240101", config.V3_4, true}, {"20251101", config.V3_5, true}}, ""},
		{"openshift", "OpenShift", "the machine config operator, which reads the MachineConfigs", []Release{
			{"4.6", config.V3_1, false}, {"4.7", config.V3_2, false}, {"4.14", config.V3_4, false},
			{"4.19", config.V3_5, false}}, "4.6=239 4.13=252 4.22=0"},
		{"r4e", "RHEL for Edge", "RHEL's packages", []Release{{"9.2", config.V3_4, false}}, "9.2=252 10=0"},
		{"sle-micro", "SLE Micro and Leap Micro", "the packages of the SLE that it is built of", []Release{
			{"5.1", config.V3_1, true}, {"5.3", config.V3_3, true}}, "5.1=246 5.3=249 6=0"},
	}
}

// Find gives a system by its id.
func Find(id string) (System, bool) {
	for _, s := range Systems() {
		if s.ID == id {
			return s, true
		}
	}
	return System{}, false
}

// Reads tells up to which version a release of the system reads configs; known is false for one that is older than what
// reads any of version 3. A release that is less exact than the table is taken for its oldest image.
func (s System) Reads(release string) (v config.Version, known bool) {
	for _, r := range s.Releases {
		if compare(r.Since, release) > 0 {
			break
		}
		v, known = r.Reads, true
	}
	return v, known
}

// Newest is the last release that the list has. What is after it is taken to read what it reads.
func (s System) Newest() string { return s.Releases[len(s.Releases)-1].Since }

// After tells whether a release is after the last one of the list, which stands for all releases that begin as it does.
func (s System) After(release string) bool {
	numbers := strings.Split(release, ".")
	numbers = numbers[:min(len(numbers), 1+strings.Count(s.Newest(), "."))]
	return compare(strings.Join(numbers, "."), s.Newest()) > 0
}

// Oldest gives the first release that reads a version; "" where none is known.
func (s System) Oldest(v config.Version) string {
	for _, r := range s.Releases {
		if r.Reads >= v {
			return r.Since
		}
	}
	return ""
}

// IsRelease: numbers with dots between them.
func IsRelease(text string) bool {
	for part := range strings.SplitSeq(text, ".") {
		if _, err := strconv.ParseUint(part, 10, 63); err != nil {
			return false
		}
	}
	return true
}

// compare compares releases number by number. What is missing is smaller than any number.
func compare(a, b string) int {
	return slices.CompareFunc(strings.Split(a, "."), strings.Split(b, "."), func(x, y string) int {
		m, _ := strconv.ParseUint(x, 10, 63)
		n, _ := strconv.ParseUint(y, 10, 63)
		return cmp.Compare(m, n)
	})
}
