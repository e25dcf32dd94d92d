package tests

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// stageColumns are those of the table of docs/hardening.md.
var stageColumns = []string{"fetch-offline", "fetch", "kargs", "disks", "mount", "files"}

// ownMounts are settings that give mounts of their own to a unit, or take devices away from it, as docs/hardening.md
// has them.
var ownMounts = []string{"PrivateMounts", "MountFlags", "ProtectSystem", "ProtectHome", "PrivateTmp", "PrivateDevices",
	"PrivateIPC", "ProtectKernelTunables", "ProtectKernelModules", "ProtectKernelLogs", "ProtectControlGroups",
	"ProtectProc", "ProcSubset", "ReadOnlyPaths", "InaccessiblePaths", "NoExecPaths", "TemporaryFileSystem",
	"BindPaths", "PrivateNetwork", "MountAPIVFS", "PrivatePIDs", "ProtectClock"}

// confinement are the settings of a unit beside those that say what it runs: all words of each, sorted.
func confinement(t *testing.T, name string) map[string][]string {
	t.Helper()
	got := map[string][]string{}
	for key, values := range readUnit(t, "../dracut/30ignition/"+name+".service") {
		setting, ofService := strings.CutPrefix(key, "Service.")
		if ofService && !slices.Contains(runs, setting) {
			words := strings.Fields(strings.Join(values, " "))
			slices.Sort(words)
			got[setting] = words
		}
	}
	return got
}

var runs = []string{"Type", "RemainAfterExit", "EnvironmentFile", "ExecStart", "ExecStop", "MountFlags"}

// The page has each setting of each unit, and no other.
func TestUnitsOfStagesAreConfinedAsThePageSays(t *testing.T) {
	want := map[string]map[string][]string{}
	for _, stage := range stageColumns {
		want[stage] = map[string][]string{}
	}
	tests := testNames(t)
	for _, row := range tableRows(t, "hardening.md") {
		if len(row) != 2+len(stageColumns) {
			continue
		}
		setting, word := settingOf(strings.Trim(row[0], "`"))
		for i, stage := range stageColumns {
			require.Contains(t, []string{"yes", "–"}, row[i+1], row)
			if row[i+1] == "yes" {
				want[stage][setting] = append(want[stage][setting], word)
			}
		}
		_, shows, found := strings.Cut(row[len(row)-1], ": ")
		require.True(t, found, row)
		if shows != "none" {
			assert.Contains(t, tests, strings.Trim(shows, "`"), row[0])
		}
	}
	for stage, settings := range want {
		if filter := settings["SystemCallFilter"]; filter != nil {
			slices.Sort(filter)
			filter[0] = "~" + filter[0] // all that follows is meant, too
		}
		for _, words := range settings {
			slices.Sort(words)
		}
		assert.Equal(t, settings, confinement(t, "ignition-"+stage), stage)
	}
}

// settingOf gives the setting that a first cell is about, and the word of it.
func settingOf(cell string) (setting, word string) {
	switch key, value, is := strings.Cut(cell, "="); {
	case is:
		return key, value
	case strings.HasPrefix(cell, "CAP_"):
		return "CapabilityBoundingSet", cell
	case strings.HasPrefix(cell, "AF_"):
		return "RestrictAddressFamilies", cell
	}
	return "SystemCallFilter", cell
}

// What these units mount, the boot goes on with, and what they make of disks is there for all.
func TestUnitsThatMountForAllHaveNoMountsOfTheirOwn(t *testing.T) {
	page, err := os.ReadFile("../docs/hardening.md")
	require.NoError(t, err)
	for _, setting := range ownMounts {
		assert.Contains(t, string(page), "`"+setting+"=`")
	}
	for _, name := range []string{"disks", "mount", "files", "remount-sysroot"} {
		got := confinement(t, "ignition-"+name)
		assert.Equal(t, []string{"yes"}, got["NoNewPrivileges"], name)
		for setting := range got {
			assert.NotContains(t, ownMounts, setting, name)
		}
	}
}
