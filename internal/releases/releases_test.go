package releases_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/releases"
)

// docs/peer/targets.md §1 to §6.
func TestWhatReleasesRead(t *testing.T) {
	for _, c := range []struct {
		system, release string
		want            config.Version
		known           bool
	}{
		{"fcos", "30", 0, false}, {"fcos", "31", 0, false}, {"fcos", "31.20200109.3.0", config.V3_0, true},
		{"fcos", "32", config.V3_1, true}, {"fcos", "32.20201116", config.V3_1, true},
		{"fcos", "32.20201117", config.V3_2, true}, {"fcos", "34", config.V3_2, true},
		{"fcos", "34.20210821.3.0", config.V3_3, true}, {"fcos", "40", config.V3_4, true},
		{"fcos", "99", config.V3_6, true},
		{"flatcar", "3139.2.0", 0, false}, {"flatcar", "3510.3.1", config.V3_3, true},
		{"flatcar", "4081", config.V3_4, true},
		{"openshift", "4.13", config.V3_2, true}, {"openshift", "4.14", config.V3_4, true},
		{"openshift", "4.9", config.V3_2, true}, {"openshift", "4.22", config.V3_5, true},
		{"ignition", "2.14.0", config.V3_3, true}, {"ignition", "2.27.0", config.V3_6, true},
		{"ignition", "0.36.1", 0, false}, {"leap", "15.3", config.V3_1, true}, {"r4e", "9.2", config.V3_4, true},
	} {
		s, known := releases.Find(c.system)
		assert.True(t, known)
		got, read := s.Reads(c.release)
		assert.Equal(t, c.known, read, "%s:%s", c.system, c.release)
		assert.Equal(t, c.want, got, "%s:%s", c.system, c.release)
	}
	_, known := releases.Find("plan9")
	assert.False(t, known)
}

func TestTheOldestReleaseThatReadsAVersion(t *testing.T) {
	fcos, _ := releases.Find("fcos")
	assert.Equal(t, "31.20200109", fcos.Oldest(config.V3_0))
	assert.Equal(t, "37.20230322", fcos.Oldest(config.V3_4))
	edge, _ := releases.Find("r4e")
	assert.Equal(t, "9.2", edge.Oldest(config.V3_1))
	assert.Empty(t, edge.Oldest(config.V3_5))
}

func TestTheSystemdOfReleases(t *testing.T) {
	for target, want := range map[string]int{
		"fcos:30": 0, "fcos:34": 248, "fcos:34.20210821.3.0": 248, "fcos:38": 253, "fcos:44": 259, "fcos:45": 0,
		"fiot:39": 254, "flatcar:3139": 0, "flatcar:3815.2.0": 252, "flatcar:3912": 252, "flatcar:3913": 255,
		"flatcar:4628.1.0": 258, "flatcar:4680": 0, "flatcar:4757": 260, "flatcar:9999": 0, "ignition:2.20.0": 0,
		"leap:15.2": 234, "leap:15.5": 249, "leap:15.6": 0, "microos:20240101": 0, "openshift:4.12.3": 239,
		"openshift:4.13": 252, "openshift:4.22": 0, "r4e:9.4": 252, "r4e:10.0": 0, "sle-micro:5.4": 249,
		"sle-micro:6.0": 0,
	} {
		id, release, _ := strings.Cut(target, ":")
		s, known := releases.Find(id)
		assert.True(t, known)
		assert.Equal(t, want, s.Systemd(release), target)
	}
	fcos, _ := releases.Find("fcos")
	assert.Equal(t, "38", fcos.OldestWith(252), "no release has 252")
	assert.Equal(t, "31", fcos.OldestWith(0))
	assert.Empty(t, fcos.OldestWith(260))
	flatcar, _ := releases.Find("flatcar")
	assert.Equal(t, "4722", flatcar.OldestWith(259))
	for _, s := range releases.Systems() {
		before, most := "", 0
		for since, version := range s.Systemds {
			assert.True(t, releases.IsRelease(since), since)
			assert.Equal(t, version, s.Systemd(since), "%s %s stands behind what it follows", s.ID, since)
			assert.True(t, version == 0 || version > most, "%s %s", s.ID, since)
			before, most = since, max(most, version)
		}
		assert.Equal(t, before == "", s.ID == "ignition" || s.ID == "microos", s.ID)
	}
}

func TestTablesRise(t *testing.T) {
	for _, s := range releases.Systems() {
		for i, r := range s.Releases {
			assert.True(t, releases.IsRelease(r.Since), r.Since)
			if i > 0 {
				before := s.Releases[i-1]
				assert.Greater(t, r.Reads, before.Reads, s.ID)
				v, _ := s.Reads(r.Since)
				assert.Equal(t, r.Reads, v, "%s %s stands behind what it follows", s.ID, r.Since)
			}
		}
	}
	for text, want := range map[string]bool{"4.14": true, "": false, "4.": false, "-1": false, "4.x": false,
		"99999999999999999999": false} {
		assert.Equal(t, want, releases.IsRelease(text), text)
	}
}

func TestReleasesAfterTheLastOneOfTheList(t *testing.T) {
	for release, after := range map[string]bool{
		"44": false, "44.20991231": false, "45": true, "999": true, "3": false,
	} {
		fcos, _ := releases.Find("fcos")
		assert.Equal(t, after, fcos.After(release), release)
	}
	engine, _ := releases.Find("ignition")
	assert.Equal(t, "2.26.0", engine.Newest())
	assert.True(t, engine.After("2.27"))
	assert.False(t, engine.After("2"))
}
