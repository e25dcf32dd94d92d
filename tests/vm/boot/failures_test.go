//go:build vmhost

package boot

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/tests/vm/machine"
)

// secret is in every config that fails, and nowhere else.
const secret = "s3cr3t-that-nobody-may-see"

// A failure is a first boot that cannot go through, and what its card says.
type failure struct {
	name   string
	config object
	text   string // of the config instead, where it is not even JSON
	args   []string
	stage  string
	cause  string // part of the last line
	place  bool   // the card says where in the config
	// changes: the root's disk has been written to before.
	changes  bool
	foretold string // part of what a plan from before the disks stage has in its way; "" for nothing
	// mend has the same disks boot through.
	mended object
	// prepare works on the blank box.
	prepare func(*testing.T, *box)
}

const blank = "/dev/disk/by-id/virtio-data0"

func oneFile(contents object) object {
	return object{"ignition": object{"version": "3.4.0"}, "storage": object{"files": []object{
		{"path": "/etc/made", "contents": contents},
		{"path": "/etc/secret", "contents": object{"source": "data:," + secret}},
	}}}
}

func oneFilesystem(device, format string, more object) object {
	fs := object{"device": device, "format": format, "label": "MADE"}
	for key, value := range more {
		fs[key] = value
	}
	return object{"ignition": object{"version": "3.4.0"}, "storage": object{
		"filesystems": []object{fs},
		"files":       []object{{"path": "/etc/secret", "contents": object{"source": "data:," + secret}}},
	}}
}

// encrypted is a volume with a random key, which nobody has until the files stage has put it into the root.
func encrypted(contents object) object {
	config := oneFile(contents)
	storage := config["storage"].(object)
	storage["luks"] = []object{{"name": "secret", "device": blank, "label": "MADE",
		"options": []string{"--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000"}}}
	storage["filesystems"] = []object{{"device": "/dev/disk/by-id/dm-name-secret", "format": "ext4"}}
	return config
}

func failures() []failure {
	good := oneFile(object{"source": "data:,made"})
	return []failure{
		{
			name: "an invalid config", text: `{"ignition": {"version": "3.4.0"}, ` +
				`"storage": {"files": [{"path": "etc/made", "contents": {"source": "data:,` + secret + `"}}]}}`,
			stage: "fetch-offline", cause: "path", mended: good,
		},
		{
			name: "a server that is not there, with a deadline", args: []string{"glowplug.timeout.resource=20s"},
			config: oneFile(object{"source": "http://10.0.2.77/none?token=" + secret}),
			stage:  "files", cause: "10.0.2.77", place: true, changes: true, mended: good,
		},
		{
			name: "a hash that does not match", stage: "files", cause: "sha256", place: true, changes: true,
			mended: good,
			config: oneFile(object{"source": "data:,made",
				"verification": object{"hash": "sha256-" + strings.Repeat("0", 64)}}),
		},
		{
			name: "a volume that was made before something else failed", stage: "files", cause: "sha256", place: true,
			changes: true,
			config: encrypted(object{"source": "data:,made",
				"verification": object{"hash": "sha256-" + strings.Repeat("0", 64)}}),
			mended: encrypted(object{"source": "data:,made"}),
		},
		{
			name: "a device that does not come", args: []string{"glowplug.timeout.device=5s"},
			config: oneFilesystem("/dev/disk/by-id/virtio-goose", "ext4", nil), stage: "disks", cause: "virtio-goose",
			place: true, foretold: "virtio-goose",
			mended: oneFilesystem(blank, "ext4", nil),
		},
		{
			name: "a tool that is missing", config: oneFilesystem(blank, "ext4", nil),
			args:  []string{"test.remove=/usr/sbin/mkfs.ext4"},
			stage: "disks", cause: "mkfs.ext4: program not found", place: true,
			mended: oneFilesystem(blank, "xfs", nil),
		},
		{
			name: "a disk in use", stage: "disks", cause: "in use", place: true, foretold: "in use",
			config: object{"ignition": object{"version": "3.4.0"},
				"storage": object{"disks": []object{{"device": "/dev/disk/by-id/virtio-data0", "wipeTable": true}}}},
			prepare: formatted, args: []string{"test.mount=" + blank}, mended: good,
		},
	}
}

// A first boot that cannot go through says why on the console and stops; once the cause is mended, the same disks boot
// through.
func TestFailures(t *testing.T) {
	t.Parallel()
	for _, f := range failures() {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			f.run(t)
		})
	}
}

func (f failure) run(t *testing.T) {
	b := newBox(t, "bookworm")
	b.spec.Nets = []machine.Net{{}}
	if f.prepare != nil {
		f.prepare(t, b)
	}
	config := []byte(f.text)
	if f.text == "" {
		config = encode(t, f.config)
	}
	before := b.digests()
	o := b.first(config, nil, f.args...)
	f.card(t, o)
	f.wasForetold(t, o)
	if !f.changes {
		assert.Equal(t, before, b.digests(), "the disks are no longer what they were")
	}
	if t.Failed() {
		t.Log(o.journal)
	}

	checks := []check{
		{"nothing has failed", "systemctl --failed --no-legend --plain --no-pager", ""},
		{"what the config asks for", "cat /etc/secret", secret},
		{"no card is left", "ls /run/glowplug/failure.json 2>/dev/null | wc -l", "0"},
	}
	if files, _ := f.mended["storage"].(object)["filesystems"]; files != nil {
		checks = append(checks, check{"the filesystem is there", "blkid -o value -s LABEL " + blank, "MADE"})
	}
	b.first(withProof(t, encode(t, f.mended)), checks).must(checks)
}

// Whoever comes to a machine later sees the end of its console: the card, with nothing but the prompt below it.
func TestTheEmergencyShellShowsTheCardAgain(t *testing.T) {
	t.Parallel()
	b := newBox(t, "bookworm")
	b.spec.Until = func(line machine.Line) bool { return strings.Contains(line.Text, "Press Enter for maintenance") }
	o := b.first([]byte(failures()[0].text), nil, "test.shell")
	require.True(t, o.Cut, "no prompt comes:\n%s", o.Tail(60))
	screen := o.Tail(24) // and the line on which one would type
	_, shell, _ := strings.Cut(o.Tail(60), "Entering emergency mode")
	rule := strings.Repeat("=", 78)
	require.Equal(t, 2, strings.Count(shell, rule), "one card below what the shell says itself:\n%s", o.Tail(60))
	card := shell[strings.Index(shell, rule):]
	assert.Contains(t, card, "Ignition failed: fetch-offline")
	assert.Contains(t, screen, card, "all of it is on the screen, and the prompt")
	// how much of the prompt has come is by chance
	for line := range strings.Lines(card[strings.LastIndex(card, rule)+len(rule)+1:]) {
		prompt := strings.Contains(line, "Press Enter for maintenance") ||
			strings.Contains(line, "(or press Control-D to continue)")
		assert.True(t, prompt, "only the prompt is below it:\n%s", card)
	}
}

// card holds the console of a boot that has failed against what people need to see.
func (f failure) card(t *testing.T, o outcome) {
	t.Helper()
	require.True(t, o.says("distribution: the emergency target is reached"), "%s", o.Tail(60))
	var lines, cards []string
	for _, line := range o.Console {
		lines = append(lines, line.Text)
	}
	text := strings.Join(lines, "\n")
	rule := strings.Repeat("=", 78)
	for i, part := range strings.Split(text, rule) {
		if i%2 == 1 {
			cards = append(cards, strings.TrimSpace(part))
		}
	}
	require.Len(t, cards, 1, "cards on the console:\n%s", o.Tail(60))
	card := cards[0]
	assert.True(t, strings.HasPrefix(card, "Ignition failed: "+f.stage+"\n"), card)
	assert.LessOrEqual(t, strings.Count(card, "\n")+1+2, 20, card)
	assert.Equal(t, f.place, strings.Contains(card, "asked for at qemu user data:"), card)
	unit := "ignition-" + f.stage + ".service has failed:\n"
	_, last, found := strings.Cut(text, unit)
	require.True(t, found, text)
	last, _, _ = strings.Cut(last, "\n")
	assert.True(t, strings.HasPrefix(last, "Ignition failed: "+f.stage+": "), last)
	assert.Contains(t, last, f.cause)
	assert.Contains(t, text, "The first boot has failed in its stage "+f.stage+": ")
	var left struct {
		Stage       string
		Causes, Try []string
	}
	require.NoError(t, json.Unmarshal([]byte(o.failure), &left), o.failure)
	assert.Equal(t, f.stage, left.Stage)
	assert.NotEmpty(t, left.Causes)
	for where, what := range map[string]string{"console": text, "journal": o.journal, "failure.json": o.failure} {
		assert.NotContains(t, what, secret, where)
	}
}

// wasForetold: a plan has in its way what the disks stage fails for, as far as it is a matter of disks.
func (f failure) wasForetold(t *testing.T, o outcome) {
	t.Helper()
	if o.disks.plan.Len() == 0 {
		assert.Empty(t, f.foretold, "nothing was planned: %s", &o.disks.beside)
		return
	}
	p := o.disks.parse(t)
	assert.NotContains(t, o.disks.plan.String()+o.disks.beside.String()+o.disks.facts.String(), secret)
	if f.foretold == "" {
		assert.Empty(t, p.Conflicts)
		return
	}
	require.Len(t, p.Conflicts, 1)
	assert.Contains(t, p.Conflicts[0].Message, f.foretold)
	assert.Contains(t, o.disks.beside.String(), "exit status 1\n")
}

// formatted has a disk that somebody uses.
func formatted(t *testing.T, b *box) {
	require.NoError(t, os.WriteFile(b.disk("data0"), nil, 0o600))
	out, err := exec.Command("mke2fs", "-q", "-F", "-t", "ext4", b.disk("data0"), "512M").CombinedOutput()
	require.NoError(t, err, "mke2fs: %s", out)
}

// digests are those of the disks' images, which are made if this is the first time.
func (b *box) digests() map[string]string {
	b.t.Helper()
	sums := map[string]string{}
	for _, disk := range b.spec.Disks {
		require.NoError(b.t, disk.Create(b.t.Context()))
		file, err := os.Open(disk.Path)
		require.NoError(b.t, err)
		sum := sha256.New()
		_, err = io.Copy(sum, file)
		file.Close()
		require.NoError(b.t, err)
		sums[disk.Name] = fmt.Sprintf("%x", sum.Sum(nil))
	}
	return sums
}
