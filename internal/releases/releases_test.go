package releases_test

import (
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
