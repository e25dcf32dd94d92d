//go:build vm

package guest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/block"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/tests/vm/tang"
)

func closeVolume(name string) {
	if _, err := os.Stat("/dev/mapper/" + name); err == nil {
		_ = exec.Command("udevadm", "settle").Run()
		_ = exec.Command("cryptsetup", "luksClose", name).Run()
		_ = exec.Command("udevadm", "settle").Run()
	}
}

func luksHeader(t *testing.T, link string) block.LUKS {
	t.Helper()
	f, err := os.Open(link)
	require.NoError(t, err)
	defer f.Close()
	size, err := f.Seek(0, 2)
	require.NoError(t, err)
	h, found, err := block.ReadLUKS(f, size)
	require.NoError(t, err)
	require.True(t, found)
	return h
}

// opens tells whether a key opens a volume.
func opens(t *testing.T, link string, key diag.Secret) bool {
	t.Helper()
	c := exec.Command("cryptsetup", "luksOpen", "--test-passphrase", link, "--key-file", "-")
	c.Stdin = strings.NewReader(key.Reveal())
	return c.Run() == nil
}

func TestAVolumeWithAKeyIsMadeAndUsedAgain(t *testing.T) {
	links := Disks(t, 1)
	closeVolumes(t, "vault")
	const form = `{'luks': [{'name': 'vault', 'device': '%%0', 'label': 'boxes', 'discard': %t, 'uuid': '%s', ` +
		`'keyFile': {'source': 'data:,%s'}, ` + quick + `}]}`
	const uuid = "6D0C1D3C-3b0b-4a1e-9a64-2f0f3a7c1e55"
	s := newStage(t, fmt.Sprintf(form, true, uuid, "open-sesame"), links...)
	keys := s.mustRun()
	assert.Equal(t, diag.Secret("open-sesame"), keys.Volumes["vault"])
	h := luksHeader(t, links[0])
	assert.Equal(t, block.LUKS{Version: 2, UUID: strings.ToLower(uuid), Label: "boxes",
		Subsystem: "glowplug-first-boot", Flags: []string{"allow-discards"}, Keyslots: 1}, h)
	assert.Contains(t, Run(t, "cryptsetup", "status", "vault"), "discards")
	assert.Equal(t, []string{"luks-key:vault", "luks-format:vault", "luks-open:vault"}, s.steps)
	hasNoSecret(t, s, "open-sesame")

	Run(t, "mkfs.ext4", "-q", "-L", "inside", "/dev/mapper/vault")
	s.mustRun() // the same boot goes on
	assert.Equal(t, "inside", Run(t, "blkid", "-o", "value", "-s", "LABEL", "/dev/mapper/vault"))
	assert.Equal(t, []string{"luks-key:vault", "luks-open:vault"}, s.steps)

	s.finish()
	h.Subsystem = ""
	assert.Equal(t, h, luksHeader(t, links[0]), "nothing but the mark is gone")
	s.finish()
	s.again()

	closeVolume("vault") // another boot
	s.again()
	assert.Contains(t, s.preview(), "~ luks vault")
	keys = s.mustRun()
	assert.Equal(t, diag.Secret("open-sesame"), keys.Volumes["vault"], "the key goes into the new system again")
	assert.Equal(t, "inside", Run(t, "blkid", "-o", "value", "-s", "LABEL", "/dev/mapper/vault"))
	closeVolume("vault")

	_, err := newStage(t, fmt.Sprintf(form, true, uuid, "another-key"), links...).run()
	require.ErrorContains(t, err, "No key available with this passphrase")
	_, err = newStage(t, fmt.Sprintf(form, false, uuid, "open-sesame"), links...).run()
	require.ErrorContains(t, err, "passes discards")
	_, err = newStage(t, `{'luks': [{'name': 'vault', 'device': '%0'}]}`, links...).run()
	require.ErrorContains(t, err, `crypto_LUKS "boxes"`)
	require.Contains(t, strings.Join(diag.Hints(err), "\n"), "wipeVolume")

	wiped := newStage(t, `{'luks': [{'name': 'vault', 'device': '%0', 'wipeVolume': true, `+
		`'keyFile': {'source': 'data:,third'}, `+quick+`}]}`, links...)
	wiped.mustRun()
	assert.NotEqual(t, strings.ToLower(uuid), luksHeader(t, links[0]).UUID)
	assert.True(t, opens(t, links[0], "third"))
	assert.Empty(t, Run(t, "wipefs", "--noheadings", "/dev/mapper/vault"))
	Run(t, "mkfs.ext4", "-q", "/dev/mapper/vault")
	Mount(t, "/dev/mapper/vault", "ext4")
	wiped.again()
}

// What a volume has by options of the config's own, or by none, is as wanted.
func TestAVolumeThatItsOwnOptionsMadeIsUsedAgain(t *testing.T) {
	links := Disks(t, 1)
	closeVolumes(t, "vault")
	s := newStage(t, `{'luks': [{'name': 'vault', 'device': '%0', 'keyFile': {'source': 'data:,open-sesame'}, `+
		`'label': 'given', 'uuid': '', 'openOptions': ['--allow-discards'], `+
		strings.Replace(quick, "[", "['--label', 'own', ", 1)+`}]}`, links...)
	s.mustRun()
	s.finish()
	closeVolume("vault")
	h := luksHeader(t, links[0])
	assert.Equal(t, "own", h.Label)
	assert.Equal(t, []string{"allow-discards"}, h.Flags)
	s.mustRun()
	assert.Equal(t, []string{"luks-key:vault", "luks-open:vault"}, s.steps)
	assert.Equal(t, h, luksHeader(t, links[0]), "nothing is made anew")
}

func TestAVolumeWithARandomKeyAndCryptsetupsOwnOptions(t *testing.T) {
	links := Disks(t, 1)
	closeVolumes(t, "vault")
	s := newStage(t, `{'luks': [{'name': 'vault', 'device': '%0'}]}`, links...)
	keys := s.mustRun()
	key := keys.Volumes["vault"]
	assert.Len(t, key.Reveal(), 8192)
	assert.True(t, opens(t, links[0], key))
	hasNoSecret(t, s, key)
	s.finish()
	s.again()
	closeVolume("vault")
	s.again()
}

func TestAVolumeBoundByClevisOpensByItAlone(t *testing.T) {
	server := tang.Start(t)
	at := fmt.Sprintf(`'tang': [{'url': '%s', 'thumbprint': '%s'}]`, server.URL, server.Thumbprint)
	for name, c := range map[string]struct {
		clevis string
		tested bool
	}{
		"tpm2": {`'tpm2': true`, true},
		"tang": {at, true},
		"both": {`'tpm2': true, 'threshold': 2, ` + at, true},
		"a pin of itself": {fmt.Sprintf(`'custom': {'pin': 'tang', 'config': '{\'url\':\'%s\',\'thp\':\'%s\'}', `+
			`'needsNetwork': true}`, server.URL, server.Thumbprint), false},
	} {
		t.Run(name, func(t *testing.T) {
			links := Disks(t, 1)
			closeVolumes(t, "vault")
			form := strings.ReplaceAll(`{'luks': [{'name': 'vault', 'device': '%0', 'clevis': {`+c.clevis+`}, `+
				quick+`}]}`, `\'`, `\"`)
			s := newStage(t, form, links...)
			keys := s.mustRun()
			assert.Empty(t, keys.Volumes, "there is no key to keep")
			h := luksHeader(t, links[0])
			assert.Equal(t, 1, h.Keyslots)
			assert.Contains(t, h.Tokens, "clevis")
			steps := []string{"luks-key:vault", "luks-format:vault", "luks-open:vault", "luks-bind:vault",
				"luks-unlock:vault", "luks-forget:vault"}
			if !c.tested {
				steps = append(steps[:4], steps[5])
			}
			assert.Equal(t, steps, s.steps)
			assert.NotContains(t, s.log.String(), server.Thumbprint)

			closeVolume("vault")
			Run(t, "clevis", "luks", "unlock", "-d", links[0], "-n", "vault")
			s.finish()
			assert.Equal(t, "", luksHeader(t, links[0]).Subsystem)
			s.again()
			closeVolume("vault")
			s.again()
			_, err := s.run()
			require.ErrorContains(t, err, "bound by clevis is not used again")
		})
	}
}

func TestAVolumeBoundByClevisKeepsTheKeyThatTheConfigGives(t *testing.T) {
	links := Disks(t, 1)
	closeVolumes(t, "vault")
	s := newStage(t, `{'luks': [{'name': 'vault', 'device': '%0', 'keyFile': {'source': 'data:,open-sesame'}, `+
		`'clevis': {'tpm2': true}, `+quick+`}]}`, links...)
	s.mustRun()
	assert.Equal(t, 2, luksHeader(t, links[0]).Keyslots)
	assert.True(t, opens(t, links[0], "open-sesame"))
}

func TestAVolumeBoundWithAnAdvertisementNeedsNoServer(t *testing.T) {
	server := tang.Start(t)
	reply, err := http.Get(server.URL + "/adv")
	require.NoError(t, err)
	defer reply.Body.Close()
	adv, err := io.ReadAll(reply.Body)
	require.NoError(t, err)
	quoted, err := json.Marshal(string(adv))
	require.NoError(t, err)
	links := Disks(t, 1)
	closeVolumes(t, "vault")
	s := newStage(t, `{'luks': [{'name': 'vault', 'device': '%0', `+quick+`}]}`, links...)
	s.storage.Luks[0].Clevis.Tang = []config.Tang{{URL: "http://127.0.0.1:1", Thumbprint: &server.Thumbprint}}
	require.NoError(t, json.Unmarshal(quoted, &s.storage.Luks[0].Clevis.Tang[0].Advertisement))
	keys := s.mustRun()
	assert.Empty(t, keys.Volumes)
	assert.Equal(t, []string{"clevis"}, luksHeader(t, links[0]).Tokens)
	assert.NotContains(t, s.steps, "luks-unlock:vault")
}

func TestATangServerThatRefusesIsNamedWithoutItsSecrets(t *testing.T) {
	server := tang.Start(t)
	links := Disks(t, 1)
	closeVolumes(t, "vault")
	url := strings.Replace(server.URL, "//", "//user:hush@", 1)
	s := newStage(t, fmt.Sprintf(`{'luks': [{'name': 'vault', 'device': '%%0', `+
		`'clevis': {'tang': [{'url': '%s', 'thumbprint': 'wrong'}]}, `, url)+quick+`}]}`, links...)
	_, err := s.run()
	require.ErrorContains(t, err, "clevis")
	t.Log(err)
	assert.NotContains(t, err.Error()+s.log.String(), "hush")
}

// A volume on an array, cut off after each step. Another boot finds neither arrays nor volumes running; the same one
// does.
func TestAVolumeOnAnArrayIsMadeAfterItWasCutOff(t *testing.T) {
	links := Disks(t, 2)
	closeVolumes(t, "vault")
	stopArrays(t, "/dev/md/data")
	const form = `{'raid': [{'name': 'data', 'level': 'raid1', 'devices': ['%0', '%1'], 'options': ['--size=131072']}],
		'luks': [{'name': 'vault', 'device': '/dev/md/data', 'clevis': {'tpm2': CLEVIS}, ` + quick + `}]}`
	end := func() {
		closeVolume("vault")
		stopArray("/dev/md/data")
	}
	for _, c := range []struct {
		clevis string
		step   int
		reboot bool
	}{
		{"false", 1, false}, {"false", 1, true}, {"false", 2, false}, {"false", 2, true}, {"false", 3, false},
		{"false", 3, true},
		{"false", 4, false}, {"false", 4, true}, {"true", 5, true}, {"true", 6, false}, {"true", 7, true},
	} {
		t.Run(fmt.Sprintf("clevis %s step %d reboot %t", c.clevis, c.step, c.reboot), func(t *testing.T) {
			s := newStage(t, strings.Replace(form, "CLEVIS", c.clevis, 1), links...)
			require.True(t, s.runUntil(c.step), "there are that many steps")
			if c.reboot {
				end()
			}
			keys := s.mustRun()
			h := luksHeader(t, "/dev/md/data")
			assert.Equal(t, 1, h.Keyslots)
			assert.FileExists(t, "/dev/mapper/vault")
			if c.clevis == "true" {
				assert.Equal(t, []string{"clevis"}, h.Tokens)
			} else {
				assert.True(t, opens(t, "/dev/md/data", keys.Volumes["vault"]))
			}
			end()
			for _, link := range links {
				Run(t, "blkdiscard", "-f", link)
			}
		})
	}
}
