package stages

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/drift"
	"github.com/glowplug-os/glowplug/internal/record"
	"github.com/glowplug-os/glowplug/internal/scene"
	"github.com/glowplug-os/glowplug/stages/files"
	"github.com/glowplug-os/glowplug/tests/machines"
)

// recorded makes a record.
func recorded(t *testing.T, text string, m Machine) *record.Record {
	t.Helper()
	q := Question{Machine: m, Files: files.Options{Means: rooted()}, Random: machines.Dice()}
	q.Name, q.Text, q.Audience, q.Version = "x.ign", quoted(text), diag.Workstation, "v1"
	q.Log, q.Report = slog.New(slog.DiscardHandler), func([]diag.Problem) {}
	q.Files.Privileged, q.Files.Accounts, q.Files.Users.FirstBoot = true, files.MakeAccounts, true
	r, err := Record(t.Context(), q)
	require.NoError(t, err)
	return r
}

func TestARecordHasNoSecretsAndFindsChanges(t *testing.T) {
	t.Parallel()
	unseen := map[string]bool{"a password": true, "a password locked": true, "text that was appended": true}
	for name, each := range seededChanges {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := carriedOut(t)
			r := recorded(t, provisioned, Machine{Root: wholeOf(t, dir)})
			for _, secret := range []string{"HASH", "s3cret", "AAAA", "BBBB", "hello", "localhost", "Restart"} {
				assert.NotContains(t, string(r.Config), secret)
			}
			assert.Equal(t, "x.ign", r.Documents[0].Name)
			assert.Len(t, r.Documents[0].SHA256, 64)
			before := verifiedDirectory(t, dir, string(r.Config))
			assert.Empty(t, findings(before, drift.Differs))
			assert.Empty(t, findings(before, drift.NotKnown))
			each.change(t, dir)
			after := verifiedDirectory(t, dir, string(r.Config))
			found := findings(after, drift.Differs)
			assert.Equal(t, unseen[name], len(found) == 0, "%v", found)
			assert.Empty(t, findings(after, drift.NotKnown))
		})
	}
}

// What a home is like is up to the planner of users, or to who had it before: a config does not say.
func TestARecordKnowsWhatAHomeIsLike(t *testing.T) {
	t.Parallel()
	for name, each := range map[string]struct {
		change func(*testing.T, string)
		found  string
	}{
		"its mode":  {chmod("home/core", 0o711), "directory /home/core: mode 0711, not 0755"},
		"its group": {chown("home/core", 1000, 7), "directory /home/core: owner 1000:7, not 1000:100"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := carriedOut(t)
			r := recorded(t, provisioned, Machine{Root: wholeOf(t, dir)})
			each.change(t, dir)
			assert.Equal(t, []string{each.found}, findings(verifiedDirectory(t, dir, string(r.Config)), drift.Differs))
			assert.Empty(t, findings(verifiedDirectory(t, dir, provisioned), drift.Differs))
		})
	}
}

func TestARecordKnowsAFilesystemThatIsMadeAnew(t *testing.T) {
	t.Parallel()
	vda, vdb := disksOf(t, parts()...)
	ext4(vda, 1, "b", uuid)
	devices := func(config.Storage) (scene.Scene, error) {
		return scene.Images{"/dev/vda": vda.Image(), "/dev/vdb": vdb.Image()}.Scene(), nil
	}
	r := recorded(t, strings.ReplaceAll(partitioned, "UUID", uuid), Machine{Devices: devices})
	text := string(r.Config)
	assert.Empty(t, findings(verified(t, text, Question{Machine: Machine{Devices: devices}}), drift.Differs))
	ext4(vda, 1, "b", uuid[:30]+"000000")
	assert.Len(t, findings(verified(t, text, Question{Machine: Machine{Devices: devices}}), drift.Differs), 1)
}

func TestARecordOfAMachineHasNoArgumentsWithValuesAndNoKeys(t *testing.T) {
	t.Parallel()
	devices, view := running()
	line := bootLine
	m := Machine{Root: view, CommandLine: &line,
		Devices: func(config.Storage) (scene.Scene, error) { return devices, nil }}
	r := recorded(t, layered, m)
	assert.NotContains(t, string(r.Config), "SECRET")
	assert.NotContains(t, string(r.Config), "thumbprint")
	after := verified(t, string(r.Config), Question{Machine: m})
	assert.Empty(t, findings(after, drift.Differs))
	assert.Empty(t, findings(after, drift.NotKnown))
	devices["/dev/d"] = machines.Holds()
	assert.Len(t, findings(verified(t, string(r.Config), Question{Machine: m}), drift.Differs), 1)
}
